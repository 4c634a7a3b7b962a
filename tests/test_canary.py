# SPDX-License-Identifier: EUPL-1.2
"""Addresses in what others send are never asked: no connection and no look-up of a name, whatever carries the address.

Every lure leads to a listener of this test or to a name that only this test knows. A look out of this process is seen
by Python's audit hook, one out of native code (libxml2, OpenSSL) or out of a confined worker by the listener.
"""

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import gatewayroom
import pytest
from confinedroom import examined, unconfined, verifying
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID
from lures import dossiers, papers, signatures, signed
from trustroom import issue, rsa_key, usage

from gateway.demo.timestamping import timestamper
from gateway.findings import blocking

LOOKS = {
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostbyaddr",
    "socket.gethostbyname",
    "socket.sendmsg",
    "socket.sendto",
    "subprocess.Popen",
    "urllib.Request",
}


@dataclass(slots=True)
class Watch:
    """Notes every look out of this process while it is ``on``; an audit hook cannot be taken away again."""

    on: bool = False
    seen: list[str] = field(default_factory=list)

    def hook(self, event: str, _arguments: object) -> None:
        if self.on and event in LOOKS:
            self.seen.append(event)

    @contextmanager
    def keeping(self) -> Iterator[None]:
        self.seen.clear()
        self.on = True
        try:
            yield
        finally:
            self.on = False


@pytest.fixture(scope="module")
def watch() -> Watch:
    watch = Watch()
    sys.addaudithook(watch.hook)
    return watch


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


@pytest.fixture(scope="module")
def lure(listener) -> Callable[[str], str]:
    """An address with this word in it."""
    return lambda word: f"http://127.0.0.1:{listener.getsockname()[1]}/{word}"


def visitors(listener: socket.socket) -> int:
    """Connections nobody has taken yet."""
    count = 0
    while True:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[gatewayroom.Site]:
    site = gatewayroom.Site.founded(tmp_path_factory.mktemp("canary") / "w")
    with verifying(site):
        yield site


def luring(lure: Callable[[str], str]) -> list[tuple[x509.ExtensionType, bool]]:
    """Every extension of a certificate that may hold an address."""

    def address(word: str, scheme: str = "") -> x509.UniformResourceIdentifier:
        return x509.UniformResourceIdentifier(f"{scheme}{word}.invalid/x" if scheme else lure(word))

    def points(word: str) -> list[x509.DistributionPoint]:
        names = [address(word), address(word, "ldap://"), address(word, "https://")]
        return [
            x509.DistributionPoint(full_name=[n], relative_name=None, reasons=None, crl_issuer=None)
            for n in names
        ]

    access = AuthorityInformationAccessOID
    policy = x509.PolicyInformation(
        x509.ObjectIdentifier("1.2.276.0.76.4.1"), [lure("cps"), "https://cps.invalid/x"]
    )
    extensions = [
        x509.AuthorityInformationAccess(
            [x509.AccessDescription(kind, address(word, scheme))
             for kind, word in ((access.OCSP, "ocsp"), (access.CA_ISSUERS, "issuer"))
             for scheme in ("", "https://", "ldap://")]
        ),
        x509.CRLDistributionPoints(points("crl")),
        x509.FreshestCRL(points("delta")),
        x509.CertificatePolicies([policy]),
        x509.IssuerAlternativeName([address("issuer-name")]),
        x509.SubjectAlternativeName([address("subject-name")]),
    ]  # fmt: skip
    return [(extension, False) for extension in extensions]


@pytest.fixture(scope="module")
def bundles(site, lure) -> dict[str, bytes]:
    """A good dossier whose certificates are full of lures, and whatever else an address can stand in."""
    now = datetime.now(UTC).replace(microsecond=0)
    seal = issue(
        site.world.seal_ca.identity,
        key_usage=usage("content_commitment"),
        extensions=luring(lure),
        not_before=gatewayroom.SINCE,
    )
    stamping = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)
    unit = issue(
        site.world.tsa_ca.identity,
        key=rsa_key(),
        key_usage=usage("content_commitment"),
        extensions=[stamping, *luring(lure)],
        not_before=gatewayroom.SINCE,
    )
    stamp = timestamper(unit, now)
    dossier = gatewayroom.example(gatewayroom.WEIMAR[0], "CANARY")
    found = dossiers(dossier, seal, stamp, now, lure)
    found |= {f"paper {name}": signed(dossier, seal, now, paper) for name, paper in papers(lure).items()}
    return found | signatures(lure)


def test_a_look_out_of_this_process_is_seen(watch, listener, lure):
    with watch.keeping(), socket.create_connection(listener.getsockname()):
        pass

    assert {"socket.getaddrinfo", "socket.connect"} <= set(watch.seen)
    assert 1 == visitors(listener)


async def test_no_address_in_a_bundle_is_ever_asked(site, bundles, watch, listener, tmp_path):
    visitors(listener)
    moment = datetime.now(UTC)
    with watch.keeping():
        here = unconfined(site, bundles, moment)
    seen = list(watch.seen)
    confined = await examined(site, bundles, tmp_path, moment)

    assert ([], 0) == (seen, visitors(listener))
    assert here == confined
    assert () == blocking(here["certificates"].findings)
