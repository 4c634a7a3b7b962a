# SPDX-License-Identifier: EUPL-1.2
"""Why an answer of an authority was not taken, in German and English lines for the clerk who wrote it.

Leaves out how the lines reach the clerk: that is the transport's (``gateway.ports.Transport.refuse``). What stood in the
answer is not repeated; the clerk has it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from gateway.findings import Finding
from gateway.phrasebook import Language, Phrasebook, Sentence
from gateway.ports import Refusal
from gateway.wording import Wording


@dataclass(frozen=True, slots=True)
class Explainer:
    """All texts of the gateway, for people who do not ask in one language."""

    phrasebook: Phrasebook
    wording: Wording

    @classmethod
    def load(cls, root: Path) -> Self:
        """Read the texts below ``root``. Raises ``ConfigInvalid``."""
        return cls(Phrasebook.load(root), Wording.load(root))

    def refusal(self, findings: Sequence[Finding]) -> Refusal:
        """One line a finding."""
        book, german = self.phrasebook, self.wording.german
        return Refusal(
            german=tuple(_line(f, book.describe(f, Language.DE), "erwartet", german) for f in findings),
            english=tuple(_line(f, book.describe(f, Language.EN), "expected", str) for f in findings),
        )


def _line(finding: Finding, sentence: Sentence, label: str, speak: Callable[[str], str]) -> str:
    details = f" ({speak(finding.place)}; {label}: {speak(finding.expected)})" if finding.expected else ""
    return f"{sentence.what}{details} {sentence.fix}"
