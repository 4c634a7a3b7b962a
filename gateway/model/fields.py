# SPDX-License-Identifier: EUPL-1.2
"""The elements of ``dossier.xml`` that may be absent, by the path a rule names them with: ``worker/email``.

Leaves out which of them a dossier needs: that is a table (``schemas/rules/fields.tsv``). Members of lists (documents,
family) have no path of their own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from gateway.model.dossier import Dossier


def element_name(field: str) -> str:
    """``establishment_ags`` -> ``establishmentAgs``."""
    first, *rest = field.split("_")
    return first + "".join(word.capitalize() for word in rest)


def is_given(dossier: Dossier, path: str) -> bool:
    """Does the dossier have the element at a path of ``OPTIONAL``?"""
    value: Any = dossier
    for name in OPTIONAL[path]:
        value = None if value is None else getattr(value, name)
    return value is not None and value != ""


def whole_of(path: str) -> str:
    """The path of the element that holds this one, if that may be absent as well; else ""."""
    parent = path.rpartition("/")[0]
    return parent if parent in OPTIONAL else ""


def _optional(kind: type, path: str, names: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    hints = get_type_hints(kind)
    for field in fields(kind):
        here, chain = f"{path}{element_name(field.name)}", (*names, field.name)
        hint = hints[field.name]
        inner = next((one for one in get_args(hint) if one is not NoneType), hint)
        if get_origin(hint) is not tuple and inner is not bool:
            if field.default is not MISSING:
                yield here, chain
            if isinstance(inner, type) and is_dataclass(inner):
                yield from _optional(inner, f"{here}/", chain)


OPTIONAL: Mapping[str, tuple[str, ...]] = dict(_optional(Dossier, "", ()))
