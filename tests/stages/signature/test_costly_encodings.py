# SPDX-License-Identifier: EUPL-1.2
"""Small encodings that are costly to read: refused before a parser sees them, and certificates read only where needed."""

import pytest
from asn1crypto import cms, core
from asn1crypto import x509 as asn1_x509
from cadesroom import CONTENT, Room
from hypothesis import given
from hypothesis import strategies as st
from trustroom import der, sign

from gateway.errors import Rejected
from gateway.stages.signature.certificates import certificate as certificates
from gateway.stages.signature.certificates.certificate import read_certificate
from gateway.stages.signature.certificates.crl_reader import read_crl
from gateway.stages.signature.certificates.encoding import MAX_ATTRIBUTES, MAX_RUN, bounded, comparable
from gateway.stages.signature.certificates.ocsp_reader import read_response
from gateway.stages.signature.cms.binding import named_by_sid
from gateway.stages.signature.cms.der import element
from gateway.stages.signature.cms.signed_data import MAX_CERTIFICATES, read_signed_data

ARC = b"\xff" * (MAX_RUN + 1) + b"\x01"
TOO_LONG = f"an object identifier with an arc of more than {MAX_RUN} bytes"


@pytest.fixture(scope="module")
def room():
    return Room()


def named(room, count, text="Siegel"):
    """The seal's certificate under a name of so many attributes; nobody signed that."""
    value = asn1_x509.Certificate.load(der(room.seal))
    part = asn1_x509.NameTypeAndValue(
        {"type": "common_name", "value": asn1_x509.DirectoryString("utf8_string", core.UTF8String(text))}
    )
    name = asn1_x509.Name("", asn1_x509.RDNSequence([asn1_x509.RelativeDistinguishedName([part])] * count))
    value["tbs_certificate"]["subject"] = name
    return value.dump(force=True)


def reason(read, data):
    with pytest.raises(Rejected) as refusal:
        read(data)
    return refusal.value.findings[0].got


@pytest.mark.parametrize(
    "read", [read_certificate, read_crl, read_response, lambda data: read_signed_data(data, place="p7s")]
)
@pytest.mark.parametrize("tag", [0x06, 0x88, 0x04], ids=["plain", "implicit tag", "octet string"])
def test_a_giant_arc_is_refused_before_anything_is_read(read, tag):
    """The rest is no certificate, list, response or CMS, and the reason that is told is the arc."""
    assert TOO_LONG == reason(read, element(0x30, element(tag, ARC)))


@given(st.lists(st.binary(max_size=MAX_RUN - 1), max_size=4).map(b"\x00".join))
def test_what_is_bounded_stays_as_it_is(data):
    assert data == bounded(data)


def test_an_arc_as_long_as_allowed_is_left_to_the_parser():
    assert TOO_LONG != reason(read_certificate, element(0x30, element(0x06, ARC[2:])))


@pytest.mark.parametrize("count", [MAX_ATTRIBUTES + 1, 300])
def test_a_name_of_more_attributes_than_any_real_one_has_is_not_prepared(room, count):
    assert f"a name with {count} attributes" == reason(read_certificate, named(room, count))


def test_many_attributes_in_one_part_of_a_name_count_too(room):
    value = asn1_x509.Name.load(asn1_x509.Certificate.load(named(room, MAX_ATTRIBUTES)).subject.dump())
    part = asn1_x509.RelativeDistinguishedName([value.chosen[0][0]] * (MAX_ATTRIBUTES + 1))
    with pytest.raises(ValueError, match=f"a name with {MAX_ATTRIBUTES + 1} attributes"):
        comparable(asn1_x509.Name("", asn1_x509.RDNSequence([part])))


def test_a_long_name_is_not_prepared(room):
    assert reason(read_certificate, named(room, 1, "x" * 9000)).startswith("a name of 90")


def test_large_certificates_are_not_kept(room):
    large = named(room, MAX_ATTRIBUTES, "x" * 60)
    assert len(large) > 4096
    certificates._kept.cache_clear()
    assert read_certificate(large) is not read_certificate(large)
    assert 0 == certificates._kept.cache_info().currsize
    assert read_certificate(der(room.seal)) is read_certificate(der(room.seal))


def test_certificates_that_the_signer_cannot_mean_are_not_read(room):
    sid = sign(room.seal, CONTENT)["content"]["signer_infos"][0]["sid"]
    others = [der(room.unit), der(room.root.identity), b"no certificate at all"]
    certificates._kept.cache_clear()
    assert [der(room.seal)] == [found.der for found in named_by_sid(sid, [*others, der(room.seal)])]
    assert 1 == certificates._kept.cache_info().misses


def test_a_signer_named_by_key_is_found_too(room):
    key = asn1_x509.Certificate.load(der(room.seal)).key_identifier
    sid = cms.SignerIdentifier("subject_key_identifier", core.OctetString(key).retag({"implicit": 0}))
    assert [der(room.seal)] == [found.der for found in named_by_sid(sid, [der(room.unit), der(room.seal)])]


def test_only_so_many_certificates_of_a_signature_are_looked_at(room):
    info = sign(room.seal, CONTENT)
    own = [c.chosen.dump() for c in info["content"]["certificates"]]
    many = [*own, *([der(room.unit)] * MAX_CERTIFICATES)]
    info["content"]["certificates"] = cms.CertificateSet(
        [cms.CertificateChoices("certificate", asn1_x509.Certificate.load(one)) for one in many]
    )
    data = read_signed_data(info.dump(force=True), place="p7s")
    assert MAX_CERTIFICATES == len(data.certificates)
