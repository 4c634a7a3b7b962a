# SPDX-License-Identifier: EUPL-1.2
"""What the demonstration says, and the table it ends with. Knows nothing of gateways."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.rule import Rule
from rich.table import Table

from gateway.phrasebook import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One line of the final table."""

    who: str
    what: str
    result: str
    codes: tuple[str, ...]
    good: bool  # as the script expected


@dataclass(slots=True, kw_only=True)
class Stage:
    """Prints scenes and remembers outcomes. Owned by the one task that plays."""

    console: Console
    language: Language
    speak: Callable[[str], str]  # our short wording in that language
    outcomes: list[Outcome] = field(default_factory=list)

    def pick(self, german: str, english: str) -> str:
        """The text in the reader's language."""
        return german if self.language is Language.DE else english

    def scene(self, german: str, english: str) -> None:
        """A heading."""
        self.console.print()
        self.console.print(
            Rule(f"[bold]{escape(self.pick(german, english))}[/bold]", align="left", style="blue")
        )

    def say(self, german: str, english: str) -> None:
        """A line of the story."""
        self.console.print(f"  {escape(self.pick(german, english))}")

    def done(self, german: str, english: str) -> None:
        """Something went as it should."""
        self.console.print(f"  [green]✓[/green] {escape(self.pick(german, english))}")

    def failed(self, german: str, english: str) -> None:
        """Something did not; the demonstration will end with exit code 1."""
        self.console.print(f"  [bold red]✗ {escape(self.pick(german, english))}[/bold red]")
        self.outcomes.append(
            Outcome(who="", what=self.pick(german, english), result="", codes=(), good=False)
        )

    def refusal(self, findings: Iterable[Mapping[str, Any]]) -> None:
        """Findings as the gateway worded them, with what it expected where that says which thing is meant."""
        for (code, what), group in groupby(
            findings, lambda finding: (finding["code"], finding.get("what", ""))
        ):
            self.console.print(f"    [yellow]•[/yellow] {escape(what)} [dim]{escape(code)}[/dim]")
            for finding in group:
                details = [self.speak(finding[name]) for name in ("place", "expected") if finding.get(name)]
                if details:
                    line = escape(" · ".join(details))
                    self.console.print(f"      [dim]{line}[/dim]", no_wrap=True, overflow="ellipsis")

    def outcome(
        self, *, who: str, what: str, result: str, codes: tuple[str, ...] = (), good: bool = True
    ) -> None:
        """Remember a line for the table."""
        self.outcomes.append(Outcome(who=who, what=what, result=result, codes=codes, good=good))

    def table(self) -> Table:
        """What happened."""
        german = self.language is Language.DE
        table = Table(box=None, header_style="bold", pad_edge=False)
        table.add_column("Kammer" if german else "chamber", no_wrap=True)
        table.add_column("Bündel" if german else "bundle")
        table.add_column("Ergebnis" if german else "result", no_wrap=True)
        table.add_column("Kennungen" if german else "codes", style="dim", no_wrap=True)
        for line in self.outcomes:
            mark = "" if line.good else "[bold red]✗ [/bold red]"
            table.add_row(
                line.who, escape(line.what), mark + escape(line.result), escape("\n".join(line.codes))
            )
        return table

    @property
    def as_expected(self) -> bool:
        """Did everything go as the script says?"""
        return all(line.good for line in self.outcomes)
