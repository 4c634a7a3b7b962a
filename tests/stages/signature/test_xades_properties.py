# SPDX-License-Identifier: EUPL-1.2
"""Properties of XAdES signatures read one by one: what each may say, and what is told of what it may not."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone

import pytest
from xmlroom import refused, told, xades

from gateway.codes import Code
from gateway.findings import Severity
from gateway.stages.signature.xades.properties import read_signed
from gateway.stages.signature.xmldsig.references import Reference

PLACE, WHERE = "S0", "S0, SignedProperties"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
TIME = "<SigningTime>2026-01-02T03:04:05Z</SigningTime>"


def base64(data: bytes) -> str:
    return b64encode(data).decode()


def cert(more=""):
    return (
        f'<Cert><CertDigest><ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue>{base64(b"digest")}'
        f"</ds:DigestValue></CertDigest>{more}</Cert>"
    )


BOUND = f"<SigningCertificateV2>{cert()}</SigningCertificateV2>"
FORMAT = '<DataObjectFormat ObjectReference="#r0"><MimeType>text/plain</MimeType></DataObjectFormat>'


def reference(own_id="r0", uri="a.txt"):
    return Reference(id=own_id, uri=uri, type="", digest="sha256", value=b"", canonicalization=None, place="")


def signed(properties=TIME + BOUND, objects=FORMAT, *references):
    inner = f"<SignedSignatureProperties>{properties}</SignedSignatureProperties>"
    inner += (
        f"<SignedDataObjectProperties>{objects}</SignedDataObjectProperties>" if objects is not None else ""
    )
    return read_signed(
        xades(f"<SignedProperties>{inner}</SignedProperties>"), references or (reference(),), PLACE
    )


def test_what_is_complete_is_read_without_a_finding():
    read = signed()
    assert ([], datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), (("r0", "text/plain"),), "", ()) == (
        told(read),
        read.signing_time,
        read.media_types,
        read.policy,
        read.stamps,
    )
    (named,) = read.certificates
    assert ("sha256", b"digest", None, "", None) == (
        named.digest,
        named.value,
        named.issuer_serial,
        named.issuer,
        named.serial,
    )


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.5Z", datetime(2026, 1, 2, 3, 4, 5, 500_000, tzinfo=UTC)),
        ("2026-01-02T03:04:05+02:00", datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))),
    ],
)
def test_a_signing_time_is_a_date_with_a_time(text, moment):
    read = signed(f"<SigningTime>{text}</SigningTime>{BOUND}")
    assert ([], moment) == (told(read), read.signing_time)
    assert None is not read.signing_time.tzinfo


@pytest.mark.parametrize(
    "text", ["2026-01-02", "2026-W01-1T03:04:05Z", "20260102T030405Z", "2026-13-02T03:04:05Z", ""]
)
def test_anything_else_is_no_signing_time(text):
    read = signed(f"<SigningTime>{text}</SigningTime>{BOUND}")
    assert [(Code.SIGNATURE_PROPERTIES, WHERE, "one SigningTime with a date and a time", text)] == told(read)
    assert None is read.signing_time


@pytest.mark.parametrize(("times", "got"), [("", "0 elements"), (TIME * 2, "2 elements")])
def test_none_or_several_signing_times_are_told(times, got):
    assert [(Code.SIGNATURE_PROPERTIES, WHERE, "one SigningTime with a date and a time", got)] == told(
        signed(times + BOUND)
    )


def test_issuer_and_serial_are_read_in_both_forms():
    new = f"<IssuerSerialV2>{base64(b'serial')}</IssuerSerialV2>"
    (named,) = signed(TIME + f"<SigningCertificateV2>{cert(new)}</SigningCertificateV2>").certificates
    assert b"serial" == named.issuer_serial
    old = (
        "<IssuerSerial><ds:X509IssuerName>CN=A</ds:X509IssuerName><ds:X509SerialNumber> 17 </ds:X509SerialNumber>"
        "</IssuerSerial>"
    )
    (named,) = signed(TIME + f"<SigningCertificate>{cert(old)}</SigningCertificate>").certificates
    assert ("CN=A", 17) == (named.issuer, named.serial)
    wrong = old.replace(" 17 ", "seventeen")
    assert (Code.SIGNER_BINDING, WHERE, "a serial number", "") == refused(
        lambda: signed(TIME + f"<SigningCertificate>{cert(wrong)}</SigningCertificate>")
    )


@pytest.mark.parametrize(("bindings", "got"), [("", "0"), (BOUND * 2, "2")])
def test_none_or_several_bindings_are_told_and_none_counts(bindings, got):
    read = signed(TIME + bindings)
    assert [(Code.SIGNER_BINDING, WHERE, "exactly one SigningCertificateV2", got)] == told(read)
    assert () == read.certificates


POLICY_ID = "<SignaturePolicyId><SigPolicyId><Identifier>{}</Identifier></SigPolicyId></SignaturePolicyId>"


@pytest.mark.parametrize(
    ("inner", "name"),
    [
        ("<SignaturePolicyImplied/>", "implied"),
        (POLICY_ID.format(" urn:oid:1.2.3 "), "urn:oid:1.2.3"),
        (POLICY_ID.format(""), "unnamed"),
        ("", "unnamed"),
    ],
)
def test_a_policy_is_told_by_its_name_and_judged_by_ours(inner, name):
    policy = f"<SignaturePolicyIdentifier>{inner}</SignaturePolicyIdentifier>"
    read = signed(TIME + BOUND + policy)
    assert [(Code.SIGNATURE_POLICY, WHERE, "no signature policy, or one the operator knows", name)] == told(
        read
    )
    assert (name, Severity.WARNING) == (read.policy, read.findings[0].severity)
    assert (Code.SIGNATURE_STRUCTURE, WHERE, "one SignaturePolicyIdentifier", "") == refused(
        lambda: signed(TIME + BOUND + policy * 2)
    )


NAMES_ONE = "each DataObjectFormat names one reference of this signature"
EVERY = "DataObjectFormat with MimeType for every signed file"


@pytest.mark.parametrize(
    ("objects", "rows"),
    [
        (None, [(EVERY, "none for a.txt")]),
        ("", [(EVERY, "none for a.txt")]),
        (FORMAT * 2, [(NAMES_ONE, "#r0")]),
        (FORMAT.replace("#r0", "r0"), [(NAMES_ONE, "r0"), (EVERY, "none for a.txt")]),
        ("<DataObjectFormat/>", [(NAMES_ONE, ""), (EVERY, "none for a.txt")]),
        (FORMAT.replace("text/plain", ""), [(EVERY, "none for a.txt")]),
        (FORMAT.replace("text/plain", "plain"), [("a media type such as application/pdf", "plain")]),
    ],
)
def test_every_signed_file_has_one_format_with_a_media_type(objects, rows):
    assert [(Code.SIGNATURE_PROPERTIES, WHERE, *row) for row in rows] == told(signed(TIME + BOUND, objects))


def test_what_lies_in_the_signature_itself_needs_no_format():
    assert [] == told(signed(TIME + BOUND, FORMAT, reference(), reference("", "#S0-SignedProperties")))


def test_two_groups_of_properties_of_the_data_are_refused():
    twice = "<SignedDataObjectProperties/>" * 2
    node = xades(
        f"<SignedProperties><SignedSignatureProperties>{TIME}{BOUND}</SignedSignatureProperties>{twice}"
        "</SignedProperties>"
    )
    assert (Code.SIGNATURE_STRUCTURE, WHERE, "one SignedDataObjectProperties", "") == refused(
        lambda: read_signed(node, (reference(),), PLACE)
    )
