# SPDX-License-Identifier: EUPL-1.2
"""``Dossier`` <-> XML elements. The model's field names in camelCase are the schema's element names, in its order.

Leaves out every check but the conversion of values: the schema has judged structure and types before ``decode``.
Empty text, ``None`` and empty lists are absent elements. White space is collapsed as ``xs:token`` does, so both
sides read the same value.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from lxml import etree

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding, Foreign
from gateway.markup import readable_path
from gateway.model.dossier import Dossier
from gateway.model.fields import element_name

NAMESPACE = "urn:amtsbote:dossier:1.0"
_ITEM = {"documents": "document", "family": "member"}  # element of one member of a list
_XML_SPACE = " \t\n\r"  # XML 1.0 production 3; str.split() would also eat U+00A0


def decode(root: etree._Element) -> Dossier:
    """Schema-valid tree -> value. Raises ``Rejected`` where XSD and Python differ about a value."""
    faults: list[Finding] = []
    value = _decode(Dossier, root, faults)
    if faults:
        raise Rejected(faults)
    if not isinstance(value, Dossier):
        raise TypeError("expected a dossier")
    return value


def encode(dossier: Dossier) -> etree._Element:
    """Value -> tree. Raises ``ValueError`` for text no XML can carry."""
    root = etree.Element(f"{{{NAMESPACE}}}dossier", nsmap={None: NAMESPACE})
    _encode(dossier, root)
    return root


def texts(value: Any, path: str) -> Iterator[tuple[str, str, str]]:
    """Every text of a value: the readable path of its element, name of class and field, and the text."""
    for name in _hints_of(value):
        inner = getattr(value, name)
        here = f"{path}/{element_name(name)}"
        if isinstance(inner, str) and not isinstance(inner, StrEnum):
            yield here, f"{type(value).__name__}.{name}", inner
        elif isinstance(inner, tuple):
            numbered = len(inner) > 1
            for number, item in enumerate(inner, start=1):
                yield from texts(item, f"{here}/{_ITEM[name]}" + (f"[{number}]" if numbered else ""))
        elif is_dataclass(inner):
            yield from texts(inner, here)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _hints_of(value: Any) -> dict[str, Any]:
    kind: Any = type(value)
    return _hints(kind)


def _decode(kind: Any, element: etree._Element, faults: list[Finding]) -> Any:
    children = {etree.QName(child).localname: child for child in element}
    values: dict[str, Any] = {}
    for name, hint in _hints(kind).items():
        child = children.get(element_name(name))
        if child is not None:
            values[name] = _decode_value(hint, child, faults)
    # With a fault the values are not whole; the fault is what counts.
    return None if faults else kind(**values)


def _decode_value(hint: Any, element: etree._Element, faults: list[Finding]) -> Any:
    kinds = [kind for kind in get_args(hint) if kind not in {NoneType, Ellipsis}] or [hint]
    if get_origin(hint) is tuple:
        return tuple(_decode(kinds[0], child, faults) for child in element)
    if is_dataclass(kinds[0]):
        return _decode(kinds[0], element, faults)
    try:
        return from_text(kinds[0], element)
    except (ValueError, ArithmeticError):
        faults.append(
            Finding(
                code=Code.DOSSIER_SCHEMA,
                place=readable_path(element),
                expected=kinds[0].__name__,
                got=Foreign(element.text or ""),
            )
        )
        return None


def from_text(kind: Any, element: etree._Element) -> Any:
    """The value of a simple element. Raises ``ValueError`` or ``ArithmeticError`` where its text is none of the kind."""
    text = element.text or ""
    for character in _XML_SPACE[1:]:
        text = text.replace(character, " ")
    text = " ".join(part for part in text.split(" ") if part)
    if kind is bool:
        return text in {"true", "1"}
    if kind in {datetime, date}:
        return kind.fromisoformat(text)
    return kind(text)  # str, Decimal, enumerations


def _encode(value: Any, element: etree._Element) -> None:
    for name in _hints_of(value):
        inner = getattr(value, name)
        if inner is None or (isinstance(inner, str | tuple) and not inner):
            continue
        child = etree.SubElement(element, f"{{{NAMESPACE}}}{element_name(name)}")
        if isinstance(inner, tuple):
            for item in inner:
                _encode(item, etree.SubElement(child, f"{{{NAMESPACE}}}{_ITEM[name]}"))
        elif is_dataclass(inner):
            _encode(inner, child)
        else:
            child.text = _to_text(inner)


def _to_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)
