# SPDX-License-Identifier: EUPL-1.2
"""PDFs that are encrypted, damaged, or made to keep a reader busy: refused, or read to their end."""

import io
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pdfroom import CATALOGUE, PAGE, PAGES, array, classic, plain_pdf, room, set_in_catalogue, text, wrong
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PdfFileWriter, copy_into_new_writer

from gateway.codes import Code
from gateway.model.signature import Integrity
from gateway.stages.signature.pdf.document import MAX_PDF_BYTES

ACTIVE = [Code.PDF_ACTIVE_CONTENT.value]


def test_encrypted_pdfs_are_refused():
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(plain_pdf())))
    writer.encrypt(owner_pass="owner", user_pass="")
    out = io.BytesIO()
    writer.write(out)
    judgement = room().judge(out.getvalue())
    assert [Code.PDF_ENCRYPTED.value] == wrong(judgement)
    assert Integrity.UNCHECKED is judgement.integrity


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"%PDF-",
        b"%PDF-1.7\n%%EOF",
        b" " + plain_pdf(),
        b"MZ" + plain_pdf(),
        plain_pdf()[:-200],
        plain_pdf()[: len(plain_pdf()) // 2],
    ],
)
def test_what_is_no_readable_pdf_is_malformed(data):
    judgement = room().judge(data)
    assert [Code.PDF_MALFORMED.value] == wrong(judgement)
    assert Integrity.UNCHECKED is judgement.integrity


def test_a_pdf_beyond_the_bound_is_refused_unread():
    judgement = room().judge(b"%PDF-1.7" + bytes(MAX_PDF_BYTES))
    assert [Code.PDF_TOO_LARGE.value] == wrong(judgement)


def test_the_forge_makes_sound_pdfs():
    assert () == room().judge(classic(CATALOGUE % b"", PAGES, PAGE)).findings


def test_cycles_of_references_end():
    loop = b"<< /A [4 0 R 5 0 R] /B 4 0 R /Kids [2 0 R] >>"
    assert [] == wrong(room().judge(classic(CATALOGUE % b"/X 4 0 R", PAGES, PAGE, loop, b"4 0 R")))


def test_a_form_that_is_its_own_child_ends():
    field = b"<< /FT /Sig /T (a) /Kids [4 0 R 4 0 R] /Parent 4 0 R >>"
    form = b"/AcroForm << /Fields [4 0 R] >>"
    assert [] == wrong(room().judge(classic(CATALOGUE % form, PAGES, PAGE, field)))


def test_actions_that_follow_each_other_in_a_circle_end():
    circle = b"<< /S /GoTo /D (a) /Next 4 0 R >>"
    assert ACTIVE == wrong(room().judge(classic(CATALOGUE % b"/OpenAction 4 0 R", PAGES, PAGE, circle)))


def test_a_table_that_names_itself_as_its_predecessor_ends():
    pdf = classic(CATALOGUE % b"", PAGES, PAGE)
    table = pdf.index(b"xref\n")
    judgement = room().judge(classic(CATALOGUE % b"", PAGES, PAGE, trailer=b"/Prev %d" % table))
    assert [Code.PDF_MALFORMED.value] == wrong(judgement)


def test_deep_nesting_ends():
    deep = b"[" * 20_000 + b"]" * 20_000
    assert [Code.PDF_MALFORMED.value] == wrong(
        room().judge(classic(CATALOGUE % b"/X 4 0 R", PAGES, PAGE, deep))
    )


def test_a_length_that_refers_to_itself_ends():
    body = b"<< /Length 4 0 R >>\nstream\nabc\nendstream"
    judgement = room().judge(classic(CATALOGUE % b"/X 4 0 R", PAGES, PAGE, body))
    assert {*wrong(judgement)} <= {Code.PDF_MALFORMED.value}


def test_an_object_stream_that_inflates_without_end_is_refused():
    bomb = zlib.compress(bytes(200_000_000), 9)
    stream_ = b"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n" % len(bomb)
    pdf = classic(CATALOGUE % b"", PAGES, PAGE, stream_ + bomb + b"\nendstream")
    assert [] == wrong(room().judge(pdf))  # not used by anything, so never inflated


def test_an_inflated_object_stream_beyond_the_bound_is_refused():
    def change(writer: PdfFileWriter, page):
        names = [writer.add_object(text("a" * 500_000)) for _ in range(10)]
        set_in_catalogue("/X", array(names))(writer)

    assert [Code.PDF_MALFORMED.value] == wrong(room().judge(plain_pdf(change)))


def test_one_object_named_a_hundred_thousand_times_is_read_once():
    refs = b"[" + b"4 0 R " * 100_000 + b"]"
    assert [] == wrong(room().judge(classic(CATALOGUE % b"/X 5 0 R", PAGES, PAGE, b"<< /A 1 >>", refs)))


def test_more_values_than_are_examined_are_refused():
    values = b"[" + b"[]" * 300_001 + b"]"
    judgement = room().judge(classic(CATALOGUE % b"/X 4 0 R", PAGES, PAGE, values))
    assert [Code.PDF_MALFORMED.value] == wrong(judgement)


@pytest.mark.parametrize("end", [b"", b"%%EOF", b"startxref 9 %%EOF", b"\nstartxref\n9\n%%EOF"])
def test_one_line_of_many_megabytes_ends(end):
    judgement = room().judge(b"%PDF-1.7 " + b"x" * 16_000_000 + end)
    assert [Code.PDF_MALFORMED.value] == wrong(judgement)


def test_a_hundred_thousand_byte_ranges_over_one_long_string_end():
    spam = b"/ByteRange [0 9 4000010 1]" * 100_000
    judgement = room().judge(b"%PDF-1.7\n<" + b"0" * 4_000_000 + b">" + spam)
    assert [Code.PDF_MALFORMED.value] == wrong(judgement)


@settings(max_examples=100, deadline=None)
@given(
    kinds=st.lists(
        st.sampled_from(
            [
                b"null",
                b"[1 0 R 4 0 R 5 0 R]",
                b"<< /Kids 4 0 R /V 5 0 R /FT /Sig /T (x) >>",
                b"<< /ByteRange [0 1 2 3] /Contents <00> /Type /Sig /SubFilter /ETSI.CAdES.detached >>",
                b"<< /ByteRange 4 0 R /Contents 5 0 R /Filter /X >>",
                b"<< /Reference [4 0 R] /TransformMethod /DocMDP /TransformParams 5 0 R >>",
                b"<< /Fields 4 0 R /XFA null >>",
                b"<< /Certs 5 0 R /CRLs [4 0 R] >>",
                b"(text)",
                b"-7",
                b"<< /S 4 0 R /Next [4 0 R] /A 5 0 R >>",
            ]
        ),
        min_size=2,
        max_size=2,
    ),
    entries=st.sampled_from(
        [b"/AcroForm 4 0 R", b"/AcroForm << /Fields [4 0 R 5 0 R] >>", b"/DSS 4 0 R", b"/Perms 5 0 R"]
    ),
)
def test_any_odd_graph_gets_a_judgement(kinds, entries):
    judgement = room().judge(classic(CATALOGUE % entries, PAGES, PAGE, *kinds))
    assert Code.VERIFICATION_FAILED.value not in wrong(judgement)


def test_null_in_a_form_is_nothing():
    assert () == room().judge(classic(CATALOGUE % b"/AcroForm null /Names null", PAGES, PAGE)).findings
