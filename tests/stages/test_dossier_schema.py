# SPDX-License-Identifier: EUPL-1.2
"""The schema of dossier.xml: one with the model, read the same by a second validator, its faults told with their paths."""

import re
from dataclasses import fields, is_dataclass
from typing import get_args, get_type_hints

import pytest
import xmlschema
from dossierroom import EXAMPLE, SLOW, dossiers
from hypothesis import given, settings
from lxml import etree
from readingroom import findings_of, seen

from gateway.catalogue import data_root
from gateway.codes import Code
from gateway.model.dossier import Dossier
from gateway.stages.dossier import NAMESPACE, write_dossier
from gateway.stages.dossier.codec import element_name

XS = "{http://www.w3.org/2001/XMLSchema}"


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
    other = xmlschema.XMLSchema(str(data_root() / "dossier" / "1.0" / "dossier.xsd"))
    assert other.is_valid(EXAMPLE.decode())
    broken = EXAMPLE.replace(b"<role>bote<", b"<role>herold<").decode()
    assert not other.is_valid(broken)


@given(dossiers())
@settings(SLOW, max_examples=10)
def test_what_we_write_is_valid_for_a_second_validator(dossier):
    xmlschema.XMLSchema(str(data_root() / "dossier" / "1.0" / "dossier.xsd")).validate(
        write_dossier(dossier).decode()
    )


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


def test_foreign_elements_with_prefixes_are_told_by_line():
    data = EXAMPLE.replace(b"<reference>", b'<p:x xmlns:p="urn:p"/><reference>', 1)
    assert {(Code.DOSSIER_SCHEMA, "line 3")} == seen(findings_of(data))
