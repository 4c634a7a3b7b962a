# SPDX-License-Identifier: EUPL-1.2
"""``make bench``: how fast, how much memory, each figure beside its floor or rival from the same run.

A benchmark, never a test: nothing fails for being slow. Needs nothing but the checkout and its virtual environment.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bench import intake, journal, machine, memory, verification
from bench.figures import Figure, save, show
from bench.scale import Scale

_WIDTH = 190  # columns, where nobody says how many there are
_REPOSITORY = Path(__file__).resolve().parents[2]
_PARTS: dict[str, tuple[str, Callable[[Scale, Path], Sequence[Figure]]]] = {
    "verification": ("Verification (in memory, one process; CPU time)", verification.measure),
    "journal": ("Journal and log", journal.measure),
    "intake": ("Intake (amtsbote serve, 8 senders, 10 PDFs of 100 KB)", intake.measure),
    "memory": ("Peak memory (largest bundle through the running gateway)", memory.measure),
}


def main() -> None:
    """Measure, show, save."""
    options = _options()
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    with tempfile.TemporaryDirectory(prefix="amtsbote-bench-", dir=options.scratch) as scratch:
        where = machine.describe(Path(scratch))
        started = datetime.now(UTC)
        busy = machine.is_busy()
        console.print(" · ".join(f"{name} {value}" for name, value in where.items()))
        groups: dict[str, Sequence[Figure]] = {}
        failed: list[str] = []
        for name in options.only or _PARTS:
            title, measure = _PARTS[name]
            console.print(f"measuring: {title} ...")
            directory = Path(scratch) / name
            directory.mkdir()
            try:
                groups[title] = measure(options.scale, directory)
            except Exception:  # minutes of other parts must not be lost with it
                console.print_exception()
                failed.append(name)
    show(console, groups)
    if busy:
        console.print(
            f"[yellow]The machine was busy (load {where['load'][0]} on {where['cores']} cores at the start): "
            "ratios and CPU times hold, other absolute numbers do not.[/yellow]"
        )
    stamp = started.strftime("%Y%m%dT%H%M%SZ")
    facts = {**where, "busy": busy, "scale": options.scale, "started": started.isoformat(timespec="seconds")}
    console.print(f"saved: {save(options.results, stamp, facts, groups)}")
    if failed:
        raise SystemExit(f"not measured: {', '.join(failed)}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--quick", dest="scale", action="store_const", const=Scale.QUICK, default=Scale.FULL,
        help="small numbers, about a minute",
    )  # fmt: skip
    parser.add_argument("--only", action="append", choices=list(_PARTS), help="one part; may be repeated")
    parser.add_argument("--results", type=Path, default=_REPOSITORY / "bench-results")
    parser.add_argument("--scratch", type=Path, help="a directory on the disk to measure; needs 8 GiB")
    return parser.parse_args()


if __name__ == "__main__":
    main()
