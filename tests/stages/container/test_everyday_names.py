# SPDX-License-Identifier: EUPL-1.2
"""Everyday names are passed at a glance; the glance must never pass what the rules would refuse."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policy import ContainerPolicy
from gateway.stages.container import names

POLICY = ContainerPolicy()
PIECES = [
    "con",
    "CON",
    "prn",
    "aux",
    "nul",
    "com1",
    "LPT9",
    "conin$",
    "clock$",
    ".",
    "..",
    "/",
    "_",
    "-",
    "~",
    ":",
    " ",
    "\n",
    "ä",
]
segments = st.one_of(st.sampled_from(PIECES), st.text("abcXYZ019_-.", max_size=9), st.text(max_size=3))


@settings(max_examples=300)
@given(st.lists(segments, max_size=8).map("".join))
def test_at_a_glance_is_as_the_rules_say(name):
    assert list(names._every_fault(name, POLICY)) == list(names.name_faults(name, POLICY))


@settings(max_examples=300)
@given(st.from_regex(names._EVERYDAY, fullmatch=True))
def test_an_everyday_name_breaks_no_rule_but_those_of_size(name):
    kinds = {finding.expected.split()[0] for finding in names._every_fault(name, POLICY)}
    assert kinds <= {"at"}


@pytest.mark.parametrize(
    "name", ["dossier.xml", "dokumente/arbeitsvertrag.pdf", "META-INF/signatures0.xml", "dokumente/"]
)
def test_the_names_of_a_dossier_are_everyday_names(name):
    assert names._EVERYDAY.fullmatch(name)
    assert list(names.name_faults(name, POLICY)) == []


@pytest.mark.parametrize("limits", [{"max_name_bytes": 10}, {"max_depth": 1}])
def test_limits_hold_for_everyday_names(limits):
    assert [*names.name_faults("dokumente/arbeitsvertrag.pdf", ContainerPolicy(**limits))]
