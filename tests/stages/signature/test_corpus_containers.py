# SPDX-License-Identifier: EUPL-1.2
"""Real containers of other projects: what is intact against expectation, and what is not, is explained by name."""

import agreement
import pytest

from gateway.policy import ContainerPolicy, Reaction

# Real certificates break rules that the library warns about; warnings must not change a verdict.
pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def judged(shared):
    return list(agreement.rows(shared))


def test_every_negative_is_caught_in_its_bytes_or_listed_with_its_own_fault(judged):
    intact = {row.key for row in agreement.intact_negatives(judged)}
    passing = {r.key for r in judged if r.expected in agreement.NEGATIVE and r.granted == "TOTAL-PASSED"}

    assert agreement.INTACT_NEGATIVES.keys() == intact
    assert passing <= intact


@pytest.mark.parametrize(
    ("reaction", "granted"), [(Reaction.WARNING, "TOTAL-PASSED"), (Reaction.ERROR, "INDETERMINATE")]
)
def test_a_fault_of_the_container_is_refused_where_the_operator_says_so(shared, reaction, granted):
    policy = ContainerPolicy(mimetype=reaction)
    judged = list(agreement.rows(shared, policy=policy, keys=agreement.CONTAINER_FAULTS))

    assert [granted] * len(agreement.CONTAINER_FAULTS) == [row.granted for row in judged]
    assert {reaction is Reaction.ERROR} == {"container-mimetype-rule" in row.reasons for row in judged}


def test_without_anchors_nothing_at_all_passes(judged):
    assert [] == [row.file for row in judged if row.indication == "TOTAL-PASSED"]


def test_every_signed_positive_is_intact_or_listed_with_its_reason(judged):
    assert sorted(agreement.EXCEPTIONS) == sorted(row.key for row in agreement.exceptions(judged))


def test_no_judgement_ends_in_an_exception(judged):
    assert [] == [row.file for row in judged if "verification-failed" in row.reasons]


def test_the_table_of_agreement_is_the_one_in_the_repository(judged):
    assert agreement.render(judged) == agreement.TABLE.read_text(encoding="utf-8")
