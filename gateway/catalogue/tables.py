# SPDX-License-Identifier: EUPL-1.2
"""Tab-separated tables: UTF-8, one header line, ``#`` lines are remarks.

Leaves out what the columns mean. A cell that cannot be read is noted in ``Faults`` and answered with a harmless
value, so that one pass finds every fault; nothing built from a faulty table ever leaves ``gateway.catalogue``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

_E = TypeVar("_E", bound=StrEnum)
_SOME_DAY = date(1, 1, 1)


@dataclass(slots=True)
class Faults:
    """All problems found so far, in the order of the tables. Owned by one ``load_rules`` call."""

    problems: list[str] = field(default_factory=list)

    def note(self, place: str, expected: str, got: str) -> None:
        """Remember one fault."""
        self.problems.append(f"{place}: expected {expected}, got {got!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table with typed access to its cells."""

    place: str  # completeness.tsv, line 12
    cells: dict[str, str]
    faults: Faults

    def text(self, column: str) -> str:
        """A cell that must not be empty."""
        value = self.cells[column]
        if not value:
            self.note(column, "a value")
        return value

    def optional(self, column: str) -> str:
        """A cell that may be empty."""
        return self.cells[column]

    def day(self, column: str) -> date:
        """A day as ``2026-01-31``."""
        try:
            return date.fromisoformat(self.cells[column])
        except ValueError:
            self.note(column, "a day like 2026-01-31")
            return _SOME_DAY

    def optional_day(self, column: str) -> date | None:
        """A day, or nothing for ever."""
        return self.day(column) if self.cells[column] else None

    def number(self, column: str) -> int:
        """A whole number, zero or more."""
        value = self.cells[column]
        if not (value.isascii() and value.isdigit()):
            self.note(column, "a whole number")
            return 0
        return int(value)

    def amount(self, column: str) -> Decimal:
        """A decimal number, zero or more."""
        try:
            value = Decimal(self.cells[column])
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or value < 0:
            self.note(column, "an amount like 45934.20")
            return Decimal(0)
        return value

    def choice(self, column: str, kind: type[_E]) -> _E:
        """One of a closed set."""
        value = self.cells[column]
        members = list(kind)
        if value not in members:
            self.note(column, f"one of {', '.join(members)}")
            return members[0]
        return kind(value)

    def note(self, column: str, expected: str) -> None:
        """Remember a fault of this cell."""
        self.faults.note(f"{self.place}, column {column}", expected, self.cells[column])


def read_table(path: Path, columns: Sequence[str], faults: Faults) -> Iterator[Row]:
    """The rows of a table whose header is exactly ``columns``; a table with another header has no rows."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        faults.note(path.name, "a readable table in UTF-8", type(error).__name__)
        return
    numbered = [
        (n, line) for n, line in enumerate(lines, start=1) if line.strip() and not line.startswith("#")
    ]
    if not numbered or numbered[0][1].split("\t") != list(columns):
        faults.note(path.name, f"the columns {', '.join(columns)}", numbered[0][1] if numbered else "nothing")
        return
    if len(numbered) == 1:
        faults.note(path.name, "at least one row", "none")
    for number, line in numbered[1:]:
        cells = [cell.strip() for cell in line.split("\t")]
        place = f"{path.name}, line {number}"
        if len(cells) != len(columns):
            faults.note(place, f"{len(columns)} cells", str(len(cells)))
            continue
        yield Row(place=place, cells=dict(zip(columns, cells, strict=True)), faults=faults)
