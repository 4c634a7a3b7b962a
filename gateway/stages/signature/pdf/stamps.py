# SPDX-License-Identifier: EUPL-1.2
"""Document time-stamps of a PDF (EN 319 142-1 clause 5.4.3): what was there when, and is each of them to be believed?

Judged from the last to the first: a valid one proves that everything under it, earlier time-stamps included, existed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import new as new_hash

from gateway.codes import Code
from gateway.errors import Rejected, Unreadable
from gateway.model.signature import Integrity, Revocation, SignatureReport, StampKind, Trust
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.certificates.certificate import DIGESTS, contained
from gateway.stages.signature.certificates.instants import NOTHING
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.cms.stamp import TimestampJudgement, unreadable_stamp
from gateway.stages.signature.cms.timestamps import judge_timestamp
from gateway.stages.signature.enclosed import known_since
from gateway.stages.signature.faults import Fault, judge_faults
from gateway.stages.signature.pdf.document import PdfDocument
from gateway.stages.signature.pdf.fields import SignatureField
from gateway.stages.signature.pdf.gaps import Gap, contents, signed_ranges
from gateway.stages.signature.pdf.material import SecurityStore, store_of
from gateway.stages.signature.pdf.versions import Versions
from gateway.stages.signature.time_proof import PlacedStamp


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
    """One document time-stamp and the judgement on its token. ``store`` is the security store under it."""

    field: SignatureField
    gap: Gap
    placed: PlacedStamp
    store: SecurityStore

    @property
    def proves(self) -> datetime | None:
        """The time before which everything it covers existed; None where it proves nothing."""
        return self.placed.judgement.proves


def judge_stamps(fields: Sequence[SignatureField], case: PdfCase) -> tuple[DocumentStamp, ...]:
    """All placed document time-stamps, in the order of the document."""
    judged: list[DocumentStamp] = []
    existed: datetime | None = None
    covered: Mapping[str, datetime] = NOTHING
    for field in reversed(fields):
        if not field.is_timestamp or field.gap is None:
            continue
        place = f"{case.document.name}, {field.name}"
        judgement = _judge(field.gap, case, place, existed=existed, covered=covered)
        stamp = DocumentStamp(
            field=field,
            gap=field.gap,
            placed=PlacedStamp(kind=StampKind.DOCUMENT, place=place, judgement=judgement),
            store=store_of(case.document, field) if judgement.valid else SecurityStore(),
        )
        judged.insert(0, stamp)
        if stamp.proves is not None:
            existed = stamp.proves
            covered = known_since(stamp.store.objects, existed, covered)
    return tuple(judged)


def behind(stamps: Sequence[DocumentStamp], gap: Gap) -> tuple[DocumentStamp, ...]:
    """Those that cover everything up to the end of ``gap``."""
    return tuple(stamp for stamp in stamps if stamp.gap.start >= gap.covered)


def covered_objects(stamps: Sequence[DocumentStamp], inside: Sequence[bytes]) -> Mapping[str, datetime]:
    """What they cover, as ``judge_certificate`` takes it; ``inside`` stands in the signature they cover."""
    covered: Mapping[str, datetime] = NOTHING
    for stamp in stamps:
        if stamp.proves is not None:
            covered = known_since((*stamp.store.objects, *inside), stamp.proves, covered)
    return covered


def stamp_report(stamp: DocumentStamp, faults: Sequence[Fault], *, intact: bool) -> SignatureReport:
    """A time-stamp in the form of a signature. ``faults`` are about its place in the document."""
    judgement = stamp.placed.judgement
    indication, means = judgement.indication, judgement.sub_indication
    if faults and judgement.valid:
        indication, means = judge_faults(faults)
    return SignatureReport(
        id=stamp.field.name,
        place="",
        form="timestamp",
        indication=indication,
        sub_indication=means,
        integrity=judgement.integrity if intact else Integrity.BROKEN,
        trust=Trust.TRUSTED if judgement.valid else Trust.UNKNOWN,
        revocation=Revocation.GOOD if judgement.valid else Revocation.UNKNOWN,
        signer=judgement.chain[0] if judgement.chain else None,
        chain=judgement.chain,
        claimed_signing_time=judgement.time,
        best_signature_time=stamp.proves,
        stamps=(judgement.told(StampKind.DOCUMENT),) if judgement.sha256 else (),
        findings=(*(fault.finding for fault in faults), *judgement.counted),
    )


def _judge(
    gap: Gap, case: PdfCase, place: str, *, existed: datetime | None, covered: Mapping[str, datetime]
) -> TimestampJudgement:
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
        covered=covered,
        hints=case.material.certificates,
        crls=case.material.crls,
        ocsps=case.material.ocsps,
    )
