# SPDX-License-Identifier: EUPL-1.2
"""Trusted lists as values: files as they lie there, editions that verified, and what of all that may be believed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from gateway.findings import Finding
from gateway.stages.signature.certificates.instants import Instant
from gateway.stages.signature.qualified.lists.services import Service

# TS 119 612 clause 5.3.15: at most six months from issue to next update. Six months are 184 days or less; the rest is
# for operators who count otherwise.
_LONGEST_LIFE = timedelta(days=190)
_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFile:
    """One file as it lies in the operator's directory."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One edition of one list, whose signature was verified."""

    file: str
    territory: str
    sequence: int
    issued: datetime
    next_update: datetime | None
    signer: str  # SHA-256 of the certificate, hex

    @property
    def until(self) -> datetime | None:
        """Its last moment, whatever the edition claims for itself; ``None`` for a closed list, which vouches for nobody.

        Counted from its issue, at which the signer's certificate was valid: so nobody makes anything of a key that
        expired long ago by dating a list back.
        """
        if self.next_update is None or self.next_update - self.issued <= _LONGEST_LIFE:
            return self.next_update
        return self.issued + _LONGEST_LIFE

    def current(self, now: Instant) -> bool:
        """Is it issued already, and not out of date yet?"""
        until = self.until
        return until is not None and not now.passes(until) and now.reaches(self.issued - _CLOCK_SKEW)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedService:
    """A service and the edition it stands in."""

    service: Service
    edition: Edition


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedLists:
    """What of the installed lists may be believed. ``findings``: what may not, and why."""

    installed: bool = False  # did the operator ask for trusted lists at all?
    union: Edition | None = None  # the list of lists
    territories: frozenset[str] = frozenset()  # to whose lists it points
    editions: tuple[Edition, ...] = ()  # national
    by_subject: Mapping[str, tuple[ListedService, ...]] = field(default_factory=lambda: MappingProxyType({}))
    findings: tuple[Finding, ...] = ()

    @property
    def sequences(self) -> Mapping[str, int]:
        """The newest edition of each list, by territory."""
        every = (self.union, *self.editions) if self.union else self.editions
        return {edition.territory: edition.sequence for edition in every}
