# SPDX-License-Identifier: EUPL-1.2
"""Holds what clients of a real gateway are answered to ``schemas/openapi.yaml``, with the checks schemathesis has.

``Witness.client`` is the partners' client as it is, with an ear between it and its HTTP session. An answer that breaks
off is nobody's to judge; every other one must be in the contract with its status, headers, content type and body.
"""

import contextlib
import http.client
import json
import re
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

import requests
import schemathesis
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.catalogue import data_root
from gateway.client import GatewayClient
from gateway.codes import Code

CONTRACT = data_root() / "openapi.yaml"
ANSWER_CHECKS = [
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]

_CODES = {code.value for code in Code}
_OPAQUE = 64 * 1024  # bytes kept of a package or tile, in which the contract describes nothing
Headers = Mapping[str, list[str]]


class ContractBroken(AssertionError):
    """An answer that the contract does not promise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One whole answer."""

    method: str
    path: str
    status: int
    headers: Headers  # names in lower case
    body: bytes = field(repr=False)

    @property
    def problem(self) -> str:
        """Code of the problem document."""
        return json.loads(self.body)["type"].removeprefix("/problems/")


class Witness:
    """Judges answers and remembers which of the contract's it has heard."""

    def __init__(self) -> None:
        self._schema = schemathesis.openapi.from_path(CONTRACT)
        found = [result.ok() for result in self._schema.get_all_operations()]
        # Longer templates first: "/v1/dossiers/{dossier_id}/report" is no dossier.
        self._operations = sorted(found, key=lambda operation: len(operation.path), reverse=True)
        self.seen: set[tuple[str, str]] = set()

    @property
    def promised(self) -> set[tuple[str, str]]:
        """Every answer the contract names: operation and status, or ``default``."""
        return {
            (_name(operation), status)
            for operation in self._operations
            for status in operation.responses.status_codes
        }

    def hear(self, heard: Heard) -> Heard:
        """Judge it. Raises ``ContractBroken`` or what schemathesis raises; a path outside the contract only has to be a problem."""
        if heard.status >= 400:
            _require_problem(heard)
        operation, parameters = self._operation(heard)
        if operation is None:
            if heard.status < 400:
                raise ContractBroken(f"{heard.method} {heard.path} is in no contract, got {heard.status}")
            return heard
        case = operation.Case(path_parameters=parameters)
        # Without ``not_a_server_error``: scanners and disks that are away are part of what these tests bring about.
        case.validate_response(_as_response(heard), checks=ANSWER_CHECKS)
        if heard.path.startswith("/v1/"):
            _require(heard, "request-id")
        status = str(heard.status)
        known = status if status in operation.responses.status_codes else "default"
        self.seen.add((_name(operation), known))
        return heard

    def client(self, *args: Any, **options: Any) -> GatewayClient:
        """A partner's client all of whose answers are heard here."""
        return _OverheardClient(self, *args, **options)

    def ask(
        self,
        port: int,
        tls: ssl.SSLContext,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        version: str = "HTTP/1.1",
        seconds: float = 120,
    ) -> Heard:
        """One request that the client would never send, on a connection of its own."""
        connection = http.client.HTTPSConnection("localhost", port, context=tls, timeout=seconds)
        connection._http_vsn_str = version
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers=dict(headers or {}))
            answer = connection.getresponse()
            return self.hear(
                Heard(
                    method=method,
                    path=urlsplit(path).path,
                    status=answer.status,
                    headers=_by_name(answer.getheaders()),
                    body=answer.read(),
                )
            )

    def _operation(self, heard: Heard) -> tuple[Any, Mapping[str, str]]:
        for operation in self._operations:
            pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(operation.path))
            pattern = pattern.replace("(?P<tile>[^/]+)", "(?P<tile>.+)")  # with its slashes
            match = re.fullmatch(pattern, heard.path)
            if match and heard.method.lower() == operation.method:
                return operation, match.groupdict()
        return None, {}


class _OverheardClient(GatewayClient):
    def __init__(self, witness: Witness, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._witness = witness

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._wire._session = _Ear(self._witness, self._wire._session)
        return self


@dataclass(frozen=True, slots=True)
class _Ear:
    """Stands where the HTTP session was."""

    witness: Witness
    session: Any

    @contextlib.asynccontextmanager
    async def request(self, method: str, url: str, **options: Any) -> AsyncIterator[Any]:
        async with self.session.request(method, url, **options) as answer:
            heard = _Listening(answer)
            try:
                yield heard
            finally:
                if heard.whole:
                    self.witness.hear(heard.told(method, urlsplit(url).path))


class _Listening:
    """An answer whose body is kept while it is read."""

    def __init__(self, answer: Any) -> None:
        self.status, self.headers, self.content = answer.status, answer.headers, self
        self._answer, self._kept, self.whole = answer, bytearray(), False

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        described = any(word in self._answer.content_type for word in ("json", "text", "xml"))
        async for chunk in self._answer.content.iter_chunked(size):
            if described or len(self._kept) < _OPAQUE:
                self._kept += chunk
            yield chunk
        self.whole = True

    def told(self, method: str, path: str) -> Heard:
        return Heard(
            method=method,
            path=path,
            status=self.status,
            headers=_by_name(self._answer.headers.items()),
            body=bytes(self._kept),
        )


def _require_problem(heard: Heard) -> None:
    """What the schema cannot say: the document tells the answer's own status, in codes that have texts."""
    _require(heard, "content-language")
    if heard.status == 429:
        _require(heard, "retry-after")
    try:
        document = json.loads(heard.body)
        codes = {finding["code"] for finding in document["findings"]}
        good = (
            document["status"] == heard.status
            and heard.problem in codes <= _CODES
            and heard.headers["content-type"] == ["application/problem+json"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ContractBroken(f"{heard}: no problem document: {heard.body[:300]!r}") from error
    if not good:
        raise ContractBroken(f"{heard}: not the problem that it says: {heard.body[:300]!r}")


def _require(heard: Heard, header: str) -> None:
    if header not in heard.headers:
        raise ContractBroken(f"expected {header} in {heard}")


def _name(operation: Any) -> str:
    return operation.definition.raw["operationId"]


def _by_name(headers: Iterator[tuple[str, str]]) -> Headers:
    named: dict[str, list[str]] = {}
    for name, value in headers:
        named.setdefault(name.lower(), []).append(value)
    return named


def _as_response(heard: Heard) -> Response:
    request = requests.Request(heard.method, f"https://localhost{heard.path}").prepare()
    return Response(heard.status, heard.headers, heard.body, request, elapsed=0.0, verify=True)
