# SPDX-License-Identifier: EUPL-1.2
"""The header fields we rely on, checked before any byte of the body is asked for; all faults at once."""

import re
from collections.abc import Iterator
from enum import Enum

from aiohttp import web

from gateway.codes import Code
from gateway.findings import Finding
from gateway.web.limits import too_large

BUNDLE_MEDIA_TYPE = "application/vnd.etsi.asic-e+zip"

# Two of these mean two readings of one request; aiohttp refuses two Host and two Content-Length itself.
_ONCE = (
    "Accept-Language",
    "Authorization",
    "Content-Encoding",
    "Content-Type",
    "Expect",
    "Idempotency-Key",
    "If-Range",
    "Range",
)
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class Body(Enum):
    """What a route reads."""

    NONE = ""
    UNREAD = "*"  # whatever comes is refused anyway, for another reason
    JSON = "application/json"
    BUNDLE = BUNDLE_MEDIA_TYPE


def head_faults(request: web.Request, body: Body, max_body: int) -> tuple[Finding, ...]:
    """Everything about the header that keeps the request out, the gravest first."""
    return (
        *_repeated(request),
        *_encoding(request),
        *_expectation(request),
        *_body(request, body, max_body),
        *_key(request),
    )


def idempotency_key(request: web.Request) -> str | None:
    """The key, once ``head_faults`` found none with it."""
    return request.headers.get("Idempotency-Key")


def _repeated(request: web.Request) -> Iterator[Finding]:
    for name in _ONCE:
        count = len(request.headers.getall(name, ()))
        if count > 1:
            yield Finding(
                code=Code.REQUEST_MALFORMED, place=f"header {name}", expected="once", got=f"{count} times"
            )


def _encoding(request: web.Request) -> Iterator[Finding]:
    encoding = request.headers.get("Content-Encoding", "identity")
    if encoding.strip().lower() != "identity":
        yield Finding(
            code=Code.CONTENT_ENCODING_NOT_SUPPORTED,
            place="header Content-Encoding",
            expected="none",
            got=encoding,
        )


def _expectation(request: web.Request) -> Iterator[Finding]:
    expected = request.headers.get("Expect", "100-continue")
    if expected.strip().lower() != "100-continue":
        yield Finding(
            code=Code.EXPECTATION_FAILED, place="header Expect", expected="100-continue", got=expected
        )


def _body(request: web.Request, body: Body, max_body: int) -> Iterator[Finding]:
    if body is Body.NONE:
        yield from _unwanted_body(request)
    elif body is not Body.UNREAD:
        yield from _wanted_body(request, body, max_body)


def _unwanted_body(request: web.Request) -> Iterator[Finding]:
    if request.content_length or "Transfer-Encoding" in request.headers:
        yield Finding(code=Code.REQUEST_MALFORMED, place="body", expected="no body")


def _wanted_body(request: web.Request, body: Body, max_body: int) -> Iterator[Finding]:
    if body is Body.JSON and not request.can_read_body:
        return  # whether an empty body will do is for the handler to say
    media_type = request.headers.get("Content-Type", "")
    if media_type.strip().lower() != body.value:
        yield Finding(
            code=Code.MEDIA_TYPE_NOT_SUPPORTED,
            place="header Content-Type",
            expected=body.value,
            got=media_type,
        )
    length = request.content_length
    if length is not None and length > max_body:
        yield too_large(max_body, f"{length} bytes")


def _key(request: web.Request) -> Iterator[Finding]:
    key = idempotency_key(request)
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        yield Finding(
            code=Code.IDEMPOTENCY_KEY_MALFORMED,
            place="header Idempotency-Key",
            expected="1 to 200 printable ASCII characters without blanks",
            got=key,
        )
