# SPDX-License-Identifier: EUPL-1.2
"""Certification authorities, responders, time-stamping units and signers as counterparties for the trust tests.

The signers and time-stamping units are pyHanko's, so the judged bytes are not made by the code that judges them.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache

from asn1crypto import cms, core, pem
from asn1crypto import keys as asn1_keys
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from pyhanko.sign import signers, timestamps
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko_certvalidator.registry import SimpleCertificateStore

from gateway.demo import pki
from gateway.model.trust import AlgorithmRule, SignaturePolicy, TrustMaterial
from gateway.stages.signature.certificates.trust import PathJudgement, Purpose, TrustStore, judge_certificate

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
DER = serialization.Encoding.DER


def rules(*rows: tuple[str, str, int]) -> tuple[AlgorithmRule, ...]:
    """Rows without end, from the year 2000."""
    return tuple(
        AlgorithmRule(
            algorithm=a, usage=u, min_key_bits=b, valid_from=date(2000, 1, 1), valid_until=None, source=""
        )
        for a, u, b in rows
    )


CURVES = ("secp256r1", "secp384r1", "secp521r1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1")
POLICY = SignaturePolicy(
    algorithms=rules(
        ("sha256", "digest", 0),
        ("sha384", "digest", 0),
        ("sha512", "digest", 0),
        ("ecdsa", "signature", 250),
        ("rsa-pkcs1v15", "signature", 2048),
        ("rsa-pss", "signature", 2048),
        ("ed25519", "signature", 250),
        *((curve, "curve", 0) for curve in CURVES),
    )
)


@cache
def rsa_key(number: int = 0) -> rsa.RSAPrivateKey:
    """RSA keys are slow to make; tests share them by number."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(kw_only=True)
class Realm:
    """Root, issuing CA, a seal and their current revocation data."""

    root: pki.Authority = field(default_factory=lambda: pki.root("Wurzel"))
    issuing: pki.Authority = field(init=False)
    seal: pki.Identity = field(init=False)

    def __post_init__(self) -> None:
        self.issuing = self.root.subordinate("Ausstellende Stelle")
        self.seal = self.issuing.seal("IHK Prüfstadt")

    def crls(self, moment: datetime = NOW) -> tuple[bytes, ...]:
        return (fresh_crl(self.root, moment), fresh_crl(self.issuing, moment))

    def material(self, **changes: tuple[bytes, ...]) -> TrustMaterial:
        values = {"signer_anchors": (der(self.root.identity),), "crls": self.crls(), **changes}
        return TrustMaterial(**values)

    def judge(
        self,
        identity: pki.Identity | None = None,
        *,
        material: TrustMaterial | None = None,
        moment: datetime = NOW,
        purpose: Purpose = Purpose.SIGNER,
        policy: SignaturePolicy = POLICY,
        **others,
    ) -> PathJudgement:
        identity = identity or self.seal
        return judge_certificate(
            identity.certificate_der,
            store=TrustStore(material or self.material()),
            hints=others.pop("hints", chain(identity)),
            policy=policy,
            moment=moment,
            purpose=purpose,
            **others,
        )


def der(identity: pki.Identity) -> bytes:
    return identity.certificate_der


def chain(identity: pki.Identity) -> list[bytes]:
    return [c.public_bytes(DER) for c in identity.chain]


def fresh_crl(authority: pki.Authority, moment: datetime = NOW) -> bytes:
    return authority.crl(moment - DAY, next_update=moment + DAY)


def custom_crl(
    authority: pki.Authority,
    *,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
    entries: Sequence[tuple[int, datetime, Sequence[tuple[x509.ExtensionType, bool]]]] = (),
    this_update: datetime = NOW - DAY,
    next_update: datetime = NOW + DAY,
    key: pki.PrivateKey | None = None,
) -> bytes:
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.identity.certificate.subject)
        .last_update(this_update)
        .next_update(next_update)
    )
    for value, critical in extensions:
        builder = builder.add_extension(value, critical=critical)
    for serial, moment, details in entries:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(moment)
        for value, critical in details:
            entry = entry.add_extension(value, critical=critical)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(key or authority.identity.key, hashes.SHA256()).public_bytes(DER)


def issuing_point(**changes) -> x509.IssuingDistributionPoint:
    values = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**{**values, **changes})


def issue(
    issuer: pki.Identity,
    *,
    name: str = "Sonderfall",
    subject: x509.Name | None = None,
    key: pki.PrivateKey | None = None,
    ca: bool = False,
    path_length: int | None = None,
    key_usage: x509.KeyUsage | None = None,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
    not_before: datetime = datetime(2025, 1, 1, tzinfo=UTC),
    not_after: datetime = datetime(2030, 1, 1, tzinfo=UTC),
) -> pki.Identity:
    """A certificate with exactly these extensions."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject or x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
    )
    if key_usage is not None:
        builder = builder.add_extension(key_usage, critical=True)
    for value, critical in extensions:
        builder = builder.add_extension(value, critical=critical)
    certificate = builder.sign(issuer.key, hashes.SHA256())
    return pki.Identity(certificate=certificate, key=key, chain=(issuer.certificate, *issuer.chain))


def usage(*names: str) -> x509.KeyUsage:
    every = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in names for name in every})


def as_authority(identity: pki.Identity) -> pki.Authority:
    life = identity.certificate
    return pki.Authority(
        identity=identity, not_before=life.not_valid_before_utc, not_after=life.not_valid_after_utc
    )


def responder(authority: pki.Authority, *, no_check: bool = True, eku: bool = True) -> pki.Identity:
    extensions: list[tuple[x509.ExtensionType, bool]] = []
    if eku:
        extensions.append((x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.OCSP_SIGNING]), False))
    if no_check:
        extensions.append((x509.OCSPNoCheck(), False))
    return issue(authority.identity, name="OCSP", key_usage=usage("digital_signature"), extensions=extensions)


def ocsp_response(
    identity: pki.Identity,
    issuer: pki.Identity,
    *,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    signer: pki.Identity | None = None,
    this_update: datetime = NOW - DAY,
    next_update: datetime | None = NOW + DAY,
    revoked_at: datetime | None = None,
    reason: x509.ReasonFlags | None = None,
) -> bytes:
    signer = signer or issuer
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=identity.certificate,
        issuer=issuer.certificate,
        algorithm=hashes.SHA256(),
        cert_status=status,
        this_update=this_update,
        next_update=next_update,
        revocation_time=revoked_at,
        revocation_reason=reason,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
    if signer is not issuer:
        builder = builder.certificates([signer.certificate])
    response = builder.sign(signer.key, hashes.SHA256()).public_bytes(DER)
    return changed_response(response, signer, lambda data: data.__setitem__("produced_at", this_update))


def changed_response(response: bytes, signer: pki.Identity, change: Callable[[asn1_ocsp.ResponseData], None]):
    """The response with other contents and a value of its responder that fits them."""
    outer = asn1_ocsp.OCSPResponse.load(response)
    basic = outer["response_bytes"]["response"].parsed
    change(basic["tbs_response_data"])
    data = asn1_ocsp.ResponseData.load(basic["tbs_response_data"].dump(force=True))
    basic["tbs_response_data"] = data
    by_rsa = isinstance(signer.key, rsa.RSAPrivateKey)
    how = (padding.PKCS1v15(), hashes.SHA256()) if by_rsa else (ec.ECDSA(hashes.SHA256()),)
    basic["signature"] = core.OctetBitString(signer.key.sign(data.dump(), *how))
    outer["response_bytes"]["response"] = core.ParsableOctetString(basic.dump(force=True))
    return outer.dump(force=True)


def asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(DER))


def _asn1_key(identity: pki.Identity) -> asn1_keys.PrivateKeyInfo:
    return asn1_keys.PrivateKeyInfo.load(pem.unarmor(identity.key_pem)[2])


def stamp_unit(authority: pki.Authority, number: int = 0, **changes) -> pki.Identity:
    """A time-stamping unit with a shared RSA key."""
    extended = changes.pop("extended", [x509.ExtendedKeyUsageOID.TIME_STAMPING])
    critical = changes.pop("critical", True)
    return issue(
        authority.identity,
        name=f"TSU {number}",
        key=rsa_key(number),
        key_usage=usage("digital_signature"),
        extensions=[(x509.ExtendedKeyUsage(extended), critical)],
        **changes,
    )


def timestamper(unit: pki.Identity, moment: datetime) -> timestamps.DummyTimeStamper:
    store = SimpleCertificateStore()
    store.register_multiple([asn1(c) for c in unit.chain])
    return timestamps.DummyTimeStamper(
        asn1(unit.certificate), _asn1_key(unit), certs_to_embed=store, fixed_dt=moment
    )


def stamp(unit: pki.Identity, digest: bytes, moment: datetime, algorithm: str = "sha256") -> bytes:
    """A token over a digest."""
    return asyncio.run(timestamper(unit, moment).async_timestamp(digest, algorithm)).dump()


def sign(
    identity: pki.Identity,
    content: bytes,
    *,
    digest: str = "sha256",
    detached: bool = True,
    cades: bool = True,
    pss: bool = False,
    stamped_by: pki.Identity | None = None,
    stamped_at: datetime = NOW - DAY,
    claimed: datetime | None = NOW - DAY,
):
    """A ContentInfo by pyHanko, ready to be dumped or spoilt."""
    registry = SimpleCertificateStore()
    registry.register_multiple([asn1(c) for c in identity.chain])
    signer = signers.SimpleSigner(asn1(identity.certificate), _asn1_key(identity), registry, prefer_pss=pss)
    settings = PdfCMSSignedAttributes(signing_time=claimed)
    return asyncio.run(
        signer.async_sign_general_data(
            content,
            digest,
            detached=detached,
            use_cades=cades,
            timestamper=timestamper(stamped_by, stamped_at) if stamped_by else None,
            signed_attr_settings=settings,
        )
    )


def resign(info, identity: pki.Identity, change):
    """The ContentInfo with changed signed attributes and a value that fits them again: what a hostile signer makes."""
    signer = info["content"]["signer_infos"][0]
    attributes = cms.CMSAttributes(change(list(signer["signed_attrs"])))
    signer["signed_attrs"] = attributes
    signer["signature"] = identity.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256()))
    return cms.ContentInfo.load(info.dump(force=True))


def with_unsigned(info, kind: str, *values):
    """The ContentInfo with one more unsigned attribute."""
    signer = info["content"]["signer_infos"][0]
    more = cms.CMSAttribute({"type": kind, "values": list(values)})
    signer["unsigned_attrs"] = cms.CMSAttributes([*(signer["unsigned_attrs"] or ()), more])
    return cms.ContentInfo.load(info.dump(force=True))
