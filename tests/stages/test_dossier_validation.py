# SPDX-License-Identifier: EUPL-1.2
"""A dossier against its container and the tables: files named and there, media types by first bytes, codes known."""

import pytest
from dossierroom import HEADS, TODAY, XML, changed, digested, documents, example, rules, schema, verified
from hypothesis import given
from hypothesis import strategies as st
from readingroom import seen

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.model.dossier import Document
from gateway.stages.dossier import diagnose_dossier, validate


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
