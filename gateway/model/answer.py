# SPDX-License-Identifier: EUPL-1.2
"""An authority's answer as JSON: what may stand in it, with bounds, and nothing else.

The same shape comes through the inbox API and from answer files of a hot folder::

    {"id": "2026-17", "kind": "documents-requested", "message": "Bitte ...", "reference": "33.2-4711",
     "requested_documents": ["PASS"]}
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import rfc8785

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.model.delivery import Answer, AnswerKind

_FIELDS = ("id", "kind", "message", "reference", "requested_documents")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DOCUMENT_TYPE = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,63}")
_MAX_MESSAGE = 10_000  # characters
_MAX_REFERENCE = 200  # characters
_MAX_DOCUMENTS = 100


def read_answer(data: object, *, delivery_id: str, place: str = "answer") -> Answer:
    """Decoded JSON -> ``Answer``. Raises ``Rejected(ANSWER_MALFORMED)`` with all findings."""
    if not isinstance(data, Mapping):
        raise Rejected([_finding(place, "a JSON object", type(data).__name__)])
    findings = [_finding(f"{place}/{name}", "no such field", "one") for name in data if name not in _FIELDS]
    answer_id = _text(data, "id", place, findings)
    if not _ID.fullmatch(answer_id):
        findings.append(_finding(f"{place}/id", "1 to 64 letters, digits, dots, dashes", answer_id))
    message = _text(data, "message", place, findings, limit=_MAX_MESSAGE)
    reference = _text(data, "reference", place, findings, limit=_MAX_REFERENCE)
    kind = _kind(data, place, findings)
    documents = _documents(data, place, findings)
    if kind is AnswerKind.DOCUMENTS_REQUESTED and not documents and not message:
        findings.append(_finding(f"{place}/requested_documents", "document types or a message", "neither"))
    if kind is not AnswerKind.DOCUMENTS_REQUESTED and documents:
        findings.append(
            _finding(f"{place}/requested_documents", f"none with kind {kind}", f"{len(documents)} of them")
        )
    if findings:
        raise Rejected(findings)
    return Answer(
        id=answer_id,
        delivery_id=delivery_id,
        kind=kind,
        message=message,
        reference=reference,
        requested_documents=documents,
    )


def answer_body(answer: Answer) -> dict[str, Any]:
    """What an answer says, without its ids."""
    return {
        "kind": answer.kind.value,
        "message": answer.message,
        "reference": answer.reference,
        "requested_documents": list(answer.requested_documents),
    }


def answer_digest(answer: Answer) -> str:
    """Hex SHA-256 over the canonical form (RFC 8785) of what it says: equal answers, equal digests."""
    return sha256(rfc8785.dumps(answer_body(answer))).hexdigest()


def _kind(data: Mapping[str, object], place: str, findings: list[Finding]) -> AnswerKind:
    value = data.get("kind")
    try:
        return AnswerKind(str(value))
    except ValueError:
        findings.append(_finding(f"{place}/kind", " or ".join(AnswerKind), repr(value)))
        # Carries on so that the other fields are judged too; the finding above keeps the value from getting out.
        return AnswerKind.DOCUMENTS_REQUESTED


def _documents(data: Mapping[str, object], place: str, findings: list[Finding]) -> tuple[str, ...]:
    value = data.get("requested_documents", [])
    where = f"{place}/requested_documents"
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        findings.append(_finding(where, "a list of document types", type(value).__name__))
        return ()
    if len(value) > _MAX_DOCUMENTS or len(set(value)) != len(value):
        findings.append(_finding(where, f"at most {_MAX_DOCUMENTS}, each once", str(len(value))))
    findings += [
        _finding(where, "the code of a document type", item)
        for item in value[:_MAX_DOCUMENTS]
        if not _DOCUMENT_TYPE.fullmatch(item)
    ]
    return tuple(value)


def _text(
    data: Mapping[str, object], name: str, place: str, findings: list[Finding], *, limit: int = 64
) -> str:
    value = data.get(name, "")
    if not isinstance(value, str):
        findings.append(_finding(f"{place}/{name}", "a text", type(value).__name__))
        return ""
    # Lone surrogates pass JSON parsers and fail every UTF-8 writer later on: refused where they come in.
    if len(value) > limit or any("\ud800" <= c <= "\udfff" or c == "\0" for c in value):
        findings.append(
            _finding(f"{place}/{name}", f"at most {limit} Unicode characters", f"{len(value)} characters")
        )
        return ""
    return value


def _finding(place: str, expected: str, got: str) -> Finding:
    return Finding(code=Code.ANSWER_MALFORMED, place=place, expected=expected, got=got)
