# SPDX-License-Identifier: EUPL-1.2
"""A certificate that is trusted as it is, by whoever names it: its key and its life, nothing else.

The certificates of list operators come from the Official Journal or from a signed pointer, so no path is built and no
extension is asked. Four of some thirty operators use certificates a strict reader refuses (path length without CA,
encoded default values, wrong string types); their keys are sound, and it is the keys that are named.
"""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from gateway.stages.signature.certificates.certificate import PublicKey

_MAX_BYTES = 32 * 1024


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Keyholder:
    """One key that may sign a list."""

    sha256: str  # of the certificate's DER, hex
    key: PublicKey
    not_before: datetime
    not_after: datetime


def keyholders(ders: Iterable[bytes]) -> tuple[Keyholder, ...]:
    """Those whose certificates can be read; a key nobody can read signs nothing."""
    found = {der: _keyholder(der) for der in ders}
    return tuple(holder for holder in found.values() if holder is not None)


def _keyholder(der: bytes) -> Keyholder | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # as in ``certificate``: a verdict must not depend on warning filters
            parsed = x509.load_der_x509_certificate(der)
            key = parsed.public_key()
    except Exception:  # noqa: BLE001 - foreign code over foreign bytes
        return None
    if len(der) > _MAX_BYTES or not isinstance(
        key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
    ):
        return None
    return Keyholder(
        sha256=sha256(der).hexdigest(),
        key=key,
        not_before=parsed.not_valid_before_utc,
        not_after=parsed.not_valid_after_utc,
    )
