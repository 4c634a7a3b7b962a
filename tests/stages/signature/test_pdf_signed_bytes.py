# SPDX-License-Identifier: EUPL-1.2
"""The bytes of a signed PDF: flipped, mangled, put into the gap, or left out by /ByteRange; nothing of it passes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pdfroom import grown, room, signed_pdf, text, wrong
from pyhanko.pdf_utils.generic import pdf_name

from gateway.codes import Code
from gateway.model.signature import Indication, Integrity
from gateway.stages.signature.pdf.gaps import find_gaps


@settings(max_examples=60, deadline=None)
@given(place=st.floats(min_value=0, max_value=1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_under_the_signature_breaks_it(place, bit):
    signed = signed_pdf()
    (gap,) = find_gaps(signed)
    spots = [*range(gap.start), *range(gap.end, len(signed))]
    at = spots[int(place * len(spots))]
    harmed = signed[:at] + bytes([signed[at] ^ 1 << bit]) + signed[at + 1 :]
    judgement = room().judge(harmed)
    assert Integrity.INTACT is not judgement.integrity
    assert Indication.TOTAL_PASSED is not judgement.indication


@settings(max_examples=60, deadline=None)
@given(
    place=st.floats(min_value=0, max_value=1, exclude_max=True),
    digit=st.sampled_from(b"0123456789abcdef<>% "),
)
def test_a_changed_value_never_passes_unless_it_is_the_same_value(place, digit):
    signed = signed_pdf()
    (gap,) = find_gaps(signed)
    at = gap.start + int(place * (gap.end - gap.start))
    harmed = signed[:at] + bytes([digit]) + signed[at + 1 :]
    judgement = room().judge(harmed)
    same = harmed.lower() == signed.lower()
    certificates_only = Integrity.INTACT is judgement.integrity
    assert same or certificates_only or Indication.TOTAL_PASSED is not judgement.indication


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_get_a_judgement(data):
    judgement = room().judge(b"%PDF-1.7\n" + data + b"\nstartxref\n9\n%%EOF")
    assert Indication.TOTAL_PASSED is not judgement.indication


@settings(max_examples=60, deadline=None)
@given(
    start=st.floats(min_value=0, max_value=1),
    size=st.integers(0, 400),
    piece=st.binary(max_size=60),
)
def test_any_mangled_signed_pdf_gets_a_judgement_and_never_passes(start, size, piece):
    signed = signed_pdf()
    (gap,) = find_gaps(signed)
    at = int(start * len(signed))
    harmed = signed[:at] + piece + signed[at + size :]
    judgement = room().judge(harmed)
    only_the_value = gap.start <= at and at + size <= gap.end and len(harmed) == len(signed)
    same = harmed.rstrip(b"\r\n\t ") == signed.rstrip()
    assert same or only_the_value or Indication.TOTAL_PASSED is not judgement.indication


def test_text_behind_the_value_in_the_gap_is_refused():
    signed = signed_pdf()
    (gap,) = find_gaps(signed)
    end = gap.end - 1
    judgement = room().judge(signed[: end - 4] + b"beef" + signed[end:])
    assert [Code.CMS_STRUCTURE.value] == wrong(judgement)
    assert Integrity.INTACT is not judgement.integrity


def _with_byte_range(signed, change):
    (gap,) = find_gaps(signed)
    start = signed.index(b"/ByteRange")
    end = signed.index(b"]", start) + 1
    text_ = b"/ByteRange [%d %d %d %d]" % tuple(change(*gap.byte_range))
    return signed[:start] + text_.ljust(end - start) + signed[end:]


@pytest.mark.parametrize(
    "change",
    [
        lambda a, b, c, d: (a, b, c, d - 7),
        lambda a, b, c, d: (a, b, c + 1, d - 1),
        lambda a, b, c, d: (a, b - 1, c, d),
        lambda a, b, c, d: (1, b - 1, c, d),
        lambda a, b, c, d: (a, b, b - 10, d),
        lambda a, b, c, d: (a, b, c, d + 1),
        lambda a, b, c, d: (0, 0, 0, 0),
    ],
)
def test_a_byte_range_that_leaves_out_anything_else_is_refused(change):
    judgement = room().judge(_with_byte_range(signed_pdf(), change))
    assert Integrity.INTACT is not judgement.integrity
    assert Indication.TOTAL_FAILED is judgement.indication


def test_a_value_that_stands_elsewhere_than_in_the_gap_is_refused():
    """Signature wrapping: the gap keeps the old value, the dictionary that is read has another."""

    def move(writer):
        reference = writer.root["/AcroForm"]["/Fields"][0]["/V"].container_ref
        value = writer.get_object(reference)
        value[pdf_name("/Contents")] = text("elsewhere")
        writer.mark_update(reference)

    judgement = room().judge(grown(signed_pdf(), move))
    assert Code.PDF_SIGNATURE_INVALID.value in wrong(judgement)
    assert Integrity.BROKEN is judgement.integrity
