# SPDX-License-Identifier: EUPL-1.2
"""What makes a signature this one and no other, for reports: its value and what that was made over. Judges nothing."""

from base64 import b64encode
from hashlib import new as new_digest

from gateway.model.signature import SignatureValue
from gateway.stages.signature.xmldsig.identifiers import DIGEST_URIS, SIGNATURE_URIS

_EDDSA_DIGEST = "sha512"  # Ed25519 hashes twice by itself, with this (RFC 8032 clause 5.1)


def signature_value(algorithm: str, digest: str, *, signed: bytes, value: bytes) -> SignatureValue | None:
    """By the names of the algorithm table; ``None`` where XML Signature has no identifier for the pair.

    ``signed`` is what the value was made over: the canonical SignedInfo, or the signed attributes in DER.
    """
    uri = SIGNATURE_URIS.get((algorithm, digest))
    if uri is None:
        return None
    name = digest or _EDDSA_DIGEST
    return SignatureValue(
        algorithm=uri,
        digest=DIGEST_URIS[name],
        signed=new_digest(name, signed).hexdigest(),
        value=b64encode(value).decode(),
    )
