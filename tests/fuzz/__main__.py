# SPDX-License-Identifier: EUPL-1.2
"""``make fuzz``: each target in a process of its own, for some seconds, and one table at the end.

What fails stands in ``.fuzz/TARGET/once-...`` with its traceback beside it; the target goes on for the rest of its
time. Inputs that reach new code stay there too, so that the next run begins where this one ended. None of them is kept
in the repository by itself: it may descend from other people's files. CONTRIBUTING says what to do with a fault.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

from fuzz import TARGETS
from fuzz.contract import REPOSITORY, VECTORS, Target
from fuzz.neighbours import lay_out

_WORK = REPOSITORY / ".fuzz"
_FAULTS_AT_MOST = 8  # of one target in one run; more of them say nothing new
_PROCESS_MEBIBYTES = 1024
_WIDTH = 100  # columns, where nobody says how many there are
_HANGS = 60  # seconds on the clock; a busy machine is slow, and CPU time has a bound of its own
_LAST_WORDS = re.compile(
    r"^(?:[\w.]+\.)?(\w*(?:Broken|Error|Exception|Warning|Rejected)\w*)(?:: .*)?$", re.MULTILINE
)


@dataclass(slots=True, kw_only=True)
class Tally:
    """What the runs of one target came to."""

    seconds: float = 0
    executions: int = 0
    corpus: int = 0
    new: int = 0
    peak: int = 0
    faults: list[str] = field(default_factory=list)


def main() -> None:
    """Fuzz, show, and exit with 1 if anything failed."""
    options = _options()
    tallies = {name: _fuzz(import_module(f"fuzz.{name}").TARGET, options) for name in options.targets}
    _show(tallies)
    raise SystemExit(any(tally.faults for tally in tallies.values()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all if none is named"
    )
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default 60)")
    parser.add_argument(
        "--shared", type=Path, default=os.environ.get("AMTSBOTE_SHARED", REPOSITORY.parent / "shared")
    )
    options = parser.parse_args()
    options.targets = options.targets or TARGETS
    if strange := set(options.targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(strange))}")
    return options


def _fuzz(target: Target, options: argparse.Namespace) -> Tally:
    work = _WORK / target.name
    found, others = work / "found", work / "neighbours"
    found.mkdir(parents=True, exist_ok=True)
    lay_out(target, options.shared, others)
    words = work / "words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words), encoding="ascii")
    tally = Tally()
    end = time.monotonic() + options.seconds
    while (left := int(end - time.monotonic())) > 0 and len(tally.faults) < _FAULTS_AT_MOST:
        _once(target, left, tally, (found, VECTORS / target.name, others))
    tally.corpus = sum(1 for _ in found.iterdir())
    return tally


def _once(target: Target, seconds: int, tally: Tally, folders: tuple[Path, ...]) -> None:
    """One process, to its end: its time is over, or something failed."""
    work = _WORK / target.name
    failed = work / "failed"
    failed.unlink(missing_ok=True)
    command = [
        *(
            sys.executable,
            "-m",
            "fuzz.attack",
            target.name,
            f"-max_total_time={seconds}",
            f"-dict={work / 'words'}",
        ),
        *(f"-max_len={target.max_bytes}", f"-timeout={_HANGS}", f"-rss_limit_mb={_PROCESS_MEBIBYTES}"),
        *("-print_final_stats=1", "-verbosity=1", f"-exact_artifact_path={failed}", *map(str, folders)),
    ]
    started = time.monotonic()
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False, env=_environment())
    said = (run.stdout + run.stderr).decode("utf-8", "replace")
    tally.seconds += time.monotonic() - started
    stats = {name: int(value) for name, value in re.findall(r"stat::(\w+):\s+(\d+)", said)}
    executed = re.findall(r"^#(\d+)\t", said, re.MULTILINE)
    tally.executions += stats.get("number_of_executed_units", int(executed[-1]) if executed else 0)
    tally.new += stats.get("new_units_added", len(re.findall(r"^#\d+\tNEW ", said, re.MULTILINE)))
    tally.peak = max(tally.peak, stats.get("peak_rss_mb", 0))
    (work / "last.log").write_text(said, encoding="utf-8")
    if run.returncode:
        tally.faults.append(_fault(target, failed, said))


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'tests'}"}


def _fault(target: Target, failed: Path, said: str) -> str:
    """The input that failed, under the name of its content; without an input, the process did not start."""
    work = _WORK / target.name
    words = _LAST_WORDS.findall(said)
    what = words[0] if words else "died"
    if not failed.exists():
        return f"{what}, without an input: see {(work / 'last.log').relative_to(REPOSITORY)}"
    kept = failed.rename(work / f"once-{what.lower()}-{sha256(failed.read_bytes()).hexdigest()[:8]}")
    trace = said[max(said.find("=== Uncaught Python exception: ==="), 0) :]
    kept.with_name(f"{kept.name}.log").write_text(trace, encoding="utf-8")
    return str(kept.relative_to(REPOSITORY))


def _escaped(word: bytes) -> str:
    return "".join(chr(b) if 0x20 <= b < 0x7F and b not in b'"\\' else f"\\x{b:02X}" for b in word)


def _show(tallies: dict[str, Tally]) -> None:
    table = Table("target", "seconds", "executions", "per second", "corpus", "new", "peak MiB", "faults")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, tally in tallies.items():
        rate = tally.executions / tally.seconds if tally.seconds else 0
        figures = (
            tally.seconds,
            tally.executions,
            rate,
            tally.corpus,
            tally.new,
            tally.peak,
            len(tally.faults),
        )
        table.add_row(name, *(f"{figure:,.0f}" for figure in figures))
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    console.print(table)
    for name, tally in tallies.items():
        for fault, times in Counter(tally.faults).items():
            console.print(f"[red]{name}: {fault}[/red]" + (f" ({times} times)" if times > 1 else ""))


if __name__ == "__main__":
    main()
