# SPDX-License-Identifier: EUPL-1.2
"""One CMS signature, judged in the words of EN 319 102-1, with those that countersign it.

Leaves out what the content is and where it stands (``cms.cades``, ``cms.container``).

Steps (EN 319 102-1 clauses 5.3 and 5.5)
1. structure, content digest, value, binding of the certificate: ``cms.signer``
2. content is detached, one SignerInfo; a counter-signature has neither of its own
3. time-stamps: the earliest valid one over the value is the best signature time; those over the content lie before it
4. algorithms and the signer's path at the best signature time
5. counter-signatures over its value, by the same steps (``cms.countersignature``)
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from asn1crypto import cms

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.model.signature import SignatureReport, Trust
from gateway.stages.signature.certificates.certificate import contained
from gateway.stages.signature.cms.cades_properties import (
    baseline_level,
    claimed_time,
    form_faults,
    property_findings,
    value_of,
)
from gateway.stages.signature.cms.countersignature import countersigned
from gateway.stages.signature.cms.grounds import Grounds
from gateway.stages.signature.cms.signed_data import SignedData
from gateway.stages.signature.cms.signer import CmsSignerCheck, check_cms_signer, weak_signature
from gateway.stages.signature.conclusion import Evidence, conclude, unread
from gateway.stages.signature.time_proof import PlacedStamp

FORM = "CAdES"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a SignerInfo signs, and what it is judged by."""

    data: SignedData
    content_digest: Callable[[str], bytes]
    grounds: Grounds  # its place is the signature's, for findings
    place: str  # the file's, for the report
    behind: Sequence[PlacedStamp] = ()  # time-stamps of the document over all of it
    number: str = ""  # of a counter-signature: "2", and "2.1" of the first one over that one


def judge_signer(signer: cms.SignerInfo, signed: Signed) -> SignatureReport:
    """The judgement on one SignerInfo. May raise on hostile bytes; the caller contains that."""
    data, grounds = signed.data, signed.grounds
    check = check_cms_signer(signer, data, place=grounds.place, content_digest=signed.content_digest)
    proof = grounds.prove_time(check, signed.content_digest, signed.behind)
    best = proof.best
    evidence = Evidence(
        integrity=check.integrity,
        certificate=check.certificate,
        path=grounds.judge_path(check, best),
        findings=[
            *_findings(check, signed, best),
            *proof.findings,
            *weak_signature(check, grounds.policy.algorithms, best or grounds.moment, place=grounds.place),
        ],
        faults=proof.faults,
        begun=proof.begun,
    )
    level = baseline_level(check, data, stamped=best is not None)
    report = SignatureReport(
        id=signed.number or f"{grounds.place}#{check.value.hex()[:16]}",
        place=signed.place,
        form=FORM,
        level="B-LT" if level == "B-T" and grounds.carries(check, best) else level,
        trust=Trust.UNTRUSTED,  # of a signer who is not known
        claimed_signing_time=claimed_time(check),
        best_signature_time=best,
        value=value_of(check),
        stamps=proof.reports,
        counter_signatures=judge_counter_signatures(
            check, data, grounds, place=signed.place, behind=signed.behind, number=signed.number
        ),
    )
    # Of those who countersign nobody asks for more than a valid signature.
    required = grounds.policy.require_qualified and not signed.number
    return conclude(report, evidence, require_qualified=required, moment=grounds.moment)


def judge_counter_signatures(
    check: CmsSignerCheck,
    data: SignedData,
    grounds: Grounds,
    *,
    place: str,
    behind: Sequence[PlacedStamp],
    number: str = "",
) -> tuple[SignatureReport, ...]:
    """The judgements on those over the value of the signature that ``check`` is about, and that has this number.

    None where it is not the only one: the file is refused for that, and each of them would cost as much as a signature.
    """
    if len(data.signers) != 1:
        return ()
    depth = len(number.split(".")) if number else 0
    try:
        over = contained(
            lambda: countersigned(check.value, check.unsigned, data, depth=depth, place=grounds.place),
            code=Code.CMS_STRUCTURE,
            place=grounds.place,
        )
    except Rejected as refusal:
        # Nobody signed what stands there instead, so it harms no signature but itself.
        return (unread("", place=place, form=FORM, findings=refusal.findings),)
    if over is None:
        return ()
    if over.excess is not None:
        return (unread("", place=place, form=FORM, findings=(over.excess,)),)
    content_place = grounds.place.removesuffix(f", counter-signature {number}")
    reports = []
    for own_number, signer in enumerate(over.signers, 1):
        name = f"{number}.{own_number}".lstrip(".")
        counter = Signed(
            data=over.data,
            content_digest=over.digest,
            grounds=replace(grounds, place=f"{content_place}, counter-signature {name}"),
            place=place,
            behind=behind,
            number=name,
        )
        reports.append(_judge_counter_signature(signer, counter))
    return tuple(reports)


def _judge_counter_signature(signer: cms.SignerInfo, counter: Signed) -> SignatureReport:
    """What cannot be read of it is no fault of the signature that it countersigns."""
    try:
        return contained(
            lambda: judge_signer(signer, counter), code=Code.CMS_STRUCTURE, place=counter.grounds.place
        )
    except Rejected as refusal:
        return unread(counter.number, place=counter.place, form=FORM, findings=refusal.findings)


def _findings(check: CmsSignerCheck, signed: Signed, best: datetime | None) -> Iterable[Finding]:
    place, grounds = signed.grounds.place, signed.grounds
    if not signed.number:
        yield from signed.data.findings
        yield from form_faults(signed.data, place)
    yield from check.findings
    yield from property_findings(
        check, best=best, moment=grounds.moment, skew=grounds.policy.clock_skew, place=place
    )
