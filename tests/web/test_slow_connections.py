# SPDX-License-Identifier: EUPL-1.2
"""A thousand slow connections: honest partners get their answers meanwhile, memory stays bounded, all end in time."""

import asyncio
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from borderroom import GET
from webroom import CLOSE, PATIENT

from gateway.web.admission import Demand
from gateway.web.call import json_body
from gateway.web.request_head import Body
from gateway.web.routes import Route

SILENT, HEADERS, BODIES = 640, 180, 180  # connections that never say a word, drip header lines, drip a body
DEADLINE = 3  # seconds
BUFFERS = 320 << 10  # bytes; what asyncio and OpenSSL set aside for one connection

#: Opens the connections and drips until the gateway ended all of them; prints how many it held and when the last went.
ATTACKER = """
import socket, ssl, sys, time
port, ca, certificate, key, silent, headers, bodies = sys.argv[1:4] + sys.argv[4:5] + list(map(int, sys.argv[5:]))
context = ssl.create_default_context(cafile=ca)
context.load_cert_chain(certificate, key)
GET = b"GET /hello HTTP/1.1\\r\\nHost: x\\r\\n"
POST = b"POST /say HTTP/1.1\\r\\nHost: x\\r\\nContent-Type: application/json\\r\\nContent-Length: 60000\\r\\n\\r\\n"
held, refused = {}, 0
for number in range(silent + headers + bodies):
    plain = socket.create_connection(("127.0.0.1", int(port)))
    if number < silent:
        held[plain] = b""
        continue
    try:
        wire = context.wrap_socket(plain, server_hostname="localhost")
        wire.sendall(GET if number < silent + headers else POST)
        wire.setblocking(False)
        held[wire] = b"X: 1\\r\\n" if number < silent + headers else b" "
    except OSError:
        refused += 1
print("standing", len(held) + refused, flush=True)
begun = time.monotonic()
while held and time.monotonic() - begun < 60:
    for wire in list(held):
        try:
            if held[wire]:
                wire.send(held[wire])
            wire.setblocking(False)
            while wire.recv(65536):
                pass
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            continue
        except OSError:
            pass
        wire.close()
        del held[wire]
    time.sleep(0.1)
print("ended", len(held), time.monotonic() - begun, flush=True)
"""


async def hello(call):
    return web.Response(text="hello")


async def say(call):
    return web.json_response(await json_body(call))


ROUTES = [
    Route(method="GET", path="/hello", demand=Demand(name="/hello"), handle=hello),
    Route(method="POST", path="/say", demand=Demand(name="/say", body=Body.JSON, max_body=65536), handle=say),
]


@pytest.fixture
def descriptors():
    """Both ends of a thousand connections need more than the usual 1,024 in one process or the other."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 2048:
        if hard < 2048:
            pytest.skip(f"needs 2048 descriptors, the machine allows {hard}")
        resource.setrlimit(resource.RLIMIT_NOFILE, (2048, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def resident() -> int:
    """Bytes of this process in memory; the gateway is in it, the attackers are not."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def served(gateway, over: asyncio.Event) -> list[float]:
    """An honest partner asks on new connections until the attack is over; how long each answer took."""
    took = []
    while not over.is_set():
        begun = time.monotonic()
        answer = await gateway.ask(GET + CLOSE, gateway.world.chamber)
        assert 200 == answer.status
        took.append(time.monotonic() - begun)
    return took


@pytest.mark.slow
async def test_a_thousand_slow_connections_keep_nobody_else_out_and_all_end_at_the_deadline(
    border, world, descriptors
):
    # As in the defaults one certificate has less than all connections; smaller, so that it fills them within the deadline.
    policy = replace(
        PATIENT,
        handshake_seconds=DEADLINE,
        header_seconds=DEADLINE,
        grace_seconds=DEADLINE,
        max_connections=150,
        max_connections_per_partner=100,
    )
    async with border(ROUTES, transfer=policy) as gateway:
        assert 200 == (await gateway.ask(GET + CLOSE, world.chamber)).status
        before = resident()
        certificate, key = world.files(world.authority)
        attacker = await asyncio.create_subprocess_exec(
            sys.executable, "-c", ATTACKER, str(gateway.server.port), str(world.directory / "cas" / "ca.pem"),
            str(certificate), str(key), *map(str, (SILENT, HEADERS, BODIES)), stdout=subprocess.PIPE,
        )  # fmt: skip
        try:
            over = asyncio.Event()
            honest = asyncio.create_task(served(gateway, over))
            standing = (await attacker.stdout.readline()).split()
            at_once = gateway.server.connections
            grown = resident() - before
            ended = (await attacker.stdout.readline()).split()
            over.set()
            took = await honest
        finally:
            if attacker.returncode is None:
                attacker.kill()
            await attacker.wait()
        assert b"1000" == standing[1]
        # One certificate has its share of the connections and no more.
        assert at_once <= policy.max_connections_per_partner + 1
        assert grown < (policy.max_handshakes + policy.max_connections_per_partner) * BUFFERS + (32 << 20)
        assert len(took) > 3
        assert max(took) < 10
        assert b"0" == ended[1]
        assert float(ended[2]) < DEADLINE + 12
        assert 200 == (await gateway.ask(GET + CLOSE, world.authority)).status
        async with asyncio.timeout(DEADLINE):
            while gateway.server.connections or gateway.server.handshakes:
                await asyncio.sleep(0.01)
