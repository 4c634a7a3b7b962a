# SPDX-License-Identifier: EUPL-1.2
"""Plain PDF objects are read as pyHanko reads them, and what is not plain is left to it."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pdfroom import plain_pdf, room, text
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import PdfFileReader

from gateway.stages.signature.pdf.document import PdfReader
from gateway.stages.signature.pdf.gaps import find_gaps, marked
from gateway.stages.signature.pdf.tokens import PlainText

WHITE = b"\0\t\n\f\r "


class _Handler:
    """Who asks: the library's reader wants to know how strict it shall be."""

    strict = True


def owner(idnum=7):
    return generic.Reference(idnum, 0, _Handler())


def shape(value):
    """All that two readings can differ in."""
    ref = value.container_ref
    whose = None if ref is None else (ref.idnum, ref.generation)
    kind = type(value).__name__
    if isinstance(value, generic.DictionaryObject):
        data = value.encoded_data if isinstance(value, generic.StreamObject) else None
        return kind, whose, [(type(k).__name__, str(k), shape(v)) for k, v in dict.items(value)], data
    if isinstance(value, generic.ArrayObject):
        return kind, whose, [shape(item) for item in list.__iter__(value)]
    if isinstance(value, generic.IndirectObject):
        return kind, whose, (value.idnum, value.generation)
    if isinstance(value, generic.TextStringObject | generic.ByteStringObject):
        return kind, whose, bytes(value.original_bytes)
    return kind, whose, "" if isinstance(value, generic.NullObject) else repr(value)


def by_library(data, start=0):
    stream = io.BytesIO(data)
    stream.seek(start)
    return generic.read_object(stream, owner()), stream.tell()


def reading(attempt):
    try:
        return shape(attempt())
    except RecursionError:
        raise
    except Exception as error:
        return type(error).__name__


def disagreements(data):
    """Objects that our reader and pyHanko's read differently; how many stand in no object stream, and plain ones of them."""
    stream = marked(data, find_gaps(data))
    ours, theirs = PdfReader(stream, strict=False), PdfFileReader(io.BytesIO(stream.getvalue()), strict=False)
    found, alone, plain = [], 0, 0
    references = sorted(
        {
            reference
            for version in range(ours.total_revisions)
            for reference in ours.xrefs.explicit_refs_in_revision(version)
        },
        key=lambda reference: (reference.idnum, reference.generation),
    )
    for reference in references:
        key = generic.Reference(reference.idnum, reference.generation, ours)
        its = generic.Reference(reference.idnum, reference.generation, theirs)
        mine = reading(lambda key=key: ours.get_object(key))
        other = reading(lambda its=its: theirs.get_object(its))
        marker = ours.xrefs[key]
        if isinstance(marker, int):
            alone += 1
            plain += ours._plain.object_at(marker, key) is not None
        if mine != other:
            found.append((reference.idnum, mine, other))
    return found, alone, plain


def test_signed_and_packed_files_are_read_as_the_library_reads_them():
    signed = room().sign(plain_pdf(packed=False), level="B-T")
    for data in (
        plain_pdf(),
        plain_pdf(packed=False),
        signed,
        room().sign(signed, field="Signature2", level="B-B"),
    ):
        found, objects, _ = disagreements(data)
        assert ([], True) == (found, objects > 0)


def test_real_files_are_read_as_the_library_reads_them_and_most_of_it_is_plain(shared):
    objects = plain = 0
    for path in sorted((shared / "corpus" / "pdf").rglob("*.pdf")):
        data = path.read_bytes()
        try:
            PdfReader(marked(data, find_gaps(data)), strict=False)
        except Exception:
            continue  # neither opens it
        if len(data) > 2_000_000:
            continue
        found, count, easy = disagreements(data)
        assert (path.name, []) == (path.name, found)
        objects, plain = objects + count, plain + easy
    assert objects > 1000
    assert plain / objects > 0.95


SCALARS = [
    b"/Name", b"/", b"/A#42", b"/a\xc3\xa4", b"12", b"-7", b"+3", b"007", b"1.5", b".5", b"-.25", b"4.", b"1.2.3", b"--1", b".",
    b"99999999999999999999", b"3 0 R", b"0 0 R", b"3 0 RG", b"3  0 R", b"3\n0\nR", b"R", b"true", b"false", b"null", b"nul", b"truer",
    b"<414243>", b"<4>", b"<>", b"<4 1>", b"<4g>", b"(text)", b"(a(b)c)", b"(a\\)b)", b"(a\r\nb)", b"()", b"(\xfe\xff\0A)",
    b"(\xff\xfeA\0)", b"(\x9f)", b"%x\n", b"x", b"{", b"}", b"stream\n", b"endobj",
]  # fmt: skip
JOINTS = [b" ", b"\n", b"", b"\0\t\f\r ", b" % note\n", b" " * 300]
scalar = st.sampled_from(SCALARS)
joint = st.sampled_from(JOINTS)


def enclosed(inner):
    """Dictionaries and arrays of anything, their brackets now and then missing."""
    items = st.lists(st.tuples(joint, inner), max_size=5).map(lambda pairs: b"".join(a + b for a, b in pairs))
    keys = st.sampled_from([b"/K", b"/L", b"/Length", b"/M#4d", b"K", b""])
    pairs = st.lists(st.tuples(joint, keys, joint, inner), max_size=4).map(
        lambda rows: b"".join(b"".join(row) for row in rows)
    )
    array = st.tuples(st.sampled_from([b"[", b"[ "]), items, st.sampled_from([b"]", b" ]", b""]))
    dictionary = st.tuples(st.just(b"<<"), pairs, st.sampled_from([b">>", b"\n>>", b">", b""]))
    return st.one_of(array, dictionary).map(b"".join)


values = st.recursive(scalar, enclosed, max_leaves=12)
tails = st.sampled_from(
    [
        b"\nendobj",
        b"endobj",
        b" % endobj\nendobj",
        b"\nstream\nABC\nendstream\nendobj",
        b"\nsequel",
        b"",
        b" 1",
    ]
)


@settings(max_examples=300, deadline=None)
@given(values, tails, joint)
def test_whatever_is_taken_for_plain_is_what_the_library_reads(value, tail, before):
    data = b"7 0 obj" + before + value + tail
    start = len(data) - len(data[7:].lstrip(WHITE))  # the library skips this before it reads
    try:
        found = PlainText(data=data).object_at(0, owner())
    except PdfReadError as error:
        with pytest.raises(type(error)):
            by_library(data, start=start)
        return
    if found is None:
        return
    mine, end = found
    streams = PlainText(data=data).starts_stream(end)
    other, reached = by_library(data[:end] + b" endobj" if streams else data, start=start)
    assert shape(other) == shape(mine)
    assert streams or data[reached:].lstrip(WHITE) == data[end:].lstrip(WHITE)


@settings(max_examples=200, deadline=None)
@given(values, tails, joint)
def test_the_same_in_object_streams(value, tail, before):
    data = before + value + tail
    start = len(data) - len(data.lstrip(WHITE))
    try:
        found = PlainText(data=data).member_at(0, owner())
    except PdfReadError as error:
        with pytest.raises(type(error)):
            by_library(data, start=start)
        return
    if found is not None:
        assert shape(by_library(data, start=start)[0]) == shape(found)


@pytest.mark.parametrize(
    "body",
    [
        b"<</A 1 /A 2>>", b"<</A 1 % note\n>>", b"<</A#42 1>>", b"<</A>>", b"<<A 1>>", b"[1 2", b"1 0 R 5", b"<</A 1>>",
        b"[" * 70 + b"]" * 70, b"/\xc3\xa4", b"[1 0 RG]",
    ],
)  # fmt: skip
def test_what_is_odd_is_left_to_the_library(body):
    ending = b"" if body == b"<</A 1>>" else b"\nendobj"
    assert PlainText(data=b"7 0 obj\n" + body + ending).object_at(0, owner()) is None


@pytest.mark.parametrize("header", [b"8 0 obj\n", b"7 1 obj\n", b" 7 0 obj\n", b"7  0 obj\n", b"%PDF-1.7\n"])
def test_another_object_is_not_taken_for_the_one_that_is_sought(header):
    assert PlainText(data=header + b"<<>>\nendobj").object_at(0, owner()) is None
    assert PlainText(data=b"7 0 obj\n<<>>\nendobj").object_at(-20, owner()) is None


def test_the_filling_of_a_gap_is_jumped_over():
    data = b"7 0 obj\n<</Contents <4142>" + b"\0" * 5000 + b"/Type /Sig>>\nendobj"
    end = data.index(b"\0")
    assert PlainText(data=data).object_at(0, owner()) is None
    value, _ = PlainText(data=data, skips={end: end + 5000}).object_at(0, owner())
    assert ["/Contents", "/Type"] == list(value)


@pytest.mark.parametrize("length", [b"4", b"% four\n4", b"4 % four"])
def test_a_stream_whose_length_stands_elsewhere_is_read_whole(length):
    bodies = [
        b"1 0 obj\n<</Type /Catalog /Data 2 0 R>>\nendobj\n",
        b"2 0 obj\n<</Length 3 0 R>>\nstream\nABCD\nendstream\nendobj\n",
        b"3 0 obj\n" + length + b"\nendobj\n",
    ]
    data = b"%PDF-1.7\n"
    table = b"xref\n0 4\n0000000000 65535 f \n"
    for body in bodies:
        table += b"%010d 00000 n \n" % len(data)
        data += body
    end = b"trailer\n<</Size 4 /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(data)
    found, _, _ = disagreements(data + table + end)
    assert found == []
    reader = PdfReader(io.BytesIO(data + table + end), strict=True)
    assert reader.get_object(generic.Reference(2, 0, reader)).encoded_data == b"ABCD"


def test_a_text_across_a_gap_is_left_to_the_library():
    data = b"7 0 obj\n(<4142>" + b"\0" * 50 + b")\nendobj"
    end = data.index(b"\0")
    assert PlainText(data=data).object_at(0, owner()) is not None
    assert PlainText(data=data, skips={end: end + 50}).object_at(0, owner()) is None


def test_a_key_that_comes_twice_still_has_the_librarys_reading():
    data = plain_pdf(lambda writer, page: page.__setitem__("/Note", text("one")), packed=False)
    twice = data.replace(b"/Note (one)", b"/Note(a)/Note(b)"[: len(b"/Note (one)")].ljust(11))
    assert disagreements(twice)[0] == []
