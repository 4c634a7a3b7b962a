# SPDX-License-Identifier: EUPL-1.2
"""Which entries of dossier.xml a procedure needs: a table says so, for the entries the schema leaves open."""

import shutil
from datetime import date

import pytest
from dossierroom import TODAY, changed, example, rules, verified

from gateway.catalogue import data_root, load_rules
from gateway.codes import Code
from gateway.errors import ConfigInvalid, Rejected
from gateway.findings import Severity
from gateway.model.bundle import Valid
from gateway.model.dossier import Address, Contact, DossierKind, Office, SubmissionRole
from gateway.model.fields import OPTIONAL, is_given
from gateway.stages.completeness import check_complete, missing_fields

UNDER = {"role": SubmissionRole.UNTERBEVOLLMAECHTIGTER}
THERE = Address(street="Weg", postcode="70174", town="Stuttgart")
ADVISER = Contact(name="Ä", email="a@example.org")


def lacking(dossier, on=TODAY, tables=None):
    findings = missing_fields(dossier, tables or rules(), on)
    return [(f.severity, f.expected) for f in findings]


def errors(dossier):
    return {expected for severity, expected in lacking(dossier) if severity is Severity.ERROR}


def test_the_example_has_every_entry():
    assert [] == [pair for pair in lacking(example()) if pair[0] is Severity.ERROR]


@pytest.mark.parametrize(
    ("changes", "absent"),
    [
        ({"worker__address": None}, {"worker/address"}),
        ({"worker__email": ""}, set()),
        ({"worker__phone": ""}, set()),
        ({"worker__email": "", "worker__phone": ""}, {"worker/email / worker/phone"}),
        ({"job": None}, {"job"}),
        ({"sub_authorised": None}, set()),
        (UNDER | {"sub_authorised": None}, {"subAuthorised"}),
        (
            UNDER | {"sub_authorised": Office(name="IHK")},
            {"subAuthorised/address", "subAuthorised/contact"},
        ),
        (UNDER | {"sub_authorised": Office(name="IHK", address=THERE, contact=ADVISER)}, set()),
        ({"kind": DossierKind.SUPPLEMENT, "worker__address": None, "job": None}, set()),
    ],
)
def test_what_the_model_agreement_names_is_demanded(changes, absent):
    assert absent == errors(changed(**changes))


def test_the_other_way_to_reach_the_worker_is_only_advised():
    assert (Severity.WARNING, "worker/phone") in lacking(changed(worker__phone=""))


def test_what_is_demanded_is_not_advised_as_well():
    told = [expected for _, expected in lacking(changed(worker__email="", worker__phone=""))]

    assert ["worker/email / worker/phone"] == [line for line in told if line.startswith("worker/")]


def test_missing_entries_and_documents_are_told_together():
    dossier = changed(worker__address=None, documents=())

    with pytest.raises(Rejected) as caught:
        check_complete(Valid(verified=verified(example()), dossier=dossier), rules(), TODAY)

    codes = [f.code for f in caught.value.findings]
    place = next(f.place for f in caught.value.findings if f.code is Code.DOSSIER_FIELD_MISSING)
    assert {Code.DOSSIER_FIELD_MISSING, Code.DOCUMENT_MISSING} <= set(codes)
    assert "/dossier/worker/address" == place


def test_before_a_row_is_in_force_nothing_is_asked():
    assert [] == lacking(changed(worker__address=None), on=date(2019, 12, 31))


def test_lawyers_change_the_table_without_code(tmp_path):
    shutil.copytree(data_root() / "rules", tmp_path / "rules")
    with (tmp_path / "rules/fields.tsv").open("a", encoding="utf-8") as table:
        table.write("*\tworker/azrNumber\trequired\tlives_in_eu_state=true\t2020-01-01\t\ttest\n")
    tables = load_rules(tmp_path / "rules")
    living = changed(procedure__lives_in_eu_state=True, worker__azr_number="")

    assert (Severity.ERROR, "worker/azrNumber") in lacking(living, tables=tables)
    assert (Severity.ERROR, "worker/azrNumber") not in lacking(living)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("*\tworker/eMail\trequired\t\t2020-01-01\t\ttest", "elements of dossier.xml that may be absent"),
        ("*\tworker/surname\trequired\t\t2020-01-01\t\ttest", "elements of dossier.xml that may be absent"),
        ("99z\tjob\trequired\t\t2020-01-01\t\ttest", "a title of titles.tsv"),
        ("*\tjob\trequired\t\t2020-01-01\t\ttest", "one row at a time"),
        ("*\tjob\tperhaps\t\t2020-01-01\t\ttest", "one of required, if-applicable"),
        ("*\tjob/kldb\trequired\trole=boss\t2020-01-01\t\ttest", "circumstances of"),
        ("*\tjob/kldb\trequired\tpay_below=nothing\t2020-01-01\t\ttest", "a pay floor"),
    ],
)
def test_a_row_that_means_nothing_is_a_fault(tmp_path, row, told):
    shutil.copytree(data_root() / "rules", tmp_path / "rules")
    with (tmp_path / "rules/fields.tsv").open("a", encoding="utf-8") as table:
        table.write(row + "\n")

    with pytest.raises(ConfigInvalid, match=told) as caught:
        load_rules(tmp_path / "rules")

    assert all("fields.tsv" in problem for problem in caught.value.problems)


@pytest.mark.parametrize("path", OPTIONAL)
def test_every_path_leads_to_an_element_of_the_schema(path):
    schema = (data_root() / "dossier/1.0/dossier.xsd").read_text(encoding="utf-8")

    assert is_given(example(), path) in {True, False}
    assert f'name="{path.rpartition("/")[2]}"' in schema
