# SPDX-License-Identifier: EUPL-1.2
"""One signature of a PDF (EN 319 142-1), judged in the words of EN 319 102-1 with the same CMS core as CAdES.

Leaves out document time-stamps (``pdf.stamps``) and the document as a whole (``pdf.pades``); the conclusion from all
of it is ``conclusion``'s.

Steps
1. /Contents stands exactly in the gap of /ByteRange; the format is one we know (``pdf.signed_bytes``)
2. CMS over the digest of the signed bytes: structure, digest, value, binding of the certificate (the same)
3. what came later in the file is allowed (``pdf.versions``)
4. time-stamps in the signature and later ones of the document: the earliest valid one is the best signature time
5. algorithms and the signer's path at the best signature time
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.model.signature import (
    Indication,
    Integrity,
    SignatureReport,
    SubIndication,
    Trust,
)
from gateway.stages.signature.certificates.certificate import contained
from gateway.stages.signature.cms.cades_properties import (
    baseline_level,
    claimed_time,
    property_findings,
    value_of,
)
from gateway.stages.signature.cms.grounds import Grounds
from gateway.stages.signature.cms.signature import judge_counter_signatures
from gateway.stages.signature.cms.signed_data import SignedData, read_signed_data
from gateway.stages.signature.cms.signer import CmsSignerCheck, weak_signature
from gateway.stages.signature.conclusion import Evidence, conclude
from gateway.stages.signature.faults import Fault
from gateway.stages.signature.pdf.fields import SignatureField
from gateway.stages.signature.pdf.gaps import Gap, contents
from gateway.stages.signature.pdf.signed_bytes import BASELINE, check_signed_bytes, placed
from gateway.stages.signature.pdf.stamps import (
    DocumentStamp,
    PdfCase,
    behind,
    covered_objects,
)
from gateway.stages.signature.pdf.versions import Change, Later, later_changes

_FORM = "PAdES"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One signature in its gap."""

    field: SignatureField
    gap: Gap
    place: str
    case: PdfCase
    stamps: Sequence[DocumentStamp]
    later: Later


def judge_pades(
    field: SignatureField,
    case: PdfCase,
    *,
    among: Sequence[SignatureField],
    stamps: Sequence[DocumentStamp],
) -> SignatureReport:
    """The judgement on one signature; ``among`` and ``stamps`` are all of the document. Never raises for bad input."""
    place = f"{case.document.name}, {field.name}"
    try:
        gap = placed(field, place)
        run = _Run(
            field=field,
            gap=gap,
            place=place,
            case=case,
            stamps=stamps,
            later=later_changes(case.versions, field, among=among),
        )
        der = contained(
            lambda: contents(case.document.data, gap), code=Code.CMS_STRUCTURE, place=place, expected="DER"
        )
        data = read_signed_data(der, place=place)
        return contained(lambda: _judge(run, data), code=Code.CMS_STRUCTURE, place=place)
    except Rejected as refusal:
        broken = any(f.code is Code.PDF_SIGNATURE_INVALID for f in refusal.findings)
        return _refused(
            field, refusal.findings, integrity=Integrity.BROKEN if broken else Integrity.UNCHECKED
        )


def _judge(run: _Run, data: SignedData) -> SignatureReport:
    case, place, later = run.case, run.place, behind(run.stamps, run.gap)
    grounds = _grounds(run, data, later)
    check, findings = check_signed_bytes(data, run.field, run.gap, case, place=place)
    over_all = [replace(stamp.placed, place=place) for stamp in later]
    proof = grounds.prove_time(check, lambda name: case.digest(run.gap, name), over_all)
    best, changes = proof.best, _later_faults(run)
    findings += property_findings(
        check, best=best, moment=case.moment, skew=case.policy.clock_skew, place=place
    )
    findings += proof.findings
    findings += weak_signature(check, case.policy.algorithms, best or case.moment, place=place)
    evidence = Evidence(
        integrity=_integrity(check, run.later),
        certificate=check.certificate,
        path=grounds.judge_path(check, best),
        findings=[*(fault.finding for fault in changes), *findings],
        faults=[*changes, *proof.faults],
        begun=proof.begun,
    )
    level = "" if run.field.format != BASELINE else baseline_level(check, data, stamped=best is not None)
    carried = level == "B-T" and grounds.carries(check, best)
    report = SignatureReport(
        id=run.field.name,
        place=case.document.name,
        form=_FORM,
        level=_long_term(later) if carried else level,
        trust=Trust.UNTRUSTED,  # of a signer who is not known
        claimed_signing_time=claimed_time(check),
        best_signature_time=best,
        covers=(case.document.name,) if evidence.integrity is Integrity.INTACT else (),
        value=value_of(check),
        stamps=proof.reports,
        counter_signatures=judge_counter_signatures(
            check, data, grounds, place=case.document.name, behind=over_all
        ),
    )
    # What a gateway asks of the seals on its bundles it cannot ask of everybody who once signed a document in them.
    return conclude(report, evidence, require_qualified=False, moment=case.moment)


def _grounds(run: _Run, data: SignedData, later: Sequence[DocumentStamp]) -> Grounds:
    """What the CMS brings, and what the document brings for it."""
    case, material = run.case, run.case.material
    return Grounds(
        place=run.place,
        store=case.store,
        policy=case.policy,
        moment=case.moment,
        certificates=(*data.certificates, *material.certificates),
        crls=(*data.crls, *material.crls),
        ocsps=(*data.ocsps, *material.ocsps),
        covered=covered_objects(later, (*data.certificates, *data.crls, *data.ocsps)),
    )


def modified(later: Later, place: str) -> Finding:
    """A change after signing that is not allowed, or cannot be shown to be."""
    return Finding(
        code=Code.PDF_MODIFIED_AFTER_SIGNING,
        place=place,
        expected="nothing but validation data and time-stamps after the last signature",
        got=later.detail,
    )


def _later_faults(run: _Run) -> list[Fault]:
    """Step 3. What is shown to be changed fails the signature; what cannot be compared leaves it open."""
    if run.later.allowed:
        return []
    unknown = run.later.change is Change.UNKNOWN
    means = SubIndication.SIG_CONSTRAINTS_FAILURE if unknown else SubIndication.FORMAT_FAILURE
    return [Fault(finding=modified(run.later, run.place), means=means)]


def _integrity(check: CmsSignerCheck, later: Later) -> Integrity:
    """Of the signature in the document as it is now; what is broken stays broken."""
    if later.allowed or check.integrity is not Integrity.INTACT:
        return check.integrity
    return Integrity.UNCHECKED if later.change is Change.UNKNOWN else Integrity.BROKEN


def _long_term(later: Sequence[DocumentStamp]) -> str:
    """With a valid document time-stamp over the validation data, B-LTA (EN 319 142-1 clause 6.3)."""
    archived = any(stamp.proves is not None and stamp.store.objects for stamp in later)
    return "B-LTA" if archived else "B-LT"


def _refused(
    field: SignatureField, findings: tuple[Finding, ...], *, integrity: Integrity
) -> SignatureReport:
    return SignatureReport(
        id=field.name,
        place="",
        form=_FORM,
        indication=Indication.TOTAL_FAILED,
        sub_indication=SubIndication.FORMAT_FAILURE,
        integrity=integrity,
        trust=Trust.UNTRUSTED,
        claimed_signing_time=field.claimed_time,
        findings=findings,
    )
