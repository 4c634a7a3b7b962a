# SPDX-License-Identifier: EUPL-1.2
"""What follows from something that is told already is not told beside it: whoever mends the cause mends both.

Only the words are left out. A verdict rests on consequences as it rests on causes.
"""

from collections.abc import Iterable, Sequence

from gateway.codes import Code
from gateway.findings import Finding, blocking
from gateway.model.asic import MANIFEST

_ABOUT_A_FILE = frozenset({Code.UNSIGNED_CONTENT, Code.SIGNED_FILE_MISSING})


def causes_only(listed: Sequence[Finding], others: Iterable[Finding]) -> list[Finding]:
    """``listed`` are contradictions of manifest.xml; signatures say more of a file that was added or taken out."""
    told = [finding for finding in blocking(others) if finding.code in _ABOUT_A_FILE]
    return [finding for finding in listed if not any(_is_cause(cause, finding) for cause in told)]


def _is_cause(cause: Finding, finding: Finding) -> bool:
    name = finding.place.removeprefix(f"{MANIFEST}: ")
    return name != finding.place and (cause.place == name or cause.place.endswith(f", {name}"))
