# SPDX-License-Identifier: EUPL-1.2
"""What a judged time-stamp is worth: for the time of a signature, for its findings, for its report.

Leaves out how a token is judged (``cms.timestamps``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.findings import Finding, blocking
from gateway.model.signature import (
    CertificateSummary,
    Indication,
    StampKind,
    SubIndication,
    TimeStampReport,
    Trust,
)
from gateway.stages.signature.faults import set_aside
from gateway.stages.signature.judgement import PathJudgement


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampJudgement:
    """``intact``: what stands in the token was signed and is about this object. ``valid``: and we trust the unit.

    ``time`` is what the token claims, also when it is not valid; only a valid token proves it.
    """

    time: datetime | None
    intact: bool
    valid: bool
    indication: Indication
    sub_indication: SubIndication | None
    chain: tuple[CertificateSummary, ...]
    findings: tuple[Finding, ...]
    sha256: str = ""  # of the token, hex; empty where there are no bytes of it

    @property
    def proves(self) -> datetime | None:
        """The time before which the stamped object existed; None where it proves nothing."""
        return self.time if self.valid else None

    @property
    def counted(self) -> tuple[Finding, ...]:
        """Its findings as they weigh for the signature.

        A broken token refuses. An intact one of a unit we do not trust proves nothing and harms nothing: a warning.
        """
        return set_aside(self.findings) if self.intact and not self.valid else self.findings

    def told(self, kind: StampKind) -> TimeStampReport:
        """For the report of the signature it belongs to."""
        return TimeStampReport(
            sha256=self.sha256,
            kind=kind,
            indication=self.indication,
            sub_indication=self.sub_indication,
            time=self.time,
            chain=self.chain,
        )


def earliest(stamps: Iterable[TimestampJudgement]) -> datetime | None:
    """The best signature time that these time-stamps prove (EN 319 102-1 clause 5.5.4)."""
    return min((time for stamp in stamps if (time := stamp.proves) is not None), default=None)


def judged_stamp(
    time: datetime, *, intact: bool, findings: Sequence[Finding], path: PathJudgement | None
) -> TimestampJudgement:
    """The conclusion on a token that could be read. ``path`` is its unit's, None where the unit is not known."""
    means: SubIndication | None
    if not intact or path is None:
        indication, means = Indication.TOTAL_FAILED, SubIndication.SIG_CRYPTO_FAILURE
    elif path.trust is not Trust.TRUSTED:
        indication, means = path.indication, path.sub_indication
    elif blocking(findings):
        indication, means = Indication.INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE
    else:
        indication, means = Indication.TOTAL_PASSED, None
    return TimestampJudgement(
        time=time,
        intact=intact,
        valid=indication is Indication.TOTAL_PASSED,
        indication=indication,
        sub_indication=means,
        chain=path.chain if path else (),
        findings=(*findings, *(path.findings if path else ())),
    )


def unreadable_stamp(findings: tuple[Finding, ...]) -> TimestampJudgement:
    """The conclusion on what cannot be read as a token."""
    return TimestampJudgement(
        time=None,
        intact=False,
        valid=False,
        indication=Indication.TOTAL_FAILED,
        sub_indication=SubIndication.FORMAT_FAILURE,
        chain=(),
        findings=findings,
    )
