# SPDX-License-Identifier: EUPL-1.2
"""Codes -> sentences a clerk understands, German and English, and the HTTP status of an answer.

Leaves out facts: place, expectation and what was found stand in the finding itself. The texts are data
(``schemas/texts/*.toml``, one table per code), so they can be mended without touching a check; a code without a
text, or a text without a code, is a fault of the installation and stops the start. Who looks at what others sealed can
seal nothing again: ``schemas/texts/recipient/*.toml`` has other sentences for such a reader, several codes at a time.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from gateway.codes import Code
from gateway.errors import ConfigInvalid
from gateway.findings import Finding

_WORDS = ("de", "de_fix", "en", "en_fix")
_KEYS = frozenset({"status", *_WORDS})
_STATUS_RANGE = range(400, 600)


class Language(StrEnum):
    """What we speak."""

    DE = "de"
    EN = "en"


class Audience(StrEnum):
    """To whom we speak, which is: who can mend what."""

    SENDER = "sender"  # made and sealed the thing, and sends it to a gateway
    RECIPIENT = "recipient"  # got it from somebody else


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
    def load(cls, root: Path, audience: Audience = Audience.SENDER) -> Self:
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
        for code, table in _spoken_to(root, audience, problems).items():
            if code in entries:
                entries[code] = _reworded(entries[code], table)
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


def _spoken_to(root: Path, audience: Audience, problems: list[str]) -> Mapping[Code, Mapping[str, str]]:
    """What this audience hears instead, by code; the sender hears what stands in the tables of codes."""
    found: dict[Code, Mapping[str, str]] = {}
    if audience is Audience.SENDER:
        return found
    for path in sorted((root / "texts" / audience).glob("*.toml")):
        for slug, table in _tables(path, problems):
            place = f"{path.name}, {slug}"
            codes = table.get("codes", [slug]) if isinstance(table, dict) else []
            if fault := _reworded_fault(table):
                problems.append(f"{place}: {fault}")
                continue
            words = {key: table[key] for key in _WORDS if key in table}
            for code in codes:
                if code not in set(Code) or Code(code) in found:
                    problems.append(f"{place}: expected a known code with one text, got {code}")
                else:
                    found[Code(code)] = words
    return found


def _reworded_fault(table: Any) -> str:
    """Both languages have to say the same: a sentence is changed in both or in none."""
    if not isinstance(table, dict) or not isinstance(table.get("codes", []), list):
        return "expected sentences, and codes as a list"
    words = set(table) - {"codes"}
    lone = any((f"de{part}" in words) != (f"en{part}" in words) for part in ("", "_fix"))
    if not words or words - set(_WORDS) or lone:
        return f"expected {', '.join(_WORDS)}, each with its other language"
    empty = [key for key in sorted(words) if not (isinstance(table[key], str) and table[key].strip())]
    return f"expected a sentence for {', '.join(empty)}" if empty else ""


def _reworded(entry: Entry, words: Mapping[str, str]) -> Entry:
    return replace(
        entry,
        sentences={
            language: Sentence(
                what=words.get(language.value, sentence.what),
                fix=words.get(f"{language.value}_fix", sentence.fix),
            )
            for language, sentence in entry.sentences.items()
        },
    )


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
