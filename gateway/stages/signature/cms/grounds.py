# SPDX-License-Identifier: EUPL-1.2
"""What the judgement on one CMS signature rests on besides its own bytes, and the questions CAdES and PAdES ask alike:
what do its time-stamps prove, and does its signer's path hold?
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.model.signature import StampKind
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.certificates.certificate import digest_of
from gateway.stages.signature.certificates.trust import Purpose, TrustStore, judge_certificate
from gateway.stages.signature.cms.signer import CmsSignerCheck
from gateway.stages.signature.cms.timestamps import judge_timestamp
from gateway.stages.signature.enclosed import carries
from gateway.stages.signature.judgement import PathJudgement
from gateway.stages.signature.time_proof import PlacedStamp, TimeProof, too_many

CONTENT_STAMP = "1.2.840.113549.1.9.16.2.20"


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
    covered: Mapping[str, datetime]  # by a time-stamp of the document, as ``judge_certificate`` takes it

    def prove_time(
        self,
        check: CmsSignerCheck,
        content_digest: Callable[[str], bytes],
        behind: Sequence[PlacedStamp] = (),
    ) -> TimeProof:
        """Signature time-stamps are over the value, content time-stamps over what was going to be signed.

        EN 319 122-1 clauses 5.3 and 5.2.8. ``behind`` are time-stamps of the document over the whole signature.
        """
        excess = too_many(len(check.tokens), self.place)
        proof = TimeProof(own=(), behind=behind, unsigned=excess, skew=self.policy.clock_skew)
        over_all = proof.best
        stamps = [
            self._judge_stamp(
                token, lambda name: digest_of(name, check.value), StampKind.SIGNATURE, number, over_all
            )
            for number, token in enumerate(() if excess else check.tokens, 1)
        ]
        proof = replace(proof, own=stamps)
        value = check.signed.get(CONTENT_STAMP)
        if value is None:
            return proof
        # Signed with the rest, so what proves the signature proves it too.
        first = self._judge_stamp(value.dump(), content_digest, StampKind.CONTENT, 0, proof.best)
        return replace(proof, own=(first, *stamps))

    def _judge_stamp(
        self,
        token: bytes,
        imprint: Callable[[str], bytes],
        kind: StampKind,
        number: int,
        existed: datetime | None,
    ) -> PlacedStamp:
        what = "content time-stamp" if kind is StampKind.CONTENT else f"time-stamp {number}"
        place = f"{self.place}, {what}"
        judgement = judge_timestamp(
            token,
            imprint=imprint,
            store=self.store,
            policy=self.policy,
            moment=self.moment,
            place=place,
            existed=existed,
            covered=self.covered,
            hints=self.certificates,
            crls=self.crls,
            ocsps=self.ocsps,
        )
        return PlacedStamp(kind=kind, place=place, judgement=judgement)

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
            covered=self.covered,
            crls=self.crls,
            ocsps=self.ocsps,
        )

    def carries(self, check: CmsSignerCheck, best: datetime | None) -> bool:
        """Can the signer's path be judged by the revocation data that came along alone?"""
        return carries(
            (*self.crls, *self.ocsps),
            lambda store: replace(self, store=store).judge_path(check, best),
            self.store,
        )
