# SPDX-License-Identifier: EUPL-1.2
"""Protocols for other people's systems. An adapter implements one of them and imports nothing else of ours.

Adapters are found by entry points (``amtsbote.formats``, ``amtsbote.transports``); configuration names the entry
point, never a dotted path. Limits, time-outs and error mapping sit on our side of the port, once (``gateway.courier``).
``Scanner`` and ``Screen`` are the two halves of a malware scanner; the one there is comes with us (``gateway.scanning``).
"""

import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, Self

from gateway.model.delivery import Answer, Deliverable, Package, Placement
from gateway.model.scan import ScannerFault, ScanTerms, Screened, Suspect


class Shape(StrEnum):
    """What a format makes and a transport can carry; the pair is checked when the configuration is read."""

    SINGLE_FILE = "single-file"
    FOLDER = "folder"


class Flaw(StrEnum):
    """Why something that was left as an answer cannot be read as one."""

    NOT_ACCESSIBLE = "not-accessible"  # no rights, a link, a device
    TOO_LARGE = "too-large"
    NOT_JSON = "not-json"
    NOT_AN_ANSWER = "not-an-answer"  # JSON that ``gateway.model.answer`` refuses


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """Something at the recipient's side that was meant as an answer. It goes into the operator's log lines."""

    name: str  # made by the transport, the same at each look; the recipient's own name may hold a person's
    reason: Flaw


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why an answer that could be read was not taken, in lines for those who left it. Names what was expected, not what stood there."""

    german: tuple[str, ...]
    english: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What one look at the recipient's side brought."""

    answers: tuple[Answer, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


class Format(Protocol):
    """**Protocol:** dossier -> package. Pure and deterministic: same delivery, same bytes, same names.

    Raises ``Rejected`` never (the dossier is already accepted) and ``DeliveryFailed(PACKAGE_INVALID, retry=False)``
    where the recipient's own schema does not accept what it made. No I/O, no clock, no randomness.
    It is called without a time limit, so it must not wait for anything.
    """

    shape: Shape

    @classmethod
    def configure(cls, settings: Mapping[str, object]) -> Self:
        """Build from the keys under ``[authority.format_settings]``; raises ``ConfigInvalid`` naming every fault."""
        ...

    def package(self, deliverable: Deliverable) -> Package:
        """The package, its parts read lazily."""
        ...


class Transport(Protocol):
    """**Protocol:** package -> inbox. All I/O of a delivery.

    ``hand_over`` returns only when the package is durable at the recipient, and doing it again under the same name
    has the effect of once; it raises ``DeliveryFailed`` for everything that is the recipient's system's fault.
    Its ``detail`` goes into the operator's log lines: causes and numbers, never names or values of a dossier.
    The gateway retries, limits the time and serialises calls per delivery; calls for different deliveries may overlap.
    ``collect`` returns answers left by the recipient since; each stays returned until ``settle`` was called with it,
    so an answer is never lost between the two. What cannot be read is returned as ``unreadable`` as long as it lies
    there, and never thrown away: it may be a decision on somebody's case. The gateway complains once about each.
    """

    carries: frozenset[Shape]

    @classmethod
    def configure(cls, settings: Mapping[str, object]) -> Self:
        """Build from the keys under ``[authority.transport_settings]``; raises ``ConfigInvalid`` naming every fault."""
        ...

    async def hand_over(self, package: Package) -> Placement:
        """Put the package into the recipient's inbox."""
        ...

    async def collect(self) -> Collected:
        """What waits at the recipient's side; ``Answer.delivery_id`` is taken from the package's name."""
        ...

    async def settle(self, answer: Answer) -> None:
        """The answer is recorded; it need not be returned again."""
        ...

    async def refuse(self, answer: Answer, refusal: Refusal) -> None:
        """The answer could be read and was not taken; tell those who left it, where there is a way. Asked at each look."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenScan:
    """A scanner that waits for the files of one bundle. The connection is the taker's to close."""

    connection: socket.socket
    terms: ScanTerms


class Scanner(Protocol):
    """**Protocol:** the half of a malware scanner that opens connections; never sees a file.

    ``open`` raises ``ScannerUnavailable`` unless the scanner is there, fit for service and up to date.
    """

    async def open(self) -> OpenScan:
        """One bundle's connection, for ``Screen``."""
        ...

    def failed(self, fault: ScannerFault) -> None:
        """A scan that was opened ended without a verdict."""
        ...


class Screen(Protocol):
    """**Protocol:** the half of a malware scanner that sees files; can open nothing, and works on what ``Scanner`` opened.

    A clear verdict on every file, or ``ScannerUnavailable``: what was not scanned to its end is never called clean.
    """

    def screen(self, files: Iterable[Suspect]) -> Screened:
        """Look into all files of one bundle, called once."""
        ...
