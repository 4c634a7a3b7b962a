# SPDX-License-Identifier: EUPL-1.2
"""What was measured, and how it is shown: one table for people, one JSON file for machines."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.stopwatch import Times

_MILLI = 1000
NO_FLOOR = "no floor"  # there is no honest one: the figure stands for itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number beside its floor or rival, which was measured in the same run."""

    what: str
    value: float  # the median where several were taken
    unit: str
    p99: float | None = None
    beside: str = NO_FLOOR  # the floor or rival
    beside_value: float | None = None
    ratio: float | None = None  # value in units of the floor's
    aim: str = ""
    met: bool | None = None


def timed(
    what: str,
    times: Times,
    *,
    beside: str = NO_FLOOR,
    floor: Times | None = None,
    at_most: float | None = None,
) -> Figure:
    """A duration in milliseconds; ``at_most`` is the aim for the ratio to the floor."""
    ratio = times.over(floor) if floor is not None else None
    return Figure(
        what=what,
        value=times.median * _MILLI,
        unit="ms",
        p99=times.p99 * _MILLI,
        beside=beside,
        beside_value=floor.median * _MILLI if floor is not None else None,
        ratio=ratio,
        aim=f"<= {at_most:g} x" if at_most is not None else "",
        met=ratio <= at_most if at_most is not None and ratio is not None else None,
    )


def show(console: Console, groups: Mapping[str, Iterable[Figure]]) -> None:
    """All figures as one table."""
    table = Table(title="Amtsbote, measured", show_lines=False)
    for column in ("what", "median", "p99", "unit", "floor or rival, same run", "its median", "ratio", "aim"):
        numeric = column in {"median", "p99", "its median", "ratio"}
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for group, figures in groups.items():
        table.add_section()
        table.add_row(f"[bold]{group}[/bold]")
        for figure in figures:
            table.add_row(*_cells(figure))
    console.print(table)


def _cells(figure: Figure) -> tuple[str, ...]:
    verdict = {None: "", True: " [green]met[/green]", False: " [red]missed[/red]"}[figure.met]
    return (
        figure.what,
        _number(figure.value),
        _number(figure.p99),
        figure.unit,
        figure.beside,
        _number(figure.beside_value),
        _number(figure.ratio),
        figure.aim + verdict,
    )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def save(
    directory: Path, stamp: str, machine: Mapping[str, object], groups: Mapping[str, Iterable[Figure]]
) -> Path:
    """The same as JSON; the file's path."""
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / f"{stamp}.json"
    figures = {group: [asdict(figure) for figure in found] for group, found in groups.items()}
    target.write_text(
        json.dumps({"machine": machine, "figures": figures}, indent=2, ensure_ascii=False) + "\n",
        encoding="utf-8",
    )
    return target
