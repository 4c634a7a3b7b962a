# SPDX-License-Identifier: EUPL-1.2
"""Algorithm identifiers of XML signatures <-> the names our tables use (allow-list; anything else is unknown).

HMAC, DSA and MD5 are not in the list at all: a symmetric or broken algorithm has no name here. SHA-1 has one, so that the
dated table can refuse it with a reason.
Leaves out whether an algorithm is acceptable today: see ``algorithms``.
"""

from dataclasses import dataclass

_DSIG_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_DSIG_MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#"

DIGESTS = {
    "http://www.w3.org/2000/09/xmldsig#sha1": "sha1",
    f"{_DSIG_MORE}sha224": "sha224",
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    f"{_DSIG_MORE}sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
    f"{_DSIG_MORE_2007}sha3-256": "sha3_256",
    f"{_DSIG_MORE_2007}sha3-384": "sha3_384",
    f"{_DSIG_MORE_2007}sha3-512": "sha3_512",
}
DIGEST_URIS = {name: uri for uri, name in DIGESTS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureMethod:
    """A signature algorithm and the hash it uses, in the names of the algorithm table."""

    algorithm: str  # rsa-pkcs1v15, rsa-pss, ecdsa, ed25519
    digest: str  # hashlib name; "" for ed25519, which brings its own


SIGNATURES: dict[str, SignatureMethod] = {
    "http://www.w3.org/2000/09/xmldsig#rsa-sha1": SignatureMethod(algorithm="rsa-pkcs1v15", digest="sha1"),
    "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519": SignatureMethod(algorithm="ed25519", digest=""),
    f"{_DSIG_MORE}ecdsa-sha1": SignatureMethod(algorithm="ecdsa", digest="sha1"),
    **{
        f"{_DSIG_MORE}{prefix}-{digest}": SignatureMethod(algorithm=algorithm, digest=digest)
        for prefix, algorithm in (("rsa", "rsa-pkcs1v15"), ("ecdsa", "ecdsa"))
        for digest in ("sha224", "sha256", "sha384", "sha512")
    },
    **{
        f"{_DSIG_MORE_2007}{digest}-rsa-MGF1": SignatureMethod(algorithm="rsa-pss", digest=digest)
        for digest in ("sha1", "sha224", "sha256", "sha384", "sha512")
    },
    **{
        f"{_DSIG_MORE_2007}{digest}-rsa-MGF1": SignatureMethod(
            algorithm="rsa-pss", digest=digest.replace("-", "_")
        )
        for digest in ("sha3-256", "sha3-384", "sha3-512")
    },
    **{
        f"http://www.w3.org/2021/04/xmldsig-more#ecdsa-{digest}": SignatureMethod(
            algorithm="ecdsa", digest=digest.replace("-", "_")
        )
        for digest in ("sha3-256", "sha3-384", "sha3-512")
    },
}
SIGNATURE_URIS = {(m.algorithm, m.digest): uri for uri, m in SIGNATURES.items()}
