# SPDX-License-Identifier: EUPL-1.2
"""Time-stamps inside a XAdES signature, judged (EN 319 132-1 clauses 5.2.8, 5.3 and 5.5).

What a judgement means for the signature is ``cms.stamp``'s, what they prove together ``time_proof``'s. They are judged
from the newest to the oldest: a valid archive time-stamp proves that everything before it existed, so a stamping unit's
certificate may have expired since (EN 319 102-1 clause 5.6.2); content time-stamps come last, under all others.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from lxml import etree

from gateway.model.signature import StampKind
from gateway.stages.signature.certificates.instants import NOTHING
from gateway.stages.signature.cms.stamp import TimestampJudgement
from gateway.stages.signature.cms.timestamps import judge_timestamp
from gateway.stages.signature.enclosed import known_since
from gateway.stages.signature.rereading import not_reread
from gateway.stages.signature.situation import Situation
from gateway.stages.signature.time_proof import PlacedStamp, TimeProof, too_many
from gateway.stages.signature.xades.imprints import imprint_of, needs_files
from gateway.stages.signature.xades.reading import XadesSignature
from gateway.stages.signature.xades.stamp_properties import Stamp
from gateway.stages.signature.xades.unsigned_properties import COUNTER_SIGNATURE, validation_data


class Around(NamedTuple):
    """What archive time-stamps of the signature below prove of a counter-signature in it, and of everything that they cover."""

    stamps: tuple[PlacedStamp, ...] = ()
    covered: Mapping[str, datetime] = NOTHING


NOT_INSIDE = Around()


class Stamping(NamedTuple):
    """``covered`` are certificates, CRLs and OCSP responses under an archive time-stamp, as ``judge_certificate`` takes them."""

    proof: TimeProof
    covered: Mapping[str, datetime]
    archives: tuple[tuple[etree._Element, PlacedStamp], ...] = ()

    def around(self, counter: XadesSignature) -> Around:
        """For a counter-signature over this signature: those behind it stamp it with the rest, if it stands inside."""
        holder = counter.element.getparent()
        if holder is None or holder.tag != COUNTER_SIGNATURE:
            return Around(covered=self.covered)
        behind = set(holder.itersiblings())
        stamps = tuple(placed for element, placed in self.archives if element in behind)
        return Around(stamps=(*stamps, *self.proof.behind), covered=self.covered)


def judge_stamps(signature: XadesSignature, situation: Situation, around: Around = NOT_INSIDE) -> Stamping:
    """All time-stamps of one signature. ``around``: where it is a counter-signature inside another."""
    stamps = (*(signature.signed.stamps if signature.signed else ()), *signature.unsigned.stamps)
    excess = too_many(len(stamps), signature.place)
    numbered = [] if excess else list(enumerate(stamps, 1))
    readable = [s for s in numbered if situation.contents.again or not needs_files(s[1], signature)]
    unchecked = [not_reread(stamp.place) for number, stamp in numbered if (number, stamp) not in readable]
    unsigned = (*signature.unsigned.findings, *excess, *unchecked)
    proof = TimeProof(own=(), behind=around.stamps, unsigned=unsigned, skew=situation.policy.clock_skew)
    covered, existed = around.covered, proof.best
    if existed is not None:
        covered = known_since(
            (*signature.certificates, *validation_data(signature.element)), existed, covered
        )
    archives: list[tuple[etree._Element, PlacedStamp]] = []
    for number, stamp in reversed(readable):
        if stamp.kind is StampKind.CONTENT:
            existed = proof.best
        place = f"{stamp.place} {number}"
        judgement = _judge(stamp, signature, situation, existed, covered, place=place)
        placed = PlacedStamp(kind=stamp.kind, place=place, judgement=judgement)
        proof = replace(proof, own=(placed, *proof.own))
        if stamp.kind is StampKind.ARCHIVE and judgement.proves is not None:
            archives.append((stamp.element, placed))
            existed = judgement.proves
            under = (*signature.certificates, *_before(stamp.element))
            covered = known_since(under, existed, covered)
    return Stamping(proof=proof, covered=covered, archives=tuple(archives))


def _judge(
    stamp: Stamp,
    signature: XadesSignature,
    situation: Situation,
    existed: datetime | None,
    covered: Mapping[str, datetime],
    *,
    place: str,
) -> TimestampJudgement:
    return judge_timestamp(
        stamp.token,
        imprint=imprint_of(stamp, signature, situation.contents),
        store=situation.store,
        policy=situation.policy,
        moment=situation.moment,
        place=place,
        existed=existed,
        covered=covered,
        hints=(*signature.unsigned.certificates, *signature.certificates),
        crls=signature.unsigned.crls,
        ocsps=signature.unsigned.ocsps,
    )


def _before(stamp: etree._Element) -> Iterator[bytes]:
    """Validation data in the properties before a time-stamp."""
    for sibling in stamp.itersiblings(preceding=True):
        yield from validation_data(sibling)
