# SPDX-License-Identifier: EUPL-1.2
"""How the commands speak: data on standard output, everything else on standard error, lower case, with a hint.

Exit codes are the same for all commands: 0 good, 1 refused or not proven, 2 wrong use, 3 our own fault.
"""

import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.text import Text

from gateway.errors import ConfigInvalid
from gateway.findings import Finding, Severity
from gateway.phrasebook import Language, Phrasebook
from gateway.wording import Wording


class Exit(IntEnum):
    """What the shell sees."""

    GOOD = 0
    REFUSED = 1
    USAGE = 2
    FAULT = 3


class WrongUse(ConfigInvalid):
    """The arguments cannot be followed: a file that is not there, a target that exists, a key that fits nothing."""


_MARK = {
    Severity.ERROR: ("✗", "red"),
    Severity.UNKNOWN: ("?", "yellow"),
    Severity.WARNING: ("!", "yellow"),
    Severity.INFO: ("·", "dim"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One finding as it is shown, whoever made its sentences."""

    code: str
    severity: Severity
    what: str
    fix: str
    details: tuple[str, str, str]  # place, expected, got


# Controls drive a terminal and marks of direction turn names round; both may stand in names of files and in certificates.
_DRIVING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain(text: str, style: str = "") -> Text:
    """What others wrote, shown as it is: no markup is read in it, nothing in it drives the terminal."""
    return Text(_DRIVING.sub("\N{REPLACEMENT CHARACTER}", text), style=style)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Standard output and error of one command."""

    phrasebook: Phrasebook
    wording: Wording
    language: Language
    as_json: bool = False
    out: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))
    err: Console = field(default_factory=lambda: Console(stderr=True, highlight=False, soft_wrap=True))

    def data(self, value: Any) -> None:
        """One JSON value a line."""
        sys.stdout.write(json.dumps(value, ensure_ascii=False, sort_keys=False) + "\n")
        sys.stdout.flush()

    def say(self, german: str, english: str, *, style: str = "") -> None:
        """A line for the person at the terminal; silent where a program listens."""
        if not self.as_json:
            self.out.print(plain(german if self.language is Language.DE else english, style))

    def worded(self, text: str) -> str:
        """Wording of ours in the language of the person."""
        return self.wording.german(text) if self.language is Language.DE else text

    def note(self, text: str) -> None:
        """A remark on standard error."""
        self.err.print(plain(f"amtsbote: {self.worded(text)}"))

    def hint(self, text: str) -> None:
        """What helps."""
        self.err.print(plain(f"amtsbote: {self.worded('hint')}: {self.worded(text)}"))

    def error(self, text: str, *, hint: str = "") -> None:
        """What went wrong and what helps."""
        self.err.print(Text("amtsbote: ", style="red").append(plain(self.worded(text), "default")))
        if hint:
            self.hint(hint)

    def findings(self, findings: Iterable[Finding]) -> None:
        """What was found, in the sentences of the phrasebook."""
        told = ((finding, self.phrasebook.describe(finding, self.language)) for finding in findings)
        self.blocks(
            self.out,
            (
                Told(
                    code=f.code,
                    severity=f.severity,
                    what=s.what,
                    fix=s.fix,
                    details=(f.place, f.expected, f.got),
                )
                for f, s in told
            ),
        )

    def blocks(self, console: Console, rows: Iterable[Told]) -> None:
        """One block for all of a kind: what, then each place with what was expected and got, then how to mend it."""
        for (code, severity, what, fix), group in groupby(
            rows, lambda r: (r.code, r.severity, r.what, r.fix)
        ):
            sign, colour = _MARK[severity]
            head = Text(f"  {sign} ", style=colour).append(plain(what, "default"))
            console.print(head.append(plain(f"  [{code}]", "dim")))
            for row in group:
                for label, value in self.details(*row.details):
                    console.print(Text(f"      {label}: ", style="dim").append(plain(value, "default")))
            if fix and severity is not Severity.INFO:
                console.print(plain(f"      → {fix}"))

    def details(self, place: str, expected: str, got: str) -> list[tuple[str, str]]:
        """What is there, each with its label."""
        german = self.language is Language.DE
        labels = ("Stelle", "erwartet", "gefunden") if german else ("place", "expected", "got")
        values = map(self.worded, (place, expected, got))
        return [pair for pair in zip(labels, values, strict=True) if pair[1]]

    def told(self, findings: Iterable[Finding]) -> list[dict[str, str]]:
        """Findings as JSON with their sentences, field by field as a gateway's problem document has them."""
        sentences = ((finding, self.phrasebook.describe(finding, self.language)) for finding in findings)
        return [{**finding.to_json(), "what": text.what, "fix": text.fix} for finding, text in sentences]
