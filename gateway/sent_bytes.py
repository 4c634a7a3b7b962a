# SPDX-License-Identifier: EUPL-1.2
"""How much of a package was sent so far, when it is fetched in parts: whole is handed over, less is not."""

from dataclasses import dataclass, field

_MAX_PIECES = 1_000  # separate byte ranges remembered per delivery


@dataclass(slots=True)
class Coverage:
    """Which bytes of one package were sent, over several requests."""

    pieces: list[tuple[int, int]] = field(default_factory=list)  # disjoint, sorted, half-open

    def add(self, start: int, end: int) -> None:
        """Bytes ``start .. end`` (excluded) were sent."""
        merged: list[tuple[int, int]] = []
        for piece in sorted([*self.pieces, (start, end)]):
            if merged and piece[0] <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], piece[1]))
            else:
                merged.append(piece)
        # A reader that asks for every second byte must not fill our memory; it loses the record of its oldest pieces.
        self.pieces = merged[-_MAX_PIECES:]

    def whole(self, size: int) -> bool:
        """Were all ``size`` bytes sent?"""
        return self.pieces[:1] == [(0, size)]
