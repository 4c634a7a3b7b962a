# SPDX-License-Identifier: EUPL-1.2
"""Codes -> sentences a clerk understands, German and English, and the HTTP status of an answer.

Leaves out facts: place, expectation and what was found stand in the finding itself. The texts are data
(``schemas/texts/*.toml``, one table per code), so they can be mended without touching a check; a code without a
text, or a text without a code, is a fault of the installation and stops the start.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from gateway.codes import Code
from gateway.errors import ConfigInvalid
from gateway.findings import Finding

_KEYS = frozenset({"status", "de", "de_fix", "en", "en_fix"})
_STATUS_RANGE = range(400, 600)


class Language(StrEnum):
    """What we speak."""

    DE = "de"
    EN = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """What is wrong, and how to mend it."""

    what: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """All there is to say about one code."""

    status: int  # of the answer whose primary finding has this code
    sentences: Mapping[Language, Sentence]


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """All texts. Complete by construction: every code has an entry in every language."""

    entries: Mapping[Code, Entry]

    @classmethod
    def load(cls, root: Path) -> Self:
        """Read ``texts/*.toml`` below ``root``. Raises ``ConfigInvalid`` with every fault of every file."""
        problems: list[str] = []
        entries: dict[Code, Entry] = {}
        for path in sorted((root / "texts").glob("*.toml")):
            for slug, table in _tables(path, problems):
                place = f"{path.name}, {slug}"
                if slug not in set(Code):
                    problems.append(f"{place}: expected a known code, got none of this name")
                elif Code(slug) in entries:
                    problems.append(f"{place}: expected one text, got a second one")
                elif fault := _fault(table):
                    problems.append(f"{place}: {fault}")
                else:
                    entries[Code(slug)] = _entry(table)
        problems += [f"texts: expected a text for {code}, got none" for code in Code if code not in entries]
        if problems:
            raise ConfigInvalid(problems, hint="install amtsbote again, or mend the texts")
        return cls(entries)

    def describe(self, finding: Finding, language: str) -> Sentence:
        """The sentences for a finding; its facts stand beside them."""
        return self.phrase(finding.code, language)

    def phrase(self, code: Code, language: str) -> Sentence:
        """The sentences for a code."""
        return self.entries[code].sentences[Language(language)]

    def status(self, code: Code) -> int:
        """The HTTP status of an answer whose primary finding has this code."""
        return self.entries[code].status


def _tables(path: Path, problems: list[str]) -> Iterator[tuple[str, Any]]:
    try:
        yield from tomllib.loads(path.read_text(encoding="utf-8")).items()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(f"{path.name}: expected readable texts, got {error}")


def _fault(table: Any) -> str:
    if not isinstance(table, dict) or set(table) != _KEYS:
        return f"expected the keys {', '.join(sorted(_KEYS))}"
    if type(table["status"]) is not int or table["status"] not in _STATUS_RANGE:
        return f"expected an HTTP error status, got {table['status']!r}"
    empty = [
        key for key in sorted(_KEYS - {"status"}) if not (isinstance(table[key], str) and table[key].strip())
    ]
    return f"expected a sentence for {', '.join(empty)}" if empty else ""


def _entry(table: Mapping[str, Any]) -> Entry:
    return Entry(
        status=table["status"],
        sentences={
            language: Sentence(what=table[language.value], fix=table[f"{language.value}_fix"])
            for language in Language
        },
    )
