# SPDX-License-Identifier: EUPL-1.2
"""XSDs by name: pinned bytes in, compiled schema out.

libxml2 compiles a schema silently without an import it could not load, and everything the import would have
forbidden is then allowed. So every ``schemaLocation`` must be among the bundled files, and the resolver raises on
any other request, files included.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

import gateway
from gateway.errors import ConfigInvalid, TrustStateMissing
from gateway.markup import CompiledSchema, new_parser

CATALOGUE = "catalogue.toml"
_XSD = "http://www.w3.org/2001/XMLSchema"
_REFERENCES = tuple(f"{{{_XSD}}}{name}" for name in ("import", "include", "redefine", "override"))
_KEYS = frozenset({"name", "version", "file", "namespace", "sha256", "source", "licence", "imports"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pinned:
    """One file of the catalogue."""

    file: str
    sha256: str


class _OnlyBundled(etree.Resolver):
    """Serves bundled files by their schemaLocation; whatever else is asked for is an error, never a fetch."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> Any:
        """Answer libxml2's request for another file."""
        del public_id
        data = self._files.get((system_url or "").rsplit("/", 1)[-1])
        if data is None:
            raise LookupError(f"expected a bundled schema, got a request for {system_url}")
        return self.resolve_string(data, context)


def data_root() -> Path:
    """Where schemas, tables and texts lie: inside the installed package, or beside it in a checkout."""
    package = Path(gateway.__file__).parent
    for root in (package / "_data" / "schemas", package.parent / "schemas"):
        if (root / CATALOGUE).is_file():
            return root
    raise TrustStateMissing("the schemas are not there", hint="install amtsbote again")


def load_schema(root: Path, name: str) -> CompiledSchema:
    """The schema ``name`` of the catalogue under ``root``. Raises ``ConfigInvalid`` unless every byte is as pinned."""
    row = next((row for row in _catalogue(root) if row["name"] == name), None)
    if row is None:
        raise ConfigInvalid([f"{CATALOGUE}: expected a schema named {name}, got none"])
    pinned = [_Pinned(file=row["file"], sha256=row["sha256"])]
    pinned += [_Pinned(file=i["file"], sha256=i["sha256"]) for i in row.get("imports", [])]
    main, *imports = (_pinned_bytes(root, entry) for entry in pinned)
    bundled = {Path(entry.file).name: data for entry, data in zip(pinned[1:], imports, strict=True)}
    return compile_schema(main, name=name, namespace=row["namespace"], imports=bundled)


def compile_schema(main: bytes, *, name: str, namespace: str, imports: Mapping[str, bytes]) -> CompiledSchema:
    """Compile trusted bytes. ``imports`` maps the last part of each schemaLocation to the file's bytes."""
    _check_references({name: main, **imports}, imports)
    parser = new_parser()
    parser.resolvers.add(_OnlyBundled(imports))
    try:
        root = etree.fromstring(main, parser)
        compiled = etree.XMLSchema(root)
    except (etree.XMLSyntaxError, etree.XMLSchemaParseError, LookupError) as error:
        raise ConfigInvalid([f"schema {name}: expected a schema libxml2 compiles, got {error}"]) from error
    if root.get("targetNamespace") != namespace:
        raise ConfigInvalid(
            [f"schema {name}: expected namespace {namespace}, got {root.get('targetNamespace')}"]
        )
    return CompiledSchema(name=name, namespace=namespace, xsd=compiled)


def _check_references(files: Mapping[str, bytes], bundled: Mapping[str, bytes]) -> None:
    problems: list[str] = []
    for name, data in files.items():
        try:
            root = etree.fromstring(data, new_parser())
        except etree.XMLSyntaxError as error:
            problems.append(f"schema {name}: expected well-formed XML, got {error}")
            continue
        for reference in root.iter(*_REFERENCES):
            location = reference.get("schemaLocation", "")
            if location.rsplit("/", 1)[-1] not in bundled:
                problems.append(
                    f"schema {name}, line {reference.sourceline}: expected only bundled schemas, got {location!r}"
                )
    if problems:
        raise ConfigInvalid(problems)


def _catalogue(root: Path) -> list[dict[str, Any]]:
    path = root / CATALOGUE
    try:
        rows: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8")).get("schema", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigInvalid([f"{path}: expected a readable catalogue, got {error}"]) from error
    required = _KEYS - {"imports"}
    problems = [
        f"{CATALOGUE}, schema {number}: expected the keys {', '.join(sorted(required))}, got {', '.join(sorted(row))}"
        for number, row in enumerate(rows, start=1)
        if not required <= set(row) <= _KEYS
    ]
    if problems:
        raise ConfigInvalid(problems)
    return rows


def _pinned_bytes(root: Path, entry: _Pinned) -> bytes:
    try:
        data = (root / entry.file).read_bytes()
    except OSError as error:
        raise ConfigInvalid([f"{entry.file}: expected a readable schema, got {error}"]) from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != entry.sha256:
        raise ConfigInvalid(
            [f"{entry.file}: expected SHA-256 {entry.sha256}, got {digest}"],
            hint=f"install the file the catalogue names, or pin the new one in {CATALOGUE}",
        )
    return data
