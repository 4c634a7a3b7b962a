# SPDX-License-Identifier: EUPL-1.2
"""Rows of THREAT_MODEL, The border: revocation lists and certificates that change or end while the gateway runs."""

import asyncio
import gc
import socket
import ssl
import weakref
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from borderroom import GET, ROUTES, handshake_fails
from webroom import CLOSE, make_world

from gateway.demo import pki


async def test_an_expired_crl_lets_nobody_in(border, tmp_path):
    world = make_world(tmp_path)
    stale = world.ca.crl(datetime(2026, 1, 1, tzinfo=UTC), next_update=datetime(2026, 2, 1, tzinfo=UTC))
    (tmp_path / "crls" / "ca.crl").write_bytes(stale)
    async with border(ROUTES, world=world) as gateway:
        assert await handshake_fails(gateway, world.client(world.chamber))


async def test_the_crl_of_another_ca_lets_nobody_in(border, tmp_path):
    world = make_world(tmp_path)
    other = pki.root("Other CA").crl(datetime(2026, 1, 1, tzinfo=UTC))
    (tmp_path / "crls" / "ca.crl").write_bytes(other)
    async with border(ROUTES, world=world) as gateway:
        assert await handshake_fails(gateway, world.client(world.chamber))


async def test_a_new_crl_counts_without_a_restart_for_new_and_for_open_connections(border, tmp_path):
    world = make_world(tmp_path)
    tls = world.tls()
    async with border(ROUTES, world=replace_tls(world, tls)) as gateway:
        wire = await gateway.open()
        await wire.send(GET + b"\r\n")
        assert 200 == (await wire.answer()).status
        world.ca.revoke(world.chamber, datetime(2026, 2, 1, tzinfo=UTC))
        crl = tmp_path / "crls" / "ca.crl"
        crl.write_bytes(world.ca.crl(datetime(2026, 2, 1, tzinfo=UTC)))
        assert tls.reload()
        assert not tls.reload()
        await wire.send(GET + b"\r\n")
        assert "sender-not-registered" == (await wire.answer()).code
        assert await handshake_fails(gateway, world.client(world.chamber))
        assert 200 == (await gateway.ask(GET + CLOSE, world.authority)).status


async def test_lists_that_were_replaced_leave_the_memory_and_open_connections_stay(border, tmp_path):
    world = make_world(tmp_path)
    tls = world.tls()
    replaced = []
    async with border(ROUTES, world=replace_tls(world, tls)) as gateway:
        held = await gateway.open()
        for month in range(2, 6):
            replaced.append(weakref.ref(tls.newest))
            moment = datetime(2026, month, 1, tzinfo=UTC)
            (tmp_path / "crls" / "ca.crl").write_bytes(world.ca.crl(moment))
            assert tls.reload()
            assert 200 == (await gateway.ask(GET + CLOSE)).status
        gc.collect()
        # The open connection keeps the one context that it began in.
        assert [False, True, True, True] == [context() is None for context in replaced]
        assert 200 == (await held.ask(GET + CLOSE)).status
        await held.close()
        while gateway.server.connections:
            await asyncio.sleep(0)
        gc.collect()
        assert [True] * 4 == [context() is None for context in replaced]


async def test_a_handshake_without_a_server_name_meets_the_newest_list_too(border, tmp_path):
    world = make_world(tmp_path)
    tls = world.tls()

    async def answered() -> bytes:
        context = world.client(world.chamber)
        context.check_hostname = False
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", gateway.server.port, ssl=context, server_hostname=""
        )
        writer.write(GET + CLOSE)
        try:
            return await reader.read(12)
        except (ssl.SSLError, ConnectionError):
            return b""
        finally:
            writer.close()

    async with border(ROUTES, world=replace_tls(world, tls)) as gateway:
        assert b"HTTP/1.1 200" == await answered()
        world.ca.revoke(world.chamber, datetime(2026, 2, 1, tzinfo=UTC))
        (tmp_path / "crls" / "ca.crl").write_bytes(world.ca.crl(datetime(2026, 2, 1, tzinfo=UTC)))
        assert tls.reload()
        assert b"" == await answered()


def replace_tls(world, tls):
    fixed = replace(world)
    fixed.tls = lambda: tls
    return fixed


async def test_a_connection_that_outlives_its_crl_is_told_503(border, tmp_path):
    world, later = make_world(tmp_path), [datetime.now(UTC)]
    ends = later[0] + timedelta(hours=1)
    (tmp_path / "crls" / "ca.crl").write_bytes(world.ca.crl(later[0] - timedelta(hours=1), next_update=ends))
    async with border(ROUTES, world=replace_tls(world, world.tls()), clock=lambda: later[0]) as gateway:
        wire = await gateway.open()
        await wire.send(GET + b"\r\n")
        assert 200 == (await wire.answer()).status
        later[0] = ends + timedelta(minutes=1)
        await wire.send(GET + b"\r\n")
        answer = await wire.answer()
    assert (503, "revocation-data-stale") == (answer.status, answer.code)


async def test_a_session_of_tls_1_2_that_is_resumed_outlives_no_revocation(border, tmp_path):
    world = make_world(tmp_path)
    tls = world.tls()
    context = world.client(world.chamber)
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    def ask(session: ssl.SSLSession | None) -> tuple[bytes, ssl.SSLSession | None, bool]:
        plain = socket.create_connection(("127.0.0.1", gateway.server.port))
        with context.wrap_socket(plain, server_hostname="localhost", session=session) as wire:
            wire.sendall(GET + CLOSE)
            got = b"".join(iter(partial(wire.recv, 65536), b""))
            with suppress(OSError):
                wire.unwrap()  # a clean end: else OpenSSL forgets the session by itself
            return got, wire.session, bool(wire.session_reused)

    async with border(ROUTES, world=replace_tls(world, tls)) as gateway:
        answer, session, _ = await asyncio.to_thread(ask, None)
        assert answer.startswith(b"HTTP/1.1 200")
        world.ca.revoke(world.chamber, datetime(2026, 2, 1, tzinfo=UTC))
        (tmp_path / "crls" / "ca.crl").write_bytes(world.ca.crl(datetime(2026, 2, 1, tzinfo=UTC)))
        assert tls.reload()
        try:
            answer, _, resumed = await asyncio.to_thread(ask, session)
        except (ssl.SSLError, ConnectionError):
            return  # the server had forgotten the session already: refused in a whole handshake
        assert (True, True) == (resumed, b"sender-not-registered" in answer)


async def test_a_connection_that_outlives_its_certificate_is_refused(border, world):
    later = [datetime.now(UTC)]
    async with border(ROUTES, clock=lambda: later[0]) as gateway:
        wire = await gateway.open()
        await wire.send(GET + b"\r\n")
        assert 200 == (await wire.answer()).status
        later[0] = world.chamber.certificate.not_valid_after_utc + timedelta(seconds=1)
        await wire.send(GET + b"\r\n")
        answer = await wire.answer()
    assert (403, "sender-not-registered") == (answer.status, answer.code)
