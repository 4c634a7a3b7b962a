# SPDX-License-Identifier: EUPL-1.2
"""The value of a XAdES signature against a certificate's key. Leaves out whose certificate it has to be."""

from hashlib import new as new_digest

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from gateway.codes import Code
from gateway.findings import Finding
from gateway.stages.signature.certificate import Certificate, Scheme, check_value
from gateway.stages.signature.xades import XadesSignature


def check_signature_value(signature: XadesSignature, certificate: Certificate) -> Finding | None:
    """Does the certificate's key verify the value over the canonical SignedInfo?"""
    scheme = Scheme(
        algorithm=signature.method.algorithm,
        digest=signature.method.digest,
        # RFC 9231 clause 2.3.10: the salt is as long as the digest.
        salt_length=new_digest(signature.method.digest).digest_size if signature.method.digest else 0,
    )
    try:
        value = _der_value(certificate, signature.value)
        check_value(certificate.key, scheme=scheme, value=value, data=signature.signed_info)
    except InvalidSignature as error:
        return _value_finding(signature, str(error) or "the value does not verify")
    except Exception as error:  # noqa: BLE001 - a key or value the library cannot use verifies nothing
        return _value_finding(signature, f"{type(error).__name__}: {error}")
    return None


def _value_finding(signature: XadesSignature, got: str) -> Finding:
    return Finding(
        code=Code.SIGNATURE_VALUE_INVALID,
        place=signature.where,
        expected="a value made with the signer's key over exactly these references",
        got=got,
    )


def _der_value(certificate: Certificate, value: bytes) -> bytes:
    """XML Signature stores r and s side by side (RFC 4050 clause 3.3); anything of another length is refused."""
    key = certificate.key
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return value
    width = (key.key_size + 7) // 8
    if len(value) != 2 * width:
        raise InvalidSignature(f"{len(value)} bytes where r and s take {2 * width}")
    return encode_dss_signature(int.from_bytes(value[:width]), int.from_bytes(value[width:]))
