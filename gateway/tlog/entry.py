# SPDX-License-Identifier: EUPL-1.2
"""What one leaf of the log says, and how private evidence is bound to it.

A leaf is a fixed-schema RFC 8785 (JCS) object of closed vocabularies and random identifiers. Everything a person could be
recognised by stands in the evidence, outside the log; the leaf holds ``SHA-256(label || salt || JCS(evidence))``.
Erasing salt and evidence turns the leaf into noise while the tree stays valid.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc8785

from gateway.codes import Code
from gateway.errors import Rejected, Unreadable, own_words
from gateway.findings import Finding
from gateway.model.evidence import ERDS_EVENT, Fact, LogEvent, utc_seconds

COMMITMENT_LABEL = b"xgw-commit-v1\n"
EVIDENCE_VERSION = "amtsbote-evidence/1"
MAX_ENTRY_BYTES = 65_535  # C2SP tlog-tiles: the length in a bundle is a uint16

_EVENTS = frozenset(event.value for event in LogEvent)

# 128 bits in base64url leave four zero bits at the end: exactly one spelling for each identifier.
_ID = r"[A-Za-z0-9_-]{21}[AQgw]"
_ENTRY = re.compile(
    rf'\{{"c":"([0-9a-f]{{64}})","id":"({_ID})"(?:,"prev":"({_ID})")?,"subj":"({_ID})",'
    r'"ts":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)","type":"([a-z.]{1,40})","v":1\}',
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One leaf, read."""

    event: LogEvent
    id: str
    subject: str
    moment: datetime
    commitment: bytes  # 32 bytes
    prev: str | None


def entry_bytes(fact: Fact, evidence: bytes | None = None) -> bytes:
    """The leaf for ``fact``: JCS, no personal data. ``evidence`` is ``evidence_bytes(fact)``, where it is at hand."""
    if evidence is None:
        evidence = evidence_bytes(fact)
    fields: dict[str, Any] = {
        "v": 1,
        "id": identifier(fact.id),
        "ts": utc_seconds(fact.moment),
        "type": fact.event.value,
        "subj": identifier(fact.subject),
        "c": commitment(fact.salt, evidence).hex(),
    }
    if fact.prev is not None:
        fields["prev"] = identifier(fact.prev)
    data = rfc8785.dumps(fields)
    read_entry(data)  # what we write must be what an auditor accepts, else nothing is logged
    return data


def evidence_bytes(fact: Fact) -> bytes:
    """JCS of the evidence with the fields every piece has after EN 319 522-2: version, id, event, time, message.

    The caller's evidence may repeat such a field; saying something else in it raises ``ValueError``.
    """
    common: dict[str, Any] = {
        "version": EVIDENCE_VERSION,
        "evidence_id": identifier(fact.id),
        "event": fact.event.value,
        "event_time": utc_seconds(fact.moment),
    }
    if fact.event in ERDS_EVENT:
        common["erds_event"] = ERDS_EVENT[fact.event]
    if fact.dossier_id:
        common["dossier_id"] = fact.dossier_id
    contradicting = sorted(
        name for name in common.keys() & fact.evidence.keys() if common[name] != fact.evidence[name]
    )
    if contradicting:
        raise ValueError(
            f"expected evidence that agrees with its fact, got another {', '.join(contradicting)}"
        )
    return canonical({**fact.evidence, **common})


def canonical(value: Mapping[str, Any]) -> bytes:
    """RFC 8785 bytes of ``value``. Raises ``ValueError`` for what JSON cannot carry exactly."""
    try:
        return rfc8785.dumps(dict(value))
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise ValueError(f"expected evidence that JSON can carry exactly, got {error}") from error


def commitment(salt: bytes, evidence: bytes) -> bytes:
    """What the leaf holds in place of the evidence. Prefix form, not HMAC: HMAC pads keys, so K and K||00 collide."""
    if len(salt) != 32:
        raise ValueError(f"expected a salt of 32 bytes, got {len(salt)}")
    return hashlib.sha256(COMMITMENT_LABEL + salt + evidence).digest()


def identifier(raw: bytes) -> str:
    """128 random bits as they stand in the log: base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def is_entry(data: bytes) -> bool:
    """Whether ``read_entry`` would accept ``data``; for those who read a million of them."""
    match = _ENTRY.fullmatch(data.decode("latin-1"))
    return match is not None and match[6] in _EVENTS and _is_moment(match[5])


def read_entry(data: bytes, *, place: str = "entry") -> Entry:
    """The only spelling of a leaf we accept. Raises ``Rejected``."""
    try:
        match = _ENTRY.fullmatch(data.decode("ascii"))
        if match is None:
            raise Unreadable("no entry of version 1 in canonical form")
        c, entry_id, prev, subject, ts, event = match.groups()
        return Entry(
            event=LogEvent(event),
            id=entry_id,
            subject=subject,
            moment=datetime.fromisoformat(ts),
            commitment=bytes.fromhex(c),
            prev=prev,
        )
    except ValueError as error:
        raise Rejected(
            [
                Finding(
                    code=Code.LOG_ENTRY_MALFORMED,
                    place=place,
                    expected="JCS entry of version 1",
                    got=own_words(error),
                )
            ]
        ) from error


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
