# SPDX-License-Identifier: EUPL-1.2
"""Trusted lists as values: files as they lie there, editions that verified, and what of all that may be believed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from gateway.findings import Finding
from gateway.stages.signature.qualified.lists.services import Service


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
