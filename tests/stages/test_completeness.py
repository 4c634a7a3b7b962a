# SPDX-License-Identifier: EUPL-1.2
"""Which documents a title needs: the tables decide, the day decides which rows hold."""

import shutil
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from dossierroom import SLOW, TODAY, changed, documents, dossiers, example, rules, verified
from hypothesis import given

from gateway.catalogue import data_root, load_rules
from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Severity
from gateway.model.bundle import Complete, Valid
from gateway.model.dossier import DossierKind, Job, Person, SubmissionRole
from gateway.stages.completeness import check_complete, missing_documents

BASE = ("VOLLMACHT_FACHKRAFT", "VEREINBARUNG_81A", "VERTRETUNG_ARBEITGEBER", "PASS", "LEBENSLAUF")


def missing(dossier, tables=None, on=TODAY):
    findings = missing_documents(dossier, tables or rules(), on)
    return {f.expected.split(" (")[0] for f in findings if f.severity is Severity.ERROR}


def advised(dossier):
    findings = missing_documents(dossier, rules(), TODAY)
    return {f.expected.split(" (")[0] for f in findings if f.severity is Severity.WARNING}


def bare(**changes):
    """A dossier without any document and with the circumstances at rest."""
    calm = {"procedure__original_language_german": True, "procedure__ba_consent_needed": False}
    return changed(documents=(), **calm | changes)


def family(*relations):
    return tuple(
        Person(
            given_names="A",
            surname="B",
            date_of_birth=date(2020, 1, 1),
            place_of_birth="C",
            nationality="VN",
            relation=relation,
        )
        for relation in relations
    )


def test_the_example_is_complete():
    valid = Valid(verified=verified(example()), dossier=example())
    assert Complete(valid=valid) == check_complete(valid, rules(), TODAY)


def test_everything_missing_is_told_at_once():
    dossier = bare(procedure__title="18a")
    with pytest.raises(Rejected) as caught:
        check_complete(Valid(verified=verified(example()), dossier=dossier), rules(), TODAY)
    assert {Code.DOCUMENT_MISSING} == {f.code for f in caught.value.findings}
    assert {*BASE, "ERKL_BESCHAEFTIGUNG", "ARBEITSVERTRAG", "QUALIFIKATION", "ANERKENNUNG"} == missing(
        dossier
    )
    assert "PASS (Reisepass, Seite mit den Personendaten in Farbe)" in {
        f.expected for f in caught.value.findings
    }


@pytest.mark.parametrize(
    ("title", "extra"),
    [
        ("16a", {"ERKL_BESCHAEFTIGUNG", "EINSTELLUNGSZUSAGE"}),
        ("16d-1", {"QUALIFIKATION", "ANERKENNUNG", "QUALIFIZIERUNGSPLAN", "SPRACHNACHWEIS"}),
        (
            "16d-3",
            {
                "ERKL_BESCHAEFTIGUNG",
                "ARBEITSVERTRAG",
                "QUALIFIKATION",
                "ANERKENNUNGSPARTNERSCHAFT",
                "SPRACHNACHWEIS",
            },
        ),
        ("18b", {"ERKL_BESCHAEFTIGUNG", "ARBEITSVERTRAG", "QUALIFIKATION", "ANERKENNUNG"}),
        ("18c-3", {"ARBEITSVERTRAG", "QUALIFIKATION", "ANERKENNUNG", "NACHWEIS_BESONDERE_KENNTNISSE"}),
        ("18d", {"AUFNAHMEVEREINBARUNG", "QUALIFIKATION"}),
        ("18g", {"ARBEITSVERTRAG", "QUALIFIKATION", "ANERKENNUNG"}),
        ("19c-1", {"ERKL_BESCHAEFTIGUNG", "ARBEITSVERTRAG", "NACHWEIS_TAETIGKEIT"}),
        ("19c-2", {"ERKL_BESCHAEFTIGUNG", "ARBEITSVERTRAG", "QUALIFIKATION", "ARBEITSZEUGNISSE"}),
    ],
)
def test_each_title_asks_for_its_own_documents(title, extra):
    assert {*BASE, *extra} == missing(bare(procedure__title=title))


@pytest.mark.parametrize(
    ("changes", "extra"),
    [
        ({"role": SubmissionRole.UNTERBEVOLLMAECHTIGTER}, {"UNTERVOLLMACHT"}),
        ({"procedure__lives_in_eu_state": True}, {"EU_AUFENTHALT"}),
        ({"procedure__original_language_german": False}, {"UEBERSETZUNG"}),
        ({"family": family("spouse")}, {"VOLLMACHT_EHEGATTE", "PASS_FAMILIE", "HEIRATSURKUNDE"}),
        ({"family": family("child")}, {"VOLLMACHT_KIND", "PASS_FAMILIE", "GEBURTSURKUNDE"}),
    ],
)
def test_circumstances_add_documents(changes, extra):
    assert missing(bare()) | extra == missing(bare(**changes))


def test_training_in_a_company_asks_for_the_contract_and_its_entry():
    school = missing(bare(procedure__title="16a"))
    company = missing(bare(procedure__title="16a", procedure__company_based_training=True))
    assert {"EINSTELLUNGSZUSAGE"} == school - company
    assert {"AUSBILDUNGSVERTRAG", "EINTRAG_AUSBILDUNGSVERZ"} == company - school


@pytest.mark.parametrize(
    ("recognition", "code", "enough"),
    [
        ("decided", "ANERKENNUNG", True),
        ("none", "ANERKENNUNG", True),
        ("none", "ERKL_KEIN_ANTRAG", False),
        ("decided", "ERKL_KEIN_ANTRAG", False),
        ("start", "ANERKENNUNG", True),
        ("start", "ERKL_KEIN_ANTRAG", True),
        ("start", "LEBENSLAUF", False),
    ],
)
def test_recognition_to_be_started_may_show_that_nothing_was_applied_for(recognition, code, enough):
    dossier = bare(procedure__recognition=recognition)
    told = missing(replace(dossier, documents=documents(code)))
    assert enough == (not any(name.startswith("ANERKENNUNG") for name in told))


def test_alternatives_are_named_together():
    findings = missing_documents(bare(procedure__recognition="start"), rules(), TODAY)
    named = [f.expected for f in findings if f.expected.startswith("ANERKENNUNG")]
    assert len(named) == 1
    assert " / ERKL_KEIN_ANTRAG (" in named[0]


def test_each_child_needs_documents_of_its_own():
    dossier = bare(family=family("spouse", "child", "child"))
    two = documents("VOLLMACHT_KIND", "GEBURTSURKUNDE", "PASS_FAMILIE", "PASS_FAMILIE")
    findings = missing_documents(replace(dossier, documents=two), rules(), TODAY)
    got = {f.expected.split(" (")[0]: f.got for f in findings}
    assert ("1 of 2", "1 of 2", "2 of 3") == (
        got["VOLLMACHT_KIND"],
        got["GEBURTSURKUNDE"],
        got["PASS_FAMILIE"],
    )


@pytest.mark.parametrize(
    ("pay", "on", "needed"),
    [
        ("4647.49", TODAY, True),
        ("4647.50", TODAY, False),
        (None, TODAY, True),  # unknown pay is never enough
        ("9999", date(2027, 1, 1), True),  # no floor entered for that year: ask rather than guess
    ],
)
def test_old_age_provision_follows_the_pay_floor_of_the_year(pay, on, needed):
    job = Job(occupation="Koch", place="Weimar", gross_monthly_pay=Decimal(pay) if pay else None)
    dossier = bare(job=job, procedure__first_title_after_45=True)
    assert needed == ("ALTERSVORSORGE" in missing(dossier, on=on))
    assert "ALTERSVORSORGE" not in missing(bare(job=job), on=on)


def test_pay_is_unknown_without_a_job():
    assert "ALTERSVORSORGE" in missing(bare(job=None, procedure__first_title_after_45=True))


def test_what_only_a_person_can_judge_is_advice():
    assert advised(bare()) == set()
    assert {"BERUFSERLAUBNIS"} == advised(bare(procedure__regulated_profession=True))
    assert {"SPRACHNACHWEIS"} == advised(bare(family=family("spouse")))
    dossier = changed(procedure__regulated_profession=True)
    assert check_complete(Valid(verified=verified(dossier), dossier=dossier), rules(), TODAY)


def test_a_supplement_needs_no_list_but_a_document():
    supplement = changed(kind=DossierKind.SUPPLEMENT, refers_to="d-1", documents=documents("PASS"))
    assert () == missing_documents(supplement, rules(), TODAY)
    assert [Code.DOCUMENT_MISSING] == [
        f.code for f in missing_documents(replace(supplement, documents=()), rules(), TODAY)
    ]


def test_a_title_nobody_asks_a_document_for_is_never_complete():
    empty = replace(rules(), completeness=())
    assert [Code.DOSSIER_TITLE_UNKNOWN] == [f.code for f in missing_documents(example(), empty, TODAY)]
    assert Code.DOSSIER_TITLE_UNKNOWN in {
        f.code for f in missing_documents(example(), rules(), date(2019, 1, 1))
    }


def test_changing_a_row_changes_the_outcome_without_code(tmp_path):
    shutil.copytree(data_root() / "rules", tmp_path / "rules")
    path = tmp_path / "rules" / "completeness.tsv"
    row = "18a\tDSGVO_INFO\trequired\t1\trecognition=decided\t2026-12-01\t2026-12-31\ta new decree\n"
    path.write_text(path.read_text(encoding="utf-8") + row, encoding="utf-8")
    tables = load_rules(tmp_path / "rules")
    assert set() == missing(example(), tables, date(2026, 11, 30))
    assert {"DSGVO_INFO"} == missing(example(), tables, date(2026, 12, 1))
    assert set() == missing(changed(procedure__recognition="start"), tables, date(2026, 12, 1))
    assert set() == missing(example(), tables, date(2027, 1, 1))


@given(dossiers())
@SLOW
def test_any_dossier_gets_an_answer(dossier):
    findings = missing_documents(dossier, rules(), TODAY)
    assert all(f.expected for f in findings)
