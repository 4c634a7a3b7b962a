# SPDX-License-Identifier: EUPL-1.2
"""The chambers' event feed: what happened to their dossiers since the last number they saw.

At least once: a chamber stores ``next`` after it has worked through the events, and asks from there.
"""

from aiohttp import web

from gateway.journal.events import ChamberEvent
from gateway.model.evidence import utc_seconds
from gateway.web.call import MAX_WAIT_SECONDS, Call, json_answer
from gateway.web.services import EventFeed

_MAX_SEQ = (1 << 63) - 1  # SQLite's largest integer
_DEFAULT_LIMIT, _MAX_LIMIT = 100, 1000


class Events:
    """Handlers of the feed."""

    def __init__(self, feed: EventFeed) -> None:
        self._feed = feed

    async def after(self, call: Call) -> web.Response:
        """Events after ``after``; with ``wait`` the answer comes with the first of them."""
        after = call.number("after", 0, high=_MAX_SEQ)
        limit = max(call.number("limit", _DEFAULT_LIMIT, high=_MAX_LIMIT), 1)
        wait = call.number("wait", 0, high=MAX_WAIT_SECONDS)
        feed = self._feed.after(call.chamber.id, after, limit=limit, wait=wait)
        events = await call.while_connected(feed) or ()
        last = events[-1].seq if events else after
        return json_answer({"events": [_event(event) for event in events], "next": last})


def _event(event: ChamberEvent) -> dict[str, object]:
    return {
        "seq": event.seq,
        "type": event.type,
        "dossier_id": event.dossier_id,
        "at": utc_seconds(event.at),
        "body": event.body,
    }
