# SPDX-License-Identifier: EUPL-1.2
"""A file that is judged in a process of its own: whatever it does there, whoever asked gets an answer."""

import os
from datetime import UTC, datetime
from itertools import repeat

import pytest

from gateway.codes import Code
from gateway.confinement import WorkerLimits
from gateway.errors import GatewayFault
from gateway.model.signature import ContainerState, Indication, Integrity, Trust, VerificationReport
from gateway.roles.preloading import preload
from gateway.workers.alone import judge_alone

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GIB = 1024**3
ROOMY = WorkerLimits(memory_bytes=4 * GIB)  # tests bring more libraries along than a command does


@pytest.fixture(autouse=True)
def loaded():
    preload()


@pytest.fixture
def descriptor(tmp_path):
    path = tmp_path / "antrag.asice"
    path.write_bytes(b"the file")
    opened = os.open(path, os.O_RDONLY)
    yield opened
    os.close(opened)


def report(level):
    return VerificationReport(
        container=ContainerState.OK,
        integrity=Integrity.INTACT,
        trust=Trust.TRUSTED,
        indication=Indication.TOTAL_PASSED,
        sub_indication=None,
        level=level,
        moment=NOW,
        findings=(),
    )


def told(judge, descriptor, limits=ROOMY):
    """What is said where nothing can be said: the finding's code and its reason."""
    answer = judge_alone(judge, descriptor, NOW, limits=limits)
    assert (Indication.INDETERMINATE, Integrity.UNCHECKED) == (answer.indication, answer.integrity)
    (finding,) = answer.findings
    return finding.code, finding.got


ENDED = (Code.PROCESSING_FAILED, "the verification process ended before it had an answer")


def test_the_report_comes_back_and_was_made_from_the_file(descriptor):
    answer = judge_alone(lambda: report(os.pread(descriptor, 8, 0).decode()), descriptor, NOW, limits=ROOMY)
    assert report("the file") == answer


def test_a_file_that_wants_all_memory_gets_the_limit_told(descriptor):
    limit = (Code.PROCESSING_FAILED, "the memory limit was reached")
    assert limit == told(lambda: report(str(bytearray(8 * GIB))), descriptor)


def test_a_file_that_takes_for_ever_is_ended(descriptor):
    limits = WorkerLimits(memory_bytes=4 * GIB, wall_seconds=1)
    assert ENDED == told(lambda: report(str(sum(repeat(1)))), descriptor, limits)


@pytest.mark.parametrize("status", [0, 1])
def test_a_process_that_ends_without_an_answer_says_nothing_for_the_file(descriptor, status):
    assert ENDED == told(lambda: os._exit(status), descriptor)


def test_an_answer_that_is_no_report_counts_for_nothing(descriptor):
    assert ENDED == told(lambda: "TOTAL-PASSED", descriptor)


def test_no_other_file_can_be_opened(descriptor):
    assert ENDED == told(lambda: report(open("/etc/hostname").read()), descriptor)  # noqa: PTH123, SIM115 - the attack


def test_the_next_file_is_judged_all_the_same(descriptor):
    assert ENDED == told(lambda: os._exit(1), descriptor)
    assert report("B-B") == judge_alone(lambda: report("B-B"), descriptor, NOW, limits=ROOMY)


def test_without_confinement_nothing_is_judged(descriptor):
    with pytest.raises(GatewayFault, match="did not confine"):
        judge_alone(lambda: report("B-B"), descriptor, NOW, limits=WorkerLimits(open_files=2**40))
