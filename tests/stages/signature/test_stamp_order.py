# SPDX-License-Identifier: EUPL-1.2
"""A time-stamp that claims to be older than one it covers: one of two clocks lies, so neither proves a time (EN 319 102-1
clauses 5.5.4 and 5.6.3), whichever form they stand in.
"""

from datetime import timedelta

import pytest
import trustroom
from pdfroom import SIGNED_AT, room
from signed_bundles import NOW, judged
from stamproom import HOUR, LENIENT, archived, stamped, store_of_containers
from trustroom import DAY

MINUTE = timedelta(minutes=1)  # below the skew that clocks are allowed
DISORDER = ("INDETERMINATE", "TIMESTAMP_ORDER_FAILURE", "timestamp-order")


def verdict(judgement):
    blocking = {f.code.value for f in judgement.findings if f.severity.value in {"error", "unknown"}}
    return judgement.indication, judgement.sub_indication, ", ".join(sorted(blocking))


def container(*, stamp, archive):
    return judged(
        archived(stamped(stamp), moment=archive),
        store=store_of_containers(),
        policy=LENIENT,
        moment=NOW + 10 * HOUR,
    )


def test_an_archive_time_stamp_older_than_the_one_it_covers():
    assert DISORDER == verdict(container(stamp=NOW + 5 * HOUR, archive=NOW + HOUR))


@pytest.mark.parametrize("archive", [NOW + 5 * HOUR, NOW + 5 * HOUR - MINUTE, NOW + 9 * HOUR])
def test_clocks_may_differ_by_the_skew(archive):
    report = container(stamp=NOW + 5 * HOUR, archive=archive)
    assert ("TOTAL-PASSED", None, "") == verdict(report)
    assert min(NOW + 5 * HOUR, archive) == report.signatures[0].best_signature_time


def test_a_document_time_stamp_older_than_the_one_in_the_signature_it_covers():
    signed = room().sign(level="B-T", moment=SIGNED_AT)
    judgement = room().judge(room().stamp(signed, moment=SIGNED_AT - 2 * DAY))
    assert DISORDER == verdict(judgement)
    assert "intact" == judgement.integrity


def test_a_document_time_stamp_older_than_the_one_before_it():
    once = room().stamp(room().sign(moment=trustroom.NOW - 5 * DAY), moment=SIGNED_AT, field="A")
    assert ("TOTAL-PASSED", None, "") == verdict(room().judge(once))
    judgement = room().judge(room().stamp(once, moment=SIGNED_AT - 2 * DAY, field="B"))
    assert DISORDER == verdict(judgement)
    assert [None, "TIMESTAMP_ORDER_FAILURE"] == [r.sub_indication for r in judgement.signatures[1:]]


def test_a_time_stamp_that_proves_nothing_contradicts_nobody():
    report = judged(
        archived(stamped(NOW + 5 * HOUR), moment=NOW + HOUR),
        store=store_of_containers(trusted=False),
        policy=LENIENT,
        moment=NOW + 10 * HOUR,
    )
    assert ("TOTAL-PASSED", None, "") == verdict(report)
