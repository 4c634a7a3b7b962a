# SPDX-License-Identifier: EUPL-1.2
"""Client certificates from below an intermediate CA: a chain that breaks a rule ends in the handshake, and says so."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from webroom import CLOSE, make_world

from gateway.demo import pki
from gateway.model.partner import Chamber, Partners
from gateway.web.admission import Demand
from gateway.web.routes import Route

GET = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n"
SINCE, UNTIL = datetime(2025, 1, 1, tzinfo=UTC), datetime(2034, 1, 1, tzinfo=UTC)
LISTED = datetime(2026, 1, 1, tzinfo=UTC)
CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH


async def hello(call):
    return web.Response(text=call.partner.id)


ROUTES = [Route(method="GET", path="/hello", demand=Demand(name="/hello"), handle=hello)]


def below(
    parent: pki.Authority, name: str, *extensions: x509.ExtensionType, path_length: int | None, until=UNTIL
) -> pki.Authority:
    """A CA under ``parent`` as a careless operator of a PKI might issue it."""
    key, issuer = ec.generate_private_key(ec.SECP256R1()), parent.identity
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(SINCE)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False
        )
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=not isinstance(extension, x509.ExtendedKeyUsage))
    certificate = builder.sign(issuer.key, hashes.SHA256())
    chain = (issuer.certificate, *issuer.chain)
    return pki.Authority(
        identity=pki.Identity(certificate=certificate, key=key, chain=chain),
        not_before=SINCE,
        not_after=UNTIL,
    )


def only(name: str) -> x509.NameConstraints:
    return x509.NameConstraints(permitted_subtrees=[x509.DNSName(name)], excluded_subtrees=None)


def good(root):
    authority = below(root, "Zwischenstelle", path_length=0)
    return authority, authority.issue("partner", usages=[CLIENT])


def names_kept(root):
    authority = below(root, "Zwischenstelle", only("ihk.example"), path_length=0)
    return authority, authority.issue("partner", usages=[CLIENT], hosts=["erfurt.ihk.example"])


def path_length_violated(root):
    first = below(root, "Zwischenstelle", path_length=0)
    second = below(first, "Unterzwischenstelle", path_length=None)
    return second, second.issue("partner", usages=[CLIENT])


def names_violated(root):
    authority = below(root, "Zwischenstelle", only("ihk.example"), path_length=0)
    return authority, authority.issue("partner", usages=[CLIENT], hosts=["ihk.example.evil.example"])


def purpose_of_the_chain(root):
    authority = below(root, "Zwischenstelle", x509.ExtendedKeyUsage([SERVER]), path_length=0)
    return authority, authority.issue("partner", usages=[CLIENT])


def purpose_of_the_leaf(root):
    authority = below(root, "Zwischenstelle", path_length=0)
    return authority, authority.issue("partner", usages=[SERVER])


def expired_in_between(root):
    authority = below(root, "Zwischenstelle", path_length=0, until=SINCE + timedelta(days=1))
    return authority, authority.issue("partner", usages=[CLIENT])


async def asked(border, tmp_path, make) -> tuple[bytes, str]:
    """What a client with such a chain gets: bytes, or the alert of the handshake. Everything but the chain is in order."""
    world = make_world(tmp_path)
    issuer, identity = make(world.ca)
    lists = tmp_path / "crls"
    for number, authority in enumerate((issuer, world.ca)):
        (lists / f"{number}.crl").write_bytes(authority.crl(LISTED))
    world.partners = Partners(
        chambers=(
            Chamber(
                id="partner", name="IHK", tls_sha256=frozenset({identity.sha256}), signer_sha256=frozenset()
            ),
        )
    )
    async with border(ROUTES, world=world) as gateway:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", gateway.server.port, ssl=world.client(identity), server_hostname="localhost"
        )
        try:
            writer.write(GET + CLOSE)
            async with asyncio.timeout(10):
                return await reader.read(), ""
        except ssl.SSLError as error:
            assert [] == gateway.lines
            return b"", error.reason or ""
        finally:
            writer.close()


@pytest.mark.parametrize("make", [good, names_kept])
async def test_a_good_chain_below_an_intermediate_gets_through(border, tmp_path, make):
    answer, _ = await asked(border, tmp_path, make)
    assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("make", "alert"),
    [
        (path_length_violated, "UNKNOWN_CA"),
        (names_violated, "CERTIFICATE_UNKNOWN"),
        (purpose_of_the_chain, "UNSUPPORTED_CERTIFICATE"),
        (purpose_of_the_leaf, "UNSUPPORTED_CERTIFICATE"),
        (expired_in_between, "CERTIFICATE_EXPIRED"),
    ],
)
async def test_a_chain_that_breaks_a_rule_is_refused_in_the_handshake_and_the_client_hears_why(
    border, tmp_path, make, alert
):
    answer, reason = await asked(border, tmp_path, make)
    assert b"" == answer
    assert alert in reason
