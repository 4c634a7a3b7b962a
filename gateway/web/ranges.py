# SPDX-License-Identifier: EUPL-1.2
"""Byte ranges of one representation (RFC 9110 clause 14): one range at a time, everything else gets the whole.

Several ranges in one request would need multipart answers and have been used to exhaust servers; RFC 9110 14.2 lets a
server ignore them. A range that begins beyond the end is refused, so a resuming reader notices its mistake.
"""

import re
from dataclasses import dataclass

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding

_ONE_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Bytes ``start .. end`` (excluded) of ``size``."""

    start: int
    end: int
    size: int

    @property
    def whole(self) -> bool:
        """All of it."""
        return self.start == 0 and self.end == self.size

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.end - self.start

    @property
    def content_range(self) -> str:
        """Value of Content-Range (clause 14.4)."""
        return f"bytes {self.start}-{self.end - 1}/{self.size}"


def requested_span(range_header: str | None, if_range: str | None, *, size: int, etag: str) -> Span | None:
    """The span that was asked for, ``None`` for the whole. Raises ``Rejected(RANGE_NOT_SATISFIABLE)``.

    ``If-Range`` must name our entity tag (clause 13.1.5); a date or another tag means: then rather all of it.
    """
    if range_header is None or (if_range is not None and if_range.strip() != etag):
        return None
    match = _ONE_RANGE.fullmatch(range_header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None  # not a valid range at all (clause 14.1.1)
    if start >= end:
        raise Rejected(
            [
                Finding(
                    code=Code.RANGE_NOT_SATISFIABLE,
                    place="header Range",
                    expected=f"a range within {size} bytes",
                    got=range_header,
                )
            ]
        )
    return Span(start=start, end=end, size=size)
