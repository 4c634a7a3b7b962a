# SPDX-License-Identifier: EUPL-1.2
"""Rows of THREAT_MODEL, The border: who gets through the handshake, and who is who behind it."""

import asyncio
import os
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from borderroom import CHAMBERS, GET, ROUTES, handshake_fails
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from webroom import CLOSE, make_world

from gateway.demo import pki
from gateway.errors import ConfigInvalid, TrustStateMissing
from gateway.web.admission import Demand
from gateway.web.identity import read_peer
from gateway.web.routes import Route


async def test_a_registered_partner_is_known_by_its_certificate(border):
    async with border(ROUTES) as gateway:
        answers = [
            await gateway.ask(GET + CLOSE, who)
            for who in (gateway.world.chamber, gateway.world.authority, gateway.world.auditor)
        ]
    assert [b"ihk-erfurt", b"weimar", b"audit"] == [answer.body for answer in answers]


def bad_identities(world) -> dict[str, pki.Identity]:
    past, future = datetime(2025, 1, 2, tzinfo=UTC), datetime(2034, 1, 1, tzinfo=UTC)
    client = [ExtendedKeyUsageOID.CLIENT_AUTH]
    by_leaf = pki.Authority(identity=world.chamber, not_before=past, not_after=future)
    return {
        "expired": world.ca.issue("x", usages=client, not_before=past, not_after=past + timedelta(days=1)),
        "not yet valid": world.ca.issue("x", usages=client, not_before=future),
        "unknown CA": pki.root("Other CA").tls_client("x"),
        "same name, other key": pki.root("TLS CA").tls_client("x"),
        "self-signed": pki.root("x").identity,
        "issued by a leaf": by_leaf.tls_client("x"),
        "revoked": world.revoked,
        "server purpose only": world.ca.tls_server("x"),
        "RSA-1024": world.ca.issue(
            "x", usages=client, key=rsa.generate_private_key(public_exponent=65537, key_size=1024)
        ),
    }


@pytest.mark.parametrize(
    "name",
    [
        "expired",
        "not yet valid",
        "unknown CA",
        "same name, other key",
        "self-signed",
        "issued by a leaf",
        "revoked",
        "server purpose only",
        "RSA-1024",
    ],
)
async def test_the_handshake_refuses(border, world, name):
    identity = bad_identities(world)[name]
    certificate, key = world.files(identity)
    context = ssl.create_default_context(cafile=world.directory / "cas" / "ca.pem")
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.load_cert_chain(certificate, key)
    async with border(ROUTES) as gateway:
        assert await handshake_fails(gateway, context)
        assert [] == gateway.lines


async def test_the_handshake_refuses_a_client_without_certificate(border, world):
    async with border(ROUTES) as gateway:
        assert await handshake_fails(gateway, world.client(None))


async def test_the_handshake_refuses_tls_1_1_and_cbc_suites(border, world):
    old, cbc = world.client(world.chamber), world.client(world.chamber)
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    cbc.maximum_version = ssl.TLSVersion.TLSv1_2
    cbc.set_ciphers("ECDHE-ECDSA-AES256-SHA384:ECDHE-ECDSA-AES128-SHA256")
    async with border(ROUTES) as gateway:
        assert await handshake_fails(gateway, old)
        assert await handshake_fails(gateway, cbc)


def test_only_forward_secret_aead_suites_are_offered(world):
    names = {cipher["name"] for cipher in world.tls().context.get_ciphers()}
    tls12 = {name for name in names if not name.startswith("TLS_")}
    assert {
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES128-GCM-SHA256",
    } == tls12
    assert ssl.TLSVersion.TLSv1_2 == world.tls().context.minimum_version


def test_the_server_does_not_start_without_crl_ca_or_key(tmp_path):
    world = make_world(tmp_path)
    for name in ("crls/ca.crl", "cas/ca.pem", "server.key"):
        path = tmp_path / name
        data = path.read_bytes()
        path.unlink()
        with pytest.raises(TrustStateMissing):
            world.tls()
        path.write_bytes(b"garbage")
        with pytest.raises(ConfigInvalid):
            world.tls()
        path.write_bytes(data)
    assert world.tls().context.verify_mode is ssl.CERT_REQUIRED


async def test_a_certificate_without_client_purpose_is_refused_although_tls_accepts_it(border, world):
    async with border(ROUTES) as gateway:
        answer = await gateway.ask(GET + CLOSE, world.no_usage)
    assert (403, "sender-certificate-purpose") == (answer.status, answer.code)


async def test_a_good_certificate_nobody_registered_is_refused_on_every_path(border, world):
    async with border(ROUTES) as gateway:
        for path in (b"/hello", b"/chambers", b"/nothing", b"/"):
            answer = await gateway.ask(GET.replace(b"/hello", path) + CLOSE, world.stranger)
            assert (403, "sender-not-registered") == (answer.status, answer.code)


async def test_the_name_in_a_certificate_means_nothing(border, world):
    twin = world.ca.tls_client("chamber")
    async with border(ROUTES) as gateway:
        assert "sender-not-registered" == (await gateway.ask(GET + CLOSE, twin)).code


async def test_a_partner_in_another_role_is_refused(border, world):
    async with border(ROUTES) as gateway:
        for who in (world.authority, world.auditor):
            answer = await gateway.ask(CHAMBERS + CLOSE, who)
            assert (403, "sender-role-forbidden") == (answer.status, answer.code)


@pytest.mark.parametrize(
    "header",
    [
        "Client-Cert: :AA==:",
        "client-cert-chain: :AA==:",
        "Client_Cert: x",
        "X-SSL-Client-Cert: spoof",
        "X-SSL-Client-S-DN: CN=ihk",
        "X_SSL_CLIENT_VERIFY: SUCCESS",
        "X-Forwarded-Client-Cert: Hash=00",
        "SSL-Client-Cert: x",
        "X-Forwarded-Tls-Client-Cert: x",
    ],
)
async def test_headers_that_claim_an_identity_are_refused(border, world, header):
    async with border(ROUTES) as gateway:
        answer = await gateway.ask(GET + header.encode() + b"\r\n" + CLOSE)
    assert (400, "forwarded-identity-refused") == (answer.status, answer.code)


async def test_no_session_tickets_are_given_out(border, world):
    async with border(ROUTES) as gateway:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = world.client(world.chamber)
            context.maximum_version = version
            _, writer = await asyncio.open_connection(
                "127.0.0.1", gateway.server.port, ssl=context, server_hostname="localhost"
            )
            session = writer.get_extra_info("ssl_object").session
            writer.close()
            assert session is None or not session.has_ticket


async def test_a_caller_that_is_gone_before_its_answer_is_no_error(border, world):
    begun, release = asyncio.Event(), asyncio.Event()

    async def slow(call):
        begun.set()
        await release.wait()
        return web.Response(text=call.partner.id)

    routes = [Route(method="GET", path="/hello", demand=Demand(name="/hello"), handle=slow)]
    async with border(routes) as gateway:
        wire = await gateway.open()
        await wire.send(GET + CLOSE)
        await begun.wait()
        wire.writer.transport.abort()
        while gateway.server.connections:
            await asyncio.sleep(0)
        release.set()
        while not gateway.lines:
            await asyncio.sleep(0)
    assert ["request"] == [line["event"] for line in gateway.lines]


def test_random_bytes_are_no_certificate():
    assert read_peer(None) is None
    assert read_peer(b"") is None
    assert read_peer(os.urandom(200)) is None
