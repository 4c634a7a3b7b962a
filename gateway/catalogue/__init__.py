# SPDX-License-Identifier: EUPL-1.2
"""Schemas and rule tables as they lie on disk, checked before anything relies on them.

Leaves out what the rules mean (``gateway.stages``). Rules: every schema is pinned by SHA-256 in ``catalogue.toml``
and compiled once, from bundled bytes only; a table with a fault is not loaded, and all faults of all tables are told
at once. Changing a table needs no code; changing a schema needs a new hash.

    root = data_root()
    rules = load_rules(root / "rules")
    schema = load_schema(root, "dossier")
"""

from gateway.catalogue.rules import load_rules
from gateway.catalogue.schemas import compile_schema, data_root, load_schema
from gateway.markup import CompiledSchema
from gateway.model.rules import Rules

__all__ = ["CompiledSchema", "Rules", "compile_schema", "data_root", "load_rules", "load_schema"]
