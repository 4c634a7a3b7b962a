# SPDX-License-Identifier: EUPL-1.2
"""Moments as the journal's text: RFC 3339, UTC, milliseconds. Fixed width, so text order is time order."""

from datetime import UTC, datetime


def text_of(moment: datetime) -> str:
    """``2026-11-22T05:04:22.123Z``; rounded down, so nothing becomes due before its time was reached."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def moment_of(text: str) -> datetime:
    """Inverse of ``text_of``; takes moments without fraction as well."""
    return datetime.fromisoformat(text)
