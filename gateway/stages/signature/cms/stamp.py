# SPDX-License-Identifier: EUPL-1.2
"""What a judged time-stamp is worth: for the time of a signature, for its findings, for its report.

Leaves out how a token is judged (``cms.timestamps``) and how several of them fit together (``time_proof``).

A token is judged like a signature, by the same tables. What that means for the signature it stands beside is the same in
every form, because nobody signed the token: whoever hands a file on can add one, so it never fails a signature.

| the token is | because | the signature |
|---|---|---|
| TOTAL-PASSED | | has its time proven |
| TOTAL-FAILED: proven false | no token, several signers, another imprint, a wrong digest or value, bound to another unit | INDETERMINATE, SIG_CONSTRAINTS_FAILURE |
| INDETERMINATE: not proven | unit not trusted, not known or revoked; algorithm weak or ended; encoded in BER; genTime in the future or outside the unit's certificate | as without it, with warnings |
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.findings import Finding, blocking
from gateway.model.signature import (
    CertificateSummary,
    Indication,
    Integrity,
    RevocationAnswer,
    StampKind,
    SubIndication,
    TimeStampReport,
)
from gateway.stages.signature.conclusion import Evidence, weighed
from gateway.stages.signature.faults import Fault, set_aside


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampJudgement:
    """``time`` is what the token claims, also when it is not valid; only a valid token proves it.

    ``integrity``: was what stands in the token signed, and is it about this object?
    """

    time: datetime | None
    integrity: Integrity
    indication: Indication
    sub_indication: SubIndication | None
    chain: tuple[CertificateSummary, ...] = ()
    answers: tuple[RevocationAnswer, ...] = ()
    findings: tuple[Finding, ...] = ()
    sha256: str = ""  # of the token, hex; empty where there are no bytes of it

    @property
    def valid(self) -> bool:
        """Sound, and of a unit we trust."""
        return self.indication is Indication.TOTAL_PASSED

    @property
    def proves(self) -> datetime | None:
        """The time before which the stamped object existed; None where it proves nothing."""
        return self.time if self.valid else None

    @property
    def counted(self) -> tuple[Finding, ...]:
        """Its findings as they weigh for the signature."""
        return self.findings if self.indication is Indication.TOTAL_FAILED else set_aside(self.findings)

    @property
    def faults(self) -> list[Fault]:
        """The blocking ones of these, with what they mean for the signature."""
        return unsigned_faults(self.counted)

    def told(self, kind: StampKind) -> TimeStampReport:
        """For the report of the signature it belongs to."""
        return TimeStampReport(
            sha256=self.sha256,
            kind=kind,
            indication=self.indication,
            sub_indication=self.sub_indication,
            time=self.time,
            chain=self.chain,
            revocation_answers=self.answers,
        )


def unsigned_faults(findings: Sequence[Finding]) -> list[Fault]:
    """What is wrong with something that nobody signed: it keeps a signature from passing and proves nothing against it."""
    return [Fault(finding=f, means=SubIndication.SIG_CONSTRAINTS_FAILURE) for f in blocking(findings)]


def judged_stamp(time: datetime, evidence: Evidence) -> TimestampJudgement:
    """The conclusion on a token that could be read."""
    indication, sub_indication = weighed(evidence)
    path = evidence.path
    return TimestampJudgement(
        time=time,
        integrity=evidence.integrity,
        indication=indication,
        sub_indication=sub_indication,
        chain=path.chain if path else (),
        answers=path.answers if path else (),
        findings=(*evidence.findings, *(path.findings if path else ())),
    )


def unreadable_stamp(findings: tuple[Finding, ...]) -> TimestampJudgement:
    """The conclusion on what cannot be read as a token."""
    return TimestampJudgement(
        time=None,
        integrity=Integrity.UNCHECKED,
        indication=Indication.TOTAL_FAILED,
        sub_indication=SubIndication.FORMAT_FAILURE,
        findings=findings,
    )
