# SPDX-License-Identifier: EUPL-1.2
"""What revocation data says about one certificate, whatever form it came in."""

from dataclasses import dataclass
from datetime import datetime

from gateway.stages.signature.certificates.certificate import Certificate

HOLD = "certificateHold"
_COMPROMISE = {"keyCompromise", "cACompromise"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """An authentic word of the issuer. ``revoked_at`` empty means: not revoked as far as the issuer knew then."""

    source: str  # CRL or OCSP
    sha256: str  # of the CRL or OCSP response, hex
    this_update: datetime
    next_update: datetime | None
    made_at: datetime  # when it was signed, where that is told apart from ``this_update``
    revoked_at: datetime | None = None
    reason: str = ""
    keeps_expired_from: datetime | None = None  # expiredCertsOnCRL, archiveCutoff
    responder: Certificate | None = None  # to whom the issuer delegated the answer
    limits: str = ""  # why it proves no "good"; it says "revoked" all the same

    @property
    def held(self) -> bool:
        """Suspended, not revoked: the only state that can be taken back."""
        return self.reason == HOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """Data that concerns the certificate but proves nothing, and why."""

    source: str
    reason: str
    stale: bool = False
    after_expiry: bool = False  # no newer data will ever say more
    disowned: bool = False  # the issuer's own word, and the certificate is none that it knows


def revoked_since(date: datetime, reason: str, invalid_from: datetime | None) -> datetime:
    """Revocation date; after a compromise the day it began, where the CA names it (RFC 5280 clause 5.3.2).

    OCSP carries the same extension (RFC 6960 clause 4.4.5).
    """
    return min(date, invalid_from) if invalid_from is not None and reason in _COMPROMISE else date
