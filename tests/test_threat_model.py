# SPDX-License-Identifier: EUPL-1.2
"""The threat model names a test for every control, and the tests are there; its own rows on the supply chain hold."""

import re
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
TEXT = (REPOSITORY / "THREAT_MODEL.md").read_text(encoding="utf-8")
LOCKS = ["build.txt", "run.txt", "demo.txt", "dev.txt", "foreign.txt"]


def rows() -> list[list[str]]:
    """The cells of every control: tables whose last column is ``test``."""
    found, inside = [], False
    for line in TEXT.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| threat |"):
            assert cells == ["threat", "control", "secure default", "test"]
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not line.startswith("|---"):
            found.append(cells)
    return found


def test_every_control_names_tests_that_exist():
    without = [cells[0] for cells in rows() if not re.findall(r"`(tests/[^`]+)`", cells[3])]
    named = {path for cells in rows() for path in re.findall(r"`(tests/[^`]+)`", cells[3])}

    assert [] == without
    assert [] == sorted(path for path in named if not (REPOSITORY / path).is_file())


def test_every_threat_has_a_letter_of_stride_and_every_letter_a_threat():
    letters = [re.match(r"((?:[STRIDE], )*[STRIDE]): \S", cells[0]) for cells in rows()]

    assert [] == [cells[0] for cells, match in zip(rows(), letters, strict=True) if match is None]
    assert set("STRIDE") == {letter for match in letters for letter in match[1] if letter in "STRIDE"}


def test_every_path_the_page_names_exists():
    named = set(re.findall(r"`((?:tests|systemd|gateway|schemas|adapters)/[^`*]*)`", TEXT))

    assert [] == sorted(path for path in named if not (REPOSITORY / path).exists())


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_dependency_has_a_hash(name):
    text = (REPOSITORY / "requirements" / name).read_text().replace("\\\n", " ")
    pinned = [line for line in text.splitlines() if re.match(r"[a-z0-9]", line, re.IGNORECASE)]

    assert pinned
    assert [] == [line.split()[0] for line in pinned if "==" not in line or "--hash=sha256:" not in line]


def test_make_installs_nothing_without_a_hash():
    recipe = (REPOSITORY / "Makefile").read_text()
    (command,) = [line for line in recipe.splitlines() if re.search(r"\bpip\b", line)]
    installs = [line for line in recipe.splitlines() if "$(INSTALL)" in line]

    assert command.startswith("INSTALL := ")
    assert "--no-build-isolation" in command  # an isolated build fetches its tools without a hash
    assert installs
    assert [] == [line for line in installs if "--require-hashes" not in line and "--no-deps" not in line]


def test_every_direct_dependency_has_its_reason_in_the_decisions():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    direct = [*project["dependencies"], *project["optional-dependencies"]["demo"]]
    decisions = (REPOSITORY / "DECISIONS.md").read_text(encoding="utf-8")
    table = decisions.partition("## 9. Dependencies")[2].partition("\n## ")[0]

    names = [re.split(r"[<>=\[ ]", requirement)[0] for requirement in direct]
    assert [] == [name for name in names if name not in table]
