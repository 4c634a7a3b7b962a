# SPDX-License-Identifier: EUPL-1.2
"""Findings on a screen: the worst first, all of a kind as one block, and never more than a person reads.

Leaves out the sentences (``gateway.phrasebook``) and the words of details (``gateway.wording``): they come as they are
to be shown. Programs get every finding from ``--json``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from gateway.cli.lines import hang, plain
from gateway.findings import Severity
from gateway.phrasebook import Language

_MARK = {
    Severity.ERROR: ("✗", "red"),
    Severity.UNKNOWN: ("?", "yellow"),
    Severity.WARNING: ("!", "yellow"),
    Severity.INFO: ("·", "dim"),
}
_GRAVEST_FIRST = tuple(_MARK)
_SHOWN = 10  # places of one kind
_LABELS = {Language.DE: ("Stelle", "erwartet", "gefunden"), Language.EN: ("place", "expected", "got")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One finding as it is shown, whoever made its sentences. ``details`` are place, expected and got."""

    code: str
    severity: Severity
    what: str
    fix: str
    details: tuple[str, str, str]


def show_blocks(console: Console, rows: Iterable[Told], language: Language) -> None:
    """One block for all of a kind: what, then where with what was expected and got, then how to mend it."""
    kinds: dict[tuple[Severity, str, str, str], list[Told]] = {}
    for row in rows:
        kinds.setdefault((row.severity, row.code, row.what, row.fix), []).append(row)
    for (severity, code, what, fix), group in sorted(
        kinds.items(), key=lambda kind: _GRAVEST_FIRST.index(kind[0][0])
    ):
        sign, colour = _MARK[severity]
        hang(
            console, plain(f"  {sign} ", colour), Text.assemble(plain(f"{what}  "), plain(f"[{code}]", "dim"))
        )
        _show_details(console, [row.details for row in group], language)
        if fix and severity is not Severity.INFO:
            hang(console, plain("      → "), plain(fix))


def _show_details(console: Console, details: Sequence[tuple[str, str, str]], language: Language) -> None:
    """What is the same at every place is said once."""
    labels = _LABELS[language]
    shared = [len(details) > 1 and len(set(column)) == 1 for column in zip(*details, strict=True)]
    for label, value, same in zip(labels, details[0], shared, strict=True):
        if same:
            _show_detail(console, label, value)
    own = [row for row in details if any(_particular(row, shared))]
    for row in own[:_SHOWN]:
        for label, value in zip(labels, _particular(row, shared), strict=True):
            _show_detail(console, label, value)
    if (left := len(own) - _SHOWN) > 0:
        more = (
            f"… und {left} weitere (alle mit --json)"
            if language is Language.DE
            else f"… and {left} more (all with --json)"
        )
        hang(console, plain("      "), plain(more, "dim"))


def _particular(row: tuple[str, str, str], shared: Sequence[bool]) -> list[str]:
    return ["" if same else value for value, same in zip(row, shared, strict=True)]


def _show_detail(console: Console, label: str, value: str) -> None:
    if value:
        hang(console, plain(f"      {label}: ", "dim"), plain(value))


def counted(severities: Iterable[Severity], language: Language) -> str:
    """How many there are: "200 Fehler, 0 Hinweise"; open questions only where there are any."""
    found = list(severities)
    errors, unknown = found.count(Severity.ERROR), found.count(Severity.UNKNOWN)
    remarks = len(found) - errors - unknown
    if language is Language.DE:
        parts = [
            f"{errors} Fehler",
            f"{unknown} offene {'Frage' if unknown == 1 else 'Fragen'}" if unknown else "",
            f"{remarks} {'Hinweis' if remarks == 1 else 'Hinweise'}",
        ]
    else:
        parts = [
            f"{errors} {'error' if errors == 1 else 'errors'}",
            f"{unknown} open {'question' if unknown == 1 else 'questions'}" if unknown else "",
            f"{remarks} {'remark' if remarks == 1 else 'remarks'}",
        ]
    return ", ".join(filter(None, parts))
