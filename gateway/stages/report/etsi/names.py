# SPDX-License-Identifier: EUPL-1.2
"""Names and identifiers of TS 119 102-2, and how an element of a report is made. No logic of the judgement.

Text of strangers (names, ids, findings) goes through ``xml_text``, into text nodes and attribute values only.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from lxml import etree

from gateway.findings import Severity
from gateway.markup import xml_text
from gateway.model.signature import Indication, SubIndication

VR = "http://uri.etsi.org/19102/v1.4.1#"
DS = "http://www.w3.org/2000/09/xmldsig#"
OWN = "urn:amtsbote:report:1.0"
NAMESPACES = {None: VR, "ds": DS, "amtsbote": OWN}

SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_MAIN = "urn:etsi:019102:mainindication:"
_SUB = "urn:etsi:019102:subindication:"
OF_SIGNATURE = {  # clause 4.3.4.2: a signature is totally passed, a part of its validation merely passed
    Indication.TOTAL_PASSED: f"{_MAIN}total-passed",
    Indication.INDETERMINATE: f"{_MAIN}indeterminate",
    Indication.TOTAL_FAILED: f"{_MAIN}total-failed",
}
OF_OBJECT = {
    Indication.TOTAL_PASSED: f"{_MAIN}passed",
    Indication.INDETERMINATE: f"{_MAIN}indeterminate",
    Indication.TOTAL_FAILED: f"{_MAIN}failed",
}
OF_CONSTRAINT = {
    Severity.ERROR: f"{_MAIN}failed",
    Severity.UNKNOWN: f"{_MAIN}indeterminate",
    Severity.WARNING: f"{_MAIN}passed",
    Severity.INFO: f"{_MAIN}passed",
}
APPLIED = "urn:etsi:019102:constraintStatus:applied"
OBJECT_TYPE = "urn:etsi:019102:validationObject:"
PROOF_BY_VALIDATION = "urn:etsi:019102:poetype:validation"
PROCESS = "urn:etsi:019102:validationprocess:"
REVOCATION_REASON = "urn:etsi:019102:revocationReason:"
FINDING = "urn:amtsbote:finding:"


def vr(local: str) -> str:
    """A name of the report's vocabulary in Clark notation."""
    return f"{{{VR}}}{local}"


def ds(local: str) -> str:
    """A name of XML Signature in Clark notation."""
    return f"{{{DS}}}{local}"


def own(local: str) -> str:
    """A name of ours, for what the standard has no place for."""
    return f"{{{OWN}}}{local}"


def add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    """A child; ``name`` is of the report's vocabulary unless it is in Clark notation."""
    element = etree.SubElement(parent, name if name.startswith("{") else vr(name))
    for attribute, value in attributes.items():
        element.set(attribute, xml_text(value))
    element.text = None if text is None else xml_text(text)
    return element


def one_line(name: str) -> str:
    """The name of a stranger as it may stand on a screen: a line break in it must not make a line of its own."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)


def add_words(element: etree._Element, words: Mapping[str, str | None]) -> None:
    """Attributes of ours; empty ones are left out."""
    for name, word in words.items():
        if word:
            element.set(name, xml_text(word))


def add_reference(parent: etree._Element, name: str, ids: Iterable[str]) -> etree._Element:
    """A ``VOReferenceType``: where in the report the object stands."""
    return add(parent, name, VOReference=" ".join(ids))


def add_digest(parent: etree._Element, algorithm: str, digest_hex: str) -> etree._Element:
    """A ``DigestAlgAndValue``; ``algorithm`` is an identifier of XML Signature."""
    element = add(parent, "DigestAlgAndValue")
    add(element, ds("DigestMethod"), Algorithm=algorithm)
    add(element, ds("DigestValue"), b64encode(bytes.fromhex(digest_hex)).decode())
    return element


def sub_indication(value: SubIndication) -> str:
    """Clause 4.3.4.3: the word of EN 319 102-1 behind a prefix."""
    return f"{_SUB}{value}"


def instant(moment: datetime) -> str:
    """``xs:dateTime`` in UTC. Certificates and signatures may claim times beyond the ends of the calendar in UTC."""
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        moment = moment.replace(tzinfo=UTC)
    return f"{moment.replace(tzinfo=None).isoformat()}Z"
