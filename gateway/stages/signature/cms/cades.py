# SPDX-License-Identifier: EUPL-1.2
"""Detached CAdES signatures (EN 319 122-1) from B-B to B-LT, judged in the words of EN 319 102-1.

Leaves out which files the signed content stands for (the ASiC layer knows) and archive time-stamps: they are named,
not judged, and nothing is concluded from them. ``judge_cades`` never raises for bad input, and checks digest and
value also where no trust can be found.

Steps (EN 319 102-1 clauses 5.3 and 5.5)
1. structure, content digest, value, binding of the certificate: ``cms.signer``
2. content is detached, one SignerInfo
3. signature time-stamps: the earliest valid one is the best signature time; content time-stamps must lie before it
4. algorithms and the signer's path at the best signature time
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from asn1crypto import cms

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
    TimeStampReport,
    Trust,
)
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.certificates.certificate import DIGESTS, contained, digest_of
from gateway.stages.signature.certificates.trust import Purpose, TrustStore, judge_certificate
from gateway.stages.signature.cms.cades_properties import (
    baseline_level,
    claimed_time,
    form_faults,
    property_findings,
    value_of,
)
from gateway.stages.signature.cms.signed_data import SignedData, read_signed_data
from gateway.stages.signature.cms.signer import CmsSignerCheck, check_cms_signer, weak_signature
from gateway.stages.signature.cms.timestamps import TimestampJudgement, imprint_algorithm, judge_timestamp
from gateway.stages.signature.faults import Fault, faults_of, judge_faults
from gateway.stages.signature.judgement import PathJudgement
from gateway.stages.signature.qualified.report import with_qualification

_SIGNATURE_STAMP = "1.2.840.113549.1.9.16.2.14"
_CONTENT_STAMP = "1.2.840.113549.1.9.16.2.20"
_MAX_STAMPS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Context:
    """What one judgement is made from."""

    data: SignedData
    place: str
    content_digest: Callable[[str], bytes]
    store: TrustStore
    policy: SignaturePolicy
    moment: datetime


def judge_cades(
    p7s: bytes,
    *,
    place: str,
    content_digest: Callable[[str], bytes],
    store: TrustStore,
    policy: SignaturePolicy,
    moment: datetime,
) -> SignatureReport:
    """The judgement on one signature file. ``content_digest`` gives the signed file's digest by hashlib name.

    A file with several SignerInfos is refused; the report is then about the worst of them.
    """
    try:
        data = read_signed_data(p7s, place=place)
        context = _Context(
            data=data, place=place, content_digest=content_digest, store=store, policy=policy, moment=moment
        )
        reports = contained(
            lambda: [_judge_signer(signer, context) for signer in data.signers],
            code=Code.CMS_STRUCTURE,
            place=place,
        )
    except Rejected as refusal:
        return _unreadable(place, refusal.findings)
    worst = max(
        reports, key=lambda report: (len(blocking(report.findings)), report.integrity is not Integrity.INTACT)
    )
    findings = dict.fromkeys(f for report in (worst, *reports) for f in report.findings)
    return replace(worst, findings=tuple(findings))


def cades_digest_algorithms(p7s: bytes) -> frozenset[str]:
    """Digests of the content that ``judge_cades`` will ask for; empty where the file cannot be read."""
    try:
        data = read_signed_data(p7s, place="")
        return contained(lambda: frozenset(_digest_names(data)), code=Code.CMS_STRUCTURE, place="")
    except Rejected:
        return frozenset()


def _digest_names(data: SignedData) -> Iterable[str]:
    for signer in data.signers:
        names = [signer["digest_algorithm"]["algorithm"].native]
        for attribute in signer["signed_attrs"] or ():
            if attribute["type"].dotted == _CONTENT_STAMP:
                names += [imprint_algorithm(value.dump()) for value in attribute["values"]]
        yield from (name for name in names if name in DIGESTS)


def _judge_signer(signer: cms.SignerInfo, context: _Context) -> SignatureReport:
    place, data = context.place, context.data
    check = check_cms_signer(
        signer, data, place=place, content_digest=context.content_digest, sha1_binding=Severity.ERROR
    )
    stamps = _judge_stamps(check, context)
    content = _judge_content_stamp(check, context)
    times = [s.time for s in stamps if s.valid and s.time is not None]
    best = min(times, default=None)
    findings = [
        *data.findings,
        *form_faults(data, place),
        *check.findings,
        *property_findings(
            check, best=best, moment=context.moment, skew=context.policy.clock_skew, place=place
        ),
        *_content_stamp_findings(content, best, context),
        *(f for stamp in stamps for f in _stamp_findings(stamp)),
        *weak_signature(check, context.policy.algorithms, best or context.moment, place=place),
    ]
    path = _path(check, context, best)
    faults = faults_of(findings)
    if path is not None:
        means = path.sub_indication or SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE
        faults += [Fault(finding=f, means=means) for f in blocking(path.findings)]
        findings += path.findings
    indication, sub_indication = judge_faults(faults)
    if not faults and not (check.integrity is Integrity.INTACT and path and path.trust is Trust.TRUSTED):
        # Asked once more without looking at findings: the absence of faults alone never passes a signature.
        indication = Indication.INDETERMINATE
    report = SignatureReport(
        id=f"{place}#{check.value.hex()[:16]}",
        place=place,
        form="CAdES",
        level=baseline_level(check, data, stamped=bool(times)),
        indication=indication,
        sub_indication=sub_indication,
        integrity=check.integrity,
        trust=path.trust if path else Trust.UNTRUSTED,
        revocation=path.revocation if path else Revocation.UNKNOWN,
        signer=check.certificate.summary if check.certificate else None,
        chain=path.chain if path else (),
        claimed_signing_time=claimed_time(check),
        best_signature_time=best or context.moment,
        value=value_of(check),
        revoked=path.revoked if path else (),
        stamps=_told(content, stamps),
        findings=tuple(dict.fromkeys(findings)),
    )
    required = context.policy.require_qualified
    return with_qualification(report, path, required=required, moment=context.moment)


def _judge_stamps(check: CmsSignerCheck, context: _Context) -> list[TimestampJudgement]:
    """Step 3: the imprint is over the signature value (EN 319 122-1 clause 5.3)."""
    tokens = [value.dump() for name, values in check.unsigned if name == _SIGNATURE_STAMP for value in values]
    return [
        _judge_stamp(token, lambda name: digest_of(name, check.value), f"time-stamp {number}", context)
        for number, token in enumerate(tokens[:_MAX_STAMPS], 1)
    ]


def _judge_stamp(
    token: bytes, imprint: Callable[[str], bytes], what: str, context: _Context
) -> TimestampJudgement:
    return judge_timestamp(
        token,
        imprint=imprint,
        store=context.store,
        policy=context.policy,
        moment=context.moment,
        place=f"{context.place}, {what}",
        hints=context.data.certificates,
        crls=context.data.crls,
        ocsps=context.data.ocsps,
    )


def _stamp_findings(stamp: TimestampJudgement) -> Iterable[Finding]:
    """A broken token refuses. An intact one of a unit we do not trust proves nothing and harms nothing: a warning."""
    if not stamp.intact or stamp.valid:
        return stamp.findings
    return tuple(replace(f, severity=Severity.WARNING) if blocking([f]) else f for f in stamp.findings)


def _judge_content_stamp(check: CmsSignerCheck, context: _Context) -> TimestampJudgement | None:
    value = check.signed.get(_CONTENT_STAMP)
    if value is None:
        return None
    return _judge_stamp(value.dump(), context.content_digest, "content time-stamp", context)


def _told(
    content: TimestampJudgement | None, stamps: Iterable[TimestampJudgement]
) -> tuple[TimeStampReport, ...]:
    before = [] if content is None else [content.told(StampKind.CONTENT)]
    return (*before, *(stamp.told(StampKind.SIGNATURE) for stamp in stamps))


def _content_stamp_findings(
    stamp: TimestampJudgement | None, best: datetime | None, context: _Context
) -> Iterable[Finding]:
    """Content time-stamps were made before signing, so they must not be younger than the signature's own."""
    if stamp is None:
        return
    yield from _stamp_findings(stamp)
    if stamp.time is not None and best is not None and stamp.time > best:
        yield Finding(
            code=Code.TIMESTAMP_ORDER,
            place=context.place,
            expected=f"a content time-stamp not after {best.isoformat()}",
            got=stamp.time.isoformat(),
        )


def _path(check: CmsSignerCheck, context: _Context, best: datetime | None) -> PathJudgement | None:
    """Step 4."""
    if check.certificate is None:
        return None
    data = context.data
    return judge_certificate(
        check.certificate.der,
        store=context.store,
        hints=data.certificates,
        policy=context.policy,
        moment=context.moment,
        purpose=Purpose.SIGNER,
        existed=best,
        crls=data.crls,
        ocsps=data.ocsps,
    )


def _unreadable(place: str, findings: tuple[Finding, ...]) -> SignatureReport:
    return SignatureReport(
        id=place,
        place=place,
        form="CAdES",
        level="",
        indication=Indication.TOTAL_FAILED,
        sub_indication=SubIndication.FORMAT_FAILURE,
        integrity=Integrity.UNCHECKED,
        trust=Trust.UNTRUSTED,
        revocation=Revocation.UNKNOWN,
        signer=None,
        findings=findings,
    )
