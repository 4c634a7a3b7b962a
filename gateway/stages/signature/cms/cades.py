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
    SignatureReport,
    StampKind,
    SubIndication,
    TimeStampReport,
    Trust,
)
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.certificates.certificate import DIGESTS, contained
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.cms.cades_properties import (
    baseline_level,
    claimed_time,
    form_faults,
    property_findings,
    value_of,
)
from gateway.stages.signature.cms.grounds import Grounds
from gateway.stages.signature.cms.signed_data import SignedData, read_signed_data
from gateway.stages.signature.cms.signer import CmsSignerCheck, check_cms_signer, weak_signature
from gateway.stages.signature.cms.stamp import TimestampJudgement, earliest
from gateway.stages.signature.cms.timestamps import imprint_algorithm
from gateway.stages.signature.conclusion import Evidence, conclude

_FORM = "CAdES"
_CONTENT_STAMP = "1.2.840.113549.1.9.16.2.20"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One signature file; it may hold several signers, and is then refused for that."""

    data: SignedData
    content_digest: Callable[[str], bytes]
    grounds: Grounds


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
        grounds = Grounds(
            place=place,
            store=store,
            policy=policy,
            moment=moment,
            certificates=data.certificates,
            crls=data.crls,
            ocsps=data.ocsps,
        )
        run = _Run(data=data, content_digest=content_digest, grounds=grounds)
        reports = contained(
            lambda: [_judge_signer(signer, run) for signer in data.signers],
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


def _judge_signer(signer: cms.SignerInfo, run: _Run) -> SignatureReport:
    data, grounds = run.data, run.grounds
    check = check_cms_signer(
        signer, data, place=grounds.place, content_digest=run.content_digest, sha1_binding=Severity.ERROR
    )
    content, stamps = _judge_content_stamp(check, run), grounds.judge_stamps(check)
    best = earliest(stamps)
    findings = [*_findings(check, run, best), *_stamp_findings(content, stamps, grounds.place)]
    findings += weak_signature(check, grounds.policy.algorithms, best or grounds.moment, place=grounds.place)
    evidence = Evidence(
        integrity=check.integrity,
        certificate=check.certificate,
        path=grounds.judge_path(check, best),
        findings=findings,
    )
    report = SignatureReport(
        id=f"{grounds.place}#{check.value.hex()[:16]}",
        place=grounds.place,
        form=_FORM,
        level=baseline_level(check, data, stamped=best is not None),
        trust=Trust.UNTRUSTED,  # of a signer who is not known
        claimed_signing_time=claimed_time(check),
        best_signature_time=best or grounds.moment,
        value=value_of(check),
        stamps=_told(content, stamps),
    )
    required = grounds.policy.require_qualified
    return conclude(report, evidence, require_qualified=required, moment=grounds.moment)


def _findings(check: CmsSignerCheck, run: _Run, best: datetime | None) -> Iterable[Finding]:
    place, grounds = run.grounds.place, run.grounds
    yield from run.data.findings
    yield from form_faults(run.data, place)
    yield from check.findings
    yield from property_findings(
        check, best=best, moment=grounds.moment, skew=grounds.policy.clock_skew, place=place
    )


def _judge_content_stamp(check: CmsSignerCheck, run: _Run) -> TimestampJudgement | None:
    value = check.signed.get(_CONTENT_STAMP)
    if value is None:
        return None
    return run.grounds.judge_stamp(value.dump(), run.content_digest, "content time-stamp")


def _stamp_findings(
    content: TimestampJudgement | None, stamps: Iterable[TimestampJudgement], place: str
) -> Iterable[Finding]:
    """A content time-stamp was made before signing, so it must not be younger than the signature's own."""
    best = earliest(stamps)
    if content is not None:
        yield from content.counted
        if content.time is not None and best is not None and content.time > best:
            expected = f"a content time-stamp not after {best.isoformat()}"
            got = content.time.isoformat()
            yield Finding(code=Code.TIMESTAMP_ORDER, place=place, expected=expected, got=got)
    for stamp in stamps:
        yield from stamp.counted


def _told(
    content: TimestampJudgement | None, stamps: Iterable[TimestampJudgement]
) -> tuple[TimeStampReport, ...]:
    before = [] if content is None else [content.told(StampKind.CONTENT)]
    return (*before, *(stamp.told(StampKind.SIGNATURE) for stamp in stamps))


def _unreadable(place: str, findings: tuple[Finding, ...]) -> SignatureReport:
    return SignatureReport(
        id=place,
        place=place,
        form=_FORM,
        indication=Indication.TOTAL_FAILED,
        sub_indication=SubIndication.FORMAT_FAILURE,
        trust=Trust.UNTRUSTED,
        findings=findings,
    )
