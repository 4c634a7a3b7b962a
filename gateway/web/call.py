# SPDX-License-Identifier: EUPL-1.2
"""One call of a known partner: what a handler is given, after admission let it through."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from aiohttp import web

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.model.partner import Authority, Chamber, Partner
from gateway.phrasebook import Language
from gateway.web.connection import connection_of
from gateway.web.identity import in_role
from gateway.web.limits import Pace, small_body

_T = TypeVar("_T")

MAX_WAIT_SECONDS = 60
MAX_JSON_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request, who sent it, and the pace its peer has to keep."""

    request: web.Request
    id: str  # UUID; in the answer, in the log lines, and nowhere else
    partner: Partner
    language: Language
    pace: Pace

    @property
    def chamber(self) -> Chamber:
        """The caller as a chamber."""
        return in_role(self.partner, Chamber)

    @property
    def authority(self) -> Authority:
        """The caller as an authority."""
        return in_role(self.partner, Authority)

    def part(self, name: str) -> str:
        """A variable part of the path; its form was checked by the route."""
        return self.request.match_info[name]

    def number(self, name: str, default: int, *, high: int) -> int:
        """A number of the query between 0 and ``high``. Raises ``Rejected``."""
        values = self.request.query.getall(name, [])
        if not values:
            return default
        text = values[0]
        # str.isdigit alone takes digits of other scripts; int() takes signs, blanks and underscores.
        if len(values) > 1 or not (text.isascii() and text.isdigit() and len(text) <= 19) or int(text) > high:
            raise Rejected(
                [
                    Finding(
                        code=Code.REQUEST_MALFORMED,
                        place=f"query {name}",
                        expected=f"one number from 0 to {high}",
                        got=", ".join(values),
                    )
                ]
            )
        return int(text)

    async def while_connected(self, work: Awaitable[_T]) -> _T | None:
        """The result of ``work``; ``None`` if the caller left or the server stops first."""
        return await connection_of(self.request).unless_gone(work)


Handler = Callable[[Call], Awaitable[web.StreamResponse]]


def json_answer(
    value: Mapping[str, Any] | Sequence[Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """JSON in UTF-8."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)


async def json_body(call: Call) -> object:
    """The body as JSON with one reading: UTF-8, no repeated names, no NaN. Raises ``Rejected``."""
    data = await small_body(call.request, limit=MAX_JSON_BYTES, pace=call.pace)
    try:
        return json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise Rejected(
            [Finding(code=Code.REQUEST_MALFORMED, place="body", expected="JSON in UTF-8, each name once")]
        ) from None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a name stands twice")
    return fields


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
