# SPDX-License-Identifier: EUPL-1.2
"""The other end of the wire: what a chamber, an authority or an auditor does over HTTPS, with retries that are safe.

A submission is sent again under the same ``Idempotency-Key`` after every lost connection and every "try later", so it
has the effect of once. A download goes on where it broke off and counts only when its digest is right.
Leaves out packing and verifying. Servers are never asked without a client certificate, and redirects are not followed.

    async with GatewayClient("https://gateway.example:8443", tls) as gateway:
        submission = await gateway.submit(Path("dossier.asice"))
"""

import asyncio
import json
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from gateway.client.part import PartFile
from gateway.client.wire import (
    CertificateRefused,
    GatewayUnreachable,
    Patience,
    ProblemAnswered,
    Reply,
    TransferDamaged,
    Wire,
)

__all__ = [
    "CertificateRefused",
    "EventPage",
    "GatewayClient",
    "GatewayUnreachable",
    "Patience",
    "ProblemAnswered",
    "Submission",
    "TransferDamaged",
    "client_context",
]

_BUNDLE = "application/vnd.etsi.asic-e+zip"
_ANSWER_SECONDS = 600  # verification of a large bundle
_POLL_GRACE_SECONDS = 30
_READ = 256 * 1024  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """An accepted bundle. ``repeated``: it had come before, and this is the first receipt."""

    dossier_id: str
    repeated: bool
    receipt: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """Events after a number; ``next`` is where to go on."""

    events: tuple[Mapping[str, Any], ...]
    next: int


def client_context(certificate: Path, key: Path, ca: Path) -> ssl.SSLContext:
    """TLS for a partner: its certificate and key, and the CA that the gateway's certificate must come from."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=ca)
    context.load_cert_chain(certificate, key)
    return context


class GatewayClient:
    """One partner's connection to one gateway. Safe for concurrent use on one event loop."""

    def __init__(
        self,
        base_url: str,
        tls: ssl.SSLContext,
        *,
        patience: Patience | None = None,
        language: str = "de",
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._wire = Wire(
            base_url,
            tls,
            patience=patience or Patience(),
            language=language,
            sleep=sleep,
            jitter=jitter,
        )

    async def __aenter__(self) -> Self:
        await self._wire.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._wire.__aexit__(kind, error, trace)

    # -- chamber -------------------------------------------------------------------------------------

    async def submit(self, bundle: Path, *, idempotency_key: str | None = None) -> Submission:
        """Send a bundle until the gateway has answered for it. Raises ``ProblemAnswered`` where it is refused."""
        # One key for all attempts: the second one finds what became of the first.
        key = idempotency_key or uuid4().hex
        reply = await self._wire.persist(
            lambda: self._upload("/v1/dossiers", bundle, {"Idempotency-Key": key})
        )
        answer = reply.json()
        return Submission(
            dossier_id=str(answer["dossier_id"]), repeated=bool(answer["repeated"]), receipt=answer["receipt"]
        )

    async def check(self, bundle: Path) -> Mapping[str, Any]:
        """Pre-check: what a submission would meet. Nothing is recorded."""
        return (await self._wire.persist(lambda: self._upload("/v1/checks", bundle, {}))).json()

    async def dossier(self, dossier_id: str) -> Mapping[str, Any]:
        """State, deliveries, answers and findings."""
        return (await self._get(f"/v1/dossiers/{dossier_id}")).json()

    async def receipt(self, dossier_id: str) -> Mapping[str, Any]:
        """The receipt of the submission."""
        return (await self._get(f"/v1/dossiers/{dossier_id}/receipt")).json()

    async def evidence(self, dossier_id: str) -> Mapping[str, Any]:
        """All receipts of the dossier."""
        return (await self._get(f"/v1/dossiers/{dossier_id}/evidence")).json()

    async def report(self, dossier_id: str, *, etsi: bool = False) -> bytes:
        """The verification report as JSON, or as XML after ETSI TS 119 102-2."""
        return (await self._get(f"/v1/dossiers/{dossier_id}/report{_suffix(etsi=etsi)}")).body

    async def events(self, *, after: int = 0, wait: int = 0, limit: int = 100) -> EventPage:
        """Events after number ``after``; waits up to ``wait`` seconds for the first."""
        query = {"after": str(after), "wait": str(wait), "limit": str(limit)}
        answer = (await self._get("/v1/events", query=query, wait=wait)).json()
        return EventPage(events=tuple(answer["events"]), next=int(answer["next"]))

    async def follow(self, *, after: int = 0, wait: int = 60) -> AsyncIterator[Mapping[str, Any]]:
        """All events from ``after`` on, for ever. Store ``seq`` once an event is worked through."""
        while True:
            page = await self.events(after=after, wait=wait)
            for event in page.events:
                yield event
            after = page.next

    # -- authority -----------------------------------------------------------------------------------

    async def inbox(self, *, wait: int = 0, limit: int = 50, lease: int = 0) -> tuple[Mapping[str, Any], ...]:
        """Deliveries that are not acknowledged, oldest first."""
        query = {"wait": str(wait), "limit": str(limit), "lease": str(lease)}
        answer = (await self._get("/v1/inbox", query=query, wait=wait)).json()
        return tuple(answer["deliveries"])

    async def download(self, delivery_id: str, target: Path) -> str:
        """Fetch a package into ``target``, going on where an earlier attempt broke off; hex SHA-256 of it.

        ``target`` appears only once it is whole and its digest is the announced one. Raises ``TransferDamaged``.
        """
        part = PartFile(target)
        path = f"/v1/inbox/{delivery_id}/package"
        await self._wire.persist(lambda: self._fetch(path, part), progress=lambda: part.size)
        return await asyncio.to_thread(part.finish)

    async def delivery_report(self, delivery_id: str, *, etsi: bool = False) -> bytes:
        """The verification report on a delivered dossier, as ``report``."""
        return (await self._get(f"/v1/inbox/{delivery_id}/report{_suffix(etsi=etsi)}")).body

    async def acknowledge(self, delivery_id: str, *, sha256: str = "") -> Mapping[str, Any]:
        """Say that the package is here. ``sha256`` states what was received."""
        stated = {"sha256": sha256} if sha256 else {}
        return await self._post(f"/v1/inbox/{delivery_id}/acknowledgement", stated)

    async def answer(
        self,
        delivery_id: str,
        *,
        answer_id: str,
        kind: str,
        message: str = "",
        reference: str = "",
        requested_documents: tuple[str, ...] = (),
    ) -> Mapping[str, Any]:
        """Answer a delivery. The same answer under the same id may be sent as often as needed."""
        answer = {
            "id": answer_id,
            "kind": kind,
            "message": message,
            "reference": reference,
            "requested_documents": list(requested_documents),
        }
        return await self._post(f"/v1/inbox/{delivery_id}/answers", answer)

    # -- anybody -------------------------------------------------------------------------------------

    async def log_file(self, path: str) -> bytes:
        """A file of the log by its C2SP path: ``checkpoint``, ``tile/0/000``."""
        return (await self._get(f"/log/{path}")).body

    # -- wire ----------------------------------------------------------------------------------------

    async def _get(self, path: str, *, query: Mapping[str, str] | None = None, wait: int = 0) -> Reply:
        seconds = wait + _POLL_GRACE_SECONDS
        return await self._wire.persist(
            lambda: self._wire.exchange("GET", path, seconds=seconds, params=query or {})
        )

    async def _post(self, path: str, value: Mapping[str, Any]) -> Mapping[str, Any]:
        body = json.dumps(value, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"}
        reply = await self._wire.persist(
            lambda: self._wire.exchange("POST", path, seconds=_POLL_GRACE_SECONDS, data=body, headers=headers)
        )
        return reply.json()

    async def _upload(self, path: str, bundle: Path, headers: Mapping[str, str]) -> Reply:
        with await asyncio.to_thread(bundle.open, "rb") as file:
            # Expect: a refusal comes before gigabytes are sent into a connection that is closed already.
            return await self._wire.exchange(
                "POST",
                path,
                seconds=_ANSWER_SECONDS,
                data=file,
                headers={**headers, "Content-Type": _BUNDLE},
                expect100=True,
            )

    async def _fetch(self, path: str, part: "PartFile") -> Reply:
        headers = await asyncio.to_thread(part.resume_headers)
        async with self._wire.asked("GET", path, seconds=_ANSWER_SECONDS, headers=headers) as answer:
            await asyncio.to_thread(part.begin, answer.status, dict(answer.headers))
            async for chunk in answer.content.iter_chunked(256 * 1024):
                await asyncio.to_thread(part.write, chunk)
            return Reply(status=answer.status, body=b"")


def _suffix(*, etsi: bool) -> str:
    return ".xml" if etsi else ""
