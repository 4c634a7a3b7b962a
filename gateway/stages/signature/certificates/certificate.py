# SPDX-License-Identifier: EUPL-1.2
"""Certificates as two strict parsers read them, and the one place where a public key verifies bytes.

Leaves out trust: a ``Certificate`` is well-formed, nothing more. Both ``cryptography`` and asn1crypto have to read it,
because a certificate two parsers disagree about is an attack or a fault, and neither deserves trust.
No URL in a certificate is ever looked at with the intention to open it.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import new as new_hash
from hashlib import sha256
from traceback import clear_frames
from typing import Any, TypeVar

from asn1crypto import algos
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from gateway.codes import Code
from gateway.errors import AmtsboteError, Rejected, Unreadable, own_words
from gateway.findings import Finding, Severity
from gateway.model.signature import CertificateSummary
from gateway.stages.signature.certificates.encoding import bounded, comparable
from gateway.stages.signature.certificates.names import text_of

MAX_CERTIFICATE_BYTES = 16 * 1024  # real ones with QC statements and logos stay below 10 KiB
MAX_LINKS = 4096  # answers of ``signed_by`` that are kept, some hundred bytes each
_KEPT_BYTES = 4 * 1024  # certificates that are worth keeping: taken apart, one takes a hundred times its size
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
Value = TypeVar("Value")

_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,  # readable, so that old data can be named; the algorithm table decides, and refuses it
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
    "sha3_256": hashes.SHA3_256,
    "sha3_384": hashes.SHA3_384,
    "sha3_512": hashes.SHA3_512,
}
DIGESTS = frozenset(_HASHES)
_links: dict[tuple[str, str], bool] = {}  # of ``signed_by``; plain digests, no certificates stay in memory
_NAMES = {
    "rsassa_pkcs1v15": "rsa-pkcs1v15",
    "rsassa_pss": "rsa-pss",
    "ecdsa": "ecdsa",
    "ed25519": "ed25519",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """How a signature value was made. ``digest`` is empty where the algorithm brings its own (Ed25519)."""

    algorithm: str  # rsa-pkcs1v15, rsa-pss, ecdsa, ed25519
    digest: str  # hashlib name
    salt_length: int = 0  # bytes, RSA-PSS only


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Certificate:
    """A well-formed certificate. ``subject`` and ``issuer`` are names normalised after RFC 4518, to be compared."""

    der: bytes
    sha256: str
    parsed: x509.Certificate
    asn1: asn1_x509.Certificate
    key: PublicKey
    subject: str
    issuer: str
    scheme: Scheme  # of the issuer's signature on it
    summary: CertificateSummary


def contained(attempt: Callable[[], Value], *, code: Code, place: str, expected: str = "") -> Value:
    """Run foreign code; whatever it raises is "not valid" with a finding, never a pass and never a crash.

    asn1crypto alone is known to raise ValueError, TypeError, AttributeError and AssertionError on hostile bytes.
    """
    try:
        return attempt()
    except AmtsboteError:
        raise
    except Exception as error:
        if isinstance(error, MemoryError):
            clear_frames(error.__traceback__)  # what they hold is what is missing to tell of it
        got = own_words(error)
        raise Rejected([Finding(code=code, place=place, expected=expected, got=got)]) from error


def read_certificate(der: bytes, *, place: str = "") -> Certificate:
    """A certificate from its DER. Raises ``Rejected`` with ``CERTIFICATE_MALFORMED``."""
    return contained(
        lambda: _kept(bytes(der)) if len(der) <= _KEPT_BYTES else _read(bytes(der)),
        code=Code.CERTIFICATE_MALFORMED,
        place=place,
        expected="an X.509 certificate in DER",
    )


@lru_cache(maxsize=128)
def _kept(der: bytes) -> Certificate:
    """Cached by content: a certificate's parse never changes, and CA certificates come with every signature."""
    return _read(der)


def _read(der: bytes) -> Certificate:
    # cryptography warns of names longer than X.520 allows and of serial number zero; both occur in real chains, and a
    # verdict must not depend on how the process filters warnings.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _parse(der)


def _parse(der: bytes) -> Certificate:
    if len(der) > MAX_CERTIFICATE_BYTES:
        raise Unreadable(f"{len(der)} bytes exceed {MAX_CERTIFICATE_BYTES}")
    parsed = x509.load_der_x509_certificate(bounded(der))
    asn1 = asn1_x509.Certificate.load(der, strict=True)
    subject, issuer = comparable(asn1.subject), comparable(asn1.issuer)  # before the costly lines below
    _ = asn1.native  # the whole tree is decoded here, so no lazy surprise waits in a later line
    if parsed.serial_number < 0:
        raise Unreadable("negative serial number")  # no CRL could name it (RFC 5280 clause 4.1.2.2)
    key = parsed.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
        raise TypeError(f"public key of type {type(key).__name__}")
    _ = parsed.extensions  # duplicates and malformed extensions are refused here
    if asn1["tbs_certificate"]["signature"].dump() != asn1["signature_algorithm"].dump():
        raise Unreadable("inner and outer signature algorithm differ")  # RFC 5280 4.1.1.2
    digest = sha256(der).hexdigest()
    return Certificate(
        der=der,
        sha256=digest,
        parsed=parsed,
        asn1=asn1,
        key=key,
        subject=subject,
        issuer=issuer,
        scheme=scheme_of(asn1["signature_algorithm"]),
        summary=_summary(parsed, digest),
    )


def _summary(parsed: x509.Certificate, digest: str) -> CertificateSummary:
    return CertificateSummary(
        sha256=digest,
        subject=text_of(parsed.subject),
        issuer=text_of(parsed.issuer),
        serial=f"{parsed.serial_number:x}",
        not_before=parsed.not_valid_before_utc,
        not_after=parsed.not_valid_after_utc,
    )


def scheme_of(algorithm: algos.SignedDigestAlgorithm, *, digest: str = "") -> Scheme:
    """What an AlgorithmIdentifier says; ``digest`` is CMS's digestAlgorithm for a bare ``rsaEncryption``.

    Raises ``ValueError`` on anything outside the allow-list: no DSA, no HMAC, no parameters that contradict.
    """
    name = _NAMES.get(algorithm.signature_algo)
    if name is None:
        raise Unreadable(f"signature algorithm {algorithm['algorithm'].native}")
    if name == "ed25519":
        return Scheme(algorithm=name, digest="")
    if name == "rsa-pss":
        return _pss(algorithm["parameters"])
    own = "" if algorithm["algorithm"].native == "rsassa_pkcs1v15" else str(algorithm.hash_algo)
    if own and digest and own != digest:
        raise Unreadable(f"digest {digest} beside signature algorithm with {own}")
    return Scheme(algorithm=name, digest=_known_hash(own or digest))


def _pss(parameters: Any) -> Scheme:
    digest = _known_hash(parameters["hash_algorithm"]["algorithm"].native)
    mask = parameters["mask_gen_algorithm"]
    if mask["algorithm"].native != "mgf1" or mask["parameters"]["algorithm"].native != digest:
        raise Unreadable("RSA-PSS with a mask generation that differs from its digest")
    return Scheme(algorithm="rsa-pss", digest=digest, salt_length=int(parameters["salt_length"].native))


def _known_hash(name: str) -> str:
    if name not in _HASHES:
        raise Unreadable(f"digest algorithm {name or 'missing'}")
    return name


def digest_of(name: str, data: bytes) -> bytes:
    """Digest by hashlib name. Raises ``ValueError`` outside the allow-list."""
    return new_hash(_known_hash(name), data).digest()


def key_bits(key: PublicKey) -> int:
    """Modulus or field size, as algorithm tables count."""
    return 256 if isinstance(key, ed25519.Ed25519PublicKey) else key.key_size


def check_value(key: PublicKey, *, scheme: Scheme, value: bytes, data: bytes) -> None:
    """Raises ``InvalidSignature`` unless ``value`` is the signature of ``key`` over ``data``; a key of another kind fails too."""
    if isinstance(key, rsa.RSAPublicKey) and scheme.algorithm == "rsa-pkcs1v15":
        key.verify(value, data, padding.PKCS1v15(), _HASHES[scheme.digest]())
    elif isinstance(key, rsa.RSAPublicKey) and scheme.algorithm == "rsa-pss":
        digest = _HASHES[scheme.digest]()
        key.verify(value, data, padding.PSS(padding.MGF1(digest), scheme.salt_length), digest)
    elif isinstance(key, ec.EllipticCurvePublicKey) and scheme.algorithm == "ecdsa":
        key.verify(value, data, ec.ECDSA(_HASHES[scheme.digest]()))
    elif isinstance(key, ed25519.Ed25519PublicKey) and scheme.algorithm == "ed25519":
        key.verify(value, data)
    else:
        raise InvalidSignature(f"{scheme.algorithm} value beside a {type(key).__name__}")


def signed_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Does the issuer's key verify the certificate? Names are the caller's question. Kept: the bytes alone decide."""
    pair = certificate.sha256, issuer.sha256
    known = _links.get(pair)
    if known is not None:
        return known
    value, data = certificate.parsed.signature, certificate.parsed.tbs_certificate_bytes
    try:
        check_value(issuer.key, scheme=certificate.scheme, value=value, data=data)
        answer = True
    except MemoryError:
        return False  # that passes, so it must not be remembered of these bytes
    except Exception:  # noqa: BLE001 - a key OpenSSL refuses to use verifies nothing
        answer = False
    if len(_links) >= MAX_LINKS:
        _links.clear()
    _links[pair] = answer
    return answer


def verifies(key: PublicKey, *, scheme: Scheme, value: bytes, data: bytes) -> bool:
    """``check_value`` as an answer, for searches among candidates; any exception means no."""
    try:
        check_value(key, scheme=scheme, value=value, data=data)
    except Exception:  # noqa: BLE001 - a key OpenSSL refuses to use verifies nothing
        return False
    return True


def unknown(code: Code, *, place: str, expected: str = "", got: str = "") -> Finding:
    """An open question: keeps a bundle out, but says that nobody did wrong."""
    return Finding(code=code, severity=Severity.UNKNOWN, place=place, expected=expected, got=got)
