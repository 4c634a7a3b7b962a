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
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import chdir
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import wordscan
from mutmut.mutation.diff_apply import apply_mutant, find_mutant, get_diff_for_mutant
from mutmut.stats import status_by_exit_code

REPOSITORY = Path(__file__).resolve().parent.parent
_COPIED = ("gateway", "adapters", "schemas", "keys", "systemd", "tests", "pyproject.toml", "Makefile")
_PAGE = REPOSITORY / "tests" / "vectors" / "MUTATION.md"
_REASONS = REPOSITORY / "tests" / "vectors" / "mutation.tsv"
# mutmut has no command that makes mutants and runs none.
_MAKE = """from mutmut.__main__ import *
copy_src_dir(), copy_also_copy_files(), setup_source_paths(), create_mutants(1)"""
_KILLED = {"killed", "timeout", "suspicious", "segfault", "caught by type check"}
_CONTAINER = "tests/stages/container"
_SIGNATURE = "tests/stages/signature"
# A folder and the tests that stand near it, in that folder or right below tests/; a file belongs to the nearest folder here.
_TESTS = {
    "gateway/stages/container": (
        _CONTAINER,
        "container_findings zip_attacks asic_rules zip_reading inflating_edges",
    ),
    "gateway/stages/signature": (
        _SIGNATURE,
        "door verdict_of_all references_to_files coverage_asic asic_manifest_* conclusion",
        "when_* causes content_stamps stamp_order stamps_* countersignatures_[cx]* xades_[rftw]* cades",
    ),
    "gateway/stages/signature/certificates": (
        _SIGNATURE,
        "trust_* path_* certificate_* short_lived_* revocation* suspension special_lists ocsp*",
    ),
    "gateway/stages/signature/xmldsig": (
        _SIGNATURE,
        "xmldsig_* xades_[crfw]* references_to_files packing",
    ),
    "gateway/stages/signature/xades": (
        _SIGNATURE,
        "xades_[rfstpw]* content_stamps stamp_order stamps_* countersignatures_x* references_to_files",
        "verdict_of_all packing",
    ),
    "gateway/stages/signature/cms": (
        _SIGNATURE,
        "cades* cms_* timestamp* content_stamps countersignatures_c* coverage_asic verdict_of_all",
    ),
    "gateway/stages/signature/pdf": (_SIGNATURE, "pades pdf_* countersignatures_pdf"),
    "gateway/stages/signature/qualified": (
        _SIGNATURE,
        "qualification* qualified_[cs]* trusted_lists hostile_lists list_* lists_*",
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
    before = {mutant.name for mutant in _tried(room)}
    if names is None or names:
        _mutmut(room, "run", "--max-children", str(options.children), *(names or ()))
    _ask_the_reader_of_words(room)
    _keep(room, options, before)
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
    near = _nearest(Path(module))
    if near is None:
        raise SystemExit(f"name the tests that belong to {module}")
    folder, *patterns = _TESTS[near]
    wanted = [f"{at}/test_{name}.py" for at in (folder, "tests") for name in " ".join(patterns).split()]
    return tuple(sorted({str(path.relative_to(REPOSITORY)) for at in wanted for path in REPOSITORY.glob(at)}))


def _nearest(path: Path) -> str | None:
    return next((str(at) for at in (path, *path.parents) if str(at) in _TESTS), None)


def _mutated(module: str, only: Collection[str]) -> list[str]:
    """Files to change: without the rooms of the folder that have tests of their own."""
    files = [path.relative_to(REPOSITORY) for path in sorted((REPOSITORY / module).rglob("*.py"))]
    own = [path for path in files if _nearest(path) == _nearest(Path(module))]
    return [str(path) for path in own if not only or path.stem in only]


def _lay_out(room: Path, module: str, only: Collection[str], tests: Iterable[str]) -> None:
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
        "only_mutate": _mutated(module, only),
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
        subprocess.run([sys.executable, "-c", _MAKE], cwd=room, stdout=subprocess.DEVNULL, check=True)
    names = sorted(mutant.name for mutant in _results(room))
    return random.Random(options.seed).sample(names, min(options.sample, len(names)))


def _results(room: Path) -> Iterator[Mutant]:
    for path in sorted((room / "mutants").rglob("*.meta")):
        for name, code in json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"].items():
            yield Mutant(name=name, status=status_by_exit_code[code])


def _ask_the_reader_of_words(room: Path) -> None:
    """Survivors once more before ``test_wording``: every text in the source has German words, and no other has.

    It cannot judge where mutmut runs it: there every mutant stands in the source, the one under test among them.
    """
    sound = wordscan.templates(room)
    with chdir(room):
        for path in sorted((room / "mutants").rglob("*.meta")):
            kept = json.loads(path.read_text(encoding="utf-8"))
            for name, code in kept["exit_code_by_key"].items():
                if status_by_exit_code[code] == "survived" and '"' in _change(name)[1]:
                    kept["exit_code_by_key"][name] = int(_says_otherwise(name, sound))
            path.write_text(json.dumps(kept, indent=4), encoding="utf-8")


def _says_otherwise(name: str, sound: Mapping[str, str]) -> bool:
    source = Path(find_mutant(name).path)
    original = source.read_bytes()
    try:
        apply_mutant(name)
        return wordscan.templates(Path.cwd()).keys() != sound.keys()
    finally:
        source.write_bytes(original)


def _tried(room: Path) -> list[Mutant]:
    return [mutant for mutant in _results(room) if mutant.status != "not checked"]


def _keep(room: Path, options: argparse.Namespace, before: Collection[str]) -> None:
    """What the page is made from: figures of this module and every survivor as function, old line, new line."""
    path = REPOSITORY / "tests" / "vectors" / "mutation" / f"{_label(options)}.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    tried = _tried(room)
    new = [mutant for mutant in tried if mutant.name not in before]
    with chdir(room):
        survivors = sorted(_change(mutant.name) for mutant in tried if mutant.status not in _KILLED)
    facts = {
        "module": options.module + "".join(f" {name}" for name in options.only),
        # Asked again about survivors, it is the same sample.
        "sampled": options.sample is not None or known.get("sampled", False),
        "date": datetime.now(UTC).date().isoformat(),
        "mutants": sum(1 for _ in _results(room)),
        "tried": len(tried),
        "killed": _killed(tried),
        # Tests are written for survivors: what the tests knew before tells of the mutants that nobody tried.
        "first_tried": known.get("first_tried", 0) + len(new),
        "first_killed": known.get("first_killed", 0) + _killed(new),
        "survivors": survivors,
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _killed(mutants: Iterable[Mutant]) -> int:
    return sum(mutant.status in _KILLED for mutant in mutants)


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
        "Where not all were tried, they were drawn by chance unless the table says otherwise.",
        "`at first` is what the tests killed before any test was written for a survivor, with the interval at 95 %.",
        "`killed` counts survivors too for which a test was written since and seen to fail with the change in the source.",
        "",
        "| module | date | mutants | tried | at first | killed | score | explained | open |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
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
            f"| `{facts['module']}` | {facts['date']} | {facts['mutants']} | {_tried_of(facts)} "
            f"| {_at_first(facts)} | {facts['killed']} | {facts['killed'] / max(facts['tried'], 1):.1%} | {len(explained)} | {len(survivors) - len(explained)} |"
        )
    lines += ["", "## Reasons", "", *(f"- {count} × {reason}" for reason, count in told.most_common())]
    lines += ["", "## Open", "", *(open_ones or ["None."])]
    _PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _tried_of(facts: Mapping[str, int]) -> str:
    chosen = facts["sampled"] or facts["tried"] == facts["mutants"]
    return f"{facts['tried']}" if chosen else f"{facts['tried']} (the quickest)"


def _at_first(facts: Mapping[str, int]) -> str:
    """In per cent, with the Wilson interval."""
    n = facts.get("first_tried", 0)
    if not n:
        return "not kept"
    share = facts["first_killed"] / n
    z = 1.96
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return f"{share:.1%} ({middle - half:.1%} to {middle + half:.1%})"


if __name__ == "__main__":
    main()
