# SPDX-License-Identifier: EUPL-1.2
"""The gateway's seal over evidence: CAdES-B (ETSI EN 319 122-1), detached, P-256; and its check.

Only digest, time and signature value differ between two seals, so everything else is encoded once: a general CMS
builder takes some ten milliseconds a seal, this takes little more than the signature itself.
Ed25519 is no choice here: OpenSSL 3.0 cannot verify CMS with it. The check does not ask for revocation data;
the checkpoint in the receipt says which log vouches for the same evidence.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from asn1crypto import algos, cms, tsp, x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pyhanko.sign.general import as_signing_certificate_v2
from pyhanko.sign.validation import async_validate_detached_cms
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

from gateway.codes import Code
from gateway.errors import ConfigInvalid, own_words
from gateway.findings import Finding
from gateway.stages.receipt import SealCheck

_OCTETS, _UTC_TIME, _SEQUENCE, _SET, _CONTEXT_0 = 0x04, 0x17, 0x30, 0x31, 0xA0
_VERSION_1 = b"\x02\x01\x01"
_DATA = cms.ContentType("data").dump()
_SIGNED_DATA = cms.ContentType("signed_data").dump()
_CONTENT_TYPE = cms.CMSAttribute({"type": "content_type", "values": ["data"]}).dump()
_MESSAGE_DIGEST = cms.CMSAttributeType("message_digest").dump()
_SIGNING_TIME = cms.CMSAttributeType("signing_time").dump()
_SHA256 = algos.DigestAlgorithm({"algorithm": "sha256"}).dump()
_ECDSA = algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}).dump()


class Sealer:
    """Makes seals with one key; safe to use from any thread."""

    def __init__(
        self, key: ec.EllipticCurvePrivateKey, certificate_der: bytes, chain_der: Sequence[bytes] = ()
    ) -> None:
        """``chain_der`` are intermediates, without the root. Raises ``ConfigInvalid``."""
        certificate = _certificate(key, certificate_der)
        self._key = key
        self._binding = _signing_certificate(certificate)
        issuer_and_serial = _tlv(
            _SEQUENCE, certificate.issuer.dump() + certificate["tbs_certificate"]["serial_number"].dump()
        )
        self._signer = _VERSION_1 + issuer_and_serial + _SHA256
        self._head = (
            _VERSION_1
            + _tlv(_SET, _SHA256)
            + _tlv(_SEQUENCE, _DATA)
            + _tlv(_CONTEXT_0, b"".join(sorted({certificate_der, *chain_der})))
        )

    def seal(self, content: bytes, moment: datetime) -> bytes:
        """A detached signature over ``content``, DER of a CMS ContentInfo."""
        digest = _tlv(_OCTETS, hashlib.sha256(content).digest())
        signing_time = _tlv(_UTC_TIME, moment.astimezone(UTC).strftime("%y%m%d%H%M%SZ").encode())
        attributes = b"".join(
            sorted(  # DER orders a SET OF by encoding; a verifier hashes that order (RFC 5652 section 5.4)
                [
                    _CONTENT_TYPE,
                    self._binding,
                    _tlv(_SEQUENCE, _MESSAGE_DIGEST + _tlv(_SET, digest)),
                    _tlv(_SEQUENCE, _SIGNING_TIME + _tlv(_SET, signing_time)),
                ]
            )
        )
        value = self._key.sign(_tlv(_SET, attributes), ec.ECDSA(SHA256()))
        signer = self._signer + _tlv(_CONTEXT_0, attributes) + _ECDSA + _tlv(_OCTETS, value)
        signed_data = _tlv(_SEQUENCE, self._head + _tlv(_SET, _tlv(_SEQUENCE, signer)))
        return _tlv(_SEQUENCE, _SIGNED_DATA + _tlv(_CONTEXT_0, signed_data))


def seal_check(anchors_der: Sequence[bytes]) -> SealCheck:
    """A check of seals against these trust anchors, at the moment the sealed evidence names."""
    anchors = [x509.Certificate.load(der) for der in anchors_der]

    def check(seal: bytes, content: bytes, moment: datetime) -> tuple[Finding, ...]:
        try:
            problem = asyncio.run(_problem(seal, content, moment, anchors))
        except Exception as error:  # noqa: BLE001 - the CMS library raises many kinds for hostile bytes; each means no
            problem = own_words(error)
        return (
            () if problem is None else (Finding(code=Code.RECEIPT_SEAL_INVALID, place="seal", got=problem),)
        )

    return check


async def _problem(
    seal: bytes, content: bytes, moment: datetime, anchors: Sequence[x509.Certificate]
) -> str | None:
    info = cms.ContentInfo.load(seal, strict=True)
    if info["content_type"].native != "signed_data" or len(info["content"]["signer_infos"]) != 1:
        return "no CMS with one signature"
    context = ValidationContext(
        trust_roots=anchors, allow_fetching=False, moment=moment, revocation_mode="soft-fail"
    )
    status = await async_validate_detached_cms(
        content,
        info["content"],
        signer_validation_context=context,
        key_usage_settings=KeyUsageConstraints(
            key_usage={"non_repudiation", "digital_signature"}, match_all_key_usages=False
        ),
    )
    if not (status.intact and status.valid):
        return "the seal does not fit the evidence"
    return None if status.trusted else "the seal's certificate is not trusted"


def _certificate(key: ec.EllipticCurvePrivateKey, certificate_der: bytes) -> x509.Certificate:
    if not isinstance(key.curve, ec.SECP256R1):
        raise ConfigInvalid([f"seal key: expected a P-256 key, got {key.curve.name}"])
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        certificate = x509.Certificate.load(certificate_der, strict=True)
        certified = certificate.public_key.dump()
    except (TypeError, ValueError) as error:
        raise ConfigInvalid(["seal certificate: expected a DER certificate"]) from error
    if certified != public:
        raise ConfigInvalid(["seal certificate: expected the certificate of the seal key, got another one"])
    return certificate


def _signing_certificate(certificate: x509.Certificate) -> bytes:
    """Binds the seal to this very certificate, so no other one with the same key can be put in its place."""
    value: tsp.SigningCertificateV2 = as_signing_certificate_v2(certificate)
    encoded: bytes = cms.CMSAttribute({"type": "signing_certificate_v2", "values": [value]}).dump()
    return encoded


def _tlv(tag: int, content: bytes) -> bytes:
    """DER: tag, length, content."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(size))) + size + content
