# SPDX-License-Identifier: EUPL-1.2
"""Decides about an examined bundle what a worker cannot: it needs partners, rules and the journal.

May this chamber send what this signer signed; has the content come before; does a supplement belong to a dossier of
this chamber; which authority receives it. Reads only; ``record`` writes what follows from the judgement.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.codes import Code
from gateway.errors import Rejected, Unavailable
from gateway.findings import Finding, Severity, blocking
from gateway.journal import dedupe, dossiers
from gateway.journal.dossiers import DossierFacts, DossierRow, DossierStatus
from gateway.model.dossier import Dossier
from gateway.model.examination import Examination
from gateway.model.partner import Authority, Chamber, Partners
from gateway.model.rules import Rules
from gateway.stages.routing import route
from gateway.stages.sender import check_sender


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What speaks for a bundle against which nothing speaks: its facts and the authority that receives it."""

    facts: DossierFacts
    content_digest: str
    authority: Authority


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All findings; ``admission`` is there if and only if none of them blocks."""

    findings: tuple[Finding, ...]
    report: Mapping[str, Any]
    admission: Admission | None

    @property
    def reasons(self) -> list[str]:
        """Codes that keep the bundle out, each once, in the order they were found."""
        return list(dict.fromkeys(f.code.value for f in blocking(self.findings)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """The rules a judgement rests on; the journal's side comes in with each call's connection."""

    partners: Partners
    rules: Rules

    def judge(self, connection: sqlite3.Connection, chamber: Chamber, examination: Examination) -> Judgement:
        """Everything there is to say. Facts are read only where the examination let them out: all else is unsigned."""
        dossier = examination.dossier
        if dossier is None:
            return Judgement(findings=examination.findings, report=examination.report, admission=None)
        first, reference = _first(connection, chamber, dossier)
        authority, routing = self._authority(dossier, first, examination.examined_on)
        findings = (
            *examination.findings,
            *check_sender(chamber, examination.signers, dossier),
            *_duplicate(connection, chamber, examination.content_digest),
            *reference,
            *routing,
        )
        admission = None
        if authority is not None and not blocking(findings):
            admission = Admission(
                facts=DossierFacts(
                    dossier=dossier, documents=examination.documents, signers=examination.signers
                ),
                content_digest=examination.content_digest,
                authority=authority,
            )
        return Judgement(findings=findings, report=examination.report, admission=admission)

    def _authority(
        self, dossier: Dossier, first: DossierRow | None, on: date
    ) -> tuple[Authority | None, tuple[Finding, ...]]:
        followed = (first.authority or "") if first is not None else ""
        try:
            routed = route(dossier, self.rules, self.partners, on, first_authority=followed)
        except Rejected as rejected:
            return None, rejected.findings
        return self.partners.authority(routed.authority_id), ()


def require_answers(examination: Examination) -> None:
    """Raises ``Unavailable`` where nothing speaks against the bundle but a question stays open.

    Unknown is never good and never called revoked: the chamber sends again when the answer is there.
    """
    open_questions = blocking(examination.findings)
    if open_questions and all(map(_can_be_answered, open_questions)):
        raise Unavailable(
            open_questions[0].code,
            "the judgement stays open until more is known",
            hint="check that the refresh role reaches the configured revocation lists",
            retry_after=600,
            findings=open_questions,
        )


def _can_be_answered(finding: Finding) -> bool:
    """No list that is still to come says of an expired certificate whether it was revoked."""
    return finding.severity is Severity.UNKNOWN and finding.code is not Code.REVOCATION_AFTER_EXPIRY


def _duplicate(connection: sqlite3.Connection, chamber: Chamber, content_digest: str) -> tuple[Finding, ...]:
    known = dedupe.of_content(connection, content_digest)
    if known is None:
        return ()
    first = dossiers.find(connection, known.dossier_id)
    # Another chamber's dossier is not named: that it exists is none of the sender's business.
    got = (
        known.dossier_id
        if first is not None and first.chamber == chamber.id
        else "content that was sent before"
    )
    return (Finding(code=Code.DUPLICATE_DOSSIER, place="bundle", expected="content that is new", got=got),)


def _first(
    connection: sqlite3.Connection, chamber: Chamber, dossier: Dossier
) -> tuple[DossierRow | None, tuple[Finding, ...]]:
    """The dossier that a supplement refers to. Whether it must refer to one is the schema's rule."""
    if not dossier.refers_to:
        return None, ()
    first = dossiers.find(connection, dossier.refers_to)
    if first is not None and first.chamber == chamber.id and first.status is DossierStatus.ACCEPTED:
        return first, ()
    finding = Finding(
        code=Code.DOSSIER_REFERS_TO_UNKNOWN,
        place="/dossier/refersTo",
        expected="an accepted dossier of yours",
        got=dossier.refers_to,
    )
    return None, (finding,)
