# SPDX-License-Identifier: EUPL-1.2
"""What a check saw: a code, how grave, where, what was expected and what stood there.

Findings carry facts only. The sentences a clerk reads are made from them by ``gateway.phrasebook``,
so stages stay pure and a text can be mended without touching a check.
``expected`` and ``got`` may hold personal data: findings go to the sender and into the journal, never to logs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from gateway.codes import Code

_TEXT_LIMIT = 300  # characters; attacker-controlled text is cut, so a report cannot be flooded


class Foreign(str):
    """What stands in somebody's file as it is: a name, a value. No words of ours, so no language has another for it.

    A finding that was read back from JSON has lost the difference.
    """

    __slots__ = ()


class Severity(StrEnum):
    """How a finding weighs: one ``ERROR`` refuses, an ``UNKNOWN`` leaves the verdict open (EN 319 102-1 INDETERMINATE)."""

    INFO = "info"
    WARNING = "warning"
    UNKNOWN = "unknown"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One observation of one check."""

    code: Code
    severity: Severity = Severity.ERROR
    place: str = ""
    expected: str = ""
    got: str = ""

    def __post_init__(self) -> None:
        for name in ("place", "expected", "got"):
            text: str = getattr(self, name)
            shown = escaped(text[: _TEXT_LIMIT + 1])
            cut = shown if len(shown) <= _TEXT_LIMIT else shown[: _TEXT_LIMIT - 1] + "…"
            object.__setattr__(self, name, Foreign(cut) if isinstance(text, Foreign) else cut)

    def to_json(self) -> dict[str, str]:
        """Field by field, empty ones left out."""
        pairs = {
            "code": self.code.value,
            "severity": self.severity.value,
            "place": self.place,
            "expected": self.expected,
            "got": self.got,
        }
        return {name: value for name, value in pairs.items() if value}

    @classmethod
    def from_json(cls, data: Mapping[str, str]) -> Self:
        """Inverse of ``to_json``. Raises ``KeyError`` or ``ValueError`` on anything else."""
        return cls(
            code=Code(data["code"]),
            severity=Severity(data["severity"]),
            place=data.get("place", ""),
            expected=data.get("expected", ""),
            got=data.get("got", ""),
        )


def blocking(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that keep a bundle out: errors and open questions. Fail closed: unknown is never good."""
    return tuple(f for f in findings if f.severity in {Severity.ERROR, Severity.UNKNOWN})


def escaped(text: str) -> str:
    """Controls, ends of lines, marks of direction and what has no width, escaped: text of others must not forge a line
    of a log or of a screen.
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
