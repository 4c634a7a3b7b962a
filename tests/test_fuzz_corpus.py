# SPDX-License-Identifier: EUPL-1.2
"""The kept inputs of the fuzzers, as a plain test: no atheris needed. What is fuzzed for hours is asked here once."""

from dataclasses import replace
from importlib import import_module

import pytest
from fuzz import TARGETS
from fuzz.contract import ACCEPTED, REFUSED, Broken, answer, kept

# A library's warning is no fault here; in the gateway's processes nobody makes warnings errors.
pytestmark = pytest.mark.filterwarnings("ignore")
INPUTS = [(target, path) for target in TARGETS for path in kept(target)]


@pytest.mark.parametrize(("target", "path"), INPUTS, ids=lambda value: getattr(value, "name", value))
def test_a_kept_input_gets_its_answer(target, path):
    given = answer(import_module(f"fuzz.{target}").TARGET, path.read_bytes())
    kind = path.name.partition("-")[0]
    assert given in ({kind} if kind in {ACCEPTED, REFUSED} else {ACCEPTED, REFUSED})


@pytest.mark.parametrize("target", TARGETS)
def test_each_target_keeps_inputs_of_both_answers(target):
    answers = {path.name.partition("-")[0] for path in kept(target)}
    assert {ACCEPTED, REFUSED} <= answers


@pytest.mark.parametrize("promise", [{"judge": lambda data: None}, {"seconds": -1}, {"mebibytes": -1}])
def test_a_target_that_breaks_its_promise_is_a_fault(promise):
    target = import_module("fuzz.zip_container").TARGET
    with pytest.raises(Broken):
        answer(replace(target, **promise), b"")
