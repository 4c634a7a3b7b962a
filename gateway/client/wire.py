# SPDX-License-Identifier: EUPL-1.2
"""One gateway over HTTPS: single attempts, and the loop that repeats them.

An attempt ends in an answer, in an error that repeating cannot mend, or in ``_Again``. Redirects are not followed and
answers are bounded. In TLS 1.3 the client believes its handshake is done when the server refuses the certificate; the
alert comes with the first read and is told here for what it is.
"""

import asyncio
import json
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp

from gateway.errors import AmtsboteError

_T = TypeVar("_T")
_TRY_AGAIN = frozenset({408, 429, 502, 503, 504, 507})
_MAX_BODY = 64 * 1024 * 1024  # bytes of an answer kept in memory; a server must not fill ours either
_CONNECT_SECONDS = 30
_LONGEST_RETRY_AFTER = 300.0  # seconds


class ProblemAnswered(AmtsboteError):
    """The gateway said no and why: an RFC 9457 problem document with its findings."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status, self.problem = status, problem
        self.code = str(problem.get("type", "")).removeprefix("/problems/")
        super().__init__(f"{status} {self.code}: {problem.get('title', 'no title')}")

    @property
    def findings(self) -> tuple[Mapping[str, Any], ...]:
        """All findings, each with its sentences."""
        found = self.problem.get("findings", [])
        return tuple(f for f in found if isinstance(f, Mapping)) if isinstance(found, list) else ()


class GatewayUnreachable(AmtsboteError):
    """No answer, after every attempt."""


class CertificateRefused(AmtsboteError):
    """The TLS handshake failed for good: one side does not take the other's certificate."""


class TransferDamaged(AmtsboteError):
    """What arrived is not what the gateway announced."""


class Again(Exception):
    """A turn of the retry loop, never seen outside this package: try again, not before ``after`` seconds; ``cause`` is what is told if there is no further attempt."""

    def __init__(self, cause: AmtsboteError, after: float = 0) -> None:
        self.cause, self.after = cause, after
        super().__init__()


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often and how long to try: exponential back-off with full jitter."""

    attempts: int = 6
    first_seconds: float = 1
    ceiling_seconds: float = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A successful answer, read whole."""

    status: int
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises ``TransferDamaged``."""
        try:
            value = json.loads(self.body)
        except ValueError as error:
            raise TransferDamaged("the gateway's answer is not JSON") from error
        if not isinstance(value, dict):
            raise TransferDamaged("the gateway's answer is not a JSON object")
        return value


class Wire:
    """Attempts at one gateway. Safe for concurrent use on one event loop."""

    def __init__(
        self,
        base_url: str,
        tls: ssl.SSLContext,
        *,
        patience: Patience,
        language: str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._base, self._tls, self._language = base_url.rstrip("/"), tls, language
        self._patience, self._sleep, self._jitter = patience, sleep, jitter
        self._exit = AsyncExitStack()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._tls, limit=64),
            headers={"Accept-Language": self._language, "User-Agent": "amtsbote-client"},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )
        self._session = await self._exit.enter_async_context(session)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session = None
        await self._exit.aclose()

    async def exchange(self, method: str, path: str, *, seconds: float, **request: Any) -> Reply:
        """One attempt whose answer is read whole."""
        async with self.asked(method, path, seconds=seconds, **request) as answer:
            return Reply(status=answer.status, body=await _whole(answer))

    @asynccontextmanager
    async def asked(
        self, method: str, path: str, *, seconds: float, **request: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One attempt; ``seconds`` may pass between two pieces of the answer.

        Raises ``Again`` where another attempt may help, ``ProblemAnswered`` and ``CertificateRefused`` where not.
        """
        if self._session is None:
            raise GatewayUnreachable("the client is not open")
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=seconds)
        try:
            async with self._session.request(
                method, self._base + path, timeout=timeout, allow_redirects=False, **request
            ) as answer:
                if answer.status not in {200, 201, 206}:
                    await _refuse(answer)
                yield answer
        except (aiohttp.ClientError, ConnectionError, ssl.SSLError, TimeoutError) as error:
            reason = tls_reason(error)
            if reason:
                raise CertificateRefused(reason) from error
            raise Again(_unreachable(f"{method} {path}", error)) from error

    async def persist(
        self, attempt: Callable[[], Awaitable[_T]], *, progress: Callable[[], int] = lambda: 0
    ) -> _T:
        """Try until it is done or patience ends. Attempts that moved something forward do not count."""
        failures, before = 0, progress()
        while True:
            try:
                return await attempt()
            except Again as again:
                now = progress()
                failures, before = (1 if now > before else failures + 1), now
                if failures >= self._patience.attempts:
                    raise again.cause from again
                await self._sleep(max(again.after, self._pause(failures)))

    def _pause(self, failures: int) -> float:
        ceiling = min(self._patience.first_seconds * 2.0 ** (failures - 1), self._patience.ceiling_seconds)
        return self._jitter() * ceiling


async def _refuse(answer: aiohttp.ClientResponse) -> None:
    problem = ProblemAnswered(answer.status, _problem(await _whole(answer)))
    if answer.status in _TRY_AGAIN:
        raise Again(problem, after=_retry_after(answer.headers.get("Retry-After", "")))
    raise problem


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for chunk in answer.content.iter_chunked(256 * 1024):
        body += chunk
        if len(body) > _MAX_BODY:
            raise TransferDamaged(f"the gateway's answer is longer than {_MAX_BODY} bytes")
    return body


def _problem(body: bytes) -> Mapping[str, Any]:
    try:
        problem = json.loads(body)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _retry_after(text: str) -> float:
    seconds = float(text) if text.isascii() and text.isdigit() else 0.0
    return min(seconds, _LONGEST_RETRY_AFTER)


def _unreachable(what: str, error: Exception) -> GatewayUnreachable:
    detail = f"no whole answer to {what}: {type(error).__name__}"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        # Not every TLS library gets its alert out before it closes; then this is all a refused client sees.
        detail += (
            "; if this stays so, the gateway does not take our certificate (revoked, expired, unknown CA)"
        )
    return GatewayUnreachable(detail)


def tls_reason(error: BaseException) -> str:
    """Why TLS failed for good, in words; empty for everything that may pass by itself."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, aiohttp.ClientConnectorCertificateError):
            seen = seen.certificate_error
        if isinstance(seen, ssl.SSLCertVerificationError):
            return f"the gateway's certificate is not trusted here: {seen.verify_message}"
        if isinstance(seen, ssl.SSLError) and "ALERT" in (seen.reason or ""):
            words = str(seen.reason).lower().replace("_", " ")
            return f"the gateway does not take our certificate: {words}"
        seen = seen.__cause__ or seen.__context__
    return ""
