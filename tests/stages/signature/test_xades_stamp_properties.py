# SPDX-License-Identifier: EUPL-1.2
"""What is added to XAdES signatures and what stamps them, read property by property."""

from base64 import b64encode

import pytest
from xmlroom import refused, told, xades

from gateway.codes import Code
from gateway.findings import Severity
from gateway.model.signature import StampKind
from gateway.stages.signature.xades.stamp_properties import read_stamp
from gateway.stages.signature.xades.unsigned_properties import read_unsigned
from gateway.stages.signature.xmldsig.references import Canonicalization

PLACE, WHERE = "S0", "S0, SignedProperties"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"


def base64(data: bytes) -> str:
    return b64encode(data).decode()


TOKEN = f"<EncapsulatedTimeStamp>{base64(b'token')}</EncapsulatedTimeStamp>"
METHOD = f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>'
SHAPE = "one EncapsulatedTimeStamp, Include only where it belongs"
INCLUDE = '<Include URI="#r0" referencedData="true"/>'


def test_a_time_stamp_is_read_with_token_and_method():
    stamp = read_stamp(
        xades(f"<SignatureTimeStamp>{METHOD}{TOKEN}</SignatureTimeStamp>"), StampKind.SIGNATURE, PLACE
    )
    assert (StampKind.SIGNATURE, b"token", "S0, SignatureTimeStamp", None) == (
        stamp.kind,
        stamp.token,
        stamp.place,
        stamp.references,
    )
    assert Canonicalization(method=EXCLUSIVE) == stamp.canonicalization
    plain = read_stamp(xades(f"<SignatureTimeStamp>{TOKEN}</SignatureTimeStamp>"), StampKind.SIGNATURE, PLACE)
    assert Canonicalization(method=INCLUSIVE) == plain.canonicalization


@pytest.mark.parametrize(
    ("tag", "inner", "got"),
    [
        ("SignatureTimeStamp", "", "0 tokens"),
        ("SignatureTimeStamp", TOKEN * 2, "2 tokens"),
        ("SignatureTimeStamp", INCLUDE + TOKEN, "1 tokens"),
        ("IndividualDataObjectsTimeStamp", TOKEN, "1 tokens"),
    ],
)
def test_a_time_stamp_has_one_token_and_names_parts_only_where_it_is_over_parts(tag, inner, got):
    element = xades(f"<{tag}>{inner}</{tag}>")
    assert (Code.TIMESTAMP_INVALID, f"S0, {tag}", SHAPE, got) == refused(
        lambda: read_stamp(element, StampKind.CONTENT, PLACE)
    )


@pytest.mark.parametrize(
    ("include", "got"),
    [
        ('<Include URI="r0" referencedData="true"/>', "r0"),
        ('<Include referencedData="true"/>', ""),
        ('<Include URI="#r0"/>', "#r0"),
        ('<Include URI="#r0" referencedData="false"/>', "#r0"),
    ],
)
def test_a_part_is_the_data_of_a_reference_and_nothing_else(include, got):
    name = "IndividualDataObjectsTimeStamp"
    whole = xades(f"<{name}>{INCLUDE}{INCLUDE.replace('true', '1')}{TOKEN}</{name}>")
    assert ("r0", "r0") == read_stamp(whole, StampKind.CONTENT, PLACE).references
    element = xades(f"<{name}>{include}{TOKEN}</{name}>")
    assert (Code.TIMESTAMP_INVALID, f"S0, {name}", "Include of the data of a reference", got) == refused(
        lambda: read_stamp(element, StampKind.CONTENT, PLACE)
    )


def test_parts_of_a_time_stamp_that_cannot_be_read_are_told_at_the_time_stamp():
    for inner in (
        "<EncapsulatedTimeStamp>!</EncapsulatedTimeStamp>",
        METHOD.replace(EXCLUSIVE, "urn:x") + TOKEN,
    ):
        element = xades(f"<SignatureTimeStamp>{inner}</SignatureTimeStamp>")
        assert (
            "S0, SignatureTimeStamp"
            == refused(lambda e=element: read_stamp(e, StampKind.SIGNATURE, PLACE))[1]
        )


def unsigned(inner):
    inside = f"<UnsignedSignatureProperties>{inner}</UnsignedSignatureProperties>"
    return read_unsigned(xades(f"<UnsignedProperties>{inside}</UnsignedProperties>"), PLACE)


def test_nothing_added_is_nothing_read():
    assert ((), ()) == (read_unsigned(None, PLACE).stamps, read_unsigned(None, PLACE).findings)
    assert () == read_unsigned(xades("<UnsignedProperties/>"), PLACE).findings


def test_values_of_both_editions_are_taken_once_each_and_by_their_kind():
    def values(tag, *data):
        return "".join(f"<{tag}>{base64(item)}</{tag}>" for item in data)

    read = unsigned(
        f"<CertificateValues>{values('EncapsulatedX509Certificate', b'1', b'2', b'1')}</CertificateValues>"
        f"<RevocationValues>{values('EncapsulatedCRLValue', b'3')}{values('EncapsulatedOCSPValue', b'4')}"
        f"</RevocationValues><new:TimeStampValidationData>{values('new:EncapsulatedOCSPValue', b'5')}"
        "</new:TimeStampValidationData>"
    )
    assert ((b"1", b"2"), (b"3",), (b"4", b"5"), ()) == (
        read.certificates,
        read.crls,
        read.ocsps,
        read.findings,
    )


@pytest.mark.parametrize(
    "tag", ["EncapsulatedX509Certificate", "EncapsulatedCRLValue", "EncapsulatedOCSPValue"]
)
def test_a_value_nobody_can_read_is_told_and_the_others_count(tag):
    read = unsigned(f"<V><{tag}>!</{tag}><{tag}>{base64(b'1')}</{tag}></V>")
    assert [(Code.SIGNATURE_STRUCTURE, "S0, UnsignedProperties", f"base64 in {tag}", "")] == told(read)
    assert (b"1",) in {read.certificates, read.crls, read.ocsps}


def test_time_stamps_are_read_in_their_order_and_a_broken_one_hides_no_other():
    read = unsigned(
        f"<SignatureTimeStamp>{TOKEN}</SignatureTimeStamp><SignatureTimeStamp/>"
        f"<new:ArchiveTimeStamp>{TOKEN}</new:ArchiveTimeStamp>"
    )
    assert [StampKind.SIGNATURE, StampKind.ARCHIVE] == [stamp.kind for stamp in read.stamps]
    place = "S0, UnsignedProperties, SignatureTimeStamp"
    assert [(Code.TIMESTAMP_INVALID, place, SHAPE, "0 tokens")] == told(read)


def test_forms_of_the_past_are_named_and_not_judged():
    read = unsigned("<SigAndRefsTimeStamp/><ArchiveTimeStamp/><new:RefsOnlyTimeStampV2/>")
    assert () == read.stamps
    assert [
        (Code.ARCHIVE_TIMESTAMP_UNCHECKED, "S0, UnsignedProperties", "", name)
        for name in ("SigAndRefsTimeStamp", "ArchiveTimeStamp", "RefsOnlyTimeStampV2")
    ] == told(read)
    assert {Severity.WARNING} == {f.severity for f in read.findings}


def test_two_groups_of_unsigned_properties_are_told():
    group = "<UnsignedSignatureProperties/>"
    read = read_unsigned(xades(f"<UnsignedProperties>{group}{group}</UnsignedProperties>"), PLACE)
    assert [
        (Code.SIGNATURE_STRUCTURE, "S0, UnsignedProperties", "one UnsignedSignatureProperties", "")
    ] == told(read)
