# SPDX-License-Identifier: EUPL-1.2
"""Fetches revocation lists from configured places and installs them; the only role that goes out for them.

Rules: only configured URLs, no redirects, bounded size and time; a list is installed only if its signature verifies
under a certificate the operator installed (anchor or intermediate) and it is newer than the one in place (no roll
back); installing is temporary file, fsync, rename, directory fsync. A failed fetch leaves the old list: when that
one ends, verification says "unknown", never "good" and never "revoked".
"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from gateway.codes import Code
from gateway.config import RevocationSource
from gateway.errors import DeliveryFailed
from gateway.policy import MIB
from gateway.telemetry import EventLog

_MAX_BYTES = 64 * MIB  # the largest public CRLs are near 30 MB
_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresher:
    """``directories[purpose]`` is where lists go, ``issuers[purpose]`` who may have signed them."""

    sources: Sequence[RevocationSource]
    directories: Mapping[str, Path]
    issuers: Mapping[str, Sequence[x509.Certificate]]
    every_seconds: float
    events: EventLog

    async def run(self, stop: asyncio.Event) -> None:
        """Fetch everything now and then regularly, until ``stop``, which also cuts off a fetch under way."""
        fetching, stopping = asyncio.create_task(self._regularly()), asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({fetching, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if fetching.done():
                fetching.result()  # it never ends by itself: this raises what nobody expected
        finally:
            # Nothing half done stays: a list is installed in one go, between two waits.
            for task in (fetching, stopping):
                task.cancel()
            await asyncio.gather(fetching, stopping, return_exceptions=True)

    async def _regularly(self) -> None:
        while True:
            await self.refresh_once()
            await asyncio.sleep(self.every_seconds)

    async def refresh_once(self) -> int:
        """Fetch each source once; returns how many lists were replaced. Failures are logged, never raised."""
        replaced = 0
        for source in self.sources:
            try:
                data = await _fetch(source.url)
                replaced += self.install(source, data)
            except DeliveryFailed as failure:
                self.events.warning(
                    "crl-not-refreshed", file=source.file, code=failure.code, detail=failure.detail
                )
            except OSError as error:  # a full disk: the old list is still in place, and the next round comes
                self.events.failure("crl-not-refreshed", error, file=source.file)
        return replaced

    def install(self, source: RevocationSource, data: bytes) -> bool:
        """Check and install one list; False if the one in place is as new. Raises ``DeliveryFailed`` if it is not acceptable."""
        fresh = _read_crl(data)
        issuer = next((c for c in self.issuers[source.purpose] if _signed_by(fresh, c)), None)
        if issuer is None:
            raise DeliveryFailed(
                Code.RECIPIENT_REFUSED, "the list is not signed by any installed certificate", retry=False
            )
        path = self.directories[source.purpose] / Path(source.file).name
        present = _present(path)
        if present is not None and not _newer(fresh, present):
            return False
        _replace(path, data)
        self.events.info("crl-refreshed", file=path.name, bytes=len(data))
        return True


async def _fetch(url: str) -> bytes:
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, auto_decompress=False, trust_env=False) as session,
            session.get(url, allow_redirects=False) as response,
        ):
            if response.status != 200:
                raise DeliveryFailed(
                    Code.RECIPIENT_UNREACHABLE, f"expected status 200, got {response.status}"
                )
            data = bytearray()
            async for chunk in response.content.iter_chunked(1 << 16):
                data += chunk
                if len(data) > _MAX_BYTES:
                    raise DeliveryFailed(
                        Code.RECIPIENT_REFUSED, f"expected at most {_MAX_BYTES} bytes, got more"
                    )
            return bytes(data)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise DeliveryFailed(Code.RECIPIENT_UNREACHABLE, type(error).__name__) from error


def _read_crl(data: bytes) -> x509.CertificateRevocationList:
    try:
        if data.startswith(b"-----BEGIN"):
            return x509.load_pem_x509_crl(data)
        return x509.load_der_x509_crl(data)
    except ValueError as error:
        raise DeliveryFailed(
            Code.RECIPIENT_REFUSED, "expected a certificate revocation list, got something else"
        ) from error


def _present(path: Path) -> x509.CertificateRevocationList | None:
    """The list in place; ``None`` also for what is no list: a damaged file must not keep every good one out."""
    try:
        return _read_crl(path.read_bytes())
    except (FileNotFoundError, DeliveryFailed):
        return None


def _signed_by(crl: x509.CertificateRevocationList, certificate: x509.Certificate) -> bool:
    if crl.issuer != certificate.subject:
        return False
    try:
        return bool(crl.is_signature_valid(certificate.public_key()))  # type: ignore[arg-type]  # other keys raise TypeError
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
        return False


def _newer(fresh: x509.CertificateRevocationList, present: x509.CertificateRevocationList) -> bool:
    """Later thisUpdate, and the CRL number does not go back (RFC 5280 section 5.2.3)."""
    if fresh.issuer != present.issuer:
        raise DeliveryFailed(Code.RECIPIENT_REFUSED, "the list in place is of another issuer", retry=False)
    if fresh.last_update_utc <= present.last_update_utc:
        return False
    if _number(fresh) < _number(present):
        raise DeliveryFailed(Code.RECIPIENT_REFUSED, "the list's number went back", retry=False)
    return True


def _number(crl: x509.CertificateRevocationList) -> int:
    try:
        return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except (x509.ExtensionNotFound, ValueError):
        return -1


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.part")
    descriptor = os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_NOFOLLOW, 0o640)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)  # all of it or ``OSError``: a bare write(2) on a full disk says how little it took
        file.flush()
        os.fsync(descriptor)
    temporary.rename(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
