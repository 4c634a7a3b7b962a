# SPDX-License-Identifier: EUPL-1.2
"""A server with real mutual TLS on loopback, and a client that speaks raw bytes."""

import asyncio
import io
import json
import os
import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway.catalogue import data_root
from gateway.demo import pki
from gateway.model.partner import Auditor, Authority, Chamber, Partners
from gateway.phrasebook import Phrasebook
from gateway.policy import TransferPolicy
from gateway.telemetry import EventLog, Metrics
from gateway.web.admission import Admission
from gateway.web.answering import Answering
from gateway.web.problem import Problems
from gateway.web.routes import Route, assemble
from gateway.web.server import RunningServer, start_server
from gateway.web.tls import ServerTls

PHRASES = Phrasebook.load(data_root())


@dataclass(kw_only=True)
class World:
    """One gateway and everybody who may talk to it, with their certificates as files."""

    directory: Path
    ca: pki.Authority
    server: pki.Identity
    chamber: pki.Identity
    authority: pki.Identity
    auditor: pki.Identity
    stranger: pki.Identity
    revoked: pki.Identity
    no_usage: pki.Identity
    partners: Partners

    def tls(self) -> ServerTls:
        return ServerTls(
            certificate=self.directory / "server.crt",
            key=self.directory / "server.key",
            client_cas=self.directory / "cas",
            client_crls=self.directory / "crls",
        )

    def files(self, identity: pki.Identity) -> tuple[Path, Path]:
        certificate = self.directory / f"{identity.sha256[:16]}.crt"
        key = certificate.with_suffix(".key")
        certificate.write_bytes(identity.certificate_pem)
        key.write_bytes(identity.key_pem)
        return certificate, key

    def client(self, identity: pki.Identity | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.directory / "cas" / "ca.pem")
        if identity is not None:
            context.load_cert_chain(*self.files(identity))
        return context


def make_world(directory: Path) -> World:
    ca = pki.root("TLS CA")
    people = {
        name: ca.tls_client(name) for name in ("chamber", "authority", "auditor", "stranger", "revoked")
    }
    no_usage = ca.issue("no usage")
    ca.revoke(people["revoked"], datetime(2026, 1, 1, tzinfo=UTC))
    server = ca.tls_server("gateway")
    for name in ("cas", "crls"):
        (directory / name).mkdir()
    (directory / "cas" / "ca.pem").write_bytes(ca.pem)
    (directory / "crls" / "ca.crl").write_bytes(ca.crl(datetime(2026, 1, 1, tzinfo=UTC)))
    (directory / "server.crt").write_bytes(server.certificate_pem)
    (directory / "server.key").write_bytes(server.key_pem)
    partners = Partners(
        chambers=(
            Chamber(
                id="ihk-erfurt",
                name="IHK Erfurt",
                tls_sha256=frozenset({people["chamber"].sha256, people["revoked"].sha256, no_usage.sha256}),
                signer_sha256=frozenset(),
            ),
        ),
        authorities=(
            Authority(
                id="weimar",
                name="Stadt Weimar",
                tls_sha256=frozenset({people["authority"].sha256}),
                format="asice",
                transport="inbox",
            ),
        ),
        auditors=(
            Auditor(id="audit", name="Rechnungshof", tls_sha256=frozenset({people["auditor"].sha256})),
        ),
    )
    return World(directory=directory, ca=ca, server=server, partners=partners, no_usage=no_usage, **people)


@dataclass(kw_only=True)
class Gateway:
    """A running border and what it wrote."""

    world: World
    server: RunningServer
    output: io.StringIO
    metrics: Metrics
    admission: Admission

    @property
    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.output.getvalue().splitlines()]

    async def open(self, identity: pki.Identity | None = None) -> "Wire":
        identity = identity or self.world.chamber
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.server.port, ssl=self.world.client(identity), server_hostname="localhost"
        )
        return Wire(reader, writer)

    async def ask(self, data: bytes, identity: pki.Identity | None = None) -> "Answer":
        """Send ``data`` and read until the server closes (the caller sends ``Connection: close``, or is refused)."""
        wire = await self.open(identity)
        try:
            return await wire.ask(data)
        finally:
            await wire.close()


@dataclass
class Answer:
    """What came back on a connection."""

    raw: bytes

    @property
    def status(self) -> int:
        return int(self.raw.split(b" ", 2)[1])

    @property
    def head(self) -> str:
        return self.raw.partition(b"\r\n\r\n")[0].decode()

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]

    @property
    def headers(self) -> dict[str, str]:
        pairs = (line.partition(":") for line in self.head.split("\r\n")[1:])
        return {name.strip().lower(): value.strip() for name, _, value in pairs}

    @property
    def code(self) -> str:
        assert self.headers["content-type"].startswith("application/problem+json")
        return json.loads(self.body)["type"].removeprefix("/problems/")


@dataclass
class Wire:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        try:
            self.writer.write(data)
            await self.writer.drain()
        except ConnectionError:
            pass  # the server has answered and closed already

    async def rest(self, seconds: float = 10) -> bytes:
        """Everything until the server closes; fails if it does not."""
        got = b""
        async with asyncio.timeout(seconds):
            try:
                while chunk := await self.reader.read(65536):
                    got += chunk
            except (ConnectionError, ssl.SSLError):
                pass
        return got

    async def head(self) -> bytes:
        async with asyncio.timeout(10):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def answer(self) -> Answer:
        """One answer with Content-Length; the connection stays open."""
        head = await self.head()
        length = int(Answer(head).headers.get("content-length", "0"))
        return Answer(head + await self.reader.readexactly(length))

    async def ask(self, data: bytes) -> Answer:
        await self.send(data)
        return Answer(await self.rest())

    async def close(self) -> None:
        self.writer.close()
        try:
            async with asyncio.timeout(5):
                await self.writer.wait_closed()
        except (ConnectionError, ssl.SSLError, TimeoutError):
            pass


QUICK = TransferPolicy(
    handshake_seconds=0.3,
    header_seconds=0.3,
    keepalive_seconds=0.3,
    linger_seconds=0.1,
    grace_seconds=0.3,
    minimum_rate=1_000_000,
)
PATIENT = TransferPolicy(linger_seconds=0.1, reserve_bytes=0)
CLOSE = b"Connection: close\r\n\r\n"


@dataclass(kw_only=True)
class Parts:
    """What a test may exchange."""

    transfer: TransferPolicy = PATIENT
    free_bytes: Callable[[], int] = lambda: 1 << 40
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic


@asynccontextmanager
async def running_border(
    routes: Sequence[Route], world: World, *, sock=None, **exchange
) -> AsyncIterator[Gateway]:
    """Any routes behind the real border."""
    parts = Parts(**exchange)
    output = io.StringIO()
    events = EventLog(output, parts.clock, role="receive")
    metrics, problems, tls = Metrics(), Problems(PHRASES), world.tls()
    admission = Admission(
        partners=world.partners,
        revocations=lambda: tls.revocations,
        transfer=parts.transfer,
        free_bytes=parts.free_bytes,
        clock=parts.clock,
        monotonic=parts.monotonic,
    )
    answering = Answering(
        admission=admission, problems=problems, events=events, metrics=metrics, entropy=os.urandom
    )
    app = assemble(routes, answering=answering, problems=problems)
    server = await start_server(
        app, transfer=parts.transfer, problems=problems, events=events, tls=tls, sock=sock
    )
    try:
        yield Gateway(world=world, server=server, output=output, metrics=metrics, admission=admission)
    finally:
        await server.stop(grace=1)
