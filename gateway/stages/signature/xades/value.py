# SPDX-License-Identifier: EUPL-1.2
"""The value of a XAdES signature against a certificate's key. Leaves out whose certificate it has to be."""

from hashlib import new as new_digest
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from gateway.codes import Code
from gateway.errors import Unreadable, own_words
from gateway.findings import Finding
from gateway.stages.signature.certificates.certificate import PublicKey, Scheme, check_value
from gateway.stages.signature.xmldsig.identifiers import SignatureMethod


class SignedInfo(Protocol):
    """What a value is made over: of a signature in a container, or of one on a trusted list."""

    @property
    def where(self) -> str:
        """For findings about it."""

    @property
    def method(self) -> SignatureMethod:
        """How the value was made."""

    @property
    def signed_info(self) -> bytes:
        """Canonical."""

    @property
    def value(self) -> bytes:
        """As it stands in the file."""


def check_signature_value(signature: SignedInfo, key: PublicKey) -> Finding | None:
    """Does the key verify the value over the canonical SignedInfo?"""
    scheme = Scheme(
        algorithm=signature.method.algorithm,
        digest=signature.method.digest,
        # RFC 9231 clause 2.3.10: the salt is as long as the digest.
        salt_length=new_digest(signature.method.digest).digest_size if signature.method.digest else 0,
    )
    try:
        value = _der_value(key, signature.value)
        check_value(key, scheme=scheme, value=value, data=signature.signed_info)
    except InvalidSignature:
        return _value_finding(signature, "the value does not verify")
    except Exception as error:  # noqa: BLE001 - a key or value the library cannot use verifies nothing
        return _value_finding(signature, own_words(error))
    return None


def _value_finding(signature: SignedInfo, got: str) -> Finding:
    return Finding(
        code=Code.SIGNATURE_VALUE_INVALID,
        place=signature.where,
        expected="a value made with the signer's key over exactly these references",
        got=got,
    )


def _der_value(key: PublicKey, value: bytes) -> bytes:
    """XML Signature stores r and s side by side (RFC 4050 clause 3.3); anything of another length is refused."""
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return value
    width = (key.key_size + 7) // 8
    if len(value) != 2 * width:
        raise Unreadable(f"{len(value)} bytes where r and s take {2 * width}")
    return encode_dss_signature(int.from_bytes(value[:width]), int.from_bytes(value[width:]))
