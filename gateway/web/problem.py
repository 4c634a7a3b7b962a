# SPDX-License-Identifier: EUPL-1.2
"""Answers to what went wrong: RFC 9457 problem documents with every finding, in the caller's language.

``type`` is ``/problems/<code>`` of the first blocking finding and never changes its meaning; the status belongs to
the code and stands with the texts. No exception text and no stack trace gets here.
"""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aiohttp import web

from gateway.codes import Code
from gateway.findings import Finding, blocking
from gateway.phrasebook import Language, Phrasebook

MEDIA_TYPE = "application/problem+json"
PROBLEM_CODE = web.ResponseKey("problem_code", str)  # the code of a problem answer, for log line and count

SECURITY_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000",
    "X-Content-Type-Options": "nosniff",
}


def language_of(accept_language: str) -> Language:
    """German or English, whichever the caller wants more (RFC 9110 12.5.4); German where it says nothing we know."""
    best, weight = Language.DE, 0.0
    for choice in accept_language.split(",")[:16]:
        tag, _, parameter = choice.strip().partition(";")
        language = next((known for known in Language if tag.lower().split("-")[0] == known.value), None)
        quality = _quality(parameter)
        if language is not None and quality > weight:
            best, weight = language, quality
    return best


class Problems:
    """Writes problem documents."""

    def __init__(self, phrasebook: Phrasebook) -> None:
        self._phrasebook = phrasebook

    def status(self, findings: Sequence[Finding]) -> int:
        """The HTTP status: that of the primary finding."""
        return self._phrasebook.status(primary(findings).code)

    def document(
        self, findings: Sequence[Finding], *, language: Language, request_id: str = "", **members: object
    ) -> dict[str, Any]:
        """The problem as JSON; ``members`` are extension members (RFC 9457 3.2)."""
        first = primary(findings)
        phrase = self._phrasebook.phrase(first.code, language)
        document: dict[str, Any] = {
            "type": f"/problems/{first.code}",
            "title": phrase.what,
            "status": self.status(findings),
            "detail": phrase.fix,
        }
        if request_id:
            document["instance"] = f"urn:uuid:{request_id}"
        document["findings"] = [self.finding(finding, language) for finding in findings]
        return document | {name: value for name, value in members.items() if value is not None}

    def finding(self, finding: Finding, language: Language) -> dict[str, str]:
        """One finding with its sentences."""
        phrase = self._phrasebook.phrase(finding.code, language)
        return {**finding.to_json(), "what": phrase.what, "fix": phrase.fix}

    def response(
        self,
        findings: Sequence[Finding],
        *,
        language: Language,
        request_id: str = "",
        headers: Mapping[str, str] | None = None,
        **members: object,
    ) -> web.Response:
        """The problem as an answer."""
        document = self.document(findings, language=language, request_id=request_id, **members)
        answer = web.Response(
            status=document["status"],
            body=_encode(document),
            content_type=MEDIA_TYPE,
            headers={"Content-Language": language.value, **(headers or {})},
        )
        answer[PROBLEM_CODE] = primary(findings).code.value
        return answer

    def raw(self, code: Code) -> bytes:
        """A whole HTTP answer for a connection on which no request could be read. It is closed after it."""
        finding = Finding(code=code)
        body = _encode(self.document([finding], language=Language.DE))
        status = HTTPStatus(self.status([finding]))
        headers = {
            **SECURITY_HEADERS,
            "Content-Type": MEDIA_TYPE,
            "Content-Language": Language.DE.value,
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
        if status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
            headers["Retry-After"] = "5"
        head = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{n}: {v}" for n, v in headers.items())]
        return "\r\n".join([*head, "", ""]).encode() + body


def primary(findings: Sequence[Finding]) -> Finding:
    """The finding that names the answer: the first that blocks. Raises ``ValueError`` without any finding."""
    if not findings:
        raise ValueError("a problem needs at least one finding")
    return next(iter(blocking(findings)), findings[0])


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        return min(float(value), 1.0) if name.strip() == "q" else 0.0
    except ValueError:
        return 0.0


def _encode(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
