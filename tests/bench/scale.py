# SPDX-License-Identifier: EUPL-1.2
"""How much is measured: enough to mean something, enough for a glance, or just enough to prove that it runs."""

from enum import StrEnum


class Scale(StrEnum):
    """The amount of work; every measurement names its own three numbers."""

    FULL = "full"
    QUICK = "quick"
    TINY = "tiny"

    def of(self, full: int, quick: int, tiny: int) -> int:
        """The number that goes with this scale."""
        return {Scale.FULL: full, Scale.QUICK: quick, Scale.TINY: tiny}[self]
