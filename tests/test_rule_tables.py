# SPDX-License-Identifier: EUPL-1.2
"""Rule tables are whole or not loaded, and all their faults are told at once."""

import shutil
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.catalogue import data_root, load_rules
from gateway.catalogue.tables import Faults, read_table
from gateway.errors import ConfigInvalid
from gateway.model.rules import UNSOURCED, Need, RouteKind, Unit

TABLES = sorted(path.name for path in (data_root() / "rules").glob("*.tsv"))


@pytest.fixture
def tables(tmp_path):
    shutil.copytree(data_root() / "rules", tmp_path / "rules")
    return tmp_path / "rules"


def faults(directory):
    with pytest.raises(ConfigInvalid) as caught:
        load_rules(directory)
    return caught.value.problems


def append(directory, name, *rows):
    path = directory / f"{name}.tsv"
    lines = ["\t".join(row) for row in rows]
    path.write_text(path.read_text(encoding="utf-8") + "\n".join(lines) + "\n", encoding="utf-8")


def test_the_tables_load():
    rules = load_rules(data_root() / "rules")
    assert {"16a", "16d-1", "16d-3", "18a", "18b", "18c-3", "18d", "18g", "19c-1", "19c-2"} == {
        title.code for title in rules.titles
    }
    assert rules.algorithms
    assert Decimal("3827.85") == rules.threshold("floor-blue-card-shortage", date(2026, 6, 1)).monthly_euro
    assert rules.threshold("floor-blue-card-shortage", date(2027, 1, 1)) is None
    limits = {d.id: (d.amount, d.unit) for d in rules.deadlines}
    assert (3, Unit.WORKING_DAYS) == limits["forward-requests"]
    assert (4, Unit.WEEKS) == limits["recognition-completeness"]
    assert (2, Unit.MONTHS) == limits["recognition-decision"]
    assert (1, Unit.WEEKS) == limits["ba-consent"]
    assert (3, Unit.WEEKS) == limits["visa-appointment"]


@pytest.mark.parametrize("name", TABLES)
def test_every_row_has_a_validity_and_a_source(name):
    lines = (data_root() / "rules" / name).read_text(encoding="utf-8").splitlines()
    head = lines[0].split("\t")
    assert ["valid_from", "valid_until", "source"] == head[-3:]
    for line in lines[1:]:
        cells = dict(zip(head, line.split("\t"), strict=True))
        assert cells["valid_from"]
        assert cells["source"]


def test_what_nobody_published_is_marked():
    rules = load_rules(data_root() / "rules")
    marked = {rule.types[0] for rule in rules.completeness if UNSOURCED in rule.source}
    assert {"ANERKENNUNGSPARTNERSCHAFT", "NACHWEIS_BESONDERE_KENNTNISSE", "SPRACHNACHWEIS"} <= marked
    assert all(UNSOURCED in route.source for route in rules.jurisdiction if route.kldb)


def test_every_document_type_is_asked_for_or_free():
    rules = load_rules(data_root() / "rules")
    asked = {code for rule in rules.completeness for code in rule.types}
    assert {"ZUSATZBLATT_A", "ZUSATZBLATT_B", "SONSTIGES"} == {d.code for d in rules.document_types} - asked
    assert Need.IF_APPLICABLE in {rule.need for rule in rules.completeness}


def test_all_faults_of_all_tables_are_told_at_once(tables):
    append(tables, "titles", ["18z", "", "x", "§", "2026-13-01", "", "s"])
    append(
        tables,
        "completeness",
        ["99", "PASS", "required", "1", "", "2020-01-01", "", "s"],
        ["18a", "PASSBILD", "needed", "0", "weather=rain", "2020-01-01", "", "s"],
        ["18a", "PASS", "required", "one", "role=clerk", "2020-01-01", "2019-01-01", ""],
        ["18b", "PASS", "required", "1", "pay_below=unknown", "2020-01-01", "", "s"],
        ["short", "row"],
    )
    append(
        tables,
        "thresholds",
        ["x", "-1", "0", "2020-01-01", "", "s"],
        ["y", "NaN", "1", "2020-01-01", "", "s"],
    )
    append(
        tables,
        "jurisdiction",
        ["1605", "x", "stadt-nirgends", "sometimes", "4a", "2020-01-01", "", "s"],
        ["16", "x", "stadt-weimar", "default", "81", "2020-01-01", "", "s"],
    )
    append(tables, "deadlines", ["x", "a", "b", "c", "-3", "years", "§", "2020-01-01", "", "s"])
    (tables / "authorities.tsv").write_bytes(b"id\tname\xff")
    (tables / "document-types.tsv").write_text("code\tname\n", encoding="utf-8")
    told = "\n".join(faults(tables))
    for part in (
        "titles.tsv, line 12, column name_de: expected a value",
        "column valid_from: expected a day like 2026-01-31, got '2026-13-01'",
        "expected a title of titles.tsv or *, got '99'",
        "expected a document of document-types.tsv, got 'PASSBILD'",
        "column need: expected one of required, if-applicable, got 'needed'",
        "column count: expected 1 or more",
        "column count: expected one of spouses, children, family, got 'one'",
        "got 'weather=rain'",
        "got 'role=clerk'",
        "column valid_until: expected a day not before 2020-01-01, got '2019-01-01'",
        "column source: expected a value",
        "expected a pay floor of thresholds.tsv, got 'unknown'",
        "expected 8 cells, got '2'",
        "column euro: expected an amount like 45934.20, got '-1'",
        "column euro: expected an amount like 45934.20, got 'NaN'",
        "column months: expected 1 or more, got '0'",
        "column ags: expected a key of 2, 3, 5 or 8 digits, got '1605'",
        "column kind: expected one of exclusive, default, choice, got 'sometimes'",
        "column kldb: expected beginnings of KldB codes",
        "column kldb: expected nothing, because only a choice can depend on the occupation",
        "expected an authority of authorities.tsv, got 'stadt-nirgends'",
        "column amount: expected a whole number, got '-3'",
        "column unit: expected one of working-days, weeks, months, got 'years'",
        "authorities.tsv: expected a readable table in UTF-8, got 'UnicodeDecodeError'",
        "document-types.tsv: expected the columns code, name_de, name_en, valid_from, valid_until, source",
    ):
        assert part in told, part


@pytest.mark.parametrize("name", TABLES)
def test_a_missing_table_is_a_fault(tables, name):
    (tables / name).unlink()
    assert any(problem.startswith(name) for problem in faults(tables))


@pytest.mark.parametrize("name", TABLES)
def test_an_empty_table_is_a_fault(tables, name):
    path = tables / name
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    assert f"{name}: expected at least one row, got 'none'" in faults(tables)


@pytest.mark.parametrize(
    ("ags", "authority", "kind", "valid_from", "valid_until", "clash"),
    [
        ("16055000", "stadt-ludwigsburg", "default", "2026-01-01", "", True),
        ("16055000", "stadt-ludwigsburg", "default", "2010-01-01", "2020-02-29", False),
        ("16055000", "stadt-ludwigsburg", "default", "2010-01-01", "2020-03-01", True),
        ("03", "region-hannover", "exclusive", "2027-01-01", "", True),
        ("03241", "region-hannover", "exclusive", "2027-01-01", "", True),
        ("03241001", "lab-ni", "exclusive", "2025-01-01", "2025-12-31", False),
        ("16", "lab-ni", "default", "2020-01-01", "", False),
        ("08", "lzf-stuttgart", "choice", "2027-01-01", "", True),
        ("08", "stadt-weimar", "choice", "2027-01-01", "", False),
    ],
)
def test_one_place_has_one_answer_on_each_day(tables, ags, authority, kind, valid_from, valid_until, clash):
    append(tables, "jurisdiction", [ags, "x", authority, kind, "", valid_from, valid_until, "s"])
    if clash:
        (problem,) = faults(tables)
        assert problem.startswith("jurisdiction.tsv: expected one ")
    else:
        assert RouteKind(kind) in {route.kind for route in load_rules(tables).jurisdiction}


def test_a_code_may_be_followed_by_another_row_but_not_overlap(tables):
    append(tables, "titles", ["18a", "x", "x", "§", "2019-01-01", "2020-02-29", "s"])
    assert load_rules(tables).title("18a", date(2019, 6, 1)).name_de == "x"
    append(tables, "titles", ["18a", "x", "x", "§", "2020-02-29", "2020-03-01", "s"])
    assert faults(tables) == ("titles.tsv: expected one row at a time for 18a, got 'overlapping validity'",)


@given(st.binary(max_size=400))
@settings(deadline=None, max_examples=60)
def test_any_bytes_are_a_table_or_faults(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("t") / "t.tsv"
    path.write_bytes(b"a\tsource\n" + data)
    noted = Faults()
    rows = list(read_table(path, ("a", "source"), noted))
    for row in rows:
        row.text("a"), row.day("a"), row.number("source"), row.amount("source"), row.choice("a", Unit)
    assert all(set(row.cells) == {"a", "source"} for row in rows)
    assert rows or noted.problems
