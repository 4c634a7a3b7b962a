# SPDX-License-Identifier: EUPL-1.2
"""What revocation data says about one certificate, whatever form it came in."""

from dataclasses import dataclass
from datetime import datetime

from gateway.stages.signature.certificates.certificate import Certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """An authentic word of the issuer. ``revoked_at`` empty means: not revoked as far as the issuer knew then."""

    source: str  # CRL or OCSP
    this_update: datetime
    next_update: datetime | None
    revoked_at: datetime | None = None
    reason: str = ""
    keeps_expired_from: datetime | None = None  # expiredCertsOnCRL, archiveCutoff
    responder: Certificate | None = None  # delegated and not exempt from revocation checks

    @property
    def held(self) -> bool:
        """Suspended, not revoked: the only state that can be taken back."""
        return self.reason == "certificateHold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """Data that concerns the certificate but proves nothing, and why."""

    source: str
    reason: str
    stale: bool = False
