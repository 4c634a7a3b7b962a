# SPDX-License-Identifier: EUPL-1.2
"""The chambers' side: submit, check, and read what became of it.

The body is streamed into intake as it comes, counted and paced; nothing here looks into it.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from aiohttp import web

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.intake import Accepted, Refused, Repeated
from gateway.web.call import Call, json_answer
from gateway.web.limits import body_chunks
from gateway.web.problem import Problems
from gateway.web.quotas import Uploads
from gateway.web.reports import etsi_answer
from gateway.web.request_head import idempotency_key
from gateway.web.services import DossierReader, Intake


class Dossiers:
    """Handlers of ``/v1/dossiers`` and ``/v1/checks``."""

    def __init__(
        self, *, intake: Intake, reader: DossierReader, problems: Problems, uploads: Uploads, max_bytes: int
    ) -> None:
        self._intake, self._reader, self._problems = intake, reader, problems
        self._uploads, self._max_bytes = uploads, max_bytes

    async def submit(self, call: Call) -> web.Response:
        """Take a bundle in: 201, 200 for one that came before, or a problem with every finding and its receipt."""
        chamber, request = call.chamber, call.request
        with self._upload(call) as body:
            outcome = await self._intake.submit(
                chamber,
                body,
                content_length=request.content_length,
                idempotency_key=idempotency_key(request),
            )
        match outcome:
            case Accepted():
                return _taken(outcome, status=201)
            case Repeated():
                return _taken(outcome, status=200)
            case Refused():
                return self._problems.response(
                    outcome.findings,
                    language=call.language,
                    request_id=call.id,
                    dossier_id=outcome.dossier_id,
                    receipt=outcome.receipt,
                )

    async def check(self, call: Call) -> web.Response:
        """The chamber's pre-check (Vorprüfung): what a submission would meet; nothing is recorded."""
        chamber, request = call.chamber, call.request
        with self._upload(call) as body:
            result = await self._intake.check(chamber, body, content_length=request.content_length)
        return json_answer(
            {
                "passed": result.passed,
                "authority": result.authority,
                "findings": [self._problems.finding(finding, call.language) for finding in result.findings],
                "report": result.report,
            }
        )

    @contextmanager
    def _upload(self, call: Call) -> Iterator[AsyncIterator[bytes]]:
        """The body, counted and paced, as long as its partner's quota and the disk hold it."""
        length, limit = call.request.content_length, self._max_bytes
        with self._uploads.take(call.partner.id, length, largest=limit) as claim:
            chunks = body_chunks(call.request, limit=limit, pace=call.pace)
            yield self._uploads.counted(chunks, claim)

    async def summary(self, call: Call) -> web.Response:
        """State, deliveries, answers and findings of one dossier."""
        summary = _found(await self._reader.summary(call.chamber.id, call.part("dossier_id")))
        findings = [Finding.from_json(finding) for finding in summary.get("findings", ())]
        told = [self._problems.finding(finding, call.language) for finding in findings]
        return json_answer({**summary, "findings": told})

    async def receipt(self, call: Call) -> web.Response:
        """The receipt of the submission."""
        return json_answer(_found(await self._reader.receipt(call.chamber.id, call.part("dossier_id"))))

    async def report(self, call: Call) -> web.Response:
        """The verification report, as it is kept."""
        return json_answer(await self._report(call))

    async def etsi_report(self, call: Call) -> web.Response:
        """The verification report after ETSI TS 119 102-2."""
        return await etsi_answer(await self._report(call))

    async def _report(self, call: Call) -> Mapping[str, Any]:
        return _found(await self._reader.report(call.chamber.id, call.part("dossier_id")))

    async def evidence(self, call: Call) -> web.Response:
        """Every receipt of the dossier."""
        receipts = await self._reader.evidence(call.chamber.id, call.part("dossier_id"))
        if receipts is None:
            raise _not_found()
        return json_answer({"dossier_id": call.part("dossier_id"), "receipts": list(receipts)})


def _taken(outcome: Accepted | Repeated, *, status: int) -> web.Response:
    return json_answer(
        {
            "dossier_id": outcome.dossier_id,
            "repeated": isinstance(outcome, Repeated),
            "receipt": outcome.receipt,
        },
        status=status,
        headers={"Location": f"/v1/dossiers/{outcome.dossier_id}"},
    )


def _found(value: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if value is None:
        raise _not_found()
    return value


def _not_found() -> Rejected:
    return Rejected([Finding(code=Code.NOT_FOUND, place="dossier", expected="a dossier of yours")])
