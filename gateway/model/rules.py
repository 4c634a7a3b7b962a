# SPDX-License-Identifier: EUPL-1.2
"""Rules that lawyers change, as dated rows: titles, documents, responsibility, deadlines (schemas/rules/*.tsv).

Leaves out how the tables are read (``gateway.catalogue``) and what follows from them (the stages).
Every row says from when until when it holds and where it was taken from; ``unsourced`` is an honest source.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from gateway.model.trust import AlgorithmRule

UNSOURCED = "unsourced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A row with its time of validity (both days included) and its source."""

    valid_from: date
    valid_until: date | None
    source: str

    def in_force(self, on: date) -> bool:
        """Does the row hold on this day?"""
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)

    def overlaps(self, other: "Dated") -> bool:
        """Is there a day on which both rows hold?"""
        return (self.valid_until is None or other.valid_from <= self.valid_until) and (
            other.valid_until is None or self.valid_from <= other.valid_until
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Title(Dated):
    """A residence title one may apply for under § 81a AufenthG."""

    code: str
    name_de: str
    name_en: str
    law: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentType(Dated):
    """A kind of document a dossier may hold."""

    code: str
    name_de: str
    name_en: str


class Need(StrEnum):
    """How much a title needs a document. What only a person can judge is never refused by a machine."""

    REQUIRED = "required"
    IF_APPLICABLE = "if-applicable"


class Count(StrEnum):
    """Numbers of documents that follow from the dossier instead of standing in the table."""

    SPOUSES = "spouses"
    CHILDREN = "children"
    FAMILY = "family"


# The closed vocabulary of circumstances a row may ask for, with the values each may take.
# ``pay_below`` takes the name of a threshold; ``true``/``false`` come from the booleans of ``Procedure``.
_YES_NO = frozenset({"true", "false"})
PAY_BELOW = "pay_below"
CIRCUMSTANCES: Mapping[str, frozenset[str]] = {
    "role": frozenset({"bote", "unterbevollmaechtigter"}),
    "recognition": frozenset({"none", "start", "decided"}),
    "regulated_profession": _YES_NO,
    "lives_in_eu_state": _YES_NO,
    "first_title_after_45": _YES_NO,
    "ba_consent_needed": _YES_NO,
    "original_language_german": _YES_NO,
    "company_based_training": _YES_NO,
    "spouse": _YES_NO,
    "child": _YES_NO,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """``circumstance=value`` or ``circumstance=one|other``: holds if the dossier shows one of the values."""

    circumstance: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletenessRule(Dated):
    """A title needs ``count`` documents of one of the ``types`` while all conditions hold. Title ``*``: every title."""

    title: str
    types: tuple[str, ...]  # any of them will do
    need: Need
    count: int | Count
    when: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule(Dated):
    """A title needs one of the elements ``paths`` of ``dossier.xml`` while all conditions hold. Title ``*``: every title."""

    title: str
    paths: tuple[str, ...]  # of gateway.model.fields; any of them will do
    need: Need
    when: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold(Dated):
    """A pay floor; all amounts are kept as published and compared per month."""

    id: str
    euro: Decimal
    months: int  # the amount is for this many months

    @property
    def monthly_euro(self) -> Decimal:
        """The amount for one month."""
        return self.euro / self.months


class RouteKind(StrEnum):
    """How firmly a place belongs to an authority."""

    EXCLUSIVE = "exclusive"  # nobody else, whatever other rows say
    DEFAULT = "default"  # unless the employer chooses another
    CHOICE = "choice"  # only if the employer asks for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Dated):
    """An authority is responsible for all places whose official municipality key starts with ``ags``.

    ``kldb``: occupations (prefixes of KldB 2010) the row holds for; ``!`` in the table turns the list around.
    """

    ags: str  # 2 digits a Land, 3 a Regierungsbezirk, 5 a Kreis, 8 a municipality
    authority: str
    kind: RouteKind
    kldb: tuple[str, ...] = ()
    kldb_excluded: bool = False

    def covers(self, occupation: str) -> bool:
        """Does the row hold for this KldB code? A row with a list never holds for an unknown occupation."""
        if not self.kldb:
            return True
        return bool(occupation) and occupation.startswith(self.kldb) != self.kldb_excluded


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityEntry(Dated):
    """An authority the jurisdiction table may name; whether it is connected stands in the partners."""

    id: str
    name: str


class Unit(StrEnum):
    """Units of legal time limits."""

    WORKING_DAYS = "working-days"
    WEEKS = "weeks"
    MONTHS = "months"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline(Dated):
    """Who has how long for which step, and under which provision."""

    id: str
    step_de: str
    step_en: str
    who: str
    amount: int
    unit: Unit
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All tables."""

    titles: tuple[Title, ...]
    document_types: tuple[DocumentType, ...]
    completeness: tuple[CompletenessRule, ...]
    fields: tuple[FieldRule, ...]
    thresholds: tuple[Threshold, ...]
    jurisdiction: tuple[Route, ...]
    authorities: tuple[AuthorityEntry, ...]
    deadlines: tuple[Deadline, ...]
    algorithms: tuple[AlgorithmRule, ...]

    def title(self, code: str, on: date) -> Title | None:
        """The title with this code, if it exists on that day."""
        return next((t for t in self.titles if t.code == code and t.in_force(on)), None)

    def document_type(self, code: str, on: date) -> DocumentType | None:
        """The document type with this code, if it exists on that day."""
        return next((t for t in self.document_types if t.code == code and t.in_force(on)), None)

    def threshold(self, name: str, on: date) -> Threshold | None:
        """The pay floor with this name, if one is laid down for that day."""
        return next((t for t in self.thresholds if t.id == name and t.in_force(on)), None)


def german_day(moment: datetime) -> date:
    """The calendar day in Germany: a rule of 1 January holds from 23:00 UTC on the evening before.

    Summer time by Directive 2000/84/EC, from the last Sunday of March to the last of October, both 01:00 UTC. Computed
    here, because a machine without a time-zone database must not judge by another day.
    """
    utc = moment.astimezone(UTC)
    summer = _last_sunday(utc.year, 3) <= utc < _last_sunday(utc.year, 10)
    return (utc + timedelta(hours=2 if summer else 1)).date()


def _last_sunday(year: int, month: int) -> datetime:
    """01:00 UTC on the last Sunday of a month with 31 days."""
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)
