# SPDX-License-Identifier: EUPL-1.2
"""Document time-stamps of a PDF (EN 319 142-1 clause 5.4.3): what was there when, and is each of them to be believed?

Judged from the last to the first: a valid one proves that everything under it, earlier time-stamps included, existed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import new as new_hash

from gateway.codes import Code
from gateway.errors import Rejected, Unreadable
from gateway.findings import Finding, blocking
from gateway.model.signature import (
    Indication,
    Integrity,
    Revocation,
    SignatureReport,
    StampKind,
    SubIndication,
    Trust,
)
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.certificates.certificate import DIGESTS, contained
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.cms.stamp import TimestampJudgement, unreadable_stamp
from gateway.stages.signature.cms.timestamps import judge_timestamp
from gateway.stages.signature.pdf.document import PdfDocument
from gateway.stages.signature.pdf.fields import SignatureField
from gateway.stages.signature.pdf.gaps import Gap, contents, signed_ranges
from gateway.stages.signature.pdf.material import SecurityStore
from gateway.stages.signature.pdf.versions import Versions

_BREAKING = frozenset({Code.SIGNATURE_DIGEST_MISMATCH, Code.SIGNATURE_VALUE_INVALID, Code.TIMESTAMP_INVALID})


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfCase:
    """What every judgement on one PDF shares."""

    document: PdfDocument
    versions: Versions
    material: SecurityStore
    store: TrustStore
    policy: SignaturePolicy
    moment: datetime

    def digest(self, gap: Gap, name: str) -> bytes:
        """Digest of the bytes under a signature. Raises ``ValueError`` outside the allow-list."""
        if name not in DIGESTS:
            raise Unreadable(f"digest algorithm {name}")
        digest = new_hash(name)
        for part in signed_ranges(self.document.data, gap):
            digest.update(part)
        return digest.digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentStamp:
    """One document time-stamp and the judgement on its token."""

    field: SignatureField
    gap: Gap
    judgement: TimestampJudgement

    @property
    def proves(self) -> datetime | None:
        """The time before which everything it covers existed; None where it proves nothing."""
        return self.judgement.proves


def judge_stamps(fields: Sequence[SignatureField], case: PdfCase) -> tuple[DocumentStamp, ...]:
    """All placed document time-stamps, in the order of the document."""
    judged: list[DocumentStamp] = []
    existed: datetime | None = None
    for field in reversed(fields):
        if not field.is_timestamp or field.gap is None:
            continue
        stamp = DocumentStamp(
            field=field, gap=field.gap, judgement=_judge(field, field.gap, case, existed=existed)
        )
        judged.insert(0, stamp)
        if stamp.proves is not None:
            existed = stamp.proves
    return tuple(judged)


def existence(stamps: Sequence[DocumentStamp], gap: Gap) -> datetime | None:
    """The earliest proven time at which everything up to the end of ``gap`` was there."""
    times = [s.proves for s in stamps if s.proves is not None and s.gap.start >= gap.covered]
    return min(times, default=None)


def stamp_report(stamp: DocumentStamp, findings: Sequence[Finding], *, intact: bool) -> SignatureReport:
    """A time-stamp in the form of a signature. ``findings`` are about its place in the document."""
    judgement = stamp.judgement
    trusted = judgement.valid
    indication, means = judgement.indication, judgement.sub_indication
    if blocking(findings) and indication is Indication.TOTAL_PASSED:
        indication, means = Indication.INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE
    return SignatureReport(
        id=stamp.field.name,
        place="",
        form="timestamp",
        indication=indication,
        sub_indication=means,
        integrity=_integrity(judgement) if intact else Integrity.BROKEN,
        trust=Trust.TRUSTED if trusted else Trust.UNKNOWN,
        revocation=Revocation.GOOD if trusted else Revocation.UNKNOWN,
        signer=judgement.chain[0] if judgement.chain else None,
        chain=judgement.chain,
        claimed_signing_time=judgement.time,
        best_signature_time=stamp.proves,
        stamps=(judgement.told(StampKind.DOCUMENT),) if judgement.sha256 else (),
        findings=(*findings, *judgement.counted),
    )


def _integrity(judgement: TimestampJudgement) -> Integrity:
    """Only a wrong imprint, digest or value breaks; what is merely not in order leaves the question open."""
    if judgement.intact:
        return Integrity.INTACT
    return (
        Integrity.BROKEN
        if _BREAKING & {f.code for f in blocking(judgement.findings)}
        else Integrity.UNCHECKED
    )


def _judge(field: SignatureField, gap: Gap, case: PdfCase, *, existed: datetime | None) -> TimestampJudgement:
    place = f"{case.document.name}, {field.name}"
    try:
        token = contained(
            lambda: contents(case.document.data, gap), code=Code.CMS_STRUCTURE, place=place, expected="DER"
        )
    except Rejected as refusal:
        return unreadable_stamp(refusal.findings)
    return judge_timestamp(
        token,
        imprint=lambda name: case.digest(gap, name),
        store=case.store,
        policy=case.policy,
        moment=case.moment,
        place=place,
        existed=existed,
        hints=case.material.certificates,
        crls=case.material.crls,
        ocsps=case.material.ocsps,
    )
