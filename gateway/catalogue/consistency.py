# SPDX-License-Identifier: EUPL-1.2
"""What the tables of the rules are to each other: no code that another table does not know, and no two rows that would
give one question two answers on the same day.
"""

from collections.abc import Callable, Hashable, Sequence
from itertools import combinations
from typing import TypeVar

from gateway.catalogue.tables import Faults
from gateway.model.rules import PAY_BELOW, Dated, Route, RouteKind, Rules

_D = TypeVar("_D", bound=Dated)


def check_consistency(rules: Rules, faults: Faults) -> None:
    """Every fault between rows, added to ``faults``."""
    _check_references(rules, faults)
    _check_overlaps(rules, faults)


def _check_references(rules: Rules, faults: Faults) -> None:
    """Codes that lead nowhere would silently weaken a rule."""
    titles = {title.code for title in rules.titles} | {"*"}
    types = {document.code for document in rules.document_types}
    thresholds = {threshold.id for threshold in rules.thresholds}
    for rule in rules.completeness:
        for code in sorted(set(rule.types) - types):
            faults.note("completeness.tsv", "a document of document-types.tsv", code)
    for table, needs in (("completeness.tsv", rules.completeness), ("fields.tsv", rules.fields)):
        for need in needs:
            if need.title not in titles:
                faults.note(table, "a title of titles.tsv or *", need.title)
            for condition in need.when:
                if condition.circumstance == PAY_BELOW and not condition.values <= thresholds:
                    faults.note(table, "a pay floor of thresholds.tsv", "|".join(condition.values))
    authorities = {authority.id for authority in rules.authorities}
    for authority in sorted({route.authority for route in rules.jurisdiction} - authorities):
        faults.note("jurisdiction.tsv", "an authority of authorities.tsv", authority)


def _check_overlaps(rules: Rules, faults: Faults) -> None:
    """One question, one answer on each day."""
    _once(rules.titles, "titles.tsv", lambda t: t.code, faults)
    _once(rules.document_types, "document-types.tsv", lambda d: d.code, faults)
    _once(rules.thresholds, "thresholds.tsv", lambda t: t.id, faults)
    _once(rules.authorities, "authorities.tsv", lambda a: a.id, faults)
    _once(rules.deadlines, "deadlines.tsv", lambda d: d.id, faults)
    _once(rules.completeness, "completeness.tsv", lambda c: (c.title, c.types, c.when), faults)
    _once(rules.fields, "fields.tsv", lambda f: (f.title, f.paths, f.when), faults)
    _once(rules.jurisdiction, "jurisdiction.tsv", _claim, faults)
    exclusive = [route for route in rules.jurisdiction if route.kind is RouteKind.EXCLUSIVE]
    for one, other in combinations(exclusive, 2):
        nested = one.ags != other.ags and (one.ags.startswith(other.ags) or other.ags.startswith(one.ags))
        if nested and one.overlaps(other):
            faults.note(
                "jurisdiction.tsv", f"one exclusive authority for {max(one.ags, other.ags)}", "two at a time"
            )


def _claim(route: Route) -> Hashable:
    """What a row claims alone: a place as a whole, or the choice of one authority in it."""
    return (route.ags, route.kind, route.authority if route.kind is RouteKind.CHOICE else "")


def _once(rows: Sequence[_D], table: str, key: Callable[[_D], Hashable], faults: Faults) -> None:
    groups: dict[Hashable, list[_D]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    for name, group in groups.items():
        if any(one.overlaps(other) for one, other in combinations(group, 2)):
            faults.note(table, f"one row at a time for {name}", "overlapping validity")
