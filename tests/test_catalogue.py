# SPDX-License-Identifier: EUPL-1.2
"""Schemas are what the catalogue pins, and an installed package brings its data along."""

import hashlib
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from lxml import etree

import gateway
from gateway.catalogue import compile_schema, data_root, load_schema
from gateway.errors import ConfigInvalid


@pytest.fixture
def root(tmp_path):
    shutil.copytree(data_root(), tmp_path / "schemas")
    return tmp_path / "schemas"


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
