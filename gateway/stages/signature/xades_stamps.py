# SPDX-License-Identifier: EUPL-1.2
"""Time-stamps inside a XAdES signature: what they stamp, and the time they prove (EN 319 132-1 clause 5.3).

A time-stamp that stamps something else refuses the signature: somebody tampered. One that is sound but whose unit we
do not trust proves nothing, so the signature is judged as if it were not there (EN 319 102-1 clause 5.5.4).
Leaves out archive time-stamps: their input holds every signed file again; they are named and nothing rests on them.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import new as new_digest

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding, Severity, blocking
from gateway.stages.signature.names import ds
from gateway.stages.signature.properties import Stamp
from gateway.stages.signature.situation import Situation
from gateway.stages.signature.timestamps import judge_timestamp
from gateway.stages.signature.xades import XadesSignature, canonical

MAX_STAMPS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeProof:
    """``best`` is the earliest time that a trusted time-stamp proves; ``stamped`` means an intact stamp is there."""

    best: datetime | None
    stamped: bool
    findings: tuple[Finding, ...]


def judge_stamps(signature: XadesSignature, situation: Situation) -> TimeProof:
    """All signature time-stamps of one signature."""
    findings: list[Finding] = list(signature.unsigned.findings)
    proven: list[datetime] = []
    stamped = False
    stamps = [stamp for stamp in signature.unsigned.stamps if not stamp.archive]
    for number, stamp in enumerate(stamps[:MAX_STAMPS], 1):
        found, time, intact = _judge_stamp(stamp, signature, situation, place=f"{stamp.place} {number}")
        findings += found
        stamped |= intact
        if time is not None:
            proven.append(time)
    if len(stamps) > MAX_STAMPS:
        findings.append(
            Finding(
                code=Code.TIMESTAMP_INVALID,
                place=signature.place,
                expected=f"at most {MAX_STAMPS} time-stamps",
                got=str(len(stamps)),
            )
        )
    if any(stamp.archive for stamp in signature.unsigned.stamps):
        findings.append(
            Finding(
                code=Code.SIGNATURE_FORM_NOT_SUPPORTED,
                severity=Severity.WARNING,
                place=signature.place,
                got="archive time-stamp, not checked and not relied on",
            )
        )
    best = min(proven, default=None)
    claimed = signature.signed.signing_time if signature.signed else None
    if best is not None and claimed is not None and claimed > best + situation.policy.clock_skew:
        findings.append(
            Finding(
                code=Code.TIMESTAMP_ORDER,
                place=signature.place,
                expected=f"signed before {best.isoformat()}, when it was time-stamped",
                got=claimed.isoformat(),
            )
        )
    return TimeProof(best=best, stamped=stamped, findings=tuple(findings))


def _judge_stamp(
    stamp: Stamp,
    signature: XadesSignature,
    situation: Situation,
    *,
    place: str,
) -> tuple[tuple[Finding, ...], datetime | None, bool]:
    value = signature.element.find(ds("SignatureValue"))
    try:
        stamped = b"" if value is None else canonical(value, stamp.canonicalization, place)
    except Rejected as rejected:
        return rejected.findings, None, False
    judgement = judge_timestamp(
        stamp.token,
        imprint=lambda name: new_digest(name, stamped).digest(),
        store=situation.store,
        policy=situation.policy,
        moment=situation.moment,
        place=place,
        hints=(*signature.unsigned.certificates, *signature.certificates),
        crls=signature.unsigned.crls,
        ocsps=signature.unsigned.ocsps,
    )
    if judgement.valid:
        return judgement.findings, judgement.time, judgement.intact
    if judgement.intact:
        return tuple(_not_relied_on(finding) for finding in judgement.findings), None, True
    if blocking(judgement.findings):
        return judgement.findings, None, False
    return (Finding(code=Code.TIMESTAMP_INVALID, place=place), *judgement.findings), None, False


def _not_relied_on(finding: Finding) -> Finding:
    return replace(finding, severity=Severity.WARNING) if blocking([finding]) else finding
