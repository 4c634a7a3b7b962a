# SPDX-License-Identifier: EUPL-1.2
"""The schema of ETSI TS 119 102-2, compiled offline, and what tests read out of a report."""

import re
from pathlib import Path

import pytest
from lxml import etree

VR = "http://uri.etsi.org/19102/v1.4.1#"
NAMES = {"vr": VR, "ds": "http://www.w3.org/2000/09/xmldsig#", "own": "urn:amtsbote:report:1.0"}
_SOURCES = {
    "http://uri.etsi.org/19102/v1.4.1#": "etsi-119102-2/1910202xmlSchema.xsd",
    "http://uri.etsi.org/01903/v1.3.2#": "etsi-xades/XAdES01903v132-202407.xsd",
    "http://www.w3.org/2000/09/xmldsig#": "w3c-xmldsig/xmldsig-core-schema.xsd",
}
_LISTS = "http://uri.etsi.org/02231/v2#"
# The schema of trusted lists is not among the formats. Two of its types are named, both in an optional element that we do
# not write; here they hold nothing, so that writing it would be a fault.
_STAND_IN = f"""\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{_LISTS}">
  <xs:complexType name="DigitalIdentityType"/>
  <xs:complexType name="TSPInformationType"/>
</xs:schema>
"""
_IMPORT = re.compile(r'(<xsd?:import namespace="([^"]+)" schemaLocation=)"[^"]*"')


def compiled_schema(shared: Path, folder: Path) -> etree.XMLSchema:
    """Copies in ``folder`` that import each other by file; nothing is fetched."""
    places = {namespace: f"{number}.xsd" for number, namespace in enumerate([*_SOURCES, _LISTS])}
    missing = [name for name in _SOURCES.values() if not (shared / "formats" / name).is_file()]
    if missing:
        pytest.skip(f"schemas of other people are not here: {', '.join(missing)}")
    (folder / places[_LISTS]).write_text(_STAND_IN)
    for namespace, name in _SOURCES.items():
        text = (shared / "formats" / name).read_text(encoding="utf-8-sig")
        text = re.sub(r"<!DOCTYPE.*?\]>", "", text, count=1, flags=re.DOTALL)
        local = _IMPORT.sub(lambda found: f'{found[1]}"{places[found[2]]}"', text)
        (folder / places[namespace]).write_text(local, encoding="utf-8")
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    return etree.XMLSchema(etree.parse(folder / places[VR], parser))


def faults(schema: etree.XMLSchema, data: bytes) -> list[str]:
    """What the schema, and the rule that every reference leads somewhere, hold against a report."""
    root = etree.fromstring(data)
    found = [] if schema.validate(root) else [str(error) for error in schema.error_log]
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    found += [f"twice: {own}" for own in ids if ids.count(own) > 1]
    references = {name for element in root.iter() for name in element.get("VOReference", "").split()}
    return [*found, *(f"leads nowhere: {name}" for name in sorted(references - set(ids)))]


def statuses(data: bytes) -> list[tuple[str, str]]:
    """Indication and sub-indication of every ``SignatureValidationReport``, without the prefixes."""
    return [
        (_last(report, "MainIndication"), _last(report, "SubIndication"))
        for report in etree.fromstring(data).findall("vr:SignatureValidationReport", NAMES)
    ]


def texts(data: bytes, path: str) -> list[str]:
    """The texts at an XPath, ``vr``, ``ds`` and ``own`` being the prefixes."""
    found = etree.fromstring(data).xpath(path, namespaces=NAMES)
    return [item if isinstance(item, str) else item.text or "" for item in found]


def _last(report: etree._Element, name: str) -> str:
    text = report.findtext(f"vr:SignatureValidationStatus/vr:{name}", namespaces=NAMES) or ""
    return text.rpartition(":")[2]
