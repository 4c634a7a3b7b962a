# SPDX-License-Identifier: EUPL-1.2
"""Small PDFs that ask for much work: refused before any of it is done. Work is counted in calls."""

import zlib
from weakref import ref

import pytest
from effort import calls_in
from pdfroom import CATALOGUE, PAGE, PAGES, classic, plain_pdf, room, streamed, wrong
from trustroom import NOW, POLICY

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.model.signature import Indication
from gateway.stages.signature.certificates.certificate import contained
from gateway.stages.signature.pdf.bounds import MAX_DIGITS, MAX_TABLES
from gateway.stages.signature.pdf.document import open_pdf
from gateway.stages.signature.pdf.pades import judge_pdf

FEW = 20_000  # calls; judging a sound PDF of one page takes some thousand
ENTRIES = b"\0\0\0\1\x09\0\1\x3a\0"  # none, at 9, at 58


def why(pdf: bytes) -> str:
    """What the reader itself had against a PDF that was refused."""
    with pytest.raises(Rejected) as refusal:
        open_pdf(pdf, name="zeugnis.pdf")
    return str(refusal.value.__cause__)


def test_the_forge_makes_readable_tables():
    reader = open_pdf(streamed(b"/Size 3 /W [1 1 1]", ENTRIES), name="zeugnis.pdf").reader
    assert 0 == reader.root["/Pages"]["/Count"]


@pytest.mark.parametrize("claimed", [100_000, 10_000_000, 1_000_000_000])
@pytest.mark.parametrize("key", [b"/Size %d", b"/Size 6 /Index [0 %d]", b"/Size 6 /Index [0 1 1 %d]"])
@pytest.mark.parametrize("widths", [b"/W [1 8 8]", b"/W [0 0 0]", b"/W [1 0 0]", b"/W [-8 1 1]"])
def test_entries_that_the_stream_does_not_hold_are_not_invented(claimed, key, widths):
    pdf = streamed(key % claimed + widths)
    judgement, calls = calls_in(lambda: room().judge(pdf))
    assert [Code.PDF_MALFORMED.value] == wrong(judgement)
    assert calls < FEW


def test_entries_that_are_there_are_bounded_by_the_size_of_the_file():
    data = b"\1\1\1" * 100_000  # 300 bytes when they are packed
    pdf = streamed(b"/W [1 1 1] /Size 100000", data)
    (_, calls) = calls_in(lambda: room().judge(pdf))
    assert calls < FEW
    assert "100000 entries in cross-reference tables" == why(pdf)


@pytest.mark.parametrize("entries", [b"/Size 3 /W 9", b"/Size 3", b"/W [1 1 1]", b"/Size (3) /W [1 1 1]"])
def test_a_stream_whose_counts_are_none_is_malformed(entries):
    assert [Code.PDF_MALFORMED.value] == wrong(room().judge(streamed(entries)))


def test_tables_that_lie_over_each_other_are_read_only_so_often():
    """Each table counts the lines of all that follow among its entries, and leads to the next one."""
    tables, lines = 20, 5_000
    head, count = b"%PDF-1.7\n", b"xref\n0 %010d  \n"
    filler = b"0000000000 00000 n \n" * lines
    trailer = b"trailer\n<< /Size 9 /Root 1 0 R /Prev    %010d /A 1 >> \n"  # three lines of a table
    pdf = head + b"".join(count % (tables - 1 - n + lines + 3 * n) for n in range(tables)) + filler
    pdf += b"".join(trailer % (len(head) + 20 * (n + 1)) for n in range(tables))
    pdf += b"startxref\n%d\n%%%%EOF\n" % len(head)
    assert "tables longer than any file of this size needs" == why(pdf)


def test_more_tables_than_any_file_has_are_refused():
    pdf = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"
    place = 0
    for _ in range(MAX_TABLES + 1):
        start = len(pdf)
        previous = b"/Prev %d" % place if place else b""
        pdf += b"xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 2 /Root 1 0 R %b >>\n" % previous
        place = start
    pdf += b"startxref\n%d\n%%%%EOF\n" % place
    assert f"more than {MAX_TABLES} cross-reference tables" == why(pdf)


@pytest.mark.parametrize("digits", [b"1", b"1.", b"+", b"-.", b"."])
@pytest.mark.parametrize("holder", [b"%b", b"[ %b ]", b"<< /A %% a comment\n %b >>"])
def test_a_number_of_megabytes_is_refused_at_its_start(digits, holder):
    pdf = classic(CATALOGUE % b"/X 4 0 R", PAGES, PAGE, holder % (digits + b"1" * 1_000_000))
    judgement, calls = calls_in(lambda: room().judge(pdf))
    assert [Code.PDF_MALFORMED.value] == wrong(judgement)
    assert calls < FEW


def test_such_a_number_is_refused_in_tables_and_object_streams_too():
    long = b"1" * 1_000_000
    sound = classic(CATALOGUE % b"", PAGES, PAGE)
    member = b"4 0 << /A %% a comment\n %b >>" % long
    packed = zlib.compress(member, 9)
    stream = b"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n" % len(packed)
    table = b"".join(
        kind + place.to_bytes(2, "big") + b"\0" for kind, place in ((b"\0", 0), (b"\1", 9), (b"\1", 63))
    )
    forged = [
        sound.replace(b"xref\n0 4", b"xref\n0 " + long),
        sound.replace(b"/Size 4", b"/Size " + long),
        streamed(b"/W [1 2 1] /Size 3 /X " + long, table),
        classic(CATALOGUE % b"/X 4 0 R", PAGES, PAGE, stream + packed + b"\nendstream").replace(
            b"/Size 5", b"/Size 5 /X " + long
        ),
    ]
    for pdf in forged:
        judgement, calls = calls_in(lambda pdf=pdf: room().judge(pdf))
        assert [Code.PDF_MALFORMED.value] == wrong(judgement)
        assert calls < FEW


def test_a_number_as_long_as_allowed_is_read():
    pdf = classic(CATALOGUE % b"/X [4 0 R]", PAGES, PAGE, b"%% a comment\n" + b"1" * MAX_DIGITS)
    assert [] == wrong(room().judge(pdf))


@pytest.mark.parametrize("fault", [MemoryError, SystemError, RecursionError, AssertionError, OSError])
def test_whatever_goes_wrong_in_judging_is_not_valid(fault):
    class Store:
        """Trust that cannot be asked for anything."""

        def __getattr__(self, name):
            raise fault

    pdf = room().sign(plain_pdf())
    judgement = judge_pdf(pdf, name="zeugnis.pdf", trust=Store(), policy=POLICY, moment=NOW)
    assert judgement.indication is not Indication.TOTAL_PASSED
    assert [] != wrong(judgement)


def test_memory_that_ran_out_is_given_back_before_it_is_told():
    class Held:
        """Stands for gigabytes."""

    held = []

    def attempt():
        big = Held()
        held.append(ref(big))
        raise MemoryError

    with pytest.raises(Rejected):
        contained(attempt, code=Code.PDF_MALFORMED, place="zeugnis.pdf")
    assert held[0]() is None
