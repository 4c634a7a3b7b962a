# SPDX-License-Identifier: EUPL-1.2
"""dossier.xml: what is read is what was written, whatever the values, and what contradicts itself is refused."""

import re
from datetime import date

import pytest
from dossierroom import EXAMPLE, SLOW, XML, changed, dossiers, example
from hypothesis import given
from hypothesis import strategies as st
from readingroom import findings_of, outcome, read, seen

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.markup import parse
from gateway.model.dossier import Document
from gateway.stages.dossier import NAMESPACE, write_dossier


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


def test_parsing_stays_the_only_way_in():
    assert parse(EXAMPLE, place="dossier.xml", limits=XML).tag == f"{{{NAMESPACE}}}dossier"
