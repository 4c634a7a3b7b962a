# SPDX-License-Identifier: EUPL-1.2
"""Receipts: evidence, its place in the log and the gateway's seal in one JSON object, checkable offline.

A receipt proves by itself: entry, commitment, inclusion and checkpoint signature need only the log's public key.
Making and checking the seal (CMS) happens outside; here it is bytes and a callable. ``unpack_receipt`` gives the files
that public tools check without any code of ours.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from gateway.codes import Code
from gateway.errors import Rejected, Unreadable, own_words
from gateway.findings import Finding, Severity, blocking
from gateway.tlog.checkpoint import Checkpoint
from gateway.tlog.entry import Entry, canonical, commitment, read_entry
from gateway.tlog.note import NoteVerifier, decode_base64
from gateway.tlog.proof import Proof, read_proof, verify_proof
from gateway.tlog.tree import leaf_hash
from gateway.tlog.verifier import Claim

FORMAT = "amtsbote-receipt/1"
_MAX_RECEIPT_BYTES = 4_000_000
_TEXTS = frozenset({"format", "salt", "entry", "proof"})

# (seal, sealed bytes, moment of the event) -> findings; empty = the seal holds
SealCheck = Callable[[bytes, bytes, datetime], tuple[Finding, ...]]


class SealState(StrEnum):
    """What is known of the seal."""

    VALID = "valid"
    INVALID = "invalid"
    UNCHECKED = "unchecked"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A receipt, read; nothing of it is verified."""

    evidence: bytes  # JCS
    salt: bytes
    entry: bytes  # JCS
    proof: bytes  # tlog-proof text
    seal: bytes | None = None  # CAdES, DER


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptVerdict:
    """Everything the check of one receipt saw."""

    place: str
    findings: tuple[Finding, ...]
    seal: SealState
    entry: Entry | None = None
    checkpoint: Checkpoint | None = None
    claim: Claim | None = None  # what the receipt says about the log, for an audit of the whole log

    @property
    def proven(self) -> bool:
        """The log's key vouches for the evidence, and nothing contradicts it."""
        return self.claim is not None and not blocking(self.findings)


def build_receipt(receipt: Receipt) -> bytes:
    """The JSON text."""
    fields: dict[str, Any] = {
        "format": FORMAT,
        "evidence": json.loads(receipt.evidence),
        "salt": base64.b64encode(receipt.salt).decode(),
        "entry": receipt.entry.decode(),
        "proof": receipt.proof.decode(),
    }
    if receipt.seal is not None:
        fields["seal"] = base64.b64encode(receipt.seal).decode()
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def read_receipt(data: bytes, *, place: str = "receipt") -> Receipt:
    """Parse the JSON text strictly: known fields, each once. Raises ``Rejected``."""
    try:
        if len(data) > _MAX_RECEIPT_BYTES:
            raise Unreadable(f"{len(data)} bytes")
        fields = json.loads(data.decode(), object_pairs_hook=_each_once, parse_constant=_no_constant)
        if not isinstance(fields, dict) or fields.keys() - {"seal"} != _TEXTS | {"evidence"}:
            raise Unreadable("other fields than those of a receipt")
        texts = {name: value for name, value in fields.items() if isinstance(value, str)}
        if texts.keys() != fields.keys() - {"evidence"} or not isinstance(fields["evidence"], dict):
            raise Unreadable("a field of another type")
        if texts["format"] != FORMAT:
            raise Unreadable(f"format {texts['format']}")
        return Receipt(
            evidence=canonical(fields["evidence"]),
            salt=decode_base64(texts["salt"]),
            entry=texts["entry"].encode(),
            proof=texts["proof"].encode(),
            seal=decode_base64(texts["seal"]) if "seal" in texts else None,
        )
    except (ValueError, RecursionError) as error:
        raise Rejected(
            [Finding(code=Code.RECEIPT_MALFORMED, place=place, expected=FORMAT, got=own_words(error))]
        ) from error


def unpack_receipt(data: bytes) -> dict[str, bytes]:
    """Files for public tools: sha256sum, aics-tlog, openssl cms. Raises ``Rejected``."""
    receipt = read_receipt(data)
    files = {
        "evidence.json": receipt.evidence,
        "salt.bin": receipt.salt,
        "entry.json": receipt.entry,
        "r.tlog-proof": receipt.proof,
    }
    if receipt.seal is not None:
        files["evidence.p7s"] = receipt.seal
    return files


def verify_receipt(
    data: bytes, *, verifier: NoteVerifier, seal_check: SealCheck | None = None, place: str = "receipt"
) -> ReceiptVerdict:
    """Check everything a receipt says; all findings, never an exception for bad input."""
    findings: list[Finding] = []
    receipt = _collect(findings, lambda: read_receipt(data, place=place))
    if receipt is None:
        return ReceiptVerdict(place=place, findings=tuple(findings), seal=SealState.UNCHECKED)
    entry = _collect(findings, lambda: read_entry(receipt.entry, place=f"{place}: entry"))
    findings += _check_evidence(receipt, entry, place)
    proof = _collect(findings, lambda: read_proof(receipt.proof, place=f"{place}: proof"))
    checkpoint = None if proof is None else _check_proof(findings, receipt, proof, verifier, place)
    seal, seal_findings = _check_seal(receipt, entry, seal_check, place)
    claim = None
    if proof is not None and checkpoint is not None:
        claim = Claim(
            place=place,
            index=proof.index,
            leaf=leaf_hash(receipt.entry),
            size=checkpoint.size,
            root=checkpoint.root,
        )
    return ReceiptVerdict(
        place=place,
        findings=(*findings, *seal_findings),
        seal=seal,
        entry=entry,
        checkpoint=checkpoint,
        claim=claim,
    )


def _check_evidence(receipt: Receipt, entry: Entry | None, place: str) -> list[Finding]:
    """The evidence is what the leaf commits to, and says of itself what the leaf says."""
    if entry is None:
        return []
    if len(receipt.salt) != 32:
        return [_mismatch(f"{place}: salt", "32 bytes", f"{len(receipt.salt)} bytes")]
    findings = []
    computed = commitment(receipt.salt, receipt.evidence)
    if computed != entry.commitment:
        findings.append(_mismatch(f"{place}: evidence", entry.commitment.hex(), computed.hex()))
    said: Mapping[str, object] = json.loads(receipt.evidence)
    logged = {
        "evidence_id": entry.id,
        "event": entry.event.value,
        "event_time": entry.moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    findings += (
        _mismatch(f"{place}: evidence.{name}", value, str(said.get(name)))
        for name, value in logged.items()
        if said.get(name) != value
    )
    return findings


def _check_proof(
    findings: list[Finding], receipt: Receipt, proof: Proof, verifier: NoteVerifier, place: str
) -> Checkpoint | None:
    leaf = leaf_hash(receipt.entry)
    return _collect(findings, lambda: verify_proof(proof, leaf, verifier, place=f"{place}: proof"))


def _check_seal(
    receipt: Receipt, entry: Entry | None, seal_check: SealCheck | None, place: str
) -> tuple[SealState, tuple[Finding, ...]]:
    if receipt.seal is None:
        return SealState.ABSENT, ()
    if seal_check is None or entry is None:
        unchecked = Finding(code=Code.RECEIPT_SEAL_UNCHECKED, severity=Severity.INFO, place=f"{place}: seal")
        return SealState.UNCHECKED, (unchecked,)
    findings = tuple(
        replace(finding, place=f"{place}: seal")
        for finding in seal_check(receipt.seal, receipt.evidence, entry.moment)
    )
    return SealState.INVALID if blocking(findings) else SealState.VALID, findings


_T = TypeVar("_T")


def _collect(findings: list[Finding], check: Callable[[], _T]) -> _T | None:
    try:
        return check()
    except Rejected as rejected:
        findings += rejected.findings
        return None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Unreadable("a field twice")  # readers would disagree about which one counts
    return fields


def _no_constant(name: str) -> None:
    raise Unreadable(f"{name} is not JSON")


def _mismatch(place: str, expected: str, got: str) -> Finding:
    return Finding(code=Code.RECEIPT_MISMATCH, place=place, expected=expected, got=got)
