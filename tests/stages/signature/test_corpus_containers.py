# SPDX-License-Identifier: EUPL-1.2
"""Real containers of other projects: no negative passes, every signed positive is intact or explained by name."""

import agreement
import pytest

# Real certificates break rules that the library warns about; warnings must not change a verdict.
pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def judged(shared):
    return list(agreement.rows(shared))


def test_no_negative_passes(judged):
    assert [] == [
        r.file for r in judged if r.expected in agreement.NEGATIVE and r.indication == "TOTAL-PASSED"
    ]


def test_without_anchors_nothing_at_all_passes(judged):
    assert [] == [row.file for row in judged if row.indication == "TOTAL-PASSED"]


def test_every_signed_positive_is_intact_or_listed_with_its_reason(judged):
    assert sorted(agreement.EXCEPTIONS) == sorted(row.key for row in agreement.exceptions(judged))


def test_no_judgement_ends_in_an_exception(judged):
    assert [] == [row.file for row in judged if "verification-failed" in row.reasons]


def test_the_table_of_agreement_is_the_one_in_the_repository(judged):
    assert agreement.render(judged) == agreement.TABLE.read_text(encoding="utf-8")
