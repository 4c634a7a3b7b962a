# SPDX-License-Identifier: EUPL-1.2
"""``schemas/rules/*.tsv`` -> ``Rules``.

Leaves out the meaning of the rules, and what the tables are to each other (``consistency``). All faults of all tables
are told at once.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TypedDict, TypeVar

from gateway.catalogue.consistency import check_consistency
from gateway.catalogue.tables import Faults, Row, read_table
from gateway.errors import ConfigInvalid
from gateway.model.fields import OPTIONAL
from gateway.model.rules import (
    CIRCUMSTANCES,
    PAY_BELOW,
    AuthorityEntry,
    CompletenessRule,
    Condition,
    Count,
    Dated,
    Deadline,
    DocumentType,
    FieldRule,
    Need,
    Route,
    RouteKind,
    Rules,
    Threshold,
    Title,
    Unit,
)
from gateway.model.trust import AlgorithmRule

_D = TypeVar("_D", bound=Dated)
_DATED = ("valid_from", "valid_until", "source")
_AGS = re.compile(r"[0-9]{2}(?:[0-9](?:[0-9]{2}(?:[0-9]{3})?)?)?")


class _Validity(TypedDict):
    valid_from: date
    valid_until: date | None
    source: str


def load_rules(directory: Path) -> Rules:
    """All tables of ``directory``. Raises ``ConfigInvalid`` with every fault."""
    faults = Faults()

    def table(name: str, columns: Sequence[str], make: Callable[[Row], _D]) -> tuple[_D, ...]:
        rows = list(read_table(directory / f"{name}.tsv", (*columns, *_DATED), faults))
        return tuple(make(row) for row in rows)

    rules = Rules(
        titles=table("titles", ("code", "name_de", "name_en", "law"), _title),
        document_types=table("document-types", ("code", "name_de", "name_en"), _document_type),
        completeness=table("completeness", ("title", "documents", "need", "count", "when"), _completeness),
        fields=table("fields", ("title", "fields", "need", "when"), _field),
        thresholds=table("thresholds", ("id", "euro", "months"), _threshold),
        jurisdiction=table("jurisdiction", ("ags", "place", "authority", "kind", "kldb"), _route),
        authorities=table("authorities", ("id", "name"), _authority),
        deadlines=table(
            "deadlines", ("id", "step_de", "step_en", "who", "amount", "unit", "basis"), _deadline
        ),
        algorithms=_algorithms(directory, faults),
    )
    check_consistency(rules, faults)
    if faults.problems:
        raise ConfigInvalid(faults.problems, hint=f"mend the tables in {directory}")
    return rules


def _validity(row: Row) -> _Validity:
    valid_from, valid_until = row.day("valid_from"), row.optional_day("valid_until")
    if valid_until is not None and valid_until < valid_from:
        row.note("valid_until", f"a day not before {valid_from}")
    return {"valid_from": valid_from, "valid_until": valid_until, "source": row.text("source")}


def _title(row: Row) -> Title:
    return Title(
        code=row.text("code"),
        name_de=row.text("name_de"),
        name_en=row.text("name_en"),
        law=row.text("law"),
        **_validity(row),
    )


def _document_type(row: Row) -> DocumentType:
    return DocumentType(
        code=row.text("code"), name_de=row.text("name_de"), name_en=row.text("name_en"), **_validity(row)
    )


def _completeness(row: Row) -> CompletenessRule:
    return CompletenessRule(
        title=row.text("title"),
        types=tuple(row.text("documents").split("|")),
        need=row.choice("need", Need),
        count=row.choice("count", Count) if row.optional("count").isalpha() else _at_least_one(row),
        when=_conditions(row),
        **_validity(row),
    )


def _field(row: Row) -> FieldRule:
    paths = tuple(row.text("fields").split("|"))
    if not OPTIONAL.keys() >= set(paths):
        row.note("fields", "elements of dossier.xml that may be absent, like worker/email")
    return FieldRule(
        title=row.text("title"),
        paths=paths,
        need=row.choice("need", Need),
        when=_conditions(row),
        **_validity(row),
    )


def _at_least_one(row: Row) -> int:
    count = row.number("count")
    if count < 1:
        row.note("count", f"1 or more, or one of {', '.join(Count)}")
    return count


def _conditions(row: Row) -> tuple[Condition, ...]:
    """``role=bote & recognition=none|decided``: all must hold, each by one of its values."""
    conditions = []
    for part in filter(None, (part.strip() for part in row.optional("when").split("&"))):
        circumstance, _, values = part.partition("=")
        condition = Condition(circumstance=circumstance.strip(), values=frozenset(values.strip().split("|")))
        known = CIRCUMSTANCES.get(condition.circumstance)
        if condition.circumstance != PAY_BELOW and (known is None or not condition.values <= known):
            row.note("when", f"circumstances of {', '.join((*CIRCUMSTANCES, PAY_BELOW))} with their values")
        conditions.append(condition)
    return tuple(conditions)


def _threshold(row: Row) -> Threshold:
    months = row.number("months")
    if months < 1:
        row.note("months", "1 or more")
    return Threshold(id=row.text("id"), euro=row.amount("euro"), months=months or 1, **_validity(row))


def _route(row: Row) -> Route:
    if not _AGS.fullmatch(row.optional("ags")):
        row.note("ags", "a key of 2, 3, 5 or 8 digits")
    occupations = row.optional("kldb")
    prefixes = tuple(filter(None, occupations.removeprefix("!").split(",")))
    if not all(prefix.isascii() and prefix.isdigit() for prefix in prefixes):
        row.note("kldb", "beginnings of KldB codes, separated by commas")
    kind = row.choice("kind", RouteKind)
    if prefixes and kind is not RouteKind.CHOICE:
        row.note("kldb", "nothing, because only a choice can depend on the occupation")
    row.text("place")
    return Route(
        ags=row.optional("ags"),
        authority=row.text("authority"),
        kind=kind,
        kldb=prefixes,
        kldb_excluded=occupations.startswith("!"),
        **_validity(row),
    )


def _authority(row: Row) -> AuthorityEntry:
    return AuthorityEntry(id=row.text("id"), name=row.text("name"), **_validity(row))


def _deadline(row: Row) -> Deadline:
    return Deadline(
        id=row.text("id"),
        step_de=row.text("step_de"),
        step_en=row.text("step_en"),
        who=row.text("who"),
        amount=row.number("amount"),
        unit=row.choice("unit", Unit),
        basis=row.text("basis"),
        **_validity(row),
    )


def _algorithms(directory: Path, faults: Faults) -> tuple[AlgorithmRule, ...]:
    columns = ("algorithm", "usage", "min_key_bits", *_DATED)
    rows = list(read_table(directory / "algorithms.tsv", columns, faults))
    return tuple(
        AlgorithmRule(
            algorithm=row.text("algorithm"),
            usage=row.text("usage"),
            min_key_bits=row.number("min_key_bits"),
            **_validity(row),
        )
        for row in rows
    )
