# SPDX-License-Identifier: EUPL-1.2
"""Active content in PDFs, wherever it hides; and the harmless things that look like it."""

from dataclasses import replace

import pytest
from pdfroom import (
    CATALOGUE,
    NAME,
    PAGE,
    PAGES,
    SCRIPT,
    action,
    array,
    classic,
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
from trustroom import POLICY

from gateway.codes import Code
from gateway.findings import Severity
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
