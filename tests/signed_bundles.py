# SPDX-License-Identifier: EUPL-1.2
"""Signed containers for tests: a chamber's throw-away PKI, packed bundles, and tools to break them in one place."""

import io
import zipfile
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree

from gateway.demo import pki
from gateway.model.bundle import Digested, Opened
from gateway.model.signature import VerificationReport
from gateway.model.source import MemorySource
from gateway.model.trust import AlgorithmRule, SignaturePolicy, TrustMaterial
from gateway.packing import PackedFile, SigningIdentity, pack_bundle
from gateway.policy import ContainerPolicy, XmlPolicy
from gateway.stages.container import digest_entries, open_container, read_entry
from gateway.stages.signature import judge_signatures, read_signatures
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.xmldsig.c14n import EXCLUSIVE, canonicalize
from gateway.stages.signature.xmldsig.names import SIGNED_PROPERTIES_TYPE, ds, xades

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SIGNATURES = "META-INF/signatures0.xml"
FILES: Mapping[str, bytes] = {
    "dossier.xml": b"<dossier>Test</dossier>",
    "pass.pdf": b"%PDF-1.7 " + b"pass " * 300,
    "unterlagen/Lebenslauf für Łucja + Kind.pdf": b"%PDF-1.7 " + b"cv " * 200,
}
_SINCE = date(2020, 1, 1)
RULES = tuple(
    AlgorithmRule(
        algorithm=name, usage=usage, min_key_bits=bits, valid_from=_SINCE, valid_until=None, source="test"
    )
    for name, usage, bits in (
        ("sha256", "digest", 0),
        ("sha384", "digest", 0),
        ("sha512", "digest", 0),
        ("ecdsa", "signature", 250),
        ("rsa-pkcs1v15", "signature", 3000),
        ("rsa-pss", "signature", 3000),
        ("secp256r1", "curve", 0),
        ("secp384r1", "curve", 0),
        ("secp521r1", "curve", 0),
    )
)
POLICY = SignaturePolicy(algorithms=RULES)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One CA with a sub-CA, a chamber's seal, fresh CRLs."""

    root: pki.Authority
    issuing: pki.Authority
    seal: pki.Identity
    material: TrustMaterial

    def identity(
        self, *, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None
    ) -> SigningIdentity:
        seal = self.seal if key is None else self.issuing.seal("IHK Erfurt", key=key)
        return signing_identity(seal)

    def store(self) -> TrustStore:
        return TrustStore(self.material)


def signing_identity(seal: pki.Identity, *, rsa_pss: bool = False) -> SigningIdentity:
    return SigningIdentity(
        certificate_der=seal.certificate_der,
        key=seal.key,
        chain_der=tuple(c.public_bytes(serialization.Encoding.DER) for c in seal.chain[:-1]),
        rsa_pss=rsa_pss,
    )


@cache
def world() -> World:
    """The same PKI for every test; nobody writes to it."""
    root = pki.root("Test Root")
    issuing = root.subordinate("Test Sub CA")
    seal = issuing.seal("IHK Erfurt")
    tsa_root = pki.root("Test TSA Root")
    material = TrustMaterial(
        signer_anchors=(root.identity.certificate_der,),
        tsa_anchors=(tsa_root.identity.certificate_der,),
        crls=(root.crl(NOW), issuing.crl(NOW)),
    )
    return World(root=root, issuing=issuing, seal=seal, material=material)


@cache
def rsa_seal() -> pki.Identity:
    """A seal with an RSA-3072 key."""
    return world().issuing.seal(
        "IHK Erfurt", key=rsa.generate_private_key(public_exponent=65537, key_size=3072)
    )


def packed(
    files: Mapping[str, bytes] = FILES,
    *,
    identity: SigningIdentity | None = None,
    moment: datetime = NOW,
    timestamper: Callable[[bytes], bytes] | None = None,
) -> bytes:
    """A container with every file signed."""
    out = io.BytesIO()
    pack_bundle(
        out,
        [
            PackedFile.of(name, "application/xml" if name.endswith(".xml") else "application/pdf", data)
            for name, data in files.items()
        ],
        identity=identity or world().identity(),
        moment=moment,
        timestamper=timestamper,
    )
    return out.getvalue()


def unpacked(container: bytes) -> dict[str, bytes]:
    """Entry -> content, in order."""
    with zipfile.ZipFile(io.BytesIO(container)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def repacked(entries: Mapping[str, bytes]) -> bytes:
    """A plain zip of these entries, mimetype stored; sound as a zip, whatever it holds."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            method = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, (2026, 3, 2, 12, 0, 0)), data, method)
    return out.getvalue()


def opened(container: bytes) -> Opened:
    """Through the strict reader."""
    return open_container(MemorySource(container), policy=ContainerPolicy())


def judged(
    container: bytes,
    *,
    store: TrustStore | None = None,
    policy: SignaturePolicy = POLICY,
    moment: datetime = NOW,
    streams: bool = True,
) -> VerificationReport:
    """The whole way: open, read, digest, judge."""
    return judged_with_digests(container, store=store, policy=policy, moment=moment, streams=streams)[0]


def judged_with_digests(
    container: bytes,
    *,
    store: TrustStore | None = None,
    policy: SignaturePolicy = POLICY,
    moment: datetime = NOW,
    streams: bool = True,
) -> tuple[VerificationReport, Digested]:
    box = opened(container)
    signatures = read_signatures(box, xml=XmlPolicy(), policy=policy)
    digested = digest_entries(
        box,
        policy=ContainerPolicy(),
        algorithms=signatures.digest_algorithms | {"sha256"},
        keep=lambda _: False,
    )
    report = judge_signatures(
        signatures,
        digested,
        trust=store or world().store(),
        policy=policy,
        moment=moment,
        read=(lambda entry: read_entry(box.source, entry)) if streams else None,
    )
    return report, digested


def codes(report: VerificationReport) -> Sequence[str]:
    """Codes of everything that blocks, sorted."""
    return sorted({f.code.value for f in report.findings if f.severity.value in {"error", "unknown"}})


def changed(container: bytes, change: Callable[[etree._Element], None], *, sign_again: bool = False) -> bytes:
    """The container with its signature file changed; ``sign_again`` makes the digest of the signed properties and the
    value right again, as a careless or malicious signer would."""
    entries = unpacked(container)
    root = etree.fromstring(entries[SIGNATURES])
    change(root)
    if sign_again:
        reseal(root)
    entries[SIGNATURES] = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return repacked(entries)


def reseal(root: etree._Element) -> None:
    """Recompute what a signer computes last."""
    root[:] = etree.fromstring(etree.tostring(root))[:]
    signature = next(root.iter(ds("Signature")))
    for reference in signature.iter(ds("Reference")):
        if reference.get("Type") == SIGNED_PROPERTIES_TYPE:
            properties = next(signature.iter(xades("SignedProperties")))
            digest = sha256(canonicalize(properties, EXCLUSIVE)).digest()
            reference.find(ds("DigestValue")).text = b64encode(digest).decode()
    info = signature.find(ds("SignedInfo"))
    der = world().seal.key.sign(canonicalize(info, EXCLUSIVE), ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(der)
    signature.find(ds("SignatureValue")).text = b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()


def first(root: etree._Element, tag: str) -> etree._Element:
    """The first element with this name, in document order."""
    return next(root.iter(tag))
