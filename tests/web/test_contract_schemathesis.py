# SPDX-License-Identifier: EUPL-1.2
"""``schemas/openapi.yaml`` against the running server: schemathesis over mutual TLS, once for each role.

The server runs in a thread with a loop of its own, because schemathesis speaks through blocking sockets.
"""

import asyncio
import socket
import ssl
import threading
from contextlib import ExitStack, suppress

import pytest
import requests
import schemathesis
import yaml
from apiroom import running_api
from contractroom import ANSWER_CHECKS, CONTRACT
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import unsupported_method
from webroom import PATIENT, QUICK, Answer

BUNDLE = "application/vnd.etsi.asic-e+zip"
schemathesis.openapi.media_type(BUNDLE, st.one_of(st.binary(), st.binary().map(lambda data: b"PK" + data)))


@schemathesis.serializer(BUNDLE)
def raw_bytes(_context, value):
    return value if isinstance(value, bytes) else str(value).encode()


schema = schemathesis.openapi.from_path(CONTRACT)
CHECKS = [*ANSWER_CHECKS, not_a_server_error, unsupported_method]


class Threaded:
    """The API on a loop in another thread."""

    def __init__(self, world, log, transfer=PATIENT):
        self.world, self._log, self._transfer, self.port = world, log, transfer, 0
        self.url, self._ready, self._loop, self._end = "", threading.Event(), None, None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    async def _serve(self):
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        async with running_api(self.world, self._log, transfer=self._transfer) as api:
            self.url, self.port = api.url, api.server.port
            api.docket.rung.set()  # nobody waits for events here
            self._ready.set()
            await self._end.wait()

    def __enter__(self):
        self._thread.start()
        if not self._ready.wait(20):
            raise RuntimeError("the server did not start")
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(20)


@pytest.fixture(scope="module")
def threaded(world, tmp_path_factory):
    log = tmp_path_factory.mktemp("log")
    (log / "checkpoint").write_bytes(b"note\n")
    with Threaded(world, log) as server:
        yield server


@pytest.fixture(scope="module")
def sessions(threaded):
    """A connection of each role, kept: a handshake costs more than most answers."""
    with ExitStack() as stack:
        opened = []
        for name in ("chamber", "authority", "auditor", "stranger"):
            session = stack.enter_context(requests.Session())
            certificate, key = threaded.world.files(getattr(threaded.world, name))
            session.cert = (str(certificate), str(key))
            opened.append(session)
        yield opened


@schema.parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_answers_obey_the_contract_in_every_role(case, threaded, sessions):
    ca = str(threaded.world.directory / "cas" / "ca.pem")
    for session in sessions:
        case.call_and_validate(base_url=threaded.url, session=session, verify=ca, checks=CHECKS, timeout=90)


def test_every_route_of_the_contract_is_served_and_every_served_route_is_in_the_contract(threaded, world):
    contract = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    named = {
        (method.upper(), path)
        for path, methods in contract["paths"].items()
        for method in methods
        if method != "parameters"
    }
    assert named == set(threaded_routes())


def threaded_routes():
    from gateway.web import app as routes

    services = _Nothing()
    for make in (routes._authority_routes, routes._log_routes):
        yield from ((route.method, route.demand.name) for route in make(services))
    yield from ((route.method, route.demand.name) for route in routes._chamber_routes(services, services))


class _Nothing:
    """Answers every question with itself: routes are only listed, never called."""

    def __getattr__(self, name):
        return self


@pytest.fixture(scope="module")
def hasty(world, tmp_path_factory):
    with Threaded(world, tmp_path_factory.mktemp("log"), QUICK) as server:
        yield server, world.client(world.chamber)


HEAD = b"POST /v1/dossiers HTTP/1.1\r\nHost: x\r\nContent-Type: application/vnd.etsi.asic-e+zip\r\n"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.one_of(
        st.binary(max_size=300),
        st.binary(max_size=200).map(lambda data: b"GET /" + data + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
        st.binary(max_size=200).map(lambda data: b"GET / HTTP/1.1\r\nHost: x\r\n" + data + b"\r\n\r\n"),
        st.binary(max_size=200).map(lambda data: HEAD + data + b"\r\n\r\n" + data),
        st.binary(max_size=200).map(lambda data: HEAD + b"Content-Length: %d\r\n\r\n" % len(data) + data),
        st.binary(max_size=200).map(lambda data: HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + data),
    )
)
@example(b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")
@example(b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n")
@example(b"GET /\xff%00%0a HTTP/1.1\r\nHost: x\r\n\r\n")
@example(b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n")
def test_any_bytes_at_all_end_in_a_problem_with_a_code_or_a_closed_connection(hasty, data):
    server, context = hasty
    got = b""
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as wire,
        suppress(ssl.SSLError, ConnectionError),
    ):
        wire.sendall(data)
        while piece := wire.recv(65536):
            got += piece
    if got:
        answer = Answer(got)
        assert answer.status in {200, 201} or answer.code
        assert b"Traceback" not in got
