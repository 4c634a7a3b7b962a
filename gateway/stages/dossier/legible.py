# SPDX-License-Identifier: EUPL-1.2
"""What a dossier that breaks its schema says all the same, so that its other faults can be told in one go.

For advice only: where an element cannot be read, something neutral stands in its place. Nothing is ever accepted,
routed or recorded by it.
"""

from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import EnumMeta
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from lxml import etree

from gateway.model.dossier import Dossier
from gateway.model.fields import element_name
from gateway.stages.dossier.codec import from_text

_NEUTRAL = {
    str: "",
    bool: False,
    date: date.min,
    datetime: datetime.min.replace(tzinfo=UTC),
    Decimal: Decimal(0),
}


def legible(root: etree._Element) -> Dossier:
    """As much of the dossier as can be read."""
    value = _dataclass(Dossier, root)
    if not isinstance(value, Dossier):
        raise TypeError("expected a dossier")
    return value


def _dataclass(kind: type, element: etree._Element | None) -> Any:
    children = (
        {etree.QName(child).localname: child for child in element.iterchildren("*")}
        if element is not None
        else {}
    )
    hints = get_type_hints(kind)
    values = {}
    for field in fields(kind):
        child = children.get(element_name(field.name))
        if child is not None or field.default is MISSING:
            values[field.name] = _value(hints[field.name], child, field.default)
    return kind(**values)


def _value(hint: Any, element: etree._Element | None, default: Any) -> Any:
    inner = next((one for one in get_args(hint) if one not in {NoneType, Ellipsis}), hint)
    if get_origin(hint) is tuple:
        return (
            tuple(_dataclass(inner, child) for child in element.iterchildren("*"))
            if element is not None
            else ()
        )
    if isinstance(inner, type) and is_dataclass(inner):
        return _dataclass(inner, element)
    neutral = (
        default
        if default is not MISSING
        else next(iter(inner))
        if isinstance(inner, EnumMeta)
        else _NEUTRAL[inner]
    )
    try:
        return neutral if element is None else from_text(inner, element)
    except (ValueError, ArithmeticError):
        return neutral
