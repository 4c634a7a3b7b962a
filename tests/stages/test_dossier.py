# SPDX-License-Identifier: EUPL-1.2
"""dossier.xml: what is read is what was written, and everything else is refused with a path and a reason."""

import os
import re
import socket
import threading
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from dossierroom import (
    EXAMPLE,
    HEADS,
    SLOW,
    TODAY,
    XML,
    changed,
    digested,
    documents,
    dossiers,
    example,
    rules,
    schema,
    verified,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.catalogue import data_root
from gateway.codes import Code
from gateway.errors import Rejected
from gateway.markup import parse
from gateway.model.dossier import Document, Dossier
from gateway.policy import XmlPolicy
from gateway.stages.dossier import NAMESPACE, diagnose_dossier, read_dossier, validate, write_dossier
from gateway.stages.dossier.codec import element_name
from gateway.stages.dossier.letters import Letters, strange_letter

SHARED = Path(os.environ.get("AMTSBOTE_SHARED", Path(__file__).parents[3] / "shared"))
XS = "{http://www.w3.org/2001/XMLSchema}"


def read(data):
    return read_dossier(data, schema=schema(), xml=XML)


def findings_of(data):
    with pytest.raises(Rejected) as caught:
        read(data)
    return caught.value.findings


def outcome(data):
    """Codes of a refusal; nothing for a dossier, which then reads back as it is written."""
    try:
        dossier = read(data)
    except Rejected as rejected:
        return {finding.code for finding in rejected.findings}
    assert dossier == read(write_dossier(dossier))
    return set()


def seen(findings):
    return {(finding.code, finding.place) for finding in findings}


# -- reading and writing -------------------------------------------------------------------------------


def test_the_example_is_canonical():
    assert EXAMPLE == write_dossier(read(EXAMPLE))


@given(dossiers())
@SLOW
def test_every_dossier_reads_back_as_it_was_written(dossier):
    assert dossier == read(write_dossier(dossier))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_dossier_or_refused(data):
    with pytest.raises(Rejected):
        read(data)


@given(st.data())
@SLOW
def test_any_damage_to_a_dossier_gives_a_dossier_or_a_refusal(data):
    damaged = bytearray(EXAMPLE)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(damaged) - 1))
        end = data.draw(st.integers(start, min(len(damaged), start + 60)))
        damaged[start:end] = data.draw(
            st.one_of(st.binary(max_size=12), st.just(bytes(damaged[start:end]) * 2))
        )
    outcome(bytes(damaged))


VALUES = sorted(set(re.findall(rb">([^<>\n]+)</", EXAMPLE)))


@given(
    st.sampled_from(VALUES),
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="<&"), max_size=20),
        st.sampled_from(
            [
                "0000-00-00",
                "-0001-01-01",
                "2026-02-30",
                "2026-01-01Z",
                "99999-01-01",
                "2026-11-16T24:00:00Z",
                "2026-11-16T09:30:60Z",
                "2026-11-16T09:30:00+14:00",
                "1e5",
                "NaN",
                "INF",
                "٣",
                "+5",
                ".5",
                "5.",
            ]
        ),
    ),
)
@SLOW
def test_any_other_value_gives_a_dossier_or_a_refusal(old, new):
    data = EXAMPLE.replace(b">" + old + b"</", b">" + new.encode() + b"</", 1)
    assert outcome(data) <= {
        Code.DOSSIER_SCHEMA,
        Code.DOSSIER_NAME_CHARACTERS,
        Code.DOSSIER_INCONSISTENT,
        Code.XML_MALFORMED,
    }


def test_white_space_is_collapsed_as_the_schema_says():
    data = EXAMPLE.replace("<surname>Đặng<".encode(), "<surname>\n   Đặng \t von  Weimar\n<".encode())
    assert read(data).worker.surname == "Đặng von Weimar"


def test_text_no_xml_can_carry_is_not_written():
    with pytest.raises(Rejected) as caught:
        write_dossier(changed(reference="a\x00b"))
    assert {Code.DOSSIER_NAME_CHARACTERS} == {f.code for f in caught.value.findings}


def test_a_written_dossier_may_be_invalid_and_says_so_when_read():
    assert (Code.DOSSIER_SCHEMA, "/dossier/employer/establishmentAgs") in seen(
        findings_of(write_dossier(changed(employer__establishment_ags="1605500")))
    )


# -- the schema and the model are one --------------------------------------------------------------------


def _sequence_of(kind, xsd):
    """Element names of a complex type in order, groups opened."""
    names = []
    for node in kind.find(f"{XS}sequence"):
        if node.tag == f"{XS}group":
            names += _sequence_of(xsd.find(f"{XS}group[@name='{node.get('ref')}']"), xsd)
        else:
            names.append(node.get("name"))
    return names


@pytest.mark.parametrize(
    ("schema_type", "path"),
    [
        ("Dossier", ()),
        ("FamilyMember", ("family",)),
        ("Employer", ("employer",)),
        ("Procedure", ("procedure",)),
        ("Document", ("documents",)),
        ("Job", ("job",)),
        ("Contact", ("contact",)),
        ("Address", ("employer", "address")),
        ("Office", ("sub_authorised",)),
    ],
)
def test_elements_are_the_fields_of_the_model_in_the_same_order(schema_type, path):
    xsd = etree.parse(data_root() / "dossier" / "1.0" / "dossier.xsd").getroot()
    model = Dossier
    for name in path:
        hint = get_type_hints(model)[name]
        model = next(kind for kind in (hint, *get_args(hint)) if is_dataclass(kind))
    elements = _sequence_of(xsd.find(f"{XS}complexType[@name='{schema_type}']"), xsd)
    assert [element_name(field.name) for field in fields(model)] == elements


def test_every_type_is_documented_in_german_and_english():
    xsd = etree.parse(data_root() / "dossier" / "1.0" / "dossier.xsd").getroot()
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    for node in [*xsd.iter(f"{XS}simpleType", f"{XS}complexType", f"{XS}group")]:
        if node.get("name") in {None, "Dossier", "Worker", "FamilyMember"}:
            continue
        languages = [d.get(lang) for d in node.findall(f"{XS}annotation/{XS}documentation")]
        assert ["de", "en"] == languages, node.get("name")


def test_a_second_validator_reads_the_schema_the_same_way():
    xmlschema = pytest.importorskip("xmlschema")
    other = xmlschema.XMLSchema(str(data_root() / "dossier" / "1.0" / "dossier.xsd"))
    assert other.is_valid(EXAMPLE.decode())
    broken = EXAMPLE.replace(b"<role>bote<", b"<role>herold<").decode()
    assert not other.is_valid(broken)


@given(dossiers())
@settings(SLOW, max_examples=10)
def test_what_we_write_is_valid_for_a_second_validator(dossier):
    xmlschema = pytest.importorskip("xmlschema")
    xmlschema.XMLSchema(str(data_root() / "dossier" / "1.0" / "dossier.xsd")).validate(
        write_dossier(dossier).decode()
    )


# -- schema faults ---------------------------------------------------------------------------------------


def test_all_schema_faults_are_told_at_once_with_readable_paths():
    data = (
        EXAMPLE.replace(b">16055000<", b">1605500<")
        .replace(b"<role>bote<", b"<role>herold<")
        .replace(b"<type>PASS<", b"<type>P A S S<")
        .replace(b"<dateOfBirth>1994-03-08<", b"<dateOfBirth>8.3.1994<")
        .replace(b"<weeklyHours>40<", b"<weeklyHours>200<")
    )
    findings = findings_of(data)
    assert {
        (Code.DOSSIER_SCHEMA, "/dossier/role"),
        (Code.DOSSIER_SCHEMA, "/dossier/worker/dateOfBirth"),
        (Code.DOSSIER_SCHEMA, "/dossier/employer/establishmentAgs"),
        (Code.DOSSIER_SCHEMA, "/dossier/documents/document[4]/type"),
        (Code.DOSSIER_SCHEMA, "/dossier/job/weeklyHours"),
    } == seen(findings)
    ags = next(f for f in findings if f.place.endswith("Ags"))
    assert ("a value of the pattern [0-9]{8}", "1605500") == (ags.expected, ags.got)
    assert NAMESPACE not in ags.got


def test_a_missing_element_is_named():
    findings = findings_of(EXAMPLE.replace(b"<reference>FEG-2026-0417</reference>", b""))
    assert ["the element reference"] == [f.expected for f in findings]


@pytest.mark.parametrize(
    "root",
    [
        b"<dossier/>",
        b"<a/>",
        b'<dossier xmlns="urn:amtsbote:dossier:2.0"/>',
        b'<Address xmlns="urn:amtsbote:dossier:1.0"/>',
    ],
)
def test_another_root_is_another_namespace(root):
    assert [Code.DOSSIER_NAMESPACE] == [f.code for f in findings_of(root)]


def test_a_report_on_a_flood_of_faults_stays_short():
    documents_ = b"<document><type>!</type><file>a</file><mediaType>!</mediaType></document>" * 1_000
    data = re.sub(
        rb"<documents>.*</documents>", b"<documents>" + documents_ + b"</documents>", EXAMPLE, flags=re.DOTALL
    )
    assert len(findings_of(data)) == 100


def test_more_documents_than_a_container_can_hold_are_refused():
    one = b"<document><type>A</type><file>a.pdf</file><mediaType>application/pdf</mediaType></document>"
    data = re.sub(
        rb"<documents>.*</documents>",
        b"<documents>" + one * 1_001 + b"</documents>",
        EXAMPLE,
        flags=re.DOTALL,
    )
    assert {Code.DOSSIER_SCHEMA} == {f.code for f in findings_of(data)}


# -- hostile XML -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"<chamber>ihk-erfurt<", b"<chamber>ihk<!-- x -->-erfurt<", Code.XML_COMMENT),
        (b"<reference>", b"<?x y?><reference>", Code.XML_COMMENT),
        (b"<dossier ", b"<!-- before --><dossier ", Code.XML_COMMENT),
        (b"</dossier>", b"</dossier><!-- after -->", Code.XML_COMMENT),
        (b"<dossier ", b"<!DOCTYPE dossier [<!ENTITY x 'y'>]><dossier ", Code.XML_DOCTYPE),
        (b"<dossier ", b"<!DOCTYPE dossier><dossier ", Code.XML_DOCTYPE),
        (b"encoding='UTF-8'", b"encoding='ISO-8859-1'", Code.XML_ENCODING),
        (b"</dossier>", b"", Code.XML_MALFORMED),
        (b"<role>bote<", b"<role>&bote;<", Code.XML_DOCTYPE),
        (b"<reference>", b"<a>" * 300 + b"</a>" * 300 + b"<reference>", Code.XML_LIMITS),
    ],
)
def test_hostile_xml_has_its_own_code(old, new, code):
    data = EXAMPLE.replace(old, new, 1)
    assert data != EXAMPLE
    assert [code] == [f.code for f in findings_of(data)]


def test_bounds_come_from_the_policy():
    with pytest.raises(Rejected, match=str(Code.XML_LIMITS)):
        read_dossier(EXAMPLE, schema=schema(), xml=XmlPolicy(max_bytes=100))


def test_schema_hints_in_the_file_are_never_followed():
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/x.xsd"
    called = threading.Event()

    def wait():
        try:
            listener.accept()[0].close()
            called.set()
        except TimeoutError:
            pass

    thread = threading.Thread(target=wait)
    thread.start()
    hint = (
        f'<dossier xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="{NAMESPACE} {url} urn:other {url}" xsi:noNamespaceSchemaLocation="{url}" '
    ).encode()
    assert example() == read(EXAMPLE.replace(b"<dossier ", hint, 1))
    thread.join()
    listener.close()
    assert not called.is_set()


@pytest.mark.parametrize("attribute", [b'a="b" ', b'xmlns:p="urn:p" p:a="b" ', b'xml:lang="de" '])
def test_attributes_are_refused(attribute):
    data = EXAMPLE.replace(b"<dossier ", b"<dossier " + attribute, 1)
    assert {(Code.DOSSIER_SCHEMA, "/dossier")} == seen(findings_of(data))


def test_nil_and_foreign_types_do_not_replace_ours():
    xsi = b'<dossier xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema" '
    for change in (b'<surname xsi:nil="true">', b'<surname xsi:type="xs:string">'):
        data = EXAMPLE.replace(b"<dossier ", xsi, 1).replace(b"<surname>", change, 1)
        assert {Code.DOSSIER_SCHEMA} == {f.code for f in findings_of(data)}


# -- letters ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "Đặng Thị Ánh",
        "Łukasz Żółć",
        "Çağrı Şahin",
        "Nguyễn",
        "M\u0302erci",
        "K\u035fhan",
        "O’Neill",
        "ẞ",
        "J\u030ce",
    ],
)
def test_names_of_din_91379_pass(name):
    assert strange_letter(name, Letters.NAME) is None
    assert read(write_dossier(changed(worker__surname=name))).worker.surname == name


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("Müller".replace("ü", "u\u0308"), "U+0308 at character 3"),
        ("Иванов", "U+0418 at character 1"),
        ("Ali\u202eila", "U+202E at character 4"),
        ("A1", "U+0031 at character 2"),
        ("a\u00a0b", "U+00A0 at character 2"),
        ("王", "U+738B at character 1"),
    ],
)
def test_other_letters_are_named_with_their_place(name, where):
    findings = findings_of(write_dossier(changed(worker__surname=name)))
    assert [(Code.DOSSIER_NAME_CHARACTERS, "/dossier/worker/surname", where)] == [
        (f.code, f.place, f.got) for f in findings
    ]


def test_every_text_is_judged_by_its_own_set():
    broken = changed(employer__name="Gasthaus „Zur Ω“", worker__place_of_birth="Ω", contact__name="王")
    assert {
        (Code.DOSSIER_NAME_CHARACTERS, "/dossier/worker/placeOfBirth"),
        (Code.DOSSIER_NAME_CHARACTERS, "/dossier/contact/name"),
    } == seen(findings_of(write_dossier(broken)))


@pytest.mark.parametrize(("letters", "kind"), [("NAME", "A"), ("PLACE", "B"), ("LINE", "D")])
def test_our_letters_are_exactly_those_of_the_published_patterns(letters, kind):
    path = SHARED / "formats" / "xdomea" / "4.0.0" / "din-norm-91379-datatypes.xsd"
    if not path.is_file():
        pytest.skip("the published data types of DIN 91379 are not at hand (AMTSBOTE_SHARED)")
    tree = etree.parse(path)
    pattern = tree.find(f".//{XS}simpleType[@name='datatype{kind}']//{XS}pattern").get("value")
    published = re.compile(pattern)
    for point in range(0x20, 0x3000):
        if chr(point).isspace() and point != 0x20:
            continue
        expected = published.fullmatch(chr(point)) is not None
        assert expected == (strange_letter(chr(point), Letters[letters]) is None), hex(point)
    # Every sequence the pattern spells out, and every letter with each of the marks that occur in one.
    sequences = {letter + mark for letter in "ABCcKkLlÇüŸẠạ" for mark in map(chr, range(0x300, 0x362))}
    sequences |= {
        base + a + b
        for base in "CKLRSkls"
        for a in "\u0328\u035f\u0325\u031b"
        for b in "\u0306\u0304Hh\u0301"
    }
    sequences |= set(re.findall(r"(?<=\|)\w[\u0300-\u036f]+", pattern))
    for text in sequences:
        expected = published.fullmatch(text) is not None
        assert expected == (strange_letter(text, Letters[letters]) is None), ascii(text)


@given(st.text(max_size=2000))
@settings(deadline=None)
def test_the_first_strange_letter_is_where_the_good_part_ends(text):
    strange = strange_letter(text, Letters.LINE)
    if strange is None:
        return
    good = text[: strange.position - 1]
    assert strange_letter(good, Letters.LINE) is None
    assert strange.character == text[strange.position - 1]


# -- what contradicts itself -----------------------------------------------------------------------------


def test_a_supplement_must_name_the_first_dossier():
    data = write_dossier(example()).replace(b"<kind>initial<", b"<kind>supplement<")
    assert {(Code.DOSSIER_INCONSISTENT, "/dossier/refersTo")} == seen(findings_of(data))


def test_a_first_dossier_names_no_other():
    data = write_dossier(changed(refers_to="d-1"))
    assert {(Code.DOSSIER_INCONSISTENT, "/dossier/refersTo")} == seen(findings_of(data))


def test_a_worker_is_born_before_the_dossier_is_compiled():
    data = write_dossier(changed(worker__date_of_birth=date(2026, 11, 17)))
    assert {(Code.DOSSIER_INCONSISTENT, "/dossier/worker/dateOfBirth")} == seen(findings_of(data))


@pytest.mark.parametrize(
    ("entries", "place"),
    [
        ([("a.pdf", ""), ("a.pdf", "")], "/dossier/documents"),
        ([("dossier.xml", "")], "/dossier/documents/document"),
        ([("META-INF/signatures0.xml", ""), ("a.pdf", "")], "/dossier/documents/document[1]"),
        ([("a.pdf", ""), ("mimetype", "")], "/dossier/documents/document[2]"),
        ([("a.pdf", "b.pdf")], "/dossier/documents/document/translationOf"),
        ([("a.pdf", "a.pdf"), ("b.pdf", "")], "/dossier/documents/document[1]/translationOf"),
    ],
)
def test_references_among_documents_must_lead_somewhere(entries, place):
    made = tuple(
        Document(type="PASS", file=file, media_type="application/pdf", translation_of=original)
        for file, original in entries
    )
    assert {(Code.DOSSIER_INCONSISTENT, place)} == seen(findings_of(write_dossier(changed(documents=made))))


# -- against the container and the tables ----------------------------------------------------------------


def judge(dossier, **options):
    try:
        validate(verified(dossier, **options), schema=schema(), xml=XML, rules=rules(), on=TODAY)
    except Rejected as rejected:
        return seen(rejected.findings)
    return set()


def test_a_bundle_that_holds_what_it_names_is_valid():
    valid = validate(verified(example()), schema=schema(), xml=XML, rules=rules(), on=TODAY)
    assert example() == valid.dossier


def test_documents_are_compared_both_ways_at_once():
    assert {
        (Code.DOCUMENT_NOT_IN_BUNDLE, "/dossier/documents/document[4]"),
        (Code.DOCUMENT_NOT_DECLARED, "rechnung.pdf"),
        (Code.DOCUMENT_NOT_DECLARED, "Pass.png"),
    } == judge(example(), without=["pass.png"], extra=["rechnung.pdf", "Pass.png"])


@pytest.mark.parametrize(
    ("head", "got"),
    [
        (b"MZ\x90\x00", "other bytes"),
        (b"", "other bytes"),
        (b"%PDF-1.7", "application/pdf"),
        (b" \x89PNG\r\n\x1a\n", "other bytes"),
        (b"PK\x03\x04", "other bytes"),
    ],
)
def test_a_file_must_be_what_it_is_said_to_be(head, got):
    with pytest.raises(Rejected) as caught:
        validate(
            verified(example(), heads={"pass.png": head}), schema=schema(), xml=XML, rules=rules(), on=TODAY
        )
    assert [(Code.DOCUMENT_MEDIA_TYPE, "pass.png", got)] == [
        (f.code, f.place, f.got) for f in caught.value.findings
    ]


def test_a_media_type_nobody_reads_is_refused():
    made = (Document(type="PASS", file="a.html", media_type="text/html"),)
    assert {(Code.DOCUMENT_MEDIA_TYPE, "a.html")} == judge(changed(documents=made))


def test_unknown_codes_are_refused_with_everything_else():
    dossier = changed(procedure__title="18z", documents=documents("PASS", "PASSBILD"))
    assert {
        (Code.DOSSIER_TITLE_UNKNOWN, "/dossier/procedure/title"),
        (Code.DOCUMENT_TYPE_UNKNOWN, "/dossier/documents"),
        (Code.DOCUMENT_NOT_DECLARED, "x.pdf"),
    } == judge(dossier, extra=["x.pdf"])


def test_a_bundle_without_dossier_xml_is_refused():
    assert {(Code.DOSSIER_MISSING, "dossier.xml")} == judge(example(), kept={})


def test_a_diagnosis_tells_the_same_and_raises_nothing():
    broken = digested(example(), without=["pass.png"])
    dossier, findings = diagnose_dossier(broken, schema=schema(), xml=XML, rules=rules(), on=TODAY)
    assert example() == dossier
    assert {(Code.DOCUMENT_NOT_IN_BUNDLE, "/dossier/documents/document[4]")} == seen(findings)
    nothing, findings = diagnose_dossier(
        digested(example(), kept={"dossier.xml": b"<a/>"}), schema=schema(), xml=XML, rules=rules(), on=TODAY
    )
    assert nothing is None
    assert {(Code.DOSSIER_NAMESPACE, "dossier.xml")} == seen(findings)


@given(st.dictionaries(st.sampled_from(["pass.png", "lebenslauf.pdf"]), st.binary(max_size=16)))
def test_any_first_bytes_are_right_or_refused(heads):
    right = all(
        head.startswith(HEADS["image/png" if name.endswith("png") else "application/pdf"][:8])
        for name, head in heads.items()
    )
    found = judge(example(), heads=heads)
    assert not found if right else found or heads


def test_parsing_stays_the_only_way_in():
    assert parse(EXAMPLE, place="dossier.xml", limits=XML).tag == f"{{{NAMESPACE}}}dossier"


def test_foreign_elements_with_prefixes_are_told_by_line():
    data = EXAMPLE.replace(b"<reference>", b'<p:x xmlns:p="urn:p"/><reference>', 1)
    assert {(Code.DOSSIER_SCHEMA, "line 3")} == seen(findings_of(data))


def test_a_huge_value_is_cut_before_it_is_reported():
    (finding,) = findings_of(EXAMPLE.replace(b">ihk-erfurt<", b">{" + b":" * 3_000_000 + b"<", 1))
    assert (Code.DOSSIER_SCHEMA, "/dossier/chamber") == (finding.code, finding.place)
    assert len(finding.got) <= 300
