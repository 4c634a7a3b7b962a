# SPDX-License-Identifier: EUPL-1.2
"""Writes down what happened to a delivery: new state, log entry and the chamber's event in one transaction.

Both ways out use it (``dispatch`` pushes, ``inbox`` is fetched from), so a handover looks the same in the log
whichever way it came about. Evidence follows EN 319 522-3 in content (who, to whom, what, when, why), without any
claim to be a *qualified* service. Nothing here decides whether something may happen: ``stages.delivery`` does.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gateway.codes import Code
from gateway.errors import JournalDamaged, Rejected
from gateway.findings import Finding
from gateway.journal import Journal, answers, deliveries, dossiers, log
from gateway.journal.answers import RecordedAnswer
from gateway.journal.deliveries import DeliveryRow
from gateway.journal.dossiers import DossierRow
from gateway.journal.events import append_event
from gateway.model.answer import answer_body, answer_digest
from gateway.model.delivery import Answer, AnswerKind, DeliveryState, Package, Placement
from gateway.model.evidence import Clock, Entropy, Fact, LogEvent, utc_seconds
from gateway.model.partner import Partners
from gateway.model.rules import DocumentType, german_day
from gateway.stages.delivery import (
    EVENT_OF_ANSWER,
    EVENT_OF_PLACEMENT,
    LOG_EVENT_OF_ANSWER,
    LOG_EVENT_OF_PLACEMENT,
    DeliveryEvent,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proceedings:
    """The register of deliveries. Safe for concurrent use: the journal serialises its transactions."""

    journal: Journal
    partners: Partners
    document_types: tuple[DocumentType, ...]  # what an authority may ask for, each while it is in force
    issuer: Mapping[str, Any]  # who this gateway is, for the evidence
    clock: Clock
    entropy: Entropy

    def placed(self, row: DeliveryRow, placement: Placement, package: Package) -> bool:
        """The transport has placed the package. ``False`` where a later attempt has already recorded its own end."""
        with self.journal.transaction() as connection:
            moment = self.clock()
            event = EVENT_OF_PLACEMENT[placement]
            if deliveries.move(connection, row, event, moment=moment) is None:
                return False
            self._log(
                connection, row, LOG_EVENT_OF_PLACEMENT[placement], moment, {"package": package_json(package)}
            )
        return True

    def postponed(self, row: DeliveryRow, *, next_at: datetime, code: Code) -> bool:
        """The attempt failed, another one follows; nothing is logged, the state page tells."""
        with self.journal.transaction() as connection:
            state = deliveries.move(
                connection, row, DeliveryEvent.FAILED, moment=self.clock(), next_at=next_at, code=code
            )
        return state is not None

    def parked(self, row: DeliveryRow, *, code: Code) -> bool:
        """Trying is over until a person looks: ContentHandoverFailure."""
        with self.journal.transaction() as connection:
            moment = self.clock()
            if deliveries.move(connection, row, DeliveryEvent.GIVEN_UP, moment=moment, code=code) is None:
                return False
            self._log(connection, row, LogEvent.HANDOVER_FAILED, moment, {"reasons": [code.value]})
        return True

    def fetched(self, row: DeliveryRow, package: Package, *, how: str) -> bool:
        """The recipient has the whole content: ContentHandover. ``False`` where that was recorded before."""
        with self.journal.transaction() as connection:
            moment = self.clock()
            if deliveries.move(connection, row, DeliveryEvent.HANDED_OVER, moment=moment) is None:
                return False
            facts = {"package": package_json(package), "how": how}
            self._log(connection, row, LogEvent.HANDOVER, moment, facts)
        return True

    def acknowledged(self, authority_id: str, delivery_id: str) -> RecordedAnswer:
        """Record that the recipient confirmed; confirming again gives the first record. Raises as ``answered``."""
        with self.journal.transaction() as connection:
            row = own_delivery(connection, authority_id, delivery_id)
            earlier = [
                known
                for known in answers.of_delivery(connection, row.id)
                if known.kind is AnswerKind.ACKNOWLEDGED
            ]
            if earlier and row.state in {DeliveryState.ACKNOWLEDGED, DeliveryState.ANSWERED}:
                return earlier[-1]
            # A delivery that failed after its first acknowledgement and was sent again is confirmed anew.
            answer_id = f"acknowledgement-{len(earlier) + 1}"
            answer = Answer(id=answer_id, delivery_id=row.id, kind=AnswerKind.ACKNOWLEDGED)
            return self.answered(authority_id, answer)

    def answered(self, authority_id: str, answer: Answer) -> RecordedAnswer:
        """Record an answer once; the same answer again gives the first record.

        Raises ``Rejected``: ``not-found`` for somebody else's delivery, ``answer-malformed`` for another answer under
        a used id or for documents nobody knows, ``delivery-state`` where the delivery cannot be answered now.
        """
        with self.journal.transaction() as connection:
            row = own_delivery(connection, authority_id, answer.delivery_id)
            known = answers.find(connection, row.id, answer.id)
            if known is not None:
                return _same(known, answer)
            moment = self.clock()
            # After the look for a repetition: what was recorded stays recorded when a document type goes out of force.
            self._check_documents(answer, german_day(moment))
            if (
                deliveries.move(
                    connection, row, EVENT_OF_ANSWER[answer.kind], moment=moment, code=_code(answer)
                )
                is None
            ):
                raise JournalDamaged(f"delivery {row.id} changed inside a transaction")
            facts = {"answer": {"id": answer.id, **answer_body(answer)}}
            idx = self._log(connection, row, LOG_EVENT_OF_ANSWER[answer.kind], moment, facts)
            answers.record(connection, answer, entry_idx=idx, moment=moment)
            return RecordedAnswer(
                id=answer.id,
                kind=answer.kind,
                answer=answer,
                body_sha256=answer_digest(answer),
                entry_idx=idx,
                answered_at=moment,
            )

    def _check_documents(self, answer: Answer, day: date) -> None:
        known = {document.code for document in self.document_types if document.in_force(day)}
        findings = [
            Finding(
                code=Code.ANSWER_MALFORMED,
                place="answer/requested_documents",
                expected=f"a code of schemas/rules/document-types.tsv that is valid on {day}",
                got=code,
            )
            for code in answer.requested_documents
            if code not in known
        ]
        if findings:
            raise Rejected(findings)

    def _log(
        self,
        connection: sqlite3.Connection,
        row: DeliveryRow,
        event: LogEvent,
        moment: datetime,
        facts: Mapping[str, Any],
    ) -> int:
        dossier = dossiers.find(connection, row.dossier_id)
        if dossier is None:
            raise JournalDamaged(f"delivery {row.id} belongs to no dossier")
        fact = Fact(
            event=event,
            id=self.entropy(16),
            salt=self.entropy(32),
            subject=dossier.subject,
            moment=moment,
            evidence={**self._evidence(dossier, row), **facts},
            dossier_id=dossier.id,
            prev=deliveries.latest_entry_id(connection, dossier.id),
        )
        idx = log.append(connection, fact)
        append_event(
            connection,
            chamber=dossier.chamber,
            dossier_id=dossier.id,
            type=event.value,
            moment=moment,
            entry_idx=idx,
            body={"delivery": row.id, "authority": row.authority, **_for_chamber(facts)},
        )
        return idx

    def _evidence(self, dossier: DossierRow, row: DeliveryRow) -> dict[str, Any]:
        """What every piece of evidence on a delivery says (EN 319 522-2: issuer, sender, recipient, message)."""
        chamber, authority = self.partners.chamber(dossier.chamber), self.partners.authority(row.authority)
        return {
            "issuer": dict(self.issuer),
            "message_id": dossier.id,
            "sender": {"id": dossier.chamber, "name": chamber.name if chamber else ""},
            "recipient": {"id": row.authority, "name": authority.name if authority else ""},
            "delivery_id": row.id,
            "bundle_sha256": dossier.bundle_sha256,
            "submission_time": utc_seconds(dossier.received_at),
        }


def own_delivery(connection: sqlite3.Connection, authority_id: str, delivery_id: str) -> DeliveryRow:
    """The delivery, if it is this authority's. Raises ``Rejected(NOT_FOUND)`` else: others' ids are not confirmed."""
    row = deliveries.find(connection, delivery_id)
    if row is None or row.authority != authority_id:
        raise Rejected(
            [Finding(code=Code.NOT_FOUND, place="delivery", expected="a delivery to you", got=delivery_id)]
        )
    return row


def package_json(package: Package) -> list[dict[str, Any]]:
    """What was handed over, for the evidence: names are ours and hold no personal data."""
    return [{"name": part.name, "size": part.size, "sha256": part.sha256} for part in package.parts]


def _same(known: RecordedAnswer, answer: Answer) -> RecordedAnswer:
    if known.body_sha256 != answer_digest(answer):
        raise Rejected(
            [
                Finding(
                    code=Code.ANSWER_MALFORMED,
                    place="answer/id",
                    expected="a new id for another answer",
                    got=answer.id,
                )
            ]
        )
    return known


def _code(answer: Answer) -> Code | None:
    return Code.RECIPIENT_REFUSED if answer.kind is AnswerKind.NOT_IMPORTED else None


def _for_chamber(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the chamber is told: the answer and the reasons, not the recipient's files."""
    return {name: value for name, value in facts.items() if name in {"answer", "reasons"}}
