# SPDX-License-Identifier: EUPL-1.2
"""``make mutation MODULE=gateway/stages/container``: would the tests notice if the code were wrong?

mutmut makes the mutants and runs the tests; here is only where it works (a copy in ``.mutation/``, so that nobody's
checkout is full of them), which tests it asks, and the page ``tests/vectors/MUTATION.md`` that the results become.
Survivors are explained by hand in ``tests/vectors/mutation.tsv``: function, change, reason.
"""

import argparse
import json
import math
import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import chdir
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

REPOSITORY = Path(__file__).resolve().parent.parent
_COPIED = ("gateway", "adapters", "schemas", "keys", "systemd", "tests", "pyproject.toml", "Makefile")
_PAGE = REPOSITORY / "tests" / "vectors" / "MUTATION.md"
_REASONS = REPOSITORY / "tests" / "vectors" / "mutation.tsv"
_KILLED = {"killed", "timeout", "suspicious", "segfault", "caught by type check"}
_TESTS = {
    "gateway/stages/container": tuple(
        f"tests/stages/container/test_{name}.py"
        for name in ("container_findings", "zip_attacks", "asic_rules", "zip_reading", "inflating_edges")
    ),
    "gateway/stages/signature": (
        "tests/stages/signature",
        "tests/test_fuzz_corpus.py",
        "tests/test_pdf_in_bundle.py",
    ),
}
# A survivor waits for every test that reaches it: walks over whole collections and tests of many seconds are left out.
_SLOW = (
    *("test_corpus", "of_the_corpus", "of_the_corpora", "real_files", "hundred_thousand", "more_values"),
    *(
        "flipped_bit",
        "never_raises",
        "too_large",
        "beyond_the_bound",
        "whatever_is_taken",
        "remembered_judgement",
    ),
    *("inflates_without_end", "many_megabytes"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change and what became of it."""

    name: str
    status: str


def main() -> None:
    """Run or go on, then write the page."""
    options = _options()
    room = REPOSITORY / ".mutation" / _label(options)
    _lay_out(room, options.module, options.only, options.tests or _tests_of(options.module))
    names = _chosen(room, options)
    if names is None or names:
        _mutmut(room, "run", "--max-children", str(options.children), *(names or ()))
    mutants = list(_results(room))
    _keep(room, options, mutants)
    _write_page()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutation", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("module", help="folder under gateway/")
    parser.add_argument("tests", nargs="*", help="instead of those that belong to the module")
    parser.add_argument("--sample", type=int, help="this many mutants by chance instead of all")
    parser.add_argument("--only", nargs="+", default=(), help="modules of the folder: door faults")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--children", type=int, default=1, help="processes at once")
    parser.add_argument(
        "--survivors", action="store_true", help="ask the tests again about those that survived"
    )
    options = parser.parse_args()
    options.module = options.module.strip("/")
    return options


def _label(options: argparse.Namespace) -> str:
    return ".".join([options.module.replace("/", "."), *options.only])


def _tests_of(module: str) -> tuple[str, ...]:
    for folder, tests in _TESTS.items():
        if module.startswith(folder):
            return tests
    raise SystemExit(f"name the tests that belong to {module}")


def _lay_out(room: Path, module: str, only: Iterable[str], tests: Iterable[str]) -> None:
    room.mkdir(parents=True, exist_ok=True)
    for name in _COPIED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.rmtree(room / name, ignore_errors=True)
            shutil.copytree(source, room / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, room / name)
    settings = {
        "source_paths": ["gateway"],
        "only_mutate": [f"{module}/{name}.py" for name in only] or [f"{module}/*"],
        "also_copy": ["adapters", "schemas", "keys", "systemd", "Makefile"],
        "pytest_add_cli_args": ["-p", "no:randomly", "--timeout=120", "--hypothesis-seed=0", "-m", "not slow"]
        + ["-k", " and ".join(f"not {word}" for word in _SLOW)]
        * module.startswith("gateway/stages/signature"),
        "pytest_add_cli_args_test_selection": list(tests),
        "use_git_change_detection": ["false"],
    }
    lines = ["[mutmut]", *(f"{key} =\n  " + "\n  ".join(values) for key, values in settings.items())]
    (room / "setup.cfg").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _mutmut(room: Path, *arguments: str) -> None:
    # The plugin collects garbage five times a test run, which copies every page that a fork shares.
    own = {"PYTEST_ADDOPTS": "-p no:unraisableexception -p no:threadexception"}
    own["AMTSBOTE_SHARED"] = os.environ.get("AMTSBOTE_SHARED", str(REPOSITORY.parent / "shared"))
    command = [sys.executable, "-m", "mutmut", *arguments]
    log = room / "mutmut.log"
    with log.open("ab") as out:
        done = subprocess.run(
            command,
            cwd=room,
            env={**os.environ, **own},
            stdout=out,
            stderr=out,
            check=False,
        )
    if done.returncode:
        sys.stderr.write(f"mutmut ended with {done.returncode}, see {log}\n")


def _chosen(room: Path, options: argparse.Namespace) -> list[str] | None:
    """Names of mutants to try; ``None`` for all that have no result yet."""
    if options.survivors:
        return [mutant.name for mutant in _results(room) if mutant.status == "survived"]
    if options.sample is None:
        return None
    if not any(_results(room)):
        _mutmut(room, "run", "makes-mutants-and-runs-none")
    names = sorted(mutant.name for mutant in _results(room))
    return random.Random(options.seed).sample(names, min(options.sample, len(names)))


def _results(room: Path) -> Iterator[Mutant]:
    for path in sorted((room / "mutants").rglob("*.meta")):
        for name, code in json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"].items():
            yield Mutant(name=name, status=status_by_exit_code[code])


def _keep(room: Path, options: argparse.Namespace, mutants: list[Mutant]) -> None:
    """What the page is made from: figures of this module and every survivor as function, old line, new line."""
    tried = [mutant for mutant in mutants if mutant.status != "not checked"]
    counts = Counter(mutant.status for mutant in tried)
    with chdir(room):
        survivors = sorted(_change(mutant.name) for mutant in tried if mutant.status not in _KILLED)
    facts = {
        "module": options.module + "".join(f" {name}" for name in options.only),
        "sampled": options.sample is not None,
        "date": datetime.now(UTC).date().isoformat(),
        "mutants": len(mutants),
        "tried": len(tried),
        "killed": sum(counts[status] for status in _KILLED),
        "survivors": survivors,
    }
    folder = REPOSITORY / "tests" / "vectors" / "mutation"
    folder.mkdir(exist_ok=True)
    (folder / f"{_label(options)}.json").write_text(
        json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def _change(name: str) -> tuple[str, str, str]:
    """Function, old lines, new lines; asked in the room, where mutmut finds its settings."""
    lines: dict[str, list[str]] = {"-": [], "+": []}
    for line in get_diff_for_mutant(name).splitlines():
        if line[:1] in lines and not line.startswith(("---", "+++")):
            lines[line[0]].append(" ".join(line[1:].split()))
    function = re.sub(r"\.x_|xǁ|ǁ", ".", name.partition("__mutmut_")[0]).replace("..", ".")
    return function, " ".join(lines["-"]), " ".join(lines["+"])


def _reasons() -> Mapping[tuple[str, str, str], str]:
    if not _REASONS.exists():
        return {}
    rows = [line.split("\t") for line in _REASONS.read_text(encoding="utf-8").splitlines()[1:]]
    return {(function, old, new): reason for function, old, new, reason in rows}


def _write_page() -> None:
    reasons = _reasons()
    lines = [
        "# Mutation score",
        "",
        "Written by `make mutation MODULE=...` from the results of mutmut; why a survivor may live stands in `mutation.tsv`.",
        "A score of a sample has its interval at 95 %.",
        "",
        "| module | date | mutants | tried | killed | score | explained | open |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    open_ones: list[str] = []
    told: Counter[str] = Counter()
    for path in sorted((REPOSITORY / "tests" / "vectors" / "mutation").glob("*.json")):
        facts = json.loads(path.read_text(encoding="utf-8"))
        survivors = [tuple(change) for change in facts["survivors"]]
        explained = [change for change in survivors if change in reasons]
        told.update(reasons[change] for change in explained)
        open_ones += [
            f"- `{f}`: `{old}` → `{new}`" for f, old, new in survivors if (f, old, new) not in reasons
        ]
        lines.append(
            f"| `{facts['module']}` | {facts['date']} | {facts['mutants']} | {facts['tried']} | {facts['killed']} "
            f"| {_score(facts)} | {len(explained)} | {len(survivors) - len(explained)} |"
        )
    lines += ["", "## Reasons", "", *(f"- {count} × {reason}" for reason, count in told.most_common())]
    lines += ["", "## Open", "", *(open_ones or ["None."])]
    _PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _score(facts: Mapping[str, int]) -> str:
    """In per cent; of a sample with the Wilson interval."""
    n, share = facts["tried"], facts["killed"] / max(facts["tried"], 1)
    if not facts["sampled"]:
        return f"{share:.1%}" + (" so far" if n < facts["mutants"] else "")
    z = 1.96
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return f"{share:.1%} ({middle - half:.1%} to {middle + half:.1%})"


if __name__ == "__main__":
    main()
