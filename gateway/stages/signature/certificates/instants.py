# SPDX-License-Identifier: EUPL-1.2
"""Time as a judgement sees it: every comparison is recorded, so a cached judgement cannot outlive its data.

A judgement reads time only through ``Instant``. Its verdict therefore holds for exactly those other moments at which
each recorded comparison comes out the same; ``Instant.span`` is that interval.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

NOTHING: Mapping[str, datetime] = MappingProxyType({})  # covered by no time-stamp
_TICK = timedelta(microseconds=1)  # resolution of datetime: ``t > x`` is ``t >= x + tick``
_START = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Half-open interval ``start <= t < end``."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        """Is the moment inside?"""
        return self.start <= moment < self.end


@dataclass(slots=True, kw_only=True)
class Instant:
    """A point in time that remembers what it was compared with. Owned by one running judgement."""

    value: datetime
    _start: datetime = field(default=_START, init=False)
    _end: datetime = field(default=_END, init=False)

    def __post_init__(self) -> None:
        if self.value.tzinfo is None:
            raise ValueError("expected a timezone-aware moment, got a naive one")

    def reaches(self, limit: datetime) -> bool:
        """``self >= limit``, recorded."""
        if self.value >= limit:
            self._start = max(self._start, limit)
            return True
        self._end = min(self._end, limit)
        return False

    def passes(self, limit: datetime) -> bool:
        """``self > limit``, recorded."""
        return self.reaches(limit + _TICK if limit < _END else _END)

    def day(self) -> datetime:
        """The value, for tables that know days only (UTC): the span is cut to this day."""
        today = self.value.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self.reaches(today)
        if today.date() < _END.date():
            self.reaches(today + timedelta(days=1))
        return self.value.astimezone(UTC)

    @property
    def span(self) -> Span:
        """Where all comparisons so far come out the same."""
        return Span(start=self._start, end=self._end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """The times of EN 319 102-1: when we judge (``now``), when the signature is known to have existed (``proof``), and when
    each object is known to have existed that a time-stamp covers (``objects``, by the SHA-256 of its DER).

    Without a proof of existence an instant is ``now`` itself, and every fault is a "no POE" fault.
    """

    now: Instant
    proof: Instant
    proven: bool
    objects: Mapping[str, Instant] = field(default_factory=dict)

    @classmethod
    def of(
        cls, moment: datetime, existed: datetime | None, covered: Mapping[str, datetime] = NOTHING
    ) -> "Moments":
        """A proof in the future of ``moment`` proves nothing more than ``moment`` itself."""
        now = Instant(value=moment)
        return cls(
            now=now,
            proof=now if existed is None or existed >= moment else Instant(value=existed),
            proven=existed is not None,
            objects={sha256: Instant(value=time) for sha256, time in covered.items() if time < moment},
        )

    def of_object(self, sha256: str) -> Instant:
        """When the object is known to have existed: now, where nothing proves more."""
        return self.objects.get(sha256, self.now)

    def seen_from(self, sha256: str) -> "Moments":
        """The same times for a question about what made the object: nothing proves that it was used before."""
        return replace(self, proof=self.of_object(sha256), proven=sha256 in self.objects)
