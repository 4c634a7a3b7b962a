# SPDX-License-Identifier: EUPL-1.2
"""Reads one TOML table key by key and remembers every fault, so that all of them are reported at once."""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from gateway.errors import ConfigInvalid, TrustStateMissing

_E = TypeVar("_E", bound=StrEnum)
_WORDS = {
    str: "a text in quotes",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


class Table:
    """One TOML table under reading: takes keys one by one and remembers every fault. Owned by one reading."""

    def __init__(self, data: Mapping[str, Any], name: str, problems: list[str], base: Path) -> None:
        self._data, self._name, self._problems = dict(data), name, problems
        self._base = base

    def text(self, key: str, default: str | None = None) -> str:
        """A string; required where no default is given."""
        return str(self._take(key, str, default, ""))

    def number(self, key: str, default: int, *, low: int = 0, high: int = 1 << 40) -> int:
        """A whole number within bounds; ``default`` where it is not, since no caller can count on with any number."""
        value = int(self._take(key, int, default, default))
        if not low <= value <= high:
            self._fault(key, f"a number from {low} to {high}", value)
            return default
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        return bool(self._take(key, bool, default, default))

    def path(self, key: str, default: str | None = None) -> Path:
        """A path, relative to the file it stands in."""
        return self._base / self._path_text(key, default)

    def path_if_any(self, key: str) -> Path | None:
        """A path, or ``None`` where the key is empty or absent."""
        text = self._path_text(key, "")
        return self._base / text if text else None

    def strings(self, key: str) -> tuple[str, ...]:
        """A list of strings."""
        value = self._take(key, list, [], [])
        if not all(isinstance(item, str) for item in value):
            self._fault(key, "a list of strings", value)
            return ()
        return tuple(value)

    def fingerprints(self, key: str) -> frozenset[str]:
        """SHA-256 fingerprints, hex; colons and case do not matter. At least one."""
        found = frozenset(item.replace(":", "").lower() for item in self.strings(key))
        for item in found:
            if len(item) != 64 or set(item) - set("0123456789abcdef"):
                self._fault(key, "SHA-256 fingerprints of 64 hex digits", item)
        if not found:
            self._problems.append(
                f"{self._name}{key}: expected at least one SHA-256 fingerprint, but there is none"
            )
        return found

    def choice(self, key: str, options: type[_E], default: _E | None) -> _E | None:
        """A member of an enum; ``default`` where the key is absent."""
        value = self._take(key, str, "", "")
        if value == "":
            return default
        try:
            return options(value)
        except ValueError:
            self._fault(key, "one of " + ", ".join(o.value for o in options), value)
            return default

    def table(self, key: str) -> "Table":
        """A sub-table; an absent one is empty."""
        return Table(
            self._take(key, dict, {}, {}),
            f"{self._name}{key}.",
            self._problems,
            self._base,
        )

    def tables(self, key: str) -> list["Table"]:
        """An array of tables."""
        value = self._take(key, list, [], [])
        rows = [item for item in value if isinstance(item, dict)]
        if len(rows) != len(value):
            self._fault(key, "an array of tables", value)
        return [
            Table(row, f"{self._name}{key}[{n}].", self._problems, self._base) for n, row in enumerate(rows)
        ]

    def rest(self) -> dict[str, Any]:
        """Everything left, for an adapter to read."""
        left, self._data = self._data, {}
        return left

    def finish(self) -> None:
        """Report keys nobody asked for: a misspelt limit must not pass as a default."""
        for key in self._data:
            self._problems.append(f"{self._name}{key}: unknown key")

    def _take(self, key: str, kind: type, default: Any, fallback: Any) -> Any:
        if key not in self._data:
            if default is None:
                self._problems.append(f"{self._name}{key}: expected {_WORDS[kind]}, but the key is missing")
                return fallback
            return default
        value = self._data.pop(key)
        if type(value) is not kind:
            self._fault(key, _WORDS[kind], value)
            return fallback
        return value

    def _path_text(self, key: str, default: str | None) -> str:
        text = self.text(key, default)
        if (
            "\0" in text
        ):  # no file can have that name, and every call that opens one would fail in its own way
            self._fault(key, "a path", text)
            return default or ""
        return text

    def _fault(self, key: str, expected: str, got: object) -> None:
        try:
            shown = repr(got)
        except ValueError:  # TOML's hexadecimal numbers have no bound, Python's decimal writing of them has
            shown = "a number that is too long"
        self._problems.append(f"{self._name}{key}: expected {expected}, got {shown}"[:300])


def read_toml(path: Path, problems: list[str]) -> dict[str, Any]:
    """The file's content; a fault of its syntax goes into ``problems``. Raises ``TrustStateMissing`` if it is not there, ``ConfigInvalid`` if the one before had faults."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if problems:  # the file that names this one has faults: they come first
            raise ConfigInvalid([*problems, f"no configuration at {path}"]) from error
        raise TrustStateMissing(f"no configuration at {path}", hint="make one with: amtsbote init") from error
    except RecursionError:
        problems.append(f"{path.name}: nested too deep")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{path.name}: {error}")
    except OSError as error:
        problems.append(f"{path.name}: {error.strerror}")
    except ValueError:  # the only other one: Python reads no decimal number of more than 4,300 digits
        problems.append(f"{path.name}: a number that is too long")
    return {}
