# SPDX-License-Identifier: EUPL-1.2
"""What the documents say is there: commands, options, links, limits, codes; and nothing of the machine they were written on."""

import argparse
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from gateway.cli import _VERBS, _parser
from gateway.codes import Code

REPOSITORY = Path(__file__).resolve().parent.parent
_NOT_OURS = {
    ".git",
    ".venv",
    ".venv-foreign",
    "node_modules",
    "demo",
    "probe",
    "dist",
    "build",
    "bench-results",
    ".mutation",
}
DOCUMENTS = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for path in REPOSITORY.rglob("*.md")
    if not _NOT_OURS & set(path.relative_to(REPOSITORY).parts) and not path.parts[-2].startswith(".")
)
FOR_READERS = ["README.md", "README.de.md", "systemd/README.md", "keys/README.md"]


def text(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def shell_blocks(name: str) -> list[str]:
    """Blocks marked ``sh``, continued lines joined, without their indentation in lists."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```$", text(name), re.DOTALL | re.MULTILINE)
    return [re.sub(r"\\\n\s*", " ", block) for block in blocks]


def commands(name: str) -> list[list[str]]:
    """Words of every ``amtsbote`` command in the document, in blocks and in the running text."""
    found = re.findall(
        r"(?:^ *|\(|bin/)amtsbote ([a-z][^#|)\n]*)", "\n".join(shell_blocks(name)), re.MULTILINE
    )
    found += re.findall(r"`amtsbote ([a-z][^`]*)`", text(name))
    return [line.split() for line in found]


def known_words() -> dict[tuple[str, ...], set[str]]:
    """Options of every command, by verb and action."""
    known: dict[tuple[str, ...], set[str]] = {}

    def walk(parser: argparse.ArgumentParser, path: tuple[str, ...]) -> None:
        known[path] = {option for action in parser._actions for option in action.option_strings}
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for name, below in action.choices.items():
                    walk(below, (*path, name))

    walk(_parser([]), ())
    return known


def test_readers_are_told_of_every_command():
    for name in ("README.md", "README.de.md"):
        assert set(_VERBS) == {words[0] for words in commands(name)} & set(_VERBS), name


@pytest.mark.parametrize("name", FOR_READERS)
def test_commands_in_documents_exist_with_their_options(name):
    known = known_words()
    for words in commands(name):
        path = next(tuple(words[:length]) for length in (2, 1, 0) if tuple(words[:length]) in known)
        assert path, words
        assert path in known
        options = {word for word in words if word.startswith("--")}
        assert options <= known[path], (words, options - known[path])


def test_targets_of_make_in_documents_exist():
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))
    blocks = [block for name in DOCUMENTS for block in shell_blocks(name)]
    named = {name for block in blocks for name in re.findall(r"^make ([a-z]+)", block, re.MULTILINE)}

    assert {"demo", "test"} <= named
    assert named <= targets


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_between_documents_lead_somewhere(name):
    prose = re.sub(r"```.*?```", "", text(name), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        linked = (REPOSITORY / name).parent / path if path else REPOSITORY / name
        assert linked.exists(), target
        if anchor:
            assert anchor in headings(linked), target


def headings(document: Path) -> set[str]:
    """Anchors as code hosts make them."""
    lines = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def test_the_command_that_lists_the_reason_codes_lists_all_of_them():
    (line,) = [block for block in shell_blocks("README.md") if "schemas/texts" in block]
    done = subprocess.run(["bash", "-c", line], cwd=REPOSITORY, capture_output=True, text=True, check=True)

    assert {code.value for code in Code} == {slug.strip("[]") for slug in done.stdout.split()}


def test_the_table_of_limits_names_keys_with_their_defaults():
    rows = re.findall(
        r"^\| [^|]+ \| ([0-9]+)[^|]* \| `([a-z]+)\.([a-z_]+)` \|$", text("README.md"), re.MULTILINE
    )
    template = text("schemas/config/amtsbote.toml").replace("@", "")
    sections = tomllib.loads(re.sub(r"^#(?=[a-z_]+ = )", "", template, flags=re.MULTILINE))

    assert len(rows) > 10
    assert {f"{s}.{k}": int(n) for n, s, k in rows} == {f"{s}.{k}": sections[s][k] for _, s, k in rows}


def test_the_systemd_page_names_every_unit():
    units = {
        path.name for suffix in ("service", "socket") for path in (REPOSITORY / "systemd").glob(f"*.{suffix}")
    }

    assert units == set(re.findall(r"^\| `([^`]+)` \|", text("systemd/README.md"), re.MULTILINE))


@pytest.mark.foreign
def test_no_file_names_a_test_that_is_not_there():
    named = {
        (name, path)
        for name in tracked()
        for path in re.findall(r"\btests/[\w/]+\.py\b", (REPOSITORY / name).read_text("utf-8", "replace"))
    }

    assert [] == sorted(pair for pair in named if not (REPOSITORY / pair[1]).is_file())


def tracked() -> list[str]:
    """Files that belong to the project, new ones too."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a checkout: the files of the project cannot be told from others")
    return [name for name in listed.stdout.split("\0") if name and (REPOSITORY / name).is_file()]


@pytest.mark.foreign
def test_no_file_gives_a_reason_that_only_stands_in_papers_nobody_else_has():
    papers = re.compile(
        r"\bDESIGN\b|security-and-reliability|\bhouse rules? [0-9]|\bhouse rule of|\bfacts/|in our facts|by the assignment"
    )
    itself = Path(__file__).relative_to(REPOSITORY).as_posix()
    found = [
        (name, cited[0])
        for name in tracked()
        if name != itself
        for cited in papers.finditer((REPOSITORY / name).read_text("utf-8", "replace"))
    ]

    assert [] == found


@pytest.mark.foreign
def test_no_file_names_the_machine_or_the_place_it_was_written_at():
    # In pieces, so that this file does not name them either.
    places = [
        part.encode()
        for part in ("/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "--index-" + "url", "py" + "pi.org")
    ]
    found = [
        (name, place.decode())
        for name in tracked()
        for place in places
        if place in (REPOSITORY / name).read_bytes()
    ]

    assert [] == found
