# SPDX-License-Identifier: EUPL-1.2
"""Schemas are what the catalogue pins, tables are whole or not loaded, and every fault is told at once."""

import hashlib
import shutil
import subprocess
import sys
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

import gateway
from gateway.catalogue import compile_schema, data_root, load_rules, load_schema
from gateway.catalogue.tables import Faults, read_table
from gateway.errors import ConfigInvalid
from gateway.model.rules import UNSOURCED, Need, RouteKind, Unit

TABLES = sorted(path.name for path in (data_root() / "rules").glob("*.tsv"))


@pytest.fixture
def tables(tmp_path):
    shutil.copytree(data_root() / "rules", tmp_path / "rules")
    return tmp_path / "rules"


@pytest.fixture
def root(tmp_path):
    shutil.copytree(data_root(), tmp_path / "schemas")
    return tmp_path / "schemas"


def faults(directory):
    with pytest.raises(ConfigInvalid) as caught:
        load_rules(directory)
    return caught.value.problems


def append(directory, name, *rows):
    path = directory / f"{name}.tsv"
    lines = ["\t".join(row) for row in rows]
    path.write_text(path.read_text(encoding="utf-8") + "\n".join(lines) + "\n", encoding="utf-8")


# -- the tables we ship ---------------------------------------------------------------------------------


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


# -- faults of tables -----------------------------------------------------------------------------------


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


# -- schemas --------------------------------------------------------------------------------------------

XSD = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:a" targetNamespace="urn:a">{}</xs:schema>'
OTHER = (
    '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:b">'
    '<xs:element name="b" type="xs:int"/></xs:schema>'
)
IMPORT = '<xs:import namespace="urn:b" schemaLocation="{}"/>'
USE = '<xs:element name="a"><xs:complexType><xs:sequence xmlns:b="urn:b"><xs:element ref="b:b"/></xs:sequence></xs:complexType></xs:element>'


def compiled(body, **imports):
    return compile_schema(
        XSD.format(body).encode(),
        name="a",
        namespace="urn:a",
        imports={f"{name}.xsd": data.encode() for name, data in imports.items()},
    )


@pytest.mark.parametrize("name", ["dossier", "index"])
def test_our_schemas_compile(name):
    assert f"urn:amtsbote:{name}:1.0" == load_schema(data_root(), name).namespace


def test_the_catalogue_pins_every_schema_there_is():
    rows = tomllib.loads((data_root() / "catalogue.toml").read_text(encoding="utf-8"))["schema"]
    assert {row["file"] for row in rows} == {
        path.relative_to(data_root()).as_posix() for path in data_root().rglob("*.xsd")
    }
    for row in rows:
        assert hashlib.sha256((data_root() / row["file"]).read_bytes()).hexdigest() == row["sha256"]


def test_a_changed_schema_is_not_used(root):
    path = root / "dossier" / "1.0" / "dossier.xsd"
    path.write_bytes(path.read_bytes().replace(b'value="[0-9]{8}"', b'value="[0-9]{7}"'))
    with pytest.raises(ConfigInvalid, match="expected SHA-256"):
        load_schema(root, "dossier")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('name = "dossier"', 'name = "other"', "expected a schema named dossier"),
        ('file = "dossier/1.0/dossier.xsd"', 'file = "nowhere.xsd"', "expected a readable schema"),
        ('licence = "EUPL-1.2"', 'license = "EUPL-1.2"', "expected the keys"),
        ('namespace = "urn:amtsbote:dossier:1.0"', 'namespace = "urn:x"', "expected namespace urn:x"),
        ("[[schema]]", "[[schema", "expected a readable catalogue"),
    ],
)
def test_faults_of_the_catalogue_are_told(root, old, new, problem):
    path = root / "catalogue.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigInvalid, match=problem):
        load_schema(root, "dossier")


def test_an_import_is_served_from_bundled_files():
    schema = compiled(IMPORT.format("https://example.org/schemas/b.xsd") + USE, b=OTHER)
    good, bad = (f'<a xmlns="urn:a"><b xmlns="urn:b">{value}</b></a>' for value in ("1", "x"))
    assert () == schema.faults(etree.fromstring(good))
    assert ["/a/b"] == [fault.path for fault in schema.faults(etree.fromstring(bad))]


@pytest.mark.parametrize(
    "body",
    [
        IMPORT.format("http://127.0.0.1:9/b.xsd"),
        IMPORT.format("file:///etc/passwd"),
        IMPORT.format("b.xsd"),
        '<xs:import namespace="urn:b"/>',
        '<xs:include schemaLocation="c.xsd"/>',
        '<xs:redefine schemaLocation="c.xsd"/>',
    ],
)
def test_an_import_that_is_not_bundled_is_never_dropped_silently(body):
    with pytest.raises(ConfigInvalid, match="expected only bundled schemas"):
        compiled(body)


def test_an_import_of_an_import_is_held_to_the_same():
    other = OTHER.replace(
        "<xs:element", '<xs:import namespace="urn:c" schemaLocation="c.xsd"/><xs:element', 1
    )
    with pytest.raises(
        ConfigInvalid, match=r"schema b.xsd, line 1: expected only bundled schemas, got 'c.xsd'"
    ):
        compiled(IMPORT.format("b.xsd") + USE, b=other)


@pytest.mark.parametrize("body", ['<xs:element name="a" type="missing"/>', "<xs:elephant/>", "</broken>"])
def test_a_schema_libxml2_does_not_compile_is_a_fault(body):
    with pytest.raises(ConfigInvalid):
        compiled(body)


def test_the_second_schema_of_the_catalogue_may_have_imports(root):
    (root / "own").mkdir()
    (root / "own" / "a.xsd").write_text(XSD.format(IMPORT.format("b.xsd") + USE), encoding="utf-8")
    (root / "own" / "b.xsd").write_text(OTHER, encoding="utf-8")
    pins = {
        name: hashlib.sha256((root / "own" / name).read_bytes()).hexdigest() for name in ("a.xsd", "b.xsd")
    }
    path = root / "catalogue.toml"
    path.write_text(
        path.read_text(encoding="utf-8")
        + f'[[schema]]\nname="a"\nversion="1"\nfile="own/a.xsd"\nnamespace="urn:a"\nsha256="{pins["a.xsd"]}"\n'
        + f'source="own"\nlicence="EUPL-1.2"\nimports=[{{file="own/b.xsd", sha256="{pins["b.xsd"]}"}}]\n',
        encoding="utf-8",
    )
    assert load_schema(root, "a").name == "a"
    (root / "own" / "b.xsd").write_text(OTHER + "<!-- -->", encoding="utf-8")
    with pytest.raises(ConfigInvalid, match=r"own/b.xsd: expected SHA-256"):
        load_schema(root, "a")


# -- where the data lies --------------------------------------------------------------------------------


def _ask_for_root(packages):
    code = "from gateway.catalogue import data_root; print(data_root())"
    environment = {"PYTHONPATH": str(packages), "PATH": ""}
    return subprocess.run(
        [sys.executable, "-P", "-c", code],
        env=environment,
        cwd=packages,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_installed_package_brings_its_data_along(tmp_path):
    package = Path(gateway.__file__).parent
    shutil.copytree(package, tmp_path / "gateway", ignore=shutil.ignore_patterns("__pycache__", "_data"))
    nothing = _ask_for_root(tmp_path)
    assert "the schemas are not there; install amtsbote again" in nothing.stderr
    shutil.copytree(data_root(), tmp_path / "gateway" / "_data" / "schemas")
    assert str(tmp_path / "gateway" / "_data" / "schemas") == _ask_for_root(tmp_path).stdout.strip()
