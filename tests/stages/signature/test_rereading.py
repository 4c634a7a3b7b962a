# SPDX-License-Identifier: EUPL-1.2
"""Files under time-stamps are read once for all who ask, and not without end."""

from hashlib import sha256
from types import SimpleNamespace

import pytest

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Severity
from gateway.stages.signature import rereading
from gateway.stages.signature.rereading import Rereading

MIB = 1024 * 1024
PLACE = "META-INF/signatures0.xml"


class Files:
    """A container of files that counts how often each is read."""

    def __init__(self, **sizes):
        self.entries = [SimpleNamespace(name=name, size=size) for name, size in sizes.items()]
        self.opened = SimpleNamespace(entries=self.entries, payload=self.entries, meta={"META-INF/m": b"m"})
        self.read = []

    def __call__(self, entry):
        self.read.append(entry.name)
        yield entry.name.encode()


@pytest.fixture
def files():
    return Files(a=40 * MIB, b=1)


def test_the_same_files_are_read_once_for_all_time_stamps(files):
    again = Rereading(files, files)
    digests = {again.digest_over(("a", "b"), "sha256", place=PLACE).digest() for _ in range(128)}
    assert {sha256(b"ab").digest()} == digests
    assert ["a", "b"] == files.read


def test_what_one_time_stamp_adds_is_not_in_the_digest_of_the_next(files):
    again = Rereading(files, files)
    again.digest_over(("a",), "sha256", place=PLACE).update(b"SignedInfo")
    assert sha256(b"a").digest() == again.digest_over(("a",), "sha256", place=PLACE).digest()


def test_another_order_and_another_algorithm_are_read_anew(files):
    again = Rereading(files, files)
    for names, algorithm in ((("a", "b"), "sha256"), (("b", "a"), "sha256"), (("a", "b"), "sha512")):
        again.digest_over(names, algorithm, place=PLACE)
    assert ["a", "b", "b", "a", "a", "b"] == files.read


def test_more_readings_than_any_container_needs_are_refused(files):
    again = Rereading(files, files)
    allowed = rereading._READINGS + rereading._FREE // (40 * MIB)
    for _ in range(allowed):
        list(again.stream("a", place=PLACE))
    with pytest.raises(Rejected) as refusal:
        list(again.stream("a", place=PLACE))
    (finding,) = refusal.value.findings
    assert (Code.ARCHIVE_TIMESTAMP_UNCHECKED, Severity.WARNING, PLACE) == (
        finding.code,
        finding.severity,
        finding.place,
    )
    assert allowed == len(files.read)


def test_what_stands_in_meta_inf_costs_no_reading(files):
    assert [b"m"] == list(Rereading(files, files).stream("META-INF/m", place=PLACE))
    assert [] == files.read
