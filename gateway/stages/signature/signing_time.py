# SPDX-License-Identifier: EUPL-1.2
"""The signing time that a signer claims, held against what is known: one answer for every form.

Nobody vouches for the claim and nothing rests on it, so EN 319 102-1 asks nothing of it. A time that is still to come is
refused all the same; one that a time-stamp or the certificate contradicts shows a wrong clock, and is a warning.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from gateway.codes import Code
from gateway.findings import Finding, Severity
from gateway.model.signature import CertificateSummary


def signing_time_findings(
    claimed: datetime,
    *,
    best: datetime | None,
    signer: CertificateSummary | None,
    moment: datetime,
    skew: timedelta,
    place: str,
) -> Iterator[Finding]:
    """``best`` is the time that a time-stamp proves; ``signer`` the signer's certificate, where it is known."""
    got, code, expected = claimed.isoformat(), Code.SIGNING_TIME, ""
    if claimed > moment + skew:
        expected = f"a signing time not after {moment.isoformat()}"
        yield Finding(code=code, place=place, expected=expected, got=got)
        return
    if best is not None and claimed > best + skew:
        code, expected = Code.TIMESTAMP_ORDER, f"a signing time before the time-stamp's {best.isoformat()}"
    elif signer is not None and not signer.not_before - skew <= claimed <= signer.not_after:
        expected = (
            f"within the certificate's {signer.not_before.isoformat()} to {signer.not_after.isoformat()}"
        )
    if expected:
        yield Finding(code=code, severity=Severity.WARNING, place=place, expected=expected, got=got)
