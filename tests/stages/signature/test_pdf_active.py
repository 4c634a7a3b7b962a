# SPDX-License-Identifier: EUPL-1.2
"""Active content, encryption and hostile structures in PDFs; and the harmless things that look like them."""

import io
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pdfroom import (
    NAME,
    SCRIPT,
    action,
    array,
    grown,
    number,
    pdf_dictionary,
    plain_pdf,
    room,
    set_in_catalogue,
    stream,
    text,
    wrong,
)
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PdfFileWriter, copy_into_new_writer
from trustroom import POLICY

from gateway.codes import Code
from gateway.findings import Severity
from gateway.model.signature import Integrity
from gateway.stages.signature.pdf.document import MAX_PDF_BYTES
from gateway.stages.signature.pdf.gaps import find_gaps

ACTIVE = [Code.PDF_ACTIVE_CONTENT.value]


def annotated(**entries):
    """A change that puts an annotation on the page."""

    def change(writer, page):
        values = {"/Type": pdf_name("/Annot"), "/Rect": array([number(n) for n in (0, 0, 9, 9)])}
        values |= {f"/{key}": value for key, value in entries.items()}
        page[pdf_name("/Annots")] = array([writer.add_object(pdf_dictionary(values))])

    return change


def link(**entries):
    return annotated(Subtype=pdf_name("/Link"), A=action(**entries))


def with_embedded_file(writer, page):
    body = writer.add_object(stream(pdf_dictionary({"/Type": pdf_name("/EmbeddedFile")}), stream_data=b"MZ"))
    spec = pdf_dictionary(
        {"/Type": pdf_name("/Filespec"), "/F": text("a.exe"), "/EF": pdf_dictionary({"/F": body})}
    )
    names = pdf_dictionary({"/Names": array([text("a.exe"), writer.add_object(spec)])})
    set_in_catalogue("/Names", pdf_dictionary({"/EmbeddedFiles": names}))(writer)


BAD = {
    "script on opening": set_in_catalogue("/OpenAction", SCRIPT),
    "script by name": set_in_catalogue(
        "/Names", pdf_dictionary({"/JavaScript": pdf_dictionary({"/Names": array([text("a"), SCRIPT])})})
    ),
    "script behind a destination": set_in_catalogue(
        "/OpenAction", action("/GoTo", D=text("one"), Next=array([SCRIPT]))
    ),
    "web page on opening": set_in_catalogue("/OpenAction", action("/URI", URI=text("https://example.org"))),
    "trigger of the document": set_in_catalogue("/AA", pdf_dictionary({"/WC": SCRIPT})),
    "web page on a trigger": lambda writer, page: page.update(
        {pdf_name("/AA"): pdf_dictionary({"/O": action("/URI", URI=text("https://example.org/open"))})}
    ),
    "program": link(kind="/Launch", F=text("cmd.exe")),
    "other file": link(kind="/GoToR", F=text("b.pdf"), D=text("x")),
    "embedded target": link(kind="/GoToE"),
    "form sent": link(kind="/SubmitForm", F=text("https://example.org")),
    "data imported": link(kind="/ImportData", F=text("x.fdf")),
    "link to a file": link(kind="/URI", URI=text("file:///c:/windows/system32/calc.exe")),
    "link with a hidden scheme": link(kind="/URI", URI=text("java\tscript:alert(1)")),
    "link to a share": link(kind="/URI", URI=text("\\\\server\\share")),
    "base of links": set_in_catalogue("/URI", pdf_dictionary({"/Base": text("file:///etc/")})),
    "attachment": annotated(Subtype=pdf_name("/FileAttachment")),
    "multimedia": annotated(Subtype=pdf_name("/RichMedia")),
    "screen": annotated(Subtype=pdf_name("/Screen"), A=action("/Rendition")),
    "embedded file": with_embedded_file,
    "form program": set_in_catalogue(
        "/AcroForm", pdf_dictionary({"/Fields": array(), "/XFA": array([text("template")])})
    ),
    "portfolio": set_in_catalogue("/Collection", pdf_dictionary({"/View": pdf_name("/T")})),
    "content from elsewhere": lambda writer, page: page.update(
        {
            pdf_name("/Contents"): writer.add_object(
                stream(pdf_dictionary({"/F": pdf_dictionary({"/F": text("x")})}), stream_data=b"")
            )
        }
    ),
}
HARMLESS = {
    "a page on opening": lambda writer, page: set_in_catalogue(
        "/OpenAction", array([writer.root.raw_get("/Pages"), pdf_name("/Fit")])
    )(writer),
    "a destination on opening": set_in_catalogue(
        "/OpenAction", action("/GoTo", D=array([number(0), pdf_name("/Fit")]))
    ),
    "a web link": link(kind="/URI", URI=text("https://www.ihk.de/javascript:")),
    "a web link without scheme": link(kind="/URI", URI=text("www.ihk.de")),
    "a mail link": link(kind="/URI", URI=text("mailto:post@example.org")),
    "an empty tree of files": set_in_catalogue(
        "/Names", pdf_dictionary({"/EmbeddedFiles": pdf_dictionary({"/Names": array()})})
    ),
    "words about it": set_in_catalogue("/Lang", text("/JavaScript /JS /Launch")),
    "a transparency group": lambda writer, page: page.update(
        {pdf_name("/Group"): pdf_dictionary({"/S": pdf_name("/Transparency")})}
    ),
}


@pytest.mark.parametrize("packed", [True, False], ids=["object streams", "plain objects"])
@pytest.mark.parametrize("change", BAD.values(), ids=BAD.keys())
def test_active_content_is_refused(change, packed):
    assert ACTIVE == wrong(room().judge(plain_pdf(change, packed=packed)))


@pytest.mark.parametrize("packed", [True, False], ids=["object streams", "plain objects"])
@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS.keys())
def test_harmless_things_stay_unmentioned(change, packed):
    assert () == room().judge(plain_pdf(change, packed=packed)).findings


def test_names_with_escapes_are_read_as_viewers_read_them():
    hidden = b"/OpenAction << /S /Java#53cript /J#53 (app.alert#281#29) >>"
    assert ACTIVE == wrong(room().judge(classic(CATALOGUE % hidden, PAGES, PAGE)))[:1]


def test_the_operator_can_allow_active_content_and_it_is_still_named():
    policy = replace(POLICY, active_content_in_pdf=True)
    judgement = room().judge(plain_pdf(BAD["script on opening"]), policy=policy)
    assert [] == wrong(judgement)
    assert {(Code.PDF_ACTIVE_CONTENT, Severity.INFO)} == {(f.code, f.severity) for f in judgement.findings}


def test_the_finding_names_what_it_is_and_where():
    (finding,) = room().judge(plain_pdf(BAD["program"])).findings
    assert NAME == finding.place
    assert finding.got.startswith("action /Launch (object ")


def test_many_findings_are_counted_not_listed():
    def change(writer, page):
        actions = [writer.add_object(action("/Launch")) for _ in range(100)]
        set_in_catalogue("/Extra", array(actions))(writer)

    findings = room().judge(plain_pdf(change)).findings
    assert (11, "90 more") == (len(findings), findings[-1].got)


def test_a_script_in_an_older_version_only_is_history():
    pdf = plain_pdf(BAD["script on opening"])

    def remove(writer):
        del writer.root["/OpenAction"]
        writer.update_root()

    assert [] == wrong(room().judge(grown(pdf, remove)))


def test_a_script_added_by_a_later_version_is_found():
    assert ACTIVE == wrong(room().judge(grown(plain_pdf(), BAD["script on opening"])))


def test_a_byte_range_in_a_comment_takes_no_string_out_of_sight():
    """The marker that replaces a gap must not replace the target of a link."""
    target = b"<" + b"file:///etc/passwd".hex().encode() + b">"
    page = PAGE[:-2] + b"/Annots [<< /Subtype /Link /A << /S /URI /URI %b >> >>] >>" % target
    decoy = classic(CATALOGUE % b"/X 4 0 R", PAGES, page, b"(/ByteRange [0 100 200 300])")
    start = decoy.index(target)
    end = start + len(target)
    pointed = decoy.replace(b"[0 100 200 300]", b"[0 %d %d %d]" % (start, end, 100))
    assert len(decoy) == len(pointed)
    assert 1 == len(find_gaps(pointed))
    assert ACTIVE == wrong(room().judge(pointed))


# -- encryption and damage -----------------------------------------------------------------------------------


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


# -- hostile structures -----------------------------------------------------------------------------------------


def classic(*objects: bytes, trailer: bytes = b"", start: int | None = None) -> bytes:
    """A PDF by hand: objects 1.., one cross-reference table."""
    out = b"%PDF-1.7\n"
    places = []
    for position, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (position, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R %b >>\n" % (len(objects) + 1, trailer)
    return out + b"startxref\n%d\n%%%%EOF\n" % (table if start is None else start)


CATALOGUE = b"<< /Type /Catalog /Pages 2 0 R %b >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>"


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
