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
from typing import Any

from rich.console import Console
from rich.text import Text

from gateway.errors import ConfigInvalid
from gateway.findings import Finding, Severity
from gateway.phrasebook import Language, Phrasebook


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


# Controls drive a terminal and marks of direction turn names round; both may stand in names of files and in certificates.
_DRIVING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain(text: str, style: str = "") -> Text:
    """What others wrote, shown as it is: no markup is read in it, nothing in it drives the terminal."""
    return Text(_DRIVING.sub("\N{REPLACEMENT CHARACTER}", text), style=style)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Standard output and error of one command."""

    phrasebook: Phrasebook
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

    def note(self, text: str) -> None:
        """A remark on standard error."""
        self.err.print(plain(f"amtsbote: {text}"))

    def error(self, text: str, *, hint: str = "") -> None:
        """What went wrong and what helps."""
        self.err.print(Text("amtsbote: ", style="red").append(plain(text, "default")))
        if hint:
            self.err.print(plain(f"amtsbote: hint: {hint}"))

    def findings(self, findings: Iterable[Finding], *, indent: str = "  ") -> None:
        """One block per finding: what, where, expected and got, how to mend it."""
        for finding in findings:
            sign, colour = _MARK[finding.severity]
            sentence = self.phrasebook.describe(finding, self.language)
            self.out.print(
                Text(f"{indent}{sign} ", style=colour)
                .append(sentence.what, style="default")
                .append(f"  [{finding.code}]", style="dim")
            )
            for label, value in self.details(finding.place, finding.expected, finding.got):
                self.out.print(Text(f"{indent}    {label}: ", style="dim").append(plain(value, "default")))
            if sentence.fix and finding.severity is not Severity.INFO:
                self.out.print(Text(f"{indent}    → {sentence.fix}"))

    def details(self, place: str, expected: str, got: str) -> list[tuple[str, str]]:
        """What is there, each with its label."""
        german = self.language is Language.DE
        labels = ("Stelle", "erwartet", "gefunden") if german else ("place", "expected", "got")
        return [pair for pair in zip(labels, (place, expected, got), strict=True) if pair[1]]

    def told(self, findings: Iterable[Finding]) -> list[dict[str, str]]:
        """Findings as JSON with their sentences, field by field as a gateway's problem document has them."""
        sentences = ((finding, self.phrasebook.describe(finding, self.language)) for finding in findings)
        return [{**finding.to_json(), "what": text.what, "fix": text.fix} for finding, text in sentences]
