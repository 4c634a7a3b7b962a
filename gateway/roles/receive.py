# SPDX-License-Identifier: EUPL-1.2
"""The receive role: HTTPS for chambers, authorities and auditors. No log key, no outgoing connection."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from gateway.activation import inherited_sockets
from gateway.catalogue import data_root, load_rules
from gateway.codes import Code
from gateway.docket import Docket
from gateway.doorbell import Doorbell, Role, bell_of
from gateway.errors import JournalDamaged
from gateway.inbox import Inbox
from gateway.intake import Intake, Judge, Publication, Registrar
from gateway.journal import Journal, deliveries
from gateway.phrasebook import Phrasebook
from gateway.retention import Retention, recover
from gateway.roles.outgoing import consignments, proceedings
from gateway.roles.scanning import scanner_of, watch
from gateway.roles.work import at_work
from gateway.scanning import Clamd
from gateway.service import Service, system_clock, system_entropy
from gateway.spool import Spool
from gateway.telemetry import EventLog, Metrics
from gateway.web.app import Services, make_app
from gateway.web.health import make_health_app
from gateway.web.problem import Problems
from gateway.web.server import start_server
from gateway.web.tls import ServerTls
from gateway.workers import RemoteExaminer

_DRAIN_SECONDS = 45.0  # for requests under way
_END_SECONDS = 55.0  # for them and for bundles being settled; the supervisor waits 60 before it kills


def run(service: Service) -> None:
    """Serve until SIGTERM."""
    asyncio.run(_receive(service))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reception:
    """What the parts of the receive role share."""

    service: Service
    journal: Journal
    spool: Spool
    doorbell: Doorbell
    events: EventLog
    metrics: Metrics
    problems: Problems
    scanner: Clamd | None


async def _receive(service: Service) -> None:
    async with at_work(service, Role.RECEIVE) as (doorbell, stop):
        events, metrics = service.events(Role.RECEIVE), Metrics()
        reception = _Reception(
            service=service,
            journal=service.journal(),
            spool=service.spool(),
            doorbell=doorbell,
            events=events,
            metrics=metrics,
            problems=Problems(Phrasebook.load(data_root())),
            scanner=scanner_of(service, events, metrics),
        )
        recover(reception.journal, reception.spool, moment=system_clock())
        damage: list[JournalDamaged] = []

        def end(fault: JournalDamaged) -> None:
            # A failed fsync must not be tried again: the process ends, and a fresh one reads what is really on disk.
            damage.append(fault)
            stop.set()

        await _serve(reception, _intake(reception, end), stop)
        reception.journal.close()
        if damage:
            raise damage[0]


async def _serve(reception: _Reception, intake: Intake, stop: asyncio.Event) -> None:
    service, events = reception.service, reception.events
    sockets = inherited_sockets(os.environ, os.getpid())
    tls = _tls(service)
    _watch_deliveries(reception)
    server = await start_server(
        make_app(_services(reception, intake, tls)),
        transfer=service.config.policy.transfer,
        problems=reception.problems,
        events=events,
        tls=tls,
        sock=sockets.get("https"),
        host=service.config.listen.host,
        port=service.config.listen.port,
    )
    stop_health = await _start_health(reception, sockets.get("health"))
    beside = [asyncio.create_task(_retention(reception).run(stop, events))]
    if reception.scanner is not None:
        beside.append(asyncio.create_task(watch(reception.scanner, stop)))
    events.info("listening", port=server.port)
    await stop.wait()
    loop = asyncio.get_running_loop()
    until = loop.time() + _END_SECONDS
    await server.stop(_DRAIN_SECONDS)
    left = await intake.drain(until - loop.time())
    if left:
        events.warning("bundles-left-unsettled", bundles=left)
    await stop_health()
    await asyncio.gather(*beside)


def _intake(reception: _Reception, on_damage: Callable[[JournalDamaged], None]) -> Intake:
    service, config = reception.service, reception.service.config
    return Intake(
        journal=reception.journal,
        spool=reception.spool,
        examiner=RemoteExaminer(
            path=config.verify_socket, limits=config.worker_limits, scanner=reception.scanner
        ),
        judge=Judge(partners=config.partners, rules=load_rules(data_root() / "rules")),
        registrar=Registrar(
            issuer=service.issuer(),
            entropy=system_entropy,
            keep_refused=config.spool.keep_refused,
            keep_refused_bytes=config.spool.keep_refused_bytes,
            delivery_deadline=timedelta(seconds=config.policy.retry.deadline_seconds),
        ),
        publication=Publication(reception.journal, reception.doorbell),
        clock=service.clock,
        max_bundle_bytes=config.policy.container.max_bundle_bytes,
        on_damage=on_damage,
    )


def _services(reception: _Reception, intake: Intake, tls: ServerTls) -> Services:
    service, journal = reception.service, reception.journal
    docket = Docket(journal=journal, doorbell=reception.doorbell)
    return Services(
        intake=intake,
        dossiers=docket,
        feed=docket,
        inbox=Inbox(
            journal=journal,
            consignments=consignments(service, journal, reception.spool),
            proceedings=proceedings(service, journal),
            couplings=service.couplings(),
            doorbell=reception.doorbell,
            clock=service.clock,
        ),
        log_directory=service.config.log_directory,
        partners=service.config.partners,
        policy=service.config.policy,
        problems=reception.problems,
        revocations=lambda: tls.revocations,
        free_bytes=lambda: _free_bytes(service.config.spool_directory),
        events=reception.events,
        metrics=reception.metrics,
        clock=service.clock,
        entropy=system_entropy,
    )


def _heard(path: Path, kind: socket.SocketKind) -> bool:
    """Does somebody listen there? A socket file alone says nothing: a killed role leaves its own behind."""
    with socket.socket(socket.AF_UNIX, kind | socket.SOCK_NONBLOCK) as probe:
        try:
            probe.connect(str(path))
        except BlockingIOError:
            return True  # alive, with more waiting than it can take at once
        except OSError:
            return False
    return True


def _tls(service: Service) -> ServerTls:
    listen, keyring = service.config.listen, service.keyring
    return ServerTls(
        certificate=keyring.path("tls.crt"),
        key=keyring.path("tls.key"),
        client_cas=listen.client_cas,
        client_crls=listen.client_crls,
    )


def _watch_deliveries(reception: _Reception) -> None:
    """Gauges for the operator's alarm: a parked delivery waits for a person, a queued one for a healthy recipient."""

    def numbers() -> Mapping[str, float]:
        with reception.journal.reading() as connection:
            return {state.value: number for state, number in deliveries.counts(connection).items()}

    reception.metrics.gauges("amtsbote_deliveries", "Deliveries by state.", "state", numbers)


async def _start_health(reception: _Reception, sock: socket.socket | None) -> Callable[[], Awaitable[None]]:
    """The pages for monitoring; returns what stops them."""
    service = reception.service
    port = service.config.listen.health_port
    if sock is None and port == 0:
        return _nothing

    async def readiness() -> Sequence[Code]:
        """Without workers and scanner no bundle can be judged, without a publisher none can be answered."""
        run = service.config.run
        heard = _heard(service.config.verify_socket, socket.SOCK_STREAM) and _heard(
            bell_of(run, Role.PUBLISH), socket.SOCK_DGRAM
        )
        missing = [] if heard else [Code.SERVICE_UNAVAILABLE]
        if reception.scanner is not None and not await reception.scanner.check():
            missing.append(Code.SCANNER_UNAVAILABLE)
        return missing

    server = await start_server(
        make_health_app(metrics=reception.metrics, readiness=readiness),
        transfer=service.config.policy.transfer,
        problems=reception.problems,
        events=reception.events,
        tls=None,
        sock=sock,
        port=port,
    )
    return server.stop


def _retention(reception: _Reception) -> Retention:
    service, config = reception.service, reception.service.config
    return Retention(
        journal=reception.journal,
        spool=reception.spool,
        issuer=service.issuer(),
        clock=service.clock,
        entropy=system_entropy,
        keep_delivered=config.spool.keep_delivered,
        keep_undelivered=config.spool.keep_undelivered,
    )


def _free_bytes(directory: Path) -> int:
    status = os.statvfs(directory)
    return status.f_bavail * status.f_frsize


async def _nothing() -> None:
    """There is nothing to stop."""
