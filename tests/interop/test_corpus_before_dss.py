# SPDX-License-Identifier: EUPL-1.2
"""The shared corpus before EU DSS and before us: nothing is intact here that is not intact there."""

import pytest
from agreement import SHARED
from agreement_dss import DIFFERENCES, TABLE, Row, differences, let_in, render, rows

# 210 files before DSS take two minutes on an idle machine.
# Not foreign: where the tools are installed, the collection of files may still be missing.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def judged() -> list[Row]:
    if not (SHARED / "corpus").is_dir():
        pytest.skip(f"no corpus of signed files in {SHARED}")
    return rows()


def test_nothing_is_intact_here_that_is_not_intact_there(judged: list[Row]) -> None:
    assert let_in(judged) == []
    assert sum(row.ours == "intact" for row in judged) > 80


def test_every_difference_has_its_reason(judged: list[Row]) -> None:
    assert {row.key for row in differences(judged)} == set(DIFFERENCES)


def test_the_table_is_the_one_that_is_kept(judged: list[Row]) -> None:
    assert render(judged) == TABLE.read_text(encoding="utf-8")
