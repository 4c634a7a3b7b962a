# SPDX-License-Identifier: EUPL-1.2
import csv
import re
import zipfile
from dataclasses import replace
from datetime import timedelta
from hashlib import new as new_hash
from hashlib import sha256

import pytest
from asn1crypto import algos, cms, tsp
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given, settings
from hypothesis import strategies as st
from trustroom import (
    DAY,
    NOW,
    POLICY,
    Realm,
    asn1,
    custom_crl,
    der,
    fresh_crl,
    issue,
    ocsp_response,
    resign,
    rsa_key,
    rules,
    sign,
    stamp,
    stamp_unit,
    usage,
    with_unsigned,
)

from gateway.codes import Code
from gateway.findings import Severity, blocking
from gateway.model.signature import Indication, Integrity, Revocation, SubIndication, Trust
from gateway.model.trust import TrustMaterial
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.cms.cades import cades_digest_algorithms, judge_cades
from gateway.stages.signature.cms.der import elements, non_der

CONTENT = b"<ASiCManifest/>"
PLACE = "META-INF/signature.p7s"


class Room(Realm):
    """A realm whose store trusts its seals and its time-stamping unit."""

    def __init__(self):
        super().__init__()
        self.unit = stamp_unit(self.issuing)
        self.store = TrustStore(self.stamp_material())

    def stamp_material(self, **changes):
        return self.material(**{"tsa_anchors": (der(self.root.identity),), **changes})

    def check(self, info, *, content=CONTENT, store=None, policy=POLICY, moment=NOW):
        return judge_cades(
            info if isinstance(info, bytes) else info.dump(),
            place=PLACE,
            content_digest=lambda name: new_hash(name, content).digest(),
            store=store or self.store,
            policy=policy,
            moment=moment,
        )


@pytest.fixture(scope="module")
def room():
    return Room()


def wrong(report):
    return [finding.code for finding in blocking(report.findings)]


def verdict(report):
    return report.indication, report.sub_indication, report.integrity


PASSED = (Indication.TOTAL_PASSED, None, Integrity.INTACT)


def test_a_detached_signature_of_a_trusted_seal_passes(room):
    report = room.check(sign(room.seal, CONTENT))
    assert PASSED == verdict(report)
    assert ("B-B", "CAdES", Trust.TRUSTED, Revocation.GOOD, room.seal.sha256, NOW - DAY, ()) == (
        report.level,
        report.form,
        report.trust,
        report.revocation,
        report.signer.sha256,
        report.claimed_signing_time,
        report.findings,
    )


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_all_digests_of_the_table_are_asked_for_by_name(room, digest):
    info = sign(room.seal, CONTENT, digest=digest)
    assert frozenset([digest]) == cades_digest_algorithms(info.dump())
    assert PASSED == verdict(room.check(info))


@pytest.mark.parametrize("pss", [False, True])
def test_rsa_signatures_of_both_paddings_pass(room, pss):
    seal = room.issuing.seal("Kammer", key=rsa_key(1))
    assert PASSED == verdict(room.check(sign(seal, CONTENT, pss=pss)))


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.BrainpoolP256R1()), ec.generate_private_key(ec.SECP384R1())],
    ids=["brainpool", "P-384"],
)
def test_other_curves_pass(room, key):
    assert PASSED == verdict(room.check(sign(room.issuing.seal("Kammer", key=key), CONTENT)))


def test_ed25519_passes(room):
    seal = room.issuing.seal("Kammer", key=ed25519.Ed25519PrivateKey.generate())
    assert PASSED == verdict(room.check(sign(seal, CONTENT, digest="sha512")))


def test_other_content_is_a_hash_failure(room):
    report = room.check(sign(room.seal, CONTENT), content=b"anders")
    assert (Indication.TOTAL_FAILED, SubIndication.HASH_FAILURE, Integrity.BROKEN) == verdict(report)
    assert [Code.SIGNATURE_DIGEST_MISMATCH] == wrong(report)


def test_the_value_is_checked_also_without_any_trust(room):
    nobody = TrustStore(TrustMaterial())
    intact = room.check(sign(room.seal, CONTENT), store=nobody)
    assert (Indication.INDETERMINATE, SubIndication.NO_CERTIFICATE_CHAIN_FOUND, Integrity.INTACT) == verdict(
        intact
    )
    info = sign(room.seal, CONTENT)
    other = sign(room.issuing.seal("Kammer"), CONTENT)
    info["content"]["signer_infos"][0]["signature"] = other["content"]["signer_infos"][0]["signature"]
    broken = room.check(info.dump(force=True), store=nobody)
    assert (Indication.TOTAL_FAILED, SubIndication.SIG_CRYPTO_FAILURE, Integrity.BROKEN) == verdict(broken)
    assert {Code.SIGNATURE_VALUE_INVALID, Code.NO_ANCHORS} == set(wrong(broken))


def test_attached_content_is_refused_but_called_intact(room):
    report = room.check(sign(room.seal, CONTENT, detached=False))
    assert (Indication.TOTAL_FAILED, SubIndication.FORMAT_FAILURE, Integrity.INTACT) == verdict(report)
    assert [Code.CMS_STRUCTURE] == wrong(report)


def test_attached_content_never_stands_in_for_the_file(room):
    report = room.check(sign(room.seal, CONTENT, detached=False), content=b"anders")
    assert Integrity.BROKEN is report.integrity


def test_two_signers_in_one_file_are_refused(room):
    info = sign(room.seal, CONTENT)
    signers = info["content"]["signer_infos"]
    info["content"]["signer_infos"] = cms.SignerInfos([signers[0], signers[0]])
    assert [Code.CMS_STRUCTURE] == wrong(room.check(info.dump(force=True)))


def test_a_bad_second_signer_is_not_hidden_by_a_good_first_one(room):
    info, other = sign(room.seal, CONTENT), sign(room.issuing.seal("Kammer"), b"anderes")
    body, more = info["content"], other["content"]
    body["signer_infos"] = cms.SignerInfos([body["signer_infos"][0], more["signer_infos"][0]])
    body["certificates"] = cms.CertificateSet([*body["certificates"], *more["certificates"]])
    report = room.check(info.dump(force=True))
    assert Integrity.BROKEN is report.integrity
    assert {Code.CMS_STRUCTURE, Code.SIGNATURE_DIGEST_MISMATCH} == set(wrong(report))


def named(attributes, *names):
    return [a for a in attributes if a["type"].native in names]


def without(*names):
    return lambda attributes: [a for a in attributes if a["type"].native not in names]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (without("message_digest"), Code.CMS_STRUCTURE),
        (without("content_type"), Code.CMS_STRUCTURE),
        (without("signing_time"), Code.SIGNATURE_PROPERTIES),
        (without("signing_certificate_v2"), Code.SIGNER_BINDING),
        (lambda a: [*a, *named(a, "message_digest")], Code.CMS_STRUCTURE),
        (lambda a: [*a, *named(a, "content_type")], Code.CMS_STRUCTURE),
        (
            lambda a: [
                *without("content_type")(a),
                cms.CMSAttribute({"type": "content_type", "values": ["signed_data"]}),
            ],
            Code.CMS_STRUCTURE,
        ),
    ],
)
def test_signed_attributes_have_to_be_complete_and_single(room, change, code):
    report = room.check(resign(sign(room.seal, CONTENT), room.seal, change))
    assert code in wrong(report)
    assert Indication.TOTAL_PASSED is not report.indication


def ess(certificate, **changes):
    """A signing-certificate-v2 attribute."""
    value = {
        "hash_algorithm": {"algorithm": "sha256"},
        "cert_hash": sha256(certificate.dump()).digest(),
        **changes,
    }
    return cms.CMSAttribute(
        {"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2({"certs": [value]})]}
    )


def test_a_binding_to_another_certificate_is_refused(room):
    other = asn1(room.issuing.seal("Andere").certificate)
    info = resign(
        sign(room.seal, CONTENT), room.seal, lambda a: [*without("signing_certificate_v2")(a), ess(other)]
    )
    assert [Code.SIGNER_BINDING] == wrong(room.check(info))


def test_an_issuer_serial_of_another_certificate_is_refused(room):
    own = asn1(room.seal.certificate)
    names = [asn1_x509.GeneralName("directory_name", own.issuer)]
    serial = {"issuer": names, "serial_number": own.serial_number + 1}
    info = resign(
        sign(room.seal, CONTENT),
        room.seal,
        lambda a: [*without("signing_certificate_v2")(a), ess(own, issuer_serial=serial)],
    )
    assert [Code.SIGNER_BINDING] == wrong(room.check(info))


def test_a_second_certificate_with_the_same_key_cannot_take_the_signers_place(room):
    """RFC 5035: same issuer name and key, other rights; only the bound one may verify."""
    twin = issue(
        room.issuing.identity,
        name="Zwilling",
        key=room.seal.key,
        key_usage=usage("content_commitment"),
    )
    info = sign(room.seal, CONTENT)
    signer = info["content"]["signer_infos"][0]
    certificate = asn1(twin.certificate)
    signer["sid"] = cms.SignerIdentifier(
        name="issuer_and_serial_number",
        value=cms.IssuerAndSerialNumber(
            {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
        ),
    )
    info["content"]["certificates"] = cms.CertificateSet(
        [*info["content"]["certificates"], cms.CertificateChoices("certificate", certificate)]
    )
    report = room.check(info.dump(force=True))
    assert Code.SIGNER_BINDING in wrong(report)
    assert Indication.TOTAL_PASSED is not report.indication


def test_a_signature_without_its_certificate_has_no_signer(room):
    info = sign(room.seal, CONTENT)
    info["content"]["certificates"] = cms.CertificateSet([])
    report = room.check(info.dump(force=True))
    assert (
        Indication.INDETERMINATE,
        SubIndication.NO_SIGNING_CERTIFICATE_FOUND,
        Integrity.UNCHECKED,
    ) == verdict(report)
    assert None is report.signer


def test_algorithms_outside_the_signature_must_agree_with_those_inside(room):
    other = cms.CMSAttribute(
        {
            "type": "cms_algorithm_protection",
            "values": [
                cms.CMSAlgorithmProtection(
                    {
                        "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha512"}),
                        "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha512_ecdsa"}),
                    }
                )
            ],
        }
    )
    info = resign(
        sign(room.seal, CONTENT), room.seal, lambda a: [*without("cms_algorithm_protection")(a), other]
    )
    assert [Code.CMS_STRUCTURE] == wrong(room.check(info))


def test_an_algorithm_without_a_row_is_refused(room):
    policy = replace(POLICY, algorithms=rules(("sha512", "digest", 0), ("ecdsa", "signature", 250)))
    report = room.check(sign(room.seal, CONTENT), policy=policy)
    assert SubIndication.CRYPTO_CONSTRAINTS_FAILURE is report.sub_indication
    assert Code.SIGNATURE_ALGORITHM in wrong(report)


def test_a_key_below_the_tables_floor_is_refused(room):
    seal = room.issuing.seal("Kammer", key=rsa_key(1))
    strict = tuple(
        replace(r, min_key_bits=3000) if r.algorithm == "rsa-pkcs1v15" else r for r in POLICY.algorithms
    )
    report = room.check(sign(seal, CONTENT), policy=replace(POLICY, algorithms=strict))
    assert [Code.SIGNATURE_ALGORITHM] == wrong(report)


def test_a_signing_time_in_the_future_is_refused(room):
    assert [Code.SIGNATURE_PROPERTIES] == wrong(room.check(sign(room.seal, CONTENT, claimed=NOW + DAY)))


def test_a_time_stamp_makes_b_t_and_gives_the_best_time(room):
    report = room.check(sign(room.seal, CONTENT, stamped_by=room.unit))
    assert PASSED == verdict(report)
    assert ("B-T", NOW - DAY) == (report.level, report.best_signature_time)


def test_a_time_stamp_saves_a_signature_whose_certificate_was_revoked_later():
    room = Room()
    info = sign(room.seal, CONTENT, stamped_by=room.unit, stamped_at=NOW - 3 * DAY, claimed=NOW - 3 * DAY)
    plain = sign(room.seal, CONTENT)
    room.issuing.revoke(room.seal, NOW - 2 * DAY)
    store = TrustStore(room.stamp_material(crls=room.crls()))
    assert PASSED == verdict(room.check(info, store=store))
    late = room.check(plain, store=store)
    assert (SubIndication.REVOKED_NO_POE, Revocation.REVOKED) == (late.sub_indication, late.revocation)


def test_a_time_stamp_of_an_unknown_unit_warns_and_proves_nothing(room):
    info = sign(room.seal, CONTENT, stamped_by=room.unit)
    report = room.check(info, store=TrustStore(room.material()))
    assert ("B-B", PASSED, NOW) == (report.level, verdict(report), report.best_signature_time)
    assert (Code.NO_ANCHORS, Severity.WARNING) in {(f.code, f.severity) for f in report.findings}


def test_a_time_stamp_over_another_signature_refuses(room):
    foreign = stamp(room.unit, sha256(b"anderer Wert").digest(), NOW - DAY)
    info = with_unsigned(
        sign(room.seal, CONTENT), "signature_time_stamp_token", cms.ContentInfo.load(foreign)
    )
    report = room.check(info)
    assert [Code.TIMESTAMP_INVALID] == wrong(report)
    assert (Integrity.INTACT, "B-B") == (report.integrity, report.level)


def test_the_earliest_valid_time_stamp_counts(room):
    info = sign(room.seal, CONTENT, stamped_by=room.unit, stamped_at=NOW - timedelta(hours=1))
    value = info["content"]["signer_infos"][0]["signature"].native
    early = stamp(room.unit, sha256(value).digest(), NOW - timedelta(hours=2))
    info = with_unsigned(info, "signature_time_stamp_token", cms.ContentInfo.load(early))
    assert NOW - timedelta(hours=2) == room.check(info).best_signature_time


def test_a_content_time_stamp_younger_than_the_signatures_is_out_of_order(room):
    token = cms.ContentInfo.load(stamp(room.unit, sha256(CONTENT).digest(), NOW - timedelta(hours=1)))
    attribute = cms.CMSAttribute({"type": "1.2.840.113549.1.9.16.2.20", "values": [token]})
    info = resign(sign(room.seal, CONTENT), room.seal, lambda a: [*a, attribute])
    assert PASSED == verdict(room.check(info))
    value = info["content"]["signer_infos"][0]["signature"].native
    early = cms.ContentInfo.load(stamp(room.unit, sha256(value).digest(), NOW - timedelta(hours=2)))
    report = room.check(with_unsigned(info, "signature_time_stamp_token", early))
    assert SubIndication.TIMESTAMP_ORDER_FAILURE is report.sub_indication
    assert [Code.TIMESTAMP_ORDER] == wrong(report)


def test_revocation_data_inside_makes_b_lt_and_helps(room):
    info = sign(room.seal, CONTENT, stamped_by=room.unit)
    response = ocsp_response(room.seal, room.issuing.identity)
    other = cms.OtherRevocationInfoFormat(
        {"other_rev_info_format": "ocsp_response", "other_rev_info": asn1_ocsp.OCSPResponse.load(response)}
    )
    choices = [
        cms.RevocationInfoChoice("crl", cms.RevocationInfoChoice._alternatives[0][1].load(fresh_crl(a)))
        for a in (room.root, room.issuing)
    ]
    info["content"]["crls"] = cms.RevocationInfoChoices([*choices, cms.RevocationInfoChoice("other", other)])
    bare = TrustStore(room.stamp_material(crls=()))
    report = room.check(info.dump(force=True), store=bare)
    assert ("B-LT", PASSED) == (report.level, verdict(report))


def test_revocation_data_inside_that_is_forged_does_not_help(room):
    info = sign(room.seal, CONTENT)
    forged = custom_crl(room.issuing, key=room.root.identity.key)
    kind = cms.RevocationInfoChoice._alternatives[0][1]
    info["content"]["crls"] = cms.RevocationInfoChoices(
        [cms.RevocationInfoChoice("crl", kind.load(d)) for d in (fresh_crl(room.root), forged)]
    )
    report = room.check(info.dump(force=True), store=TrustStore(room.stamp_material(crls=())))
    assert (Trust.UNKNOWN, SubIndication.TRY_LATER) == (report.trust, report.sub_indication)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("counter_signature", Code.SIGNATURE_COUNTERSIGNED),
        ("0.4.0.1733.2.4", Code.ARCHIVE_TIMESTAMP_UNCHECKED),
        ("1.2.840.113549.1.9.16.2.49", Code.EVIDENCE_RECORD_UNCHECKED),
    ],
)
def test_what_is_not_judged_is_named(room, kind, code):
    value = sign(room.seal, b"x")["content"]["signer_infos"][0]
    info = with_unsigned(sign(room.seal, CONTENT), kind, value)
    report = room.check(info)
    assert code in {f.code for f in report.findings}
    assert PASSED == verdict(report)


def test_signed_attributes_in_another_order_are_other_bytes(room):
    """The value is checked over the bytes as they came, not over a copy that a library put in order."""
    data = sign(room.seal, CONTENT).dump()
    attributes = cms.ContentInfo.load(data)["content"]["signer_infos"][0]["signed_attrs"].dump()
    sorted_ones = elements(attributes)
    head = attributes[: len(attributes) - sum(len(e) for e in sorted_ones)]
    report = room.check(data.replace(attributes, head + b"".join(reversed(sorted_ones))))
    assert Integrity.BROKEN is report.integrity
    assert {Code.CMS_STRUCTURE, Code.SIGNATURE_VALUE_INVALID} == set(wrong(report))


# -- encoding ------------------------------------------------------------------------------------------


def indefinite(data):
    """The outer SEQUENCE with an indefinite length."""
    header = 2 if data[1] < 0x80 else 2 + (data[1] & 0x7F)
    return b"\x30\x80" + data[header:] + b"\x00\x00"


def test_indefinite_lengths_are_refused(room):
    data = sign(room.seal, CONTENT).dump()
    assert Code.CMS_STRUCTURE in wrong(room.check(indefinite(data)))
    assert "" == non_der(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\x30\x80\x00\x00",
        b"\x30\x81\x01\x00",
        b"\x30\x82\x00\x80" + bytes(0x80),
        b"\x30\x05\x02\x01\x01",
        b"\x1f\x1f\x00",
        b"\x30",
        b"\x30\x85\x01\x00\x00\x00\x00",
    ],
)
def test_what_is_not_der_is_seen(data):
    assert non_der(data)


def test_bytes_after_the_signature_are_refused(room):
    report = room.check(sign(room.seal, CONTENT).dump() + b"\x00")
    assert (SubIndication.FORMAT_FAILURE, "") == (report.sub_indication, report.level)


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_no_changed_byte_passes_for_another_signature(data):
    room, info = _shared()
    spoilt = bytearray(info)
    spoilt[data.draw(st.integers(0, len(info) - 1))] ^= data.draw(st.integers(1, 255))
    report = room.check(bytes(spoilt))
    # A changed CA certificate or version number may pass; the signer and what was signed may not change.
    if report.indication is Indication.TOTAL_PASSED:
        assert (room.seal.sha256, NOW - DAY) == (report.signer.sha256, report.claimed_signing_time)


@settings(max_examples=120, deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_are_reported_and_never_pass(data):
    room, _ = _shared()
    assert Indication.TOTAL_FAILED is room.check(data).indication
    assert frozenset() == cades_digest_algorithms(data)


_SHARED = []


def _shared():
    if not _SHARED:
        room = Room()
        _SHARED.append((room, sign(room.seal, CONTENT).dump()))
    return _SHARED[0]


# -- signatures of others --------------------------------------------------------------------------------


# The text file in it has not the digest that was signed, under any line ending.
NOT_WHAT_WAS_SIGNED = {"0889823b-containerWithCounterSig.asics"}


def _detached_parts(container):
    """(p7s name, p7s, signed bytes) of every CAdES signature whose content can be found by simple means."""
    names = container.namelist()
    signatures = [n for n in names if n.startswith("META-INF/") and n.endswith(".p7s")]
    manifests = [n for n in names if n.startswith("META-INF/") and n.lower().endswith(".xml")]
    payload = [n for n in names if n != "mimetype" and not n.startswith("META-INF/")]
    for name in signatures:
        reference = rb'SigReference[^>]*URI="%s"' % re.escape(name.encode())
        signed = [m for m in manifests if re.search(reference, container.read(m))]
        content = signed or payload
        if len(content) == 1:
            yield name, container.read(name), container.read(content[0])


def test_signatures_of_the_corpus_that_are_cryptographically_good_are_intact(shared):
    table = (shared / "corpus/containers.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(table.splitlines(), delimiter="\t")
    checked, broken = 0, []
    for row in rows:
        path = shared / "corpus" / row["file"]
        if (
            path.name in NOT_WHAT_WAS_SIGNED
            or "cades" not in row["form"]
            or row["expected"] not in {"pass", "crypto-pass"}
            or not path.exists()
        ):
            continue
        with zipfile.ZipFile(path) as container:
            for name, p7s, content in _detached_parts(container):
                report = judge_cades(
                    p7s,
                    place=name,
                    content_digest=lambda n, c=content: new_hash(n, c).digest(),
                    store=TrustStore(TrustMaterial()),
                    policy=POLICY,
                    moment=NOW,
                )
                checked += 1
                if report.integrity is not Integrity.INTACT:
                    broken.append((path.name, name, [str(f) for f in report.findings]))
    assert [] == broken
    assert checked >= 10
