# SPDX-License-Identifier: EUPL-1.2
"""Real PDFs of other projects: no negative passes, every positive is intact or explained by name."""

import agreement
import agreement_pdf
import pytest


@pytest.fixture(scope="module")
def judged(shared):
    return list(agreement_pdf.rows(shared))


def test_no_negative_passes_even_where_all_trust_is_granted(judged):
    negatives = [r for r in judged if r.expected in agreement.NEGATIVE | {"indeterminate", "mixed"}]
    assert negatives
    assert [] == [r.file for r in negatives if "TOTAL-PASSED" in {r.indication, r.granted}]


def test_every_negative_is_caught_in_its_bytes_or_listed_with_its_own_fault(judged):
    assert agreement_pdf.INTACT_NEGATIVES.keys() == {r.key for r in agreement_pdf.intact_negatives(judged)}


def test_without_anchors_nothing_at_all_passes(judged):
    assert [] == [row.file for row in judged if row.indication == "TOTAL-PASSED"]


def test_every_positive_is_intact_or_listed_with_its_reason(judged):
    assert sorted(agreement_pdf.EXCEPTIONS) == sorted(row.key for row in agreement_pdf.exceptions(judged))


def test_an_intact_positive_passes_once_trusted_unless_its_encoding_or_a_time_stamp_is_refused(judged):
    positives = [r for r in judged if r.expected in agreement.POSITIVE and r.integrity == "intact"]
    refused = {reason for r in positives if r.granted != "TOTAL-PASSED" for reason in r.reasons}
    # A time-stamp that was copied from elsewhere is about other bytes.
    assert refused <= {"cms-structure", "certificate-expired", "timestamp-invalid"}


def test_no_judgement_ends_in_an_exception(judged):
    assert [] == [row.file for row in judged if "verification-failed" in row.reasons]


def test_the_table_of_agreement_is_the_one_in_the_repository(judged):
    assert agreement_pdf.render(judged) == agreement_pdf.TABLE.read_text(encoding="utf-8")
