# SPDX-License-Identifier: EUPL-1.2
"""The whole application behind that server, with fakes of its services."""

import asyncio
import hashlib
import io
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from signed_bundles import judged, packed
from webroom import PATIENT, PHRASES, Answer, Gateway, Parts, World

from gateway.codes import Code
from gateway.errors import JournalDamaged, Rejected
from gateway.findings import Finding
from gateway.inbox import InboxItem
from gateway.intake import Accepted, CheckResult, Refused, Repeated
from gateway.journal.answers import RecordedAnswer
from gateway.journal.events import ChamberEvent
from gateway.model.answer import answer_digest
from gateway.model.delivery import Answer as Said
from gateway.model.delivery import AnswerKind, DeliveryState, Package, Part
from gateway.model.source import MemorySource
from gateway.model.wire import dump
from gateway.policy import ContainerPolicy, Policy
from gateway.telemetry import EventLog, Metrics
from gateway.web.app import Services, make_app
from gateway.web.problem import Problems
from gateway.web.request_head import BUNDLE_MEDIA_TYPE
from gateway.web.server import start_server

DOSSIER, DELIVERY, FOREIGN = "01KB" + "0" * 22, "01KD" + "0" * 22, "01KF" + "0" * 22
MOMENT = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
REFUSED = Finding(code=Code.CONTAINER_NOT_ZIP, place="bundle", expected="a zip", got="noise")


@cache
def kept_report() -> dict:
    """The report on a real container, as the journal has it."""
    return json.loads(json.dumps(dump(judged(packed()))))


@dataclass
class FakeIntake:
    """Accepts everything that starts like a zip; remembers bundles and keys."""

    dossiers: dict = field(default_factory=dict)  # sha256 -> id
    keys: dict = field(default_factory=dict)
    fault: Exception | None = None
    gate: asyncio.Event | None = None
    reading: int = 0  # bodies of which something came

    async def submit(self, chamber, body, *, content_length, idempotency_key):
        data = await self._read(body)
        sha256 = hashlib.sha256(data).hexdigest()
        if self.keys.setdefault(idempotency_key or sha256, sha256) != sha256:
            raise Rejected([Finding(code=Code.IDEMPOTENCY_KEY_REUSED, place="Idempotency-Key")])
        receipt = {"format": "amtsbote-receipt/1", "evidence": {"bundle_sha256": sha256}}
        if not data.startswith(b"PK"):
            return Refused(dossier_id=DOSSIER, findings=(REFUSED,), receipt=receipt)
        outcome = Repeated if sha256 in self.dossiers else Accepted
        self.dossiers.setdefault(sha256, DOSSIER)
        return outcome(dossier_id=DOSSIER, receipt=receipt)

    async def check(self, chamber, body, *, content_length):
        data = await self._read(body)
        if data.startswith(b"PK"):
            return CheckResult(findings=(), report=kept_report(), authority="weimar")
        return CheckResult(findings=(REFUSED,), report=kept_report(), authority=None)

    async def _read(self, body):
        data = b""
        async for chunk in body:
            self.reading += not data
            data += chunk
        if self.gate is not None:
            await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        return data


@dataclass
class FakeDocket:
    """One dossier of IHK Erfurt and its events."""

    events: list = field(default_factory=list)
    rung: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0

    async def summary(self, chamber_id, dossier_id):
        if (chamber_id, dossier_id) != ("ihk-erfurt", DOSSIER):
            return None
        return {
            "dossier_id": DOSSIER,
            "status": "accepted",
            "received_at": "2026-11-22T06:00:00Z",
            "bundle_sha256": "0" * 64,
            "bundle_size": 3,
            "findings": [{"code": "container-comment", "severity": "warning"}],
            "deliveries": [],
        }

    async def receipt(self, chamber_id, dossier_id):
        return {"format": "amtsbote-receipt/1"} if await self.summary(chamber_id, dossier_id) else None

    async def report(self, chamber_id, dossier_id):
        return kept_report() if await self.summary(chamber_id, dossier_id) else None

    async def evidence(self, chamber_id, dossier_id):
        return [{"format": "amtsbote-receipt/1"}] if await self.summary(chamber_id, dossier_id) else None

    async def after(self, chamber_id, seq, *, limit, wait):
        found = [e for e in self.events if e.seq > seq][:limit]
        if not found and wait:
            self.waiting += 1
            try:
                async with asyncio.timeout(wait):
                    await self.rung.wait()
            except TimeoutError:
                return []
            finally:
                self.waiting -= 1
            return [e for e in self.events if e.seq > seq][:limit]
        return found


def event(seq: int) -> ChamberEvent:
    return ChamberEvent(
        seq=seq, dossier_id=DOSSIER, type="handover", at=MOMENT, entry_idx=seq, body={"delivery": DELIVERY}
    )


@dataclass
class FakeInbox:
    """One delivery for Weimar with a package in memory."""

    data: bytes = b"PK" + bytes(range(256)) * 40
    sent: list = field(default_factory=list)
    answers: dict = field(default_factory=dict)
    acknowledged: list = field(default_factory=list)
    fail_after: int | None = None  # bytes of the whole, then the stored bytes turn out damaged

    async def waiting(self, authority_id, *, limit, wait, lease):
        item = InboxItem(
            delivery_id=DELIVERY,
            dossier_id=DOSSIER,
            state=DeliveryState.CONSIGNED,
            chamber="ihk-erfurt",
            chamber_name="IHK Erfurt",
            received_at=MOMENT,
            waiting_since=MOMENT,
            reference="2026-4711",
            title="18a",
            kind="initial",
            refers_to="",
        )
        return (item,)[:limit]

    @asynccontextmanager
    async def package(self, authority_id, delivery_id):
        self._own(authority_id, delivery_id)
        yield Package(name=DELIVERY, parts=(self._part(),))

    async def report(self, authority_id, delivery_id):
        self._own(authority_id, delivery_id)
        return kept_report()

    async def record_access(self, authority_id, delivery_id, *, start, end, size):
        self.sent.append((start, end, size))
        return (start, end) == (0, size)

    async def acknowledge(self, authority_id, delivery_id, *, sha256):
        self._own(authority_id, delivery_id)
        self.acknowledged.append(sha256)
        return self._record(Said(id="ack", delivery_id=delivery_id, kind=AnswerKind.ACKNOWLEDGED))

    async def answer(self, authority_id, answer):
        self._own(authority_id, answer.delivery_id)
        return self.answers.setdefault(answer.id, self._record(answer))

    def _own(self, authority_id, delivery_id):
        if (authority_id, delivery_id) != ("weimar", DELIVERY):
            raise Rejected([Finding(code=Code.NOT_FOUND, place="delivery")])

    def _part(self):
        def chunks():
            for start in range(0, len(self.data), 4096):
                if self.fail_after is not None and start >= self.fail_after:
                    raise JournalDamaged("the stored bundle holds other bytes than were accepted")
                yield self.data[start : start + 4096]

        return Part(
            name=f"{DELIVERY}.asice",
            size=len(self.data),
            sha256=hashlib.sha256(self.data).hexdigest(),
            media_type="application/vnd.etsi.asic-e+zip",
            chunks=chunks,
            source=MemorySource(self.data),
        )

    def _record(self, answer):
        return RecordedAnswer(
            id=answer.id,
            kind=answer.kind,
            answer=answer,
            body_sha256=answer_digest(answer),
            entry_idx=7,
            answered_at=MOMENT,
        )


@dataclass(kw_only=True)
class Api(Gateway):
    """The whole application with its fakes."""

    intake: FakeIntake
    docket: FakeDocket
    inbox: FakeInbox
    log: Path

    @property
    def url(self) -> str:
        return f"https://localhost:{self.server.port}"

    async def get(self, path: str, identity=None, *headers: str) -> Answer:
        return await self.ask(request_bytes("GET", path, *headers), identity)

    async def post(self, path: str, body: bytes, identity=None, *headers: str, media_type=None) -> Answer:
        media_type = media_type or "application/vnd.etsi.asic-e+zip"
        head = (f"Content-Type: {media_type}", f"Content-Length: {len(body)}", *headers)
        return await self.ask(request_bytes("POST", path, *head) + body, identity)


POST = f"POST /v1/dossiers HTTP/1.1\r\nHost: localhost\r\nContent-Type: {BUNDLE_MEDIA_TYPE}\r\n".encode()


def announced(length: int) -> bytes:
    """The head of an upload that says how long it is."""
    return POST + b"Content-Length: %d\r\n" % length


def request_bytes(method: str, path: str, *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode()


@asynccontextmanager
async def running_api(world: World, log: Path, **exchange) -> AsyncIterator[Api]:
    policy = Policy(
        container=ContainerPolicy(max_bundle_bytes=exchange.pop("max_bundle_bytes", 1_000_000)),
        transfer=exchange.pop("transfer", PATIENT),
    )
    output, metrics, problems, tls = io.StringIO(), Metrics(), Problems(PHRASES), world.tls()
    intake, docket, inbox = FakeIntake(), FakeDocket(), exchange.pop("inbox", None) or FakeInbox()
    parts = Parts(**exchange)
    events = EventLog(output, parts.clock, role="receive")
    app = make_app(
        Services(
            intake=intake,
            dossiers=docket,
            feed=docket,
            inbox=inbox,
            log_directory=log,
            partners=world.partners,
            policy=policy,
            problems=problems,
            revocations=lambda: tls.revocations,
            free_bytes=parts.free_bytes,
            events=events,
            metrics=metrics,
            clock=parts.clock,
            entropy=os.urandom,
        )
    )
    server = await start_server(
        app, transfer=policy.transfer, problems=problems, events=events, tls=tls, sock=None
    )
    try:
        yield Api(
            world=world,
            server=server,
            output=output,
            metrics=metrics,
            admission=None,
            intake=intake,
            docket=docket,
            inbox=inbox,
            log=log,
        )
    finally:
        await server.stop(grace=1)
