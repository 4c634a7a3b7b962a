# SPDX-License-Identifier: EUPL-1.2
"""One signature of a PDF (EN 319 142-1), judged in the words of EN 319 102-1 with the same CMS core as CAdES.

Leaves out document time-stamps (``pdf.stamps``) and the document as a whole (``pdf.pades``).

Steps
1. /Contents stands exactly in the gap of /ByteRange; the format is one we know
2. CMS over the digest of the signed bytes: structure, digest, value, binding of the certificate
3. what came later in the file is allowed (``pdf.versions``)
4. time-stamps in the signature and later ones of the document: the earliest valid one is the best signature time
5. algorithms and the signer's path at the best signature time
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from asn1crypto import core

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding, Severity, blocking
from gateway.model.signature import (
    Indication,
    Integrity,
    Revocation,
    SignatureReport,
    StampKind,
    SubIndication,
    Trust,
)
from gateway.stages.signature.algorithms import DIGEST, check_algorithm
from gateway.stages.signature.certificates.certificate import contained, digest_of
from gateway.stages.signature.certificates.trust import Purpose, judge_certificate
from gateway.stages.signature.cms.cades_properties import (
    baseline_level,
    claimed_time,
    form_faults,
    property_findings,
    value_of,
)
from gateway.stages.signature.cms.signed_data import SignedData, read_signed_data
from gateway.stages.signature.cms.signer import SIGNING_TIME, CmsSignerCheck, check_cms_signer, weak_signature
from gateway.stages.signature.cms.timestamps import TimestampJudgement, judge_timestamp
from gateway.stages.signature.faults import Fault, faults_of, judge_faults
from gateway.stages.signature.judgement import PathJudgement
from gateway.stages.signature.pdf.fields import SignatureField
from gateway.stages.signature.pdf.gaps import Gap, contents
from gateway.stages.signature.pdf.material import stored_with
from gateway.stages.signature.pdf.stamps import DocumentStamp, PdfCase, existence
from gateway.stages.signature.pdf.versions import Change, Later, later_changes
from gateway.stages.signature.qualified.report import with_qualification

_DETACHED = frozenset({"ETSI.CAdES.detached", "adbe.pkcs7.detached"})
_DIGEST_INSIDE = (
    "adbe.pkcs7.sha1"  # ISO 32000-1 clause 12.8.3.3.1: the content is the SHA-1 of the signed bytes
)
_BASELINE = "ETSI.CAdES.detached"
_SIGNATURE_STAMP = "1.2.840.113549.1.9.16.2.14"
_MAX_STAMPS = 16


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
        gap = _placed(field, place)
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


def _placed(field: SignatureField, place: str) -> Gap:
    """Step 1."""
    if field.gap is None:
        expected = "a /ByteRange over all bytes of its version but its own /Contents"
        raise Rejected([Finding(code=Code.PDF_SIGNATURE_INVALID, place=place, expected=expected)])
    if field.format not in _DETACHED | {_DIGEST_INSIDE}:
        expected = f"/SubFilter {_BASELINE}"
        raise Rejected(
            [
                Finding(
                    code=Code.SIGNATURE_FORM_NOT_SUPPORTED, place=place, expected=expected, got=field.format
                )
            ]
        )
    return field.gap


def _judge(run: _Run, data: SignedData) -> SignatureReport:
    check, findings = _checked(run, data)
    own = [_judge_stamp(token, number, run, data, check) for number, token in enumerate(_tokens(check), 1)]
    proven = [s.time for s in own if s.valid and s.time is not None]
    by_document = existence(run.stamps, run.gap)
    best = min([*proven, *([by_document] if by_document else [])], default=None)
    policy, moment = run.case.policy, run.case.moment
    findings += [
        *property_findings(check, best=best, moment=moment, skew=policy.clock_skew, place=run.place),
        *(finding for stamp in own for finding in _stamp_findings(stamp)),
        *weak_signature(check, policy.algorithms, best or moment, place=run.place),
    ]
    path = _path(run, data, check, best)
    faults = [*faults_of(findings), *_later_faults(run)]
    if path is not None:
        means = path.sub_indication or SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE
        faults += [Fault(finding=f, means=means) for f in blocking(path.findings)]
        findings += path.findings
    report = _report(run, data, check, faults, findings, path=path, best=best)
    # What a gateway asks of the seals on its bundles it cannot ask of everybody who once signed a document in them.
    report = with_qualification(report, path, required=False, moment=moment)
    return replace(report, stamps=tuple(stamp.told(StampKind.SIGNATURE) for stamp in own))


def _checked(run: _Run, data: SignedData) -> tuple[CmsSignerCheck, list[Finding]]:
    """Step 2."""
    content = data.content
    if run.field.format == _DIGEST_INSIDE and content is not None:
        check = check_cms_signer(
            data.signers[0],
            data,
            place=run.place,
            content_digest=lambda name: digest_of(name, content),
            sha1_binding=Severity.ERROR,
        )
        inside = _digest_inside(run, content)
        if any(f.code is Code.SIGNATURE_DIGEST_MISMATCH for f in inside):
            check = replace(check, integrity=Integrity.BROKEN)
    else:
        check = check_cms_signer(
            data.signers[0],
            data,
            place=run.place,
            content_digest=lambda name: run.case.digest(run.gap, name),
            sha1_binding=Severity.ERROR,
        )
        inside = form_faults(data, run.place)
    if run.field.claimed_time is not None and SIGNING_TIME not in check.signed:
        # EN 319 142-1 clause 6.3: the dictionary's /M stands for the attribute; it is under the signature all the same.
        signed = {**check.signed, SIGNING_TIME: core.GeneralizedTime(run.field.claimed_time)}
        check = replace(check, signed=signed)
    return check, [*data.findings, *inside, *check.findings]


def _digest_inside(run: _Run, content: bytes) -> list[Finding]:
    """The old format with SHA-1 over the document, whatever the digest of the CMS around it."""
    weak = check_algorithm(run.case.policy.algorithms, "sha1", DIGEST, 0, run.case.moment, place=run.place)
    findings = [weak] if weak is not None else []
    expected = run.case.digest(run.gap, "sha1")
    if content != expected:
        findings.append(
            Finding(
                code=Code.SIGNATURE_DIGEST_MISMATCH,
                place=run.place,
                expected=f"sha1 {expected.hex()}",
                got=content[:64].hex(),
            )
        )
    return findings


def _tokens(check: CmsSignerCheck) -> list[bytes]:
    found = [value.dump() for name, values in check.unsigned if name == _SIGNATURE_STAMP for value in values]
    return found[:_MAX_STAMPS]


def _judge_stamp(
    token: bytes, number: int, run: _Run, data: SignedData, check: CmsSignerCheck
) -> TimestampJudgement:
    """Step 4: the imprint is over the signature value."""
    material = run.case.material
    return judge_timestamp(
        token,
        imprint=lambda name: digest_of(name, check.value),
        store=run.case.store,
        policy=run.case.policy,
        moment=run.case.moment,
        place=f"{run.place}, time-stamp {number}",
        existed=existence(run.stamps, run.gap),
        hints=(*data.certificates, *material.certificates),
        crls=(*data.crls, *material.crls),
        ocsps=(*data.ocsps, *material.ocsps),
    )


def _stamp_findings(stamp: TimestampJudgement) -> Iterable[Finding]:
    """A broken token refuses. An intact one of a unit we do not trust proves nothing and harms nothing: a warning."""
    if not stamp.intact or stamp.valid:
        return stamp.findings
    return tuple(replace(f, severity=Severity.WARNING) if blocking([f]) else f for f in stamp.findings)


def _path(run: _Run, data: SignedData, check: CmsSignerCheck, best: datetime | None) -> PathJudgement | None:
    """Step 5."""
    if check.certificate is None:
        return None
    material = run.case.material
    return judge_certificate(
        check.certificate.der,
        store=run.case.store,
        hints=(*data.certificates, *material.certificates),
        policy=run.case.policy,
        moment=run.case.moment,
        purpose=Purpose.SIGNER,
        existed=best,
        crls=(*data.crls, *material.crls),
        ocsps=(*data.ocsps, *material.ocsps),
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


def _report(
    run: _Run,
    data: SignedData,
    check: CmsSignerCheck,
    faults: Sequence[Fault],
    findings: Sequence[Finding],
    *,
    path: PathJudgement | None,
    best: datetime | None,
) -> SignatureReport:
    indication, means = judge_faults(faults)
    integrity = check.integrity
    if not run.later.allowed and integrity is Integrity.INTACT:
        integrity = Integrity.UNCHECKED if run.later.change is Change.UNKNOWN else Integrity.BROKEN
    if not faults and not (integrity is Integrity.INTACT and path and path.trust is Trust.TRUSTED):
        # Asked once more without looking at findings: the absence of faults alone never passes a signature.
        indication = Indication.INDETERMINATE
    changes = [fault.finding for fault in _later_faults(run)]
    return SignatureReport(
        id=run.field.name,
        place=run.case.document.name,
        form="PAdES",
        level=_level(run, data, check, stamped=best is not None),
        indication=indication,
        sub_indication=means,
        integrity=integrity,
        trust=path.trust if path else Trust.UNTRUSTED,
        revocation=path.revocation if path else Revocation.UNKNOWN,
        signer=check.certificate.summary if check.certificate else None,
        chain=path.chain if path else (),
        claimed_signing_time=claimed_time(check),
        best_signature_time=best or run.case.moment,
        covers=(run.case.document.name,) if integrity is Integrity.INTACT else (),
        value=value_of(check),
        revoked=path.revoked if path else (),
        findings=tuple(dict.fromkeys((*changes, *findings))),
    )


def _level(run: _Run, data: SignedData, check: CmsSignerCheck, *, stamped: bool) -> str:
    """The highest level whose parts are there; "" where B-B is not met (EN 319 142-1 clause 6.3)."""
    if run.field.format != _BASELINE:
        return ""
    level, document = baseline_level(check, data, stamped=stamped), run.case.document
    if level in {"", "B-B"} or not run.case.material.has_revocation_data:
        return level
    archived = any(
        stamp.proves is not None and stamp.gap.start >= run.gap.covered and stored_with(document, stamp.field)
        for stamp in run.stamps
    )
    return "B-LTA" if archived else "B-LT"


def _refused(
    field: SignatureField, findings: tuple[Finding, ...], *, integrity: Integrity
) -> SignatureReport:
    return SignatureReport(
        id=field.name,
        place="",
        form="PAdES",
        level="",
        indication=Indication.TOTAL_FAILED,
        sub_indication=SubIndication.FORMAT_FAILURE,
        integrity=integrity,
        trust=Trust.UNTRUSTED,
        revocation=Revocation.UNKNOWN,
        signer=None,
        claimed_signing_time=field.claimed_time,
        findings=findings,
    )
