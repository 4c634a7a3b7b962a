# SPDX-License-Identifier: EUPL-1.2
"""What the handlers call. Each Protocol is the HTTP border's view of one service; the real ones are given at start.

All methods may raise ``Rejected`` (the caller must act) and ``GatewayFault`` (we must act). They answer from durable
state only: what a caller reads here survives a power cut. Calls overlap, and any of them may be cancelled.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from gateway.inbox import InboxItem
from gateway.intake import CheckResult, Outcome
from gateway.journal.answers import RecordedAnswer
from gateway.journal.events import ChamberEvent
from gateway.model.delivery import Answer, Package
from gateway.model.partner import Chamber


class Intake(Protocol):
    """**Protocol:** takes bundles. The body may raise ``Rejected``: then nothing is recorded and it passes through."""

    async def submit(
        self,
        chamber: Chamber,
        body: AsyncIterator[bytes],
        *,
        content_length: int | None,
        idempotency_key: str | None,
    ) -> Outcome:
        """Accept, recognise or refuse; whatever it is, it is recorded and published when this returns."""
        ...

    async def check(
        self, chamber: Chamber, body: AsyncIterator[bytes], *, content_length: int | None
    ) -> CheckResult:
        """The same checks; nothing is recorded or kept."""
        ...


class DossierReader(Protocol):
    """**Protocol:** what a chamber may know about its own dossiers. ``None``: no such dossier, or another chamber's."""

    async def summary(self, chamber_id: str, dossier_id: str) -> Mapping[str, Any] | None:
        """State, deliveries, answers and findings (schema ``Dossier`` of the contract)."""
        ...

    async def receipt(self, chamber_id: str, dossier_id: str) -> Mapping[str, Any] | None:
        """The receipt of the submission."""
        ...

    async def report(self, chamber_id: str, dossier_id: str) -> Mapping[str, Any] | None:
        """The verification report as it was kept (``VerificationReport`` as JSON); ``None`` after erasure, too."""
        ...

    async def evidence(self, chamber_id: str, dossier_id: str) -> Sequence[Mapping[str, Any]] | None:
        """All receipts of the dossier in the order of the log."""
        ...


class EventFeed(Protocol):
    """**Protocol:** a chamber's events in commit order."""

    async def after(self, chamber_id: str, seq: int, *, limit: int, wait: float) -> Sequence[ChamberEvent]:
        """Published events after ``seq``; waits up to ``wait`` seconds for the first."""
        ...


class Inbox(Protocol):
    """**Protocol:** an authority's inbox. Others' deliveries are ``not-found``."""

    async def waiting(
        self, authority_id: str, *, limit: int, wait: float, lease: float
    ) -> Sequence[InboxItem]:
        """What is not acknowledged; waits up to ``wait`` seconds for the first, hides it for ``lease`` seconds."""
        ...

    def package(self, authority_id: str, delivery_id: str) -> AbstractAsyncContextManager[Package]:
        """The package of one part, readable inside the block by one thread at a time."""
        ...

    async def report(self, authority_id: str, delivery_id: str) -> Mapping[str, Any]:
        """The verification report on the delivered dossier, as it was kept, once the package lies ready."""
        ...

    async def record_access(
        self, authority_id: str, delivery_id: str, *, start: int, end: int, size: int
    ) -> bool:
        """Bytes ``start .. end`` of ``size`` were sent; the whole of it makes the handover."""
        ...

    async def acknowledge(self, authority_id: str, delivery_id: str, *, sha256: str) -> RecordedAnswer:
        """The authority has it."""
        ...

    async def answer(self, authority_id: str, answer: Answer) -> RecordedAnswer:
        """Record an answer; the same one again gives the first record."""
        ...
