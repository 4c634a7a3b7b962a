# SPDX-License-Identifier: EUPL-1.2
"""Which certificate made a token, or a signature: by sid among all at hand, and among those by the signed digest."""

from hashlib import sha1, sha256

import pytest
from asn1crypto import cms, core, tsp
from cadesroom import CONTENT, PASSED, Room, verdict, wrong
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from trustroom import DAY, NOW, asn1, der, issue, resign, rsa_key, sign, stamp, usage, with_unsigned

from gateway.codes import Code
from gateway.model.signature import Integrity, SubIndication

ESS_V1 = "1.2.840.113549.1.9.16.2.12"
ESS_V2 = "1.2.840.113549.1.9.16.2.47"


@pytest.fixture(scope="module")
def room():
    return Room()


def stamped(room, change, *, certificates=()):
    """A signature with a time-stamp token that ``change`` got hold of, and more certificates beside the signer's."""
    info = sign(room.seal, CONTENT)
    value = info["content"]["signer_infos"][0]["signature"].native
    token = cms.ContentInfo.load(stamp(room.unit, sha256(value).digest(), NOW - DAY))
    change(token)
    info = with_unsigned(info, "signature_time_stamp_token", cms.ContentInfo.load(token.dump(force=True)))
    more = [cms.CertificateChoices(name="certificate", value=asn1(c)) for c in certificates]
    known = list(info["content"]["certificates"])
    info["content"]["certificates"] = cms.CertificateSet([*known, *more])
    return info.dump(force=True)


def without_certificates(token):
    """As a unit answers that was not asked for its certificate (RFC 3161 clause 2.4.1, certReq)."""
    token["content"]["certificates"] = None


def test_a_token_without_its_certificate_is_judged_with_one_that_came_along(room):
    report = room.check(stamped(room, without_certificates, certificates=[room.unit.certificate]))
    assert (PASSED, "B-T", NOW - DAY) == (verdict(report), report.level, report.best_signature_time)


def test_a_token_whose_unit_nobody_knows_proves_nothing_and_spoils_nothing(room):
    report = room.check(stamped(room, without_certificates))
    assert (PASSED, "B-B", None) == (verdict(report), report.level, report.best_signature_time)
    assert [SubIndication.NO_SIGNING_CERTIFICATE_FOUND] == [s.sub_indication for s in report.stamps]


@pytest.mark.parametrize("named", ["another", None])
def test_a_token_that_names_another_unit_or_none_is_proven_false(room, named):
    def rebound(token):
        signer = token["content"]["signer_infos"][0]
        kept = [a for a in signer["signed_attrs"] if a["type"].dotted not in {ESS_V1, ESS_V2}]
        if named is not None:
            reference = tsp.ESSCertID({"cert_hash": sha1(der(room.issuing.identity)).digest()})
            value = tsp.SigningCertificate({"certs": [reference]})
            kept.append(cms.CMSAttribute({"type": "signing_certificate", "values": [value]}))
        signer["signed_attrs"] = cms.CMSAttributes(sorted(kept, key=lambda a: a.dump()))
        signed = b"\x31" + cms.CMSAttributes(signer["signed_attrs"]).dump(force=True)[1:]
        kind = {"sha256": hashes.SHA256, "sha512": hashes.SHA512}
        digest = kind[signer["digest_algorithm"]["algorithm"].native]()
        signer["signature"] = rsa_key(0).sign(signed, padding.PKCS1v15(), digest)

    report = room.check(stamped(room, rebound))
    assert [SubIndication.SIG_CRYPTO_FAILURE] == [s.sub_indication for s in report.stamps]
    assert (SubIndication.SIG_CONSTRAINTS_FAILURE, Integrity.INTACT) == (
        report.sub_indication,
        report.integrity,
    )
    assert [Code.SIGNER_BINDING] == wrong(report)


# -- of signatures ----------------------------------------------------------------------------------


def bound_by(reference, kind):
    """The ESSCertID(v2) of a signature exchanged for another one."""

    def change(attributes):
        kept = [a for a in attributes if a["type"].dotted not in {ESS_V1, ESS_V2}]
        value = kind({"certs": [reference]})
        name = "signing_certificate" if kind is tsp.SigningCertificate else "signing_certificate_v2"
        return sorted([*kept, cms.CMSAttribute({"type": name, "values": [value]})], key=lambda a: a.dump())

    return change


def by_sha1(seal, version):
    digest = sha1(der(seal)).digest()
    if version == 1:
        return bound_by(tsp.ESSCertID({"cert_hash": digest}), tsp.SigningCertificate)
    identifier = {"hash_algorithm": {"algorithm": "sha1"}, "cert_hash": digest}
    return bound_by(tsp.ESSCertIDv2(identifier), tsp.SigningCertificateV2)


@pytest.mark.parametrize("version", [1, 2])
def test_a_binding_by_sha1_is_as_strong_as_the_dated_table_says(room, version):
    report = room.check(resign(sign(room.seal, CONTENT), room.seal, by_sha1(room.seal, version)))
    assert ([Code.SIGNATURE_ALGORITHM], SubIndication.CRYPTO_CONSTRAINTS_FAILURE, Integrity.INTACT) == (
        wrong(report),
        report.sub_indication,
        report.integrity,
    )


@pytest.mark.parametrize("older_first", [True, False])
def test_of_two_certificates_with_one_key_the_bound_one_signed(room, older_first):
    key = ec.generate_private_key(ec.SECP256R1())
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    how = {"key": key, "key_usage": usage("content_commitment"), "extensions": [(identifier, False)]}
    older = issue(room.issuing.identity, name="Kammer", not_after=NOW - 100 * DAY, **how)
    newer = issue(room.issuing.identity, name="Kammer", **how)
    info = sign(newer, CONTENT)
    signer = info["content"]["signer_infos"][0]
    signer["version"] = "v3"
    signer["sid"] = cms.SignerIdentifier(
        name="subject_key_identifier", value=core.OctetString(identifier.digest)
    )
    others = [c for c in info["content"]["certificates"] if not _is(c, newer)]
    pair = [older, newer] if older_first else [newer, older]
    chosen = [cms.CertificateChoices(name="certificate", value=asn1(i.certificate)) for i in pair]
    info["content"]["certificates"] = cms.CertificateSet([*chosen, *others])
    report = room.check(_in_order(info.dump(force=True), der(pair[0]), der(pair[1])))
    assert (PASSED, newer.sha256) == (verdict(report), report.signer.sha256)


def _is(choice, identity):
    return choice.chosen.dump() == der(identity)


def _in_order(data, first, second):
    """DER sorts a set by its bytes; not everybody writes DER."""
    low, high = sorted((data.index(first), data.index(second)))
    if data.startswith(first, low):
        return data
    middle = data[low + len(second) : high]
    return data[:low] + first + middle + second + data[high + len(first) :]
