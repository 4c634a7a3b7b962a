# SPDX-License-Identifier: EUPL-1.2
"""Runs handlers behind admission and turns every outcome into one answer, one log line and one count.

Nobody pays for a request that is not admitted, so the lines about those are bounded; the counters have them all.
``Rejected`` is the caller's turn, ``GatewayFault`` ours; anything else is our bug and answers ``internal-error``
with the request's id. Once an answer has begun to go out it cannot be replaced: the connection is broken off.
"""

import time
from collections.abc import Awaitable, Callable
from uuid import UUID

from aiohttp import web
from aiohttp.http import HttpVersion11

from gateway.codes import Code
from gateway.errors import DeliveryFailed, GatewayFault, Rejected, Unavailable
from gateway.findings import Finding
from gateway.model.evidence import Entropy
from gateway.telemetry import EventLog, Field, Metrics, bound
from gateway.web.admission import Admission, Demand
from gateway.web.call import Handler
from gateway.web.connection import connection_of
from gateway.web.problem import PROBLEM_CODE, Problems, language_of
from gateway.web.request_head import Body

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_SECONDS = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 600.0)  # buckets of the duration histogram

Endpoint = Callable[[web.Request], Awaitable[web.StreamResponse]]
Expectation = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


class Answering:
    """Makes aiohttp handlers from ours."""

    def __init__(
        self,
        *,
        admission: Admission,
        problems: Problems,
        events: EventLog,
        metrics: Metrics,
        entropy: Entropy,
    ) -> None:
        self._admission, self._problems, self._events, self._entropy = admission, problems, events, entropy
        self._count = metrics.counter(
            "amtsbote_requests_total", "Requests by route, status and code.", "route", "status", "code"
        )
        self._time = metrics.histogram(
            "amtsbote_request_seconds", "Time from header to answer.", "route", buckets=_SECONDS
        )

    def endpoint(self, demand: Demand, handle: Handler) -> Endpoint:
        """``handle`` behind admission."""

        async def run(request: web.Request) -> web.StreamResponse:
            request_id = str(UUID(bytes=self._entropy(16), version=4))
            started = time.monotonic()
            partner: str | None = None
            told = True
            with bound(request_id=request_id):
                try:
                    call = self._admission.admit(request, demand, request_id)
                    partner = call.partner.id
                    with bound(partner=partner):
                        answer = await handle(call)
                except Exception as error:  # noqa: BLE001 - the outermost frame: every fault becomes an answer
                    told = partner is not None or self._admission.lines.due()
                    answer = self._answer_to(error, request, request_id, told=told)
                with bound(partner=partner):
                    return self._finish(request, demand, answer, request_id, started, told=told)

        return run

    def expectation(self, demand: Demand) -> Expectation:
        """Answers ``Expect`` (RFC 9110 10.1.1). aiohttp calls it before the handler, which admits once more."""

        async def expect(request: web.Request) -> web.StreamResponse | None:
            request_id = str(UUID(bytes=self._entropy(16), version=4))
            try:
                self._admission.admit(request, demand, request_id)
            except Exception as error:  # noqa: BLE001 - as above
                told = self._admission.lines.due()
                answer = self._answer_to(error, request, request_id, told=told)
                return self._finish(request, demand, answer, request_id, time.monotonic(), told=told)
            if request.version == HttpVersion11 and demand.body in {Body.JSON, Body.BUNDLE}:
                await request.writer.write(_CONTINUE)
                request.writer.output_size = 0  # the answer itself has not begun
            return None

        return expect

    def _answer_to(
        self, error: Exception, request: web.Request, request_id: str, *, told: bool
    ) -> web.StreamResponse:
        if request.writer.output_size > 0:
            if isinstance(error, (ConnectionError, DeliveryFailed)):
                # The reader left or fell asleep, or the dossier was erased meanwhile: nothing a person must look at.
                self._events.warning("answer-broken-off", error=type(error).__name__)
            else:
                self._events.failure("answer-broken-off", error)
            connection_of(request).abort()
            raise ConnectionResetError("the answer was broken off") from error
        headers: dict[str, str] = {}
        if isinstance(error, Rejected):
            findings = error.findings
            if error.retry_after is not None:
                headers["Retry-After"] = str(error.retry_after)
        elif isinstance(error, GatewayFault):
            findings = (Finding(code=error.code),)
            if isinstance(error, Unavailable):
                findings += tuple(finding for finding in error.findings if finding.code is not error.code)
                headers["Retry-After"] = str(error.retry_after)
            if told:
                self._events.failure("request-not-served", error, code=error.code.value)
        else:
            findings = (Finding(code=Code.INTERNAL_ERROR),)
            self._events.failure("request-failed", error)
        answer = self._problems.response(
            findings,
            language=language_of(request.headers.get("Accept-Language", "")),
            request_id=request_id,
            headers=headers,
        )
        if request.body_exists:
            # The rest of the body would be read as the next request's header otherwise.
            answer.force_close()
        return answer

    def _finish(
        self,
        request: web.Request,
        demand: Demand,
        answer: web.StreamResponse,
        request_id: str,
        started: float,
        *,
        told: bool,
    ) -> web.StreamResponse:
        if not answer.prepared:
            answer.headers["Request-Id"] = request_id
        if not request.content.is_eof():
            answer.force_close()
        seconds = time.monotonic() - started
        code = answer.get(PROBLEM_CODE, "")
        fields: dict[str, Field] = {"route": demand.name, "status": answer.status}
        if told:
            if left_out := self._admission.lines.left_out():
                fields["left_out"] = left_out
            self._events.info(
                "request", method=request.method, **fields, code=code, seconds=round(seconds, 4)
            )
        self._count(demand.name, str(answer.status), code)
        self._time(seconds, demand.name)
        return answer
