# SPDX-License-Identifier: EUPL-1.2
"""All routes of the contract (``schemas/openapi.yaml``) over the services they call."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from gateway.model.evidence import Clock, Entropy
from gateway.model.partner import Authority, Chamber, Partner, Partners
from gateway.policy import Policy
from gateway.telemetry import EventLog, Metrics
from gateway.web.admission import Admission, Demand
from gateway.web.answering import Answering
from gateway.web.call import MAX_JSON_BYTES, Handler
from gateway.web.dossiers import Dossiers
from gateway.web.events import Events
from gateway.web.inbox import InboxPages
from gateway.web.log import TILE_PATTERN, LogFiles
from gateway.web.problem import Problems
from gateway.web.request_head import Body
from gateway.web.routes import Route, assemble
from gateway.web.services import DossierReader, EventFeed, Inbox, Intake
from gateway.web.tls import ClientRevocations

_ULID = "[0-7][0-9A-HJKMNP-TV-Z]{25}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the border stands on. ``revocations`` gives the newest client CRLs (``ServerTls.revocations``)."""

    intake: Intake
    dossiers: DossierReader
    feed: EventFeed
    inbox: Inbox
    log_directory: Path
    partners: Partners
    policy: Policy
    problems: Problems
    revocations: Callable[[], ClientRevocations]
    free_bytes: Callable[[], int]  # of the spool's file system
    events: EventLog
    metrics: Metrics
    clock: Clock
    entropy: Entropy


def make_app(services: Services) -> web.Application:
    """The application of the receive role."""
    admission = Admission(
        partners=services.partners,
        revocations=services.revocations,
        transfer=services.policy.transfer,
        free_bytes=services.free_bytes,
        clock=services.clock,
        monotonic=time.monotonic,
    )
    answering = Answering(
        admission=admission,
        problems=services.problems,
        events=services.events,
        metrics=services.metrics,
        entropy=services.entropy,
    )
    routes = [*_chamber_routes(services, admission), *_authority_routes(services), *_log_routes(services)]
    return assemble(routes, answering=answering, problems=services.problems)


def _chamber_routes(services: Services, admission: Admission) -> list[Route]:
    limit = services.policy.container.max_bundle_bytes
    pages = Dossiers(
        intake=services.intake,
        reader=services.dossiers,
        problems=services.problems,
        uploads=admission.uploads,
        max_bytes=limit,
    )
    dossier = "/v1/dossiers/{dossier_id}"
    return [
        _route("POST", "/v1/dossiers", Chamber, pages.submit, body=Body.BUNDLE, max_body=limit),
        _route("POST", "/v1/checks", Chamber, pages.check, body=Body.BUNDLE, max_body=limit),
        _route("GET", dossier, Chamber, pages.summary),
        _route("GET", f"{dossier}/receipt", Chamber, pages.receipt),
        _route("GET", f"{dossier}/evidence", Chamber, pages.evidence),
        _route("GET", f"{dossier}/report", Chamber, pages.report),
        _route("GET", f"{dossier}/report.xml", Chamber, pages.etsi_report),
        _route("GET", "/v1/events", Chamber, Events(services.feed).after),
    ]


def _authority_routes(services: Services) -> list[Route]:
    pages = InboxPages(services.inbox, services.problems)
    delivery = "/v1/inbox/{delivery_id}"
    return [
        _route("GET", "/v1/inbox", Authority, pages.waiting),
        _route("GET", f"{delivery}/package", Authority, pages.package),
        _route("GET", f"{delivery}/report", Authority, pages.report),
        _route("GET", f"{delivery}/report.xml", Authority, pages.etsi_report),
        _route("POST", f"{delivery}/acknowledgement", Authority, pages.acknowledge, body=Body.JSON),
        _route("POST", f"{delivery}/answers", Authority, pages.answer, body=Body.JSON),
    ]


def _log_routes(services: Services) -> list[Route]:
    files = LogFiles(services.log_directory)
    return [
        _route("GET", "/log/checkpoint", Partner, files.checkpoint),
        _route("GET", "/log/tile/{tile}", Partner, files.tile),
    ]


def _route(
    method: str, path: str, role: type[Partner], handle: Handler, *, body: Body = Body.NONE, max_body: int = 0
) -> Route:
    pattern = path.replace("{dossier_id}", f"{{dossier_id:{_ULID}}}")
    pattern = pattern.replace("{delivery_id}", f"{{delivery_id:{_ULID}}}")
    pattern = pattern.replace("{tile}", f"{{tile:{TILE_PATTERN}}}")
    demand = Demand(name=path, role=role, body=body, max_body=max_body or MAX_JSON_BYTES)
    return Route(method=method, path=pattern, demand=demand, handle=handle)
