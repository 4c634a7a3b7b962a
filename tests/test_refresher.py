# SPDX-License-Identifier: EUPL-1.2
"""Revocation lists come in only if they are signed, newer, and from a configured place."""

import asyncio
import io
import resource
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from gateway.config import RevocationSource
from gateway.demo import pki
from gateway.refresher import Refresher
from gateway.telemetry import EventLog

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


class Responder:
    """A CA's web server; ``body`` is what it gives."""

    def __init__(self) -> None:
        self.body, self.status, self.headers = b"", 200, {}

    async def answer(self, _request: web.Request) -> web.Response:
        return web.Response(body=self.body, status=self.status, headers=self.headers)


@pytest.fixture
async def responder(aiohttp_server):
    responder = Responder()
    app = web.Application()
    app.router.add_get("/ca.crl", responder.answer)
    responder.url = str((await aiohttp_server(app)).make_url("/ca.crl"))
    return responder


@pytest.fixture
def ca():
    return pki.root("Refresh Root")


@pytest.fixture
def refresher(tmp_path, responder, ca):
    log = io.StringIO()
    made = Refresher(
        sources=(RevocationSource(url=responder.url, file="ca.crl", purpose="signers"),),
        directories={"signers": tmp_path},
        issuers={"signers": (ca.identity.certificate,)},
        every_seconds=3600,
        events=EventLog(log, lambda: NOW, role="refresh"),
    )
    return made, tmp_path / "ca.crl", log


async def test_a_signed_list_is_installed(refresher, responder, ca):
    made, path, _ = refresher
    responder.body = ca.crl(NOW)

    assert await made.refresh_once() == 1
    assert path.read_bytes() == responder.body


async def test_the_same_list_is_not_installed_twice(refresher, responder, ca):
    made, _, _ = refresher
    responder.body = ca.crl(NOW)
    await made.refresh_once()

    assert await made.refresh_once() == 0


async def test_an_older_list_never_replaces_a_newer_one(refresher, responder, ca):
    made, path, _ = refresher
    responder.body = older = ca.crl(NOW - timedelta(days=1))
    newer = ca.crl(NOW)
    responder.body = newer
    await made.refresh_once()
    responder.body = older

    assert await made.refresh_once() == 0
    assert path.read_bytes() == newer


async def test_a_list_of_somebody_else_is_refused(refresher, responder):
    made, path, log = refresher
    responder.body = pki.root("Refresh Root").crl(NOW)  # same name, other key

    assert await made.refresh_once() == 0
    assert not path.exists()
    assert "not signed by any installed certificate" in log.getvalue()


@pytest.mark.parametrize("body", [b"", b"<html>captive portal</html>", b"\x30\x82"])
async def test_something_else_than_a_list_leaves_the_old_one(refresher, responder, ca, body):
    made, path, _ = refresher
    responder.body = good = ca.crl(NOW)
    await made.refresh_once()
    responder.body = body

    assert await made.refresh_once() == 0
    assert path.read_bytes() == good


async def test_a_redirect_is_not_followed(refresher, responder, ca):
    made, path, _ = refresher
    responder.body, responder.status, responder.headers = ca.crl(NOW), 302, {"Location": responder.url}

    assert await made.refresh_once() == 0
    assert not path.exists()


async def test_a_server_that_is_down_is_reported_and_not_raised(refresher, responder):
    made, _, log = refresher
    responder.status = 500

    assert await made.refresh_once() == 0
    assert "crl-not-refreshed" in log.getvalue()


async def test_a_damaged_list_in_place_is_replaced(refresher, responder, ca):
    made, path, _ = refresher
    responder.body = good = ca.crl(NOW)
    path.write_bytes(good[:100])

    assert await made.refresh_once() == 1
    assert path.read_bytes() == good


async def test_a_full_disk_leaves_the_old_list_and_ends_nothing(refresher, responder, ca):
    made, path, log = refresher
    responder.body = old = ca.crl(NOW - timedelta(days=1))
    await made.refresh_once()
    responder.body = ca.crl(NOW)
    (path.parent / ".ca.crl.part").symlink_to(
        "/dev/full"
    )  # refused by O_NOFOLLOW: the disk says no either way

    assert await made.refresh_once() == 0
    assert path.read_bytes() == old
    assert "crl-not-refreshed" in log.getvalue()


def test_a_list_the_disk_takes_only_in_part_is_not_installed(refresher, ca):
    made, path, _ = refresher
    data = ca.crl(NOW)
    earlier = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (len(data) - 1, earlier[1])
    )  # python ignores SIGXFSZ: write(2) is short
    try:
        with pytest.raises(OSError, match="large"):
            made.install(made.sources[0], data)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, earlier)

    assert not path.exists()


async def test_the_role_ends_when_it_is_told_to(refresher, responder, ca):
    made, path, _ = refresher
    responder.body = ca.crl(NOW)
    stop = asyncio.Event()
    running = asyncio.create_task(made.run(stop))
    while not path.exists():
        await asyncio.sleep(0)
    stop.set()
    await asyncio.wait_for(running, 10)


async def test_a_fetch_under_way_does_not_hold_up_the_end(tmp_path, aiohttp_server):
    asked = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    app = web.Application()
    app.router.add_get("/ca.crl", hang)
    url = str((await aiohttp_server(app, shutdown_timeout=0.1)).make_url("/ca.crl"))
    made = Refresher(
        sources=(RevocationSource(url=url, file="ca.crl", purpose="signers"),),
        directories={"signers": tmp_path},
        issuers={"signers": ()},
        every_seconds=3600,
        events=EventLog(io.StringIO(), lambda: NOW, role="refresh"),
    )
    stop = asyncio.Event()
    running = asyncio.create_task(made.run(stop))
    await asked.wait()
    stop.set()
    await asyncio.wait_for(running, 10)
    assert [] == list(tmp_path.iterdir())
