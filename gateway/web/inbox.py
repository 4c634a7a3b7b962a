# SPDX-License-Identifier: EUPL-1.2
"""The authorities' inbox over HTTP: list with long poll, fetch with ranges, acknowledge, answer.

A package goes out in bounded memory, at the pace the reader keeps; what was sent is reported to the inbox, which
decides when the content counts as handed over.
"""

import asyncio
import base64
from collections.abc import Iterator, Mapping
from typing import Any

from aiohttp import web

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.inbox import InboxItem
from gateway.journal.answers import RecordedAnswer
from gateway.model.answer import read_answer
from gateway.model.delivery import Part
from gateway.model.evidence import utc_seconds
from gateway.web.call import MAX_WAIT_SECONDS, Call, json_answer, json_body
from gateway.web.problem import Problems
from gateway.web.ranges import Span, requested_span
from gateway.web.reports import etsi_answer
from gateway.web.services import Inbox

_DEFAULT_LIMIT, _MAX_LIMIT = 50, 500
_MAX_LEASE_SECONDS = 3600
_READ = 256 * 1024  # bytes per read of a range
_BATCH = 1024 * 1024  # bytes per hop between the file's thread and the event loop
_SHA256_HEX = 64


class InboxPages:
    """Handlers of the inbox."""

    def __init__(self, inbox: Inbox, problems: Problems) -> None:
        self._inbox, self._problems = inbox, problems

    async def waiting(self, call: Call) -> web.Response:
        """What is not acknowledged yet, oldest first."""
        items = await call.while_connected(
            self._inbox.waiting(
                call.authority.id,
                limit=max(call.number("limit", _DEFAULT_LIMIT, high=_MAX_LIMIT), 1),
                wait=call.number("wait", 0, high=MAX_WAIT_SECONDS),
                lease=call.number("lease", 0, high=_MAX_LEASE_SECONDS),
            )
        )
        return json_answer({"deliveries": [_item(item) for item in items or ()]})

    async def package(self, call: Call) -> web.StreamResponse:
        """The package, whole or a range of it."""
        authority_id, delivery_id = call.authority.id, call.part("delivery_id")
        async with self._inbox.package(authority_id, delivery_id) as package:
            part = package.parts[0]
            etag = f'"{part.sha256}"'
            headers = _headers(part, etag)
            try:
                span = requested_span(
                    call.request.headers.get("Range"),
                    call.request.headers.get("If-Range"),
                    size=part.size,
                    etag=etag,
                )
            except Rejected as error:
                return self._unsatisfiable(call, error, part.size)
            if span is None or part.source is None:
                span = Span(start=0, end=part.size, size=part.size)
            else:
                headers["Content-Range"] = span.content_range
            headers["Request-Id"] = call.id  # an answer that is sent in pieces is out before it is finished
            response = web.StreamResponse(status=206 if "Content-Range" in headers else 200, headers=headers)
            response.content_length = span.length
            await _send(call, response, _pieces(part, span))
        await self._inbox.record_access(
            authority_id, delivery_id, start=span.start, end=span.end, size=span.size
        )
        return response

    async def report(self, call: Call) -> web.Response:
        """The verification report on the dossier that was delivered, as it is kept."""
        return json_answer(await self._report(call))

    async def etsi_report(self, call: Call) -> web.Response:
        """The same after ETSI TS 119 102-2."""
        return await etsi_answer(await self._report(call))

    async def _report(self, call: Call) -> Mapping[str, Any]:
        return await self._inbox.report(call.authority.id, call.part("delivery_id"))

    async def acknowledge(self, call: Call) -> web.Response:
        """The authority has it; ``sha256`` in the body states what it received."""
        data = await json_body(call) if call.request.can_read_body else {}
        recorded = await self._inbox.acknowledge(
            call.authority.id, call.part("delivery_id"), sha256=_stated_digest(data)
        )
        return json_answer(_recorded(recorded, call.part("delivery_id")))

    async def answer(self, call: Call) -> web.Response:
        """What the authority says to the chamber."""
        delivery_id = call.part("delivery_id")
        answer = read_answer(await json_body(call), delivery_id=delivery_id)
        recorded = await self._inbox.answer(call.authority.id, answer)
        return json_answer(_recorded(recorded, delivery_id))

    def _unsatisfiable(self, call: Call, error: Rejected, size: int) -> web.Response:
        return self._problems.response(
            error.findings,
            language=call.language,
            request_id=call.id,
            headers={"Content-Range": f"bytes */{size}"},
        )


def _headers(part: Part, etag: str) -> dict[str, str]:
    digest = base64.b64encode(bytes.fromhex(part.sha256)).decode()
    return {
        "Accept-Ranges": "bytes" if part.source is not None else "none",
        "Content-Disposition": f'attachment; filename="{part.name}"',  # names are made by us: one safe segment
        "Content-Type": part.media_type,
        "ETag": etag,
        "Repr-Digest": f"sha-256=:{digest}:",  # RFC 9530
    }


async def _send(call: Call, response: web.StreamResponse, pieces: Iterator[bytes]) -> None:
    """Send at the reader's pace. Raises ``ConnectionError`` where the reader left or fell asleep."""
    await response.prepare(call.request)
    while batch := await asyncio.to_thread(_batch, pieces):
        for piece in batch:
            try:
                await call.pace.wait(response.write(piece))
            except TimeoutError:
                raise ConnectionResetError("the reader is too slow") from None
            call.pace.moved(len(piece))
    await response.write_eof()


def _batch(pieces: Iterator[bytes]) -> list[bytes]:
    batch: list[bytes] = []
    length = 0
    for piece in pieces:
        batch.append(piece)
        length += len(piece)
        if length >= _BATCH:
            break
    return batch


def _pieces(part: Part, span: Span) -> Iterator[bytes]:
    if part.source is None or span.whole:
        # The whole comes through the part's own reading, which checks its digest before it gives the last piece.
        yield from part.chunks()
        return
    position = span.start
    while position < span.end:
        piece = part.source.read_at(position, min(_READ, span.end - position))
        yield piece
        position += len(piece)


def _stated_digest(data: object) -> str:
    if not isinstance(data, dict) or set(data) - {"sha256"}:
        raise Rejected(
            [Finding(code=Code.ANSWER_MALFORMED, place="body", expected='{"sha256": "..."} or nothing')]
        )
    stated = data.get("sha256", "")
    if not isinstance(stated, str) or not _is_digest(stated):
        raise Rejected(
            [Finding(code=Code.ANSWER_MALFORMED, place="sha256", expected="64 hexadecimal digits")]
        )
    return stated.lower()


def _is_digest(text: str) -> bool:
    return not text or (len(text) == _SHA256_HEX and all(c in "0123456789abcdefABCDEF" for c in text))


def _item(item: InboxItem) -> dict[str, object]:
    return {
        "id": item.delivery_id,
        "dossier_id": item.dossier_id,
        "state": item.state.value,
        "chamber": {"id": item.chamber, "name": item.chamber_name},
        "received_at": utc_seconds(item.received_at),
        "waiting_since": utc_seconds(item.waiting_since),
        "reference": item.reference,
        "title": item.title,
        "kind": item.kind,
        "refers_to": item.refers_to,
        "package": f"/v1/inbox/{item.delivery_id}/package",
    }


def _recorded(recorded: RecordedAnswer, delivery_id: str) -> dict[str, object]:
    return {
        "id": recorded.id,
        "delivery_id": delivery_id,
        "kind": recorded.kind.value,
        "answered_at": utc_seconds(recorded.answered_at),
        "entry_idx": recorded.entry_idx,
    }
