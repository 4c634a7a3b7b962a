# SPDX-License-Identifier: EUPL-1.2
"""What the time-stamps of one signature prove together, in every form (EN 319 102-1 clauses 5.3.4, 5.5.4, 5.6.3).

Leaves out how a token is judged (``cms.timestamps``) and what is stamped where (the forms know). A time-stamp that is
not valid proves nothing here, and is in order with every other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.codes import Code
from gateway.findings import Finding
from gateway.model.signature import StampKind, SubIndication, TimeStampReport
from gateway.stages.signature.cms.stamp import TimestampJudgement, unsigned_faults
from gateway.stages.signature.faults import Fault

MAX_STAMPS = 8  # in one signature; an archive time-stamp makes us read every file once more
_COVERING = {StampKind.ARCHIVE, StampKind.DOCUMENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedStamp:
    """A judged time-stamp, with what it stamps."""

    kind: StampKind
    place: str
    judgement: TimestampJudgement

    def covers(self, earlier: "PlacedStamp") -> bool:
        """Was ``earlier``, which stands before it, there when this one was made?"""
        if self.kind in _COVERING:
            return True
        return self.kind is StampKind.SIGNATURE and earlier.kind is StampKind.CONTENT


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeProof:
    """``own`` stand in the signature, in their order; ``behind`` are those of the document around it, reported by themselves.

    ``unsigned`` is what else was found where the time-stamps stand, which nobody signed either.
    """

    own: Sequence[PlacedStamp]
    behind: Sequence[PlacedStamp] = ()
    unsigned: Sequence[Finding] = ()
    skew: timedelta

    @property
    def best(self) -> datetime | None:
        """The best signature time: the earliest at which the signature is proven to have been there."""
        later = [s for s in (*self.own, *self.behind) if s.kind is not StampKind.CONTENT]
        return min(_proven(later), default=None)

    @property
    def begun(self) -> datetime | None:
        """The signature is proven not to have been there before this time: its content was stamped for it first."""
        return max(_proven(s for s in self.own if s.kind is StampKind.CONTENT), default=None)

    @property
    def findings(self) -> list[Finding]:
        """All, as they weigh for the signature."""
        counted = [finding for stamp in self.own for finding in stamp.judgement.counted]
        return [*self.unsigned, *counted, *(fault.finding for fault in self._disorder())]

    @property
    def faults(self) -> list[Fault]:
        """Those that keep it from passing."""
        broken = [fault for stamp in self.own for fault in stamp.judgement.faults]
        return [*unsigned_faults(self.unsigned), *broken, *self._disorder()]

    @property
    def reports(self) -> tuple[TimeStampReport, ...]:
        """For the report of the signature."""
        return tuple(stamp.judgement.told(stamp.kind) for stamp in self.own)

    def proves(self, kind: StampKind) -> bool:
        """Is a time-stamp of this kind valid?"""
        return any(stamp.kind is kind and stamp.judgement.valid for stamp in (*self.own, *self.behind))

    def _disorder(self) -> list[Fault]:
        return disorder((*self.own, *self.behind), self.skew)


def disorder(stamps: Sequence[PlacedStamp], skew: timedelta) -> list[Fault]:
    """Time-stamps that claim to be older than what they stamp: one of the two clocks lies, and nobody knows which."""
    found: list[Fault] = []
    for number, stamp in enumerate(stamps):
        time = stamp.judgement.proves
        newest = max(_proven(s for s in stamps[:number] if stamp.covers(s)), default=None)
        if time is None or newest is None or newest <= time + skew:
            continue
        finding = Finding(
            code=Code.TIMESTAMP_ORDER,
            place=stamp.place,
            expected=f"a time-stamp not before {newest.isoformat()}, the time of one that it covers",
            got=time.isoformat(),
        )
        found.append(Fault(finding=finding, means=SubIndication.TIMESTAMP_ORDER_FAILURE))
    return found


def too_many(count: int, place: str) -> list[Finding]:
    """More time-stamps than anybody needs are refused unread: nobody signed them, and each costs."""
    if count <= MAX_STAMPS:
        return []
    expected = f"at most {MAX_STAMPS} time-stamps"
    return [Finding(code=Code.TIMESTAMP_INVALID, place=place, expected=expected, got=str(count))]


def _proven(stamps: Iterable[PlacedStamp]) -> list[datetime]:
    return [time for stamp in stamps if (time := stamp.judgement.proves) is not None]
