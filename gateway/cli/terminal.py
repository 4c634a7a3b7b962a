# SPDX-License-Identifier: EUPL-1.2
"""How the commands speak: data on standard output, everything else on standard error, lower case, with a hint.

Exit codes are the same for all commands: 0 good, 1 refused or not proven, 2 wrong use, 3 our own fault.
"""

import codecs
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

from rich.console import Console

from gateway.cli.findings import Told, show_blocks
from gateway.cli.lines import plain
from gateway.cli.moments import moments_in
from gateway.errors import ConfigInvalid
from gateway.findings import Finding, Foreign
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
        """One JSON value a line, in UTF-8 or in ASCII."""
        ascii_only = codecs.lookup(sys.stdout.encoding).name != "utf-8"
        sys.stdout.write(json.dumps(value, ensure_ascii=ascii_only, sort_keys=False) + "\n")
        sys.stdout.flush()

    def say(self, german: str, english: str, *, style: str = "") -> None:
        """A line for the person at the terminal; silent where a program listens."""
        if not self.as_json:
            self.out.print(plain(self.choose(german, english), style))

    def choose(self, german: str, english: str) -> str:
        """The one that the person reads."""
        return german if self.language is Language.DE else english

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
        self.err.print(plain("amtsbote: ", "red").append(plain(self.worded(text))))
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
        """Findings whose sentences are there already."""
        show_blocks(console, map(self._worded, rows), self.language)

    def _worded(self, row: Told) -> Told:
        place, expected, got = map(self._detail, row.details)
        return replace(row, details=(place, expected, got))

    def _detail(self, text: str) -> str:
        return text if isinstance(text, Foreign) else moments_in(self.language, self.worded(text))

    def told(self, findings: Iterable[Finding]) -> list[dict[str, str]]:
        """Findings as JSON with their sentences, field by field as a gateway's problem document has them."""
        sentences = ((finding, self.phrasebook.describe(finding, self.language)) for finding in findings)
        return [{**finding.to_json(), "what": text.what, "fix": text.fix} for finding, text in sentences]
