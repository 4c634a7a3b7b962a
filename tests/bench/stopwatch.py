# SPDX-License-Identifier: EUPL-1.2
"""Takes times so that they can be compared on a machine that does other things as well.

Rivals run in turn, one call each a round, starting with another one every round: what disturbs one disturbs all.
A ratio is the median of the ratios of one round, not the ratio of two medians that saw different disturbances.
"""

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter, process_time

Work = Callable[[], object]
Clock = Callable[[], float]
CPU: Clock = process_time


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of every call, in order."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return median(self.seconds)

    @property
    def p99(self) -> float:
        """99 of 100 are not above it."""
        return percentile(self.seconds, 99)

    def over(self, floor: "Times") -> float:
        """How many times as long as ``floor``, round by round."""
        return median(mine / its for mine, its in zip(self.seconds, floor.seconds, strict=True))


def percentile(values: Sequence[float], percent: int) -> float:
    """Nearest rank."""
    ranked = sorted(values)
    return ranked[max(0, -(-len(ranked) * percent // 100) - 1)]


def seconds(work: Work, clock: Clock = perf_counter) -> float:
    """One call."""
    start = clock()
    work()
    return clock() - start


def interleaved(
    rivals: Mapping[str, Work], *, rounds: int, rotating: bool = True, clock: Clock = perf_counter
) -> dict[str, Times]:
    """Every rival once a round, after one round that does not count. Not ``rotating``: always in the order given.

    ``clock`` is ``CPU`` for work that never waits: time in which the kernel ran somebody else is not its own.
    """
    names = list(rivals)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for name in names:
        rivals[name]()
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds):
            turn = number % len(names) if rotating else 0
            for name in (*names[turn:], *names[:turn]):
                taken[name].append(seconds(rivals[name], clock))
            gc.collect()
    finally:
        gc.enable()
    return {name: Times(tuple(values)) for name, values in taken.items()}
