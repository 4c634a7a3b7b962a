# SPDX-License-Identifier: EUPL-1.2
"""The benchmark still runs. Nothing is said about how long anything takes."""

import io
import json

import pytest
from bench import journal, machine, verification
from bench.figures import NO_FLOOR, Figure, save, show, timed
from bench.scale import Scale
from bench.stopwatch import Times, interleaved, percentile
from rich.console import Console


@pytest.mark.parametrize("part", [journal, verification])
def test_a_part_of_the_benchmark_gives_figures(part, tmp_path):
    figures = part.measure(Scale.TINY, tmp_path)
    assert figures
    assert [] == [figure.what for figure in figures if not figure.what or not figure.unit]
    # Each stands beside a floor or rival that was measured, or says that it has none.
    assert [] == [
        figure.what for figure in figures if (figure.ratio is None) is not (figure.beside == NO_FLOOR)
    ]


def test_figures_are_shown_and_saved(tmp_path):
    groups = {
        "Part": [
            timed("ours", Times((0.002, 0.003, 0.004)), beside="floor", floor=Times((0.001,) * 3), at_most=4),
            Figure(what="rate", value=17.5, unit="1/s"),
        ]
    }
    out = io.StringIO()
    show(Console(file=out, width=150), groups)
    saved = json.loads(save(tmp_path, "now", machine.describe(tmp_path), groups).read_text(encoding="utf-8"))
    assert all(word in out.getvalue() for word in ("Part", "ours", "met", "rate"))
    assert (3.0, True) == (saved["figures"]["Part"][0]["ratio"], saved["figures"]["Part"][0]["met"])


def test_rivals_take_turns():
    turns = []
    interleaved({name: lambda name=name: turns.append(name) for name in "abc"}, rounds=3)
    assert list("abc" + "abc" + "bca" + "cab") == turns


def test_a_ratio_is_the_median_of_the_ratios_of_each_round():
    assert 2.0 == Times((2.0, 20.0, 3.0)).over(Times((1.0, 10.0, 1.0)))


def test_the_99th_percentile_of_a_hundred_is_the_99th():
    assert (99, 7) == (percentile(range(1, 101), 99), percentile([7], 99))
