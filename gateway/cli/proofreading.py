# SPDX-License-Identifier: EUPL-1.2
"""A second reader for a ``dossier.xml`` that is being written: the faults behind the one at which libxml2 stops.

libxml2 judges nothing that follows the first wrong child of an element. Where the first line of a dossier is misspelt
it tells no other fault, and its author would mend one and be told the next; xmlschema goes on.
Only for a file on its author's own machine: xmlschema is slow and its patterns backtrack, so what comes over the border
meets libxml2 alone. The words are those of ``gateway.xmlwords``.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any

import xmlschema
from lxml import etree
from xmlschema.validators import (
    XsdAtomicBuiltin,
    XsdAttributeGroup,
    XsdElement,
    XsdGroup,
    XsdValidator,
    facets,
)

from gateway.codes import Code
from gateway.findings import Finding, Foreign
from gateway.markup import parse, readable_path
from gateway.policy import XmlPolicy
from gateway.stages.dossier import DOSSIER_NAME

_MAX_FAULTS = 100
_BOUNDS: tuple[tuple[type[facets.XsdFacet], str], ...] = (
    (facets.XsdMinLengthFacet, "at least {} characters"),
    (facets.XsdMaxLengthFacet, "at most {} characters"),
    (facets.XsdLengthFacet, "exactly {} characters"),
    (facets.XsdMinInclusiveFacet, "a value not below {}"),
    (facets.XsdMaxInclusiveFacet, "a value not above {}"),
    (facets.XsdFractionDigitsFacet, "at most {} decimal places"),
    (facets.XsdTotalDigitsFacet, "at most {} digits"),
)
_TYPES = {
    "date": "a day like 2026-01-31",
    "dateTime": "a moment like 2026-01-31T12:00:00+01:00",
    "boolean": "true or false",
    "decimal": "a number like 38.5",
}
_STRUCTURE: tuple[tuple[type[XsdValidator], str], ...] = (
    (XsdAttributeGroup, "an attribute the schema does not know"),
    (XsdGroup, "text between the elements"),
    (XsdElement, "elements inside a simple value"),
)


def further_faults(
    data: bytes, known: Sequence[Finding], *, schema: bytes, xml: XmlPolicy
) -> tuple[Finding, ...]:
    """What is wrong with a dossier beside what is ``known``. ``schema`` is ours; ``data`` could be parsed before."""
    told = {(finding.place, finding.got) for finding in known}
    further = []
    root: Any = parse(data, place=DOSSIER_NAME, limits=xml)
    for error in islice(xmlschema.XMLSchema(schema, allow="none").iter_errors(root), _MAX_FAULTS):
        finding = _finding(error)
        # What its pattern refuses is refused by its type once more: a value is told by its place, and once.
        if (finding.place, finding.got) not in told:
            told.add((finding.place, finding.got))
            further.append(finding)
    return tuple(further)


def _finding(error: xmlschema.XMLSchemaValidationError) -> Finding:
    if isinstance(error, xmlschema.XMLSchemaChildrenValidationError):
        return _wrong_child(error)
    element: Any = error.elem
    structure = next((words for kind, words in _STRUCTURE if isinstance(error.validator, kind)), None)
    return Finding(
        code=Code.DOSSIER_SCHEMA,
        place=readable_path(element),
        expected=_expected(error.validator),
        got=structure or Foreign((element.text or "").strip()),
    )


def _wrong_child(error: xmlschema.XMLSchemaChildrenValidationError) -> Finding:
    child: Any = error.invalid_child
    element: Any = error.elem if child is None else child
    wanted = next((particle.local_name for particle in error.expected or ()), None)
    return Finding(
        code=Code.DOSSIER_SCHEMA,
        place=readable_path(element),
        expected="what the schema allows" if wanted is None else f"the element {wanted}",
        got="none" if child is None else f"the element {etree.QName(child).localname}",
    )


def _expected(validator: object) -> str:
    if isinstance(validator, facets.XsdPatternFacets):
        return f"a value of the pattern {validator.elem.get('value')}"
    if isinstance(validator, facets.XsdEnumerationFacets):
        return f"one of {', '.join(map(str, validator.enumeration))}"
    for kind, words in _BOUNDS:
        if isinstance(validator, kind):
            return words.format(validator.elem.get("value"))
    if isinstance(validator, XsdAtomicBuiltin):
        return _TYPES.get(validator.local_name or "", "what the schema allows")
    return "what the schema allows"
