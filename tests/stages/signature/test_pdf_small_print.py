# SPDX-License-Identifier: EUPL-1.2
"""Links that nearly act, files that nobody names, words as they are read: small print of PDFs."""

import io

import pytest
from pdfroom import (
    NAME,
    action,
    array,
    pdf_dictionary,
    plain_pdf,
    room,
    set_in_catalogue,
    stream,
    text,
)
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.misc import PdfStrictReadError

from gateway.codes import Code
from gateway.findings import Severity
from gateway.stages.signature.pdf.active import survey
from gateway.stages.signature.pdf.document import PdfReader, open_pdf
from gateway.stages.signature.pdf.fields import only_signature_fields
from gateway.stages.signature.pdf.tokens import PlainText


def active(change):
    return [f.got for f in survey(open_pdf(plain_pdf(change), name=NAME), allowed=False).active]


def annotation(subtype, **entries):
    def change(writer, page):
        values = {"/Type": pdf_name("/Annot"), "/Subtype": pdf_name(subtype)}
        values |= {f"/{key}": value for key, value in entries.items()}
        page[pdf_name("/Annots")] = array([writer.add_object(pdf_dictionary(values))])

    return change


def without_number(texts):
    return [got.partition(" (object")[0] for got in texts]


@pytest.mark.parametrize("subtype", ["/FileAttachment", "/RichMedia", "/Movie", "/Screen", "/Sound", "/3D"])
def test_an_annotation_that_acts_is_named_with_its_kind(subtype):
    assert [f"annotation {subtype}"] == without_number(active(annotation(subtype)))


def test_a_file_specification_with_a_file_in_it_is_one_whatever_its_type():
    content = pdf_dictionary({"/EF": pdf_dictionary({}), "/F": text("a.txt")})
    assert ["embedded file"] == without_number(active(set_in_catalogue("/X", content)))


def test_an_embedded_file_is_one_also_where_nothing_names_it():
    def change(writer, page):
        inside = stream(stream_data=b"x", dict_data={pdf_name("/Type"): pdf_name("/EmbeddedFile")})
        page[pdf_name("/X")] = writer.add_object(inside)

    assert ["embedded file"] == without_number(active(change))


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("https://a.invalid", []),
        ("siehe Anlage: 3", []),
        ("mailto:a@b.invalid", []),
        ("javascript:x", ["link to a file or program"]),
        ("  javascript:x", ["link to a file or program"]),
        ("java\nscript:x", ["link to a file or program"]),
        ("/etc/passwd", ["link to a file or program"]),
        ("\\\\server\\share", ["link to a file or program"]),
        ("FILE:///x", ["link to a file or program"]),
    ],
)
def test_a_link_is_judged_by_what_a_viewer_would_open(target, found):
    def change(writer, page):
        link = {"/Subtype": pdf_name("/Link"), "/A": action("/URI", URI=text(target))}
        page[pdf_name("/Annots")] = array([writer.add_object(pdf_dictionary(link))])

    assert found == without_number(active(change))


def test_what_is_active_is_told_at_its_object():
    script = action("/JavaScript", JS=text("x"))
    (finding,) = room().judge(plain_pdf(set_in_catalogue("/X", script))).findings
    assert (Code.PDF_ACTIVE_CONTENT, Severity.ERROR, NAME, "a document without active content") == (
        finding.code,
        finding.severity,
        finding.place,
        finding.expected,
    )
    assert finding.got.startswith("action /JavaScript (object ")


def test_words_are_read_as_what_they_mean():
    owner = generic.Reference(1, 0, None)
    data = b"1 0 obj << /A null /B true /C false /D [null true] >> endobj"
    value, _ = PlainText(data=data).object_at(0, owner)
    assert isinstance(value.raw_get("/A"), generic.NullObject)
    assert (True, False) == (value["/B"].value, value["/C"].value)
    nothing, yes = value["/D"]
    assert isinstance(nothing, generic.NullObject)
    assert yes.value is True


def test_a_strict_reader_finds_packed_objects_where_the_table_says():
    script = action("/JavaScript", JS=text("x"))
    pdf = plain_pdf(set_in_catalogue("/X", script))
    reader = PdfReader(io.BytesIO(pdf), strict=True)
    assert script == reader.root["/X"]
    reference = reader.root.raw_get("/X").reference
    packed = reader.xrefs[reference]
    with pytest.raises(PdfStrictReadError, match="not at its place"):
        reader._get_object_from_stream(reference.idnum, packed.obj_stream_id, packed.ix_in_stream + 1)


def test_forms_of_signatures_alone_are_told_from_forms_with_other_fields():
    signed = room().sign()
    assert only_signature_fields(open_pdf(signed, name=NAME))

    def field(writer, page):
        values = {"/FT": pdf_name("/Tx"), "/T": text("Name"), "/Subtype": pdf_name("/Widget")}
        widget = writer.add_object(pdf_dictionary(values))
        form = writer.add_object(pdf_dictionary({"/Fields": array([widget])}))
        writer.root[pdf_name("/AcroForm")] = form

    assert not only_signature_fields(open_pdf(plain_pdf(field), name=NAME))
    assert only_signature_fields(open_pdf(plain_pdf(), name=NAME))
