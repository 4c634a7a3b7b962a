# SPDX-License-Identifier: EUPL-1.2
"""Frozen dataclasses as JSON and back, driven by their type hints.

Used between our own processes, in the journal and for the verification report, never to judge by input from outside:
parsing hostile data is the job of the stage that owns the format. Supported: str, int, bool, bytes-free dataclasses,
tuples, optional values, enums, ``date``, aware ``datetime``, ``Decimal`` and plain JSON mappings. Anything else is a
``TypeError`` at the first use.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from gateway.findings import Finding

_T = TypeVar("_T")


def dump(value: object) -> Any:
    """Value -> JSON-able structure with every field, an empty one as null; a finding as it is told everywhere else."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, str):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple | list):
        return [dump(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): dump(item) for name, item in value.items()}
    if isinstance(value, Finding):
        return value.to_json()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: dump(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"cannot write a {type(value).__name__}")


def load(kind: type[_T], data: Any) -> _T:
    """JSON-able structure -> value of ``kind``. Raises ``ValueError`` on a mismatch."""
    try:
        result: _T = _load(kind, data)
    except (
        TypeError,
        KeyError,
        ArithmeticError,
    ) as error:  # a missing field, another type, no decimal number
        raise ValueError(f"expected {kind.__name__}, got something else: {error}") from error
    return result


def _load(kind: Any, data: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        present = [a for a in arguments if a is not NoneType]
        return None if data is None else _load(present[0], data)
    if origin is tuple:
        return tuple(_load(arguments[0], item) for item in _expect(list, data))
    if kind is Any or (isinstance(origin, type) and issubclass(origin, Mapping)):
        return data
    if is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        unknown = set(_expect(dict, data)) - set(hints)
        if unknown:
            raise ValueError(f"expected only fields of {kind.__name__}, got {sorted(unknown)}")
        return kind(**{name: _load(hints[name], item) for name, item in data.items()})
    return _load_scalar(kind, data)


def _load_scalar(kind: Any, data: Any) -> Any:
    if kind is datetime:
        return datetime.fromisoformat(_expect(str, data))
    if kind is date:
        return date.fromisoformat(_expect(str, data))
    if kind is Decimal:
        return Decimal(_expect(str, data))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(_expect(str, data))
    if kind in {str, int, bool}:
        return _expect(kind, data)
    raise TypeError(f"cannot read a {kind}")


def _expect(kind: type, data: Any) -> Any:
    if type(data) is not kind:
        raise TypeError(f"expected {kind.__name__}, got {type(data).__name__}")
    return data


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
