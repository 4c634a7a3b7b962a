# SPDX-License-Identifier: EUPL-1.2
"""Our own short wording -> German: help, faults, and the details of findings (``schemas/wording/*.toml``).

Details and faults stay English where machines keep them (JSON, journal, log lines); only what a person reads is turned
into German, at the very end. A key of the files is the English wording as the source has it, with ``{}`` for a value and
``{#}`` for a number; its German text takes the values as ``{}`` in order or by number, and ``{0:t}`` for a value that is
wording itself.
Leaves out the sentences of codes (``gateway.phrasebook``) and whatever others wrote: a text no key fits stays as it is.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any, Self

from gateway.errors import ConfigInvalid

_JOINT = "; "
_VALUE = re.compile(r"\{#?\}")
_HINT = "install amtsbote again, or mend the wording"


@dataclass(frozen=True, slots=True)
class Wording:
    """All templates: fixed texts by themselves, those with values as patterns, the most telling first."""

    fixed: Mapping[str, str]
    patterns: tuple[tuple[re.Pattern[str], str], ...]

    @classmethod
    def load(cls, root: Path) -> Self:
        """Read ``wording/*.toml`` below ``root``. Raises ``ConfigInvalid`` with every fault of every file."""
        problems: list[str] = []
        texts: dict[str, str] = {}
        for path in sorted((root / "wording").glob("*.toml")):
            for english, german in _pairs(path, problems):
                if english in texts:
                    problems.append(f"{path.name}, {english}: expected one text, got a second one")
                elif not _fits(english, german):
                    problems.append(f"{path.name}, {english}: expected German with the same values")
                else:
                    texts[english] = german
        if problems or not texts:
            raise ConfigInvalid(problems or ["wording: expected texts, got none"], hint=_HINT)
        fixed = {english: german for english, german in texts.items() if not _VALUE.search(english)}
        open_ones = sorted(texts.keys() - fixed.keys(), key=_telling, reverse=True)
        return cls(fixed, tuple((_pattern(english), texts[english]) for english in open_ones))

    def german(self, english: str) -> str:
        """The German wording; of a list that is joined by semicolons part by part; else the text as it is."""
        whole = self._whole(english)
        return "; ".join(map(self._part, english.split(_JOINT))) if whole is None else whole

    def _whole(self, english: str) -> str | None:
        if english in self.fixed or _JOINT not in english:
            return self._part(english)
        joined = (entry for entry in self.patterns if re.escape(_JOINT) in entry[0].pattern)
        return next((german for entry in joined if (german := self._filled(english, *entry))), None)

    def _part(self, english: str) -> str:
        if english in self.fixed:
            return self.fixed[english]
        return next((german for entry in self.patterns if (german := self._filled(english, *entry))), english)

    def _filled(self, english: str, pattern: re.Pattern[str], german: str) -> str | None:
        match = pattern.fullmatch(english)
        return _Filled(self.german).format(german, *match.groups()) if match else None


class _Filled(Formatter):
    """``str.format`` with the format ``t``: the value is wording of ours as well."""

    def __init__(self, german: Callable[[str], str]) -> None:
        self._german = german

    def format_field(self, value: Any, format_spec: str) -> str:
        """``{0:t}`` translates the value, ``{}`` keeps it."""
        return self._german(str(value)) if format_spec == "t" else str(value)


def _telling(english: str) -> tuple[bool, int, int, str]:
    """A beginning of its own says most, then more letters, then numbers; the text itself ends every tie."""
    return not english.startswith("{"), len(_VALUE.sub("", english)), english.count("{#}"), english


def _pattern(english: str) -> re.Pattern[str]:
    values = [r"(\d+)" if "#" in value else "(.+?)" for value in _VALUE.findall(english)]
    fixed = map(re.escape, _VALUE.split(english))
    return re.compile(
        "".join(part + value for part, value in zip(fixed, [*values, ""], strict=True)), re.DOTALL
    )


def _fits(english: str, german: Any) -> bool:
    """Does the German text use exactly the values that the English one has?"""
    if not (isinstance(german, str) and german.strip()):
        return False
    count = len(_VALUE.findall(english))
    if not count:
        return True
    try:
        fields = [(name, spec) for _, name, spec, _ in Formatter().parse(german) if name is not None]
    except ValueError:
        return False
    names = {name or str(number) for number, (name, _) in enumerate(fields)}
    return names == {str(n) for n in range(count)} and all(spec in {"", "t"} for _, spec in fields)


def _pairs(path: Path, problems: list[str]) -> list[tuple[str, Any]]:
    try:
        return list(tomllib.loads(path.read_text(encoding="utf-8")).items())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(f"{path.name}: expected readable texts, got {error}")
        return []
