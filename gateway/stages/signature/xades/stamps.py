# SPDX-License-Identifier: EUPL-1.2
"""Time-stamps inside a XAdES signature: what they stamp, and the time they prove (EN 319 132-1 clauses 5.3 and 5.5).

A time-stamp that stamps something else refuses the signature: somebody tampered. One that is sound but whose unit we
do not trust proves nothing, so the signature is judged as if it were not there (EN 319 102-1 clause 5.5.4).
They are judged from the newest to the oldest: a valid archive time-stamp proves that everything before it existed, so a
stamping unit's certificate may have expired since (clause 5.6.2).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import new as new_digest

from gateway.codes import Code
from gateway.findings import Finding, Severity, blocking
from gateway.model.signature import StampKind, TimeStampReport
from gateway.stages.signature.cms.stamp import TimestampJudgement
from gateway.stages.signature.cms.timestamps import judge_timestamp
from gateway.stages.signature.situation import Situation
from gateway.stages.signature.xades.archive import archive_imprint
from gateway.stages.signature.xades.reading import XadesSignature
from gateway.stages.signature.xades.unsigned_properties import Stamp
from gateway.stages.signature.xmldsig.names import ds
from gateway.stages.signature.xmldsig.references import canonical

MAX_STAMPS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeProof:
    """``best`` is the earliest time that a trusted time-stamp proves; the flags tell which intact stamps are there."""

    best: datetime | None
    stamped: bool
    archived: bool
    stamps: tuple[TimeStampReport, ...]
    findings: tuple[Finding, ...]


def judge_stamps(signature: XadesSignature, situation: Situation) -> TimeProof:
    """All time-stamps of one signature."""
    stamps = signature.unsigned.stamps
    findings: list[Finding] = [*signature.unsigned.findings, *_too_many(signature)]
    reports: list[TimeStampReport] = []
    proven: list[datetime] = []
    kinds: set[bool] = set()  # of intact stamps: archive or not
    existed: datetime | None = None
    judged = stamps if len(stamps) <= MAX_STAMPS else ()
    for number, stamp in reversed([*enumerate(judged, 1)]):
        if stamp.archive and not situation.contents.streams:
            findings.append(_not_checked(stamp))
            continue
        judgement = _judge(stamp, signature, situation, existed, place=f"{stamp.place} {number}")
        findings += _findings(judgement, stamp)
        kind = StampKind.ARCHIVE if stamp.archive else StampKind.SIGNATURE
        reports.insert(0, judgement.told(kind))
        if judgement.intact:
            kinds.add(stamp.archive)
        if judgement.proves is not None:
            proven.append(judgement.proves)
            existed = judgement.proves if stamp.archive else existed
    best = min(proven, default=None)
    findings += _order(signature, best, situation)
    return TimeProof(
        best=best,
        stamped=False in kinds,
        archived=True in kinds,
        stamps=tuple(reports),
        findings=tuple(findings),
    )


def _judge(
    stamp: Stamp, signature: XadesSignature, situation: Situation, existed: datetime | None, *, place: str
) -> TimestampJudgement:
    return judge_timestamp(
        stamp.token,
        imprint=archive_imprint(stamp, signature, situation.contents)
        if stamp.archive
        else _value_imprint(stamp, signature),
        store=situation.store,
        policy=situation.policy,
        moment=situation.moment,
        place=place,
        existed=existed,
        hints=(*signature.unsigned.certificates, *signature.certificates),
        crls=signature.unsigned.crls,
        ocsps=signature.unsigned.ocsps,
    )


def _value_imprint(stamp: Stamp, signature: XadesSignature) -> Callable[[str], bytes]:
    def imprint(algorithm: str) -> bytes:
        value = next(signature.element.iterchildren(ds("SignatureValue")))
        return new_digest(algorithm, canonical(value, stamp.canonicalization, stamp.place)).digest()

    return imprint


def _findings(judgement: TimestampJudgement, stamp: Stamp) -> tuple[Finding, ...]:
    if judgement.intact or blocking(judgement.findings):
        return judgement.counted
    return (Finding(code=Code.TIMESTAMP_INVALID, place=stamp.place), *judgement.findings)


def _not_checked(stamp: Stamp) -> Finding:
    return Finding(
        code=Code.SIGNATURE_FORM_NOT_SUPPORTED,
        severity=Severity.WARNING,
        place=stamp.place,
        got="archive time-stamp, not checked and not relied on",
    )


def _too_many(signature: XadesSignature) -> list[Finding]:
    """Every archive time-stamp makes us read every file once more, so their number is bounded."""
    count = len(signature.unsigned.stamps)
    if count <= MAX_STAMPS:
        return []
    return [
        Finding(
            code=Code.TIMESTAMP_INVALID,
            place=signature.place,
            expected=f"at most {MAX_STAMPS} time-stamps",
            got=str(count),
        )
    ]


def _order(signature: XadesSignature, best: datetime | None, situation: Situation) -> list[Finding]:
    claimed = signature.signed.signing_time if signature.signed else None
    if best is None or claimed is None or claimed <= best + situation.policy.clock_skew:
        return []
    return [
        Finding(
            code=Code.TIMESTAMP_ORDER,
            place=signature.place,
            expected=f"signed before {best.isoformat()}, when it was time-stamped",
            got=claimed.isoformat(),
        )
    ]
