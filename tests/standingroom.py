# SPDX-License-Identifier: EUPL-1.2
"""What was read from the trusted lists of a test: their editions and faults, and the standing of a qualified seal."""

from datetime import UTC, datetime

from listxml import Entry
from trustroom import NOW, POLICY, chain

from gateway.model.signature import QualifiedStatus, Trust
from gateway.stages.signature.certificates.trust import Purpose, TrustStore, judge_certificate

QESEAL, QESIG = QualifiedStatus.QESEAL, QualifiedStatus.QESIG
NO, UNKNOWN = QualifiedStatus.NOT_QUALIFIED, QualifiedStatus.UNKNOWN
ADESEAL = QualifiedStatus.ADESEAL_QC
ISSUED = datetime(2025, 1, 1, tzinfo=UTC)


def standing(room, *services, seal=None, lists=None, moment=NOW, existed=None, material=None, store=None):
    """Of a qualified seal in the list with these services."""
    lists = lists or room.read(room.lotl(), room.national(*services))
    seal = seal or room.seal_of()
    judgement = judge_certificate(
        seal.certificate_der,
        store=store or TrustStore(material or room.material(), lists),
        hints=chain(seal),
        policy=POLICY,
        moment=moment,
        purpose=Purpose.SIGNER,
        existed=existed,
    )
    assert Trust.TRUSTED is judgement.trust
    return judgement.standing


def said(found):
    return found.status, found.reasons


def listed(room, *qualifications, **entry):
    return room.service(Entry(qualifications=qualifications, **entry))


def numbers(lists):
    return dict(lists.sequences)


def faults(lists):
    return [(finding.place.split(",")[0], finding.expected, finding.got) for finding in lists.findings]


def states(lists):
    return {
        entry.status for found in lists.by_subject.values() for one in found for entry in one.service.entries
    }
