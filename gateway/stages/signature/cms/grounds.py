# SPDX-License-Identifier: EUPL-1.2
"""What the judgement on one CMS signature rests on besides its own bytes, and the questions CAdES and PAdES ask alike:
what do its time-stamps prove, and does its signer's path hold?
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.certificates.certificate import digest_of
from gateway.stages.signature.certificates.trust import Purpose, TrustStore, judge_certificate
from gateway.stages.signature.cms.signer import CmsSignerCheck
from gateway.stages.signature.cms.stamp import TimestampJudgement
from gateway.stages.signature.cms.timestamps import judge_timestamp
from gateway.stages.signature.judgement import PathJudgement

_SIGNATURE_STAMP = "1.2.840.113549.1.9.16.2.14"
_MAX_STAMPS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """The operator's trust and rules, the time that counts as now, and what came along with the signature.

    What came along are hints: they can help to prove something, they prove nothing.
    """

    place: str
    store: TrustStore
    policy: SignaturePolicy
    moment: datetime
    certificates: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    ocsps: tuple[bytes, ...]

    def judge_stamps(
        self, check: CmsSignerCheck, *, existed: datetime | None = None
    ) -> list[TimestampJudgement]:
        """Signature time-stamps: the imprint is over the signature value (EN 319 122-1 clause 5.3)."""
        tokens = [
            value.dump() for name, values in check.unsigned if name == _SIGNATURE_STAMP for value in values
        ]
        return [
            self.judge_stamp(
                token, lambda name: digest_of(name, check.value), f"time-stamp {number}", existed=existed
            )
            for number, token in enumerate(tokens[:_MAX_STAMPS], 1)
        ]

    def judge_stamp(
        self, token: bytes, imprint: Callable[[str], bytes], what: str, *, existed: datetime | None = None
    ) -> TimestampJudgement:
        """One token; ``existed`` is the time at which a later time-stamp proves that it was there."""
        return judge_timestamp(
            token,
            imprint=imprint,
            store=self.store,
            policy=self.policy,
            moment=self.moment,
            place=f"{self.place}, {what}",
            existed=existed,
            hints=self.certificates,
            crls=self.crls,
            ocsps=self.ocsps,
        )

    def judge_path(self, check: CmsSignerCheck, best: datetime | None) -> PathJudgement | None:
        """The signer's path at the best signature time; None where the signer's certificate is not there."""
        if check.certificate is None:
            return None
        return judge_certificate(
            check.certificate.der,
            store=self.store,
            hints=self.certificates,
            policy=self.policy,
            moment=self.moment,
            purpose=Purpose.SIGNER,
            existed=best,
            crls=self.crls,
            ocsps=self.ocsps,
        )
