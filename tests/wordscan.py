# SPDX-License-Identifier: EUPL-1.2
"""Reads the source for wording that a person may see: details of findings, faults with their hints, and help.

Each is given as a template, ``{}`` for every value. What has no word of its own (ids, digests, names) is left out.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
DETAILS = {"expected", "got"}
FAULTS = {
    "ArgumentTypeError",
    "CertificateRefused",
    "ConfigInvalid",
    "GatewayFault",
    "GatewayUnreachable",
    "JournalDamaged",
    "LogRolledBack",
    "TransferDamaged",
    "TrustStateMissing",
    "Unavailable",
    "Unreadable",
    "WrongUse",
    "error",
    "hint",
    "note",
}
HELP = {"help", "description", "epilog", "title", "metavar"}
# Modules whose functions give wording back instead of putting it into a finding themselves.
GIVING = {
    "active.py",
    "crl.py",
    "der.py",
    "kinds.py",
    "ocsp.py",
    "readiness.py",
    "seal.py",
    "usage.py",
    "xmlwords.py",
}
_WORD = re.compile(r"[a-z]{2,}")
_NAME = re.compile(
    r"/\w+( \{\})?|sha1 \{\}|[\w./{}]*[./{][\w./{}]*"
)  # of a PDF's key, a path, an event of the log lines


def sources(repository: Path) -> Iterator[tuple[Path, ast.Module]]:
    """What runs at a gateway or a partner; the play of the demo speaks both languages by itself."""
    for name in ("gateway", "adapters"):
        for path in sorted((repository / name).rglob("*.py")):
            if "demo" not in path.parent.parts:
                yield path, ast.parse(path.read_text(encoding="utf-8"))


def templates(repository: Path = REPOSITORY) -> dict[str, str]:
    """Template -> where it stands first."""
    found: dict[str, str] = {}
    read = list(sources(repository))
    takes = dict(_takers(tree for _, tree in read))
    for path, tree in read:
        for line, node in _spoken(tree, takes, path):
            for text in _texts(node):
                column = path.parent.name == "catalogue" and text.isidentifier()
                if _WORD.search(text.replace("{}", "")) and not column and not _NAME.fullmatch(text):
                    found.setdefault(text, f"{path.relative_to(repository)}:{line}")
    return found


def _takers(trees: Iterator[ast.Module]) -> Iterator[tuple[str, list[str]]]:
    """Functions that take details by position: name -> its parameters."""
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                names = [
                    a.arg for a in (*node.args.posonlyargs, *node.args.args) if a.arg not in {"self", "cls"}
                ]
                if DETAILS & set(names):
                    yield node.name, names


def _spoken(tree: ast.Module, takes: dict[str, list[str]], path: Path) -> Iterator[tuple[int, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = _name(node.func)
            wanted = (
                DETAILS
                | (HELP if "cli" in path.parts else set())
                | ({"hint", "detail"} if name in FAULTS else set())
            )
            yield from ((node.lineno, k.value) for k in node.keywords if k.arg in wanted)
            yield from (
                (node.lineno, a) for a, p in zip(node.args, takes.get(name, ()), strict=False) if p in DETAILS
            )
            if (
                name in FAULTS
                or name == "add_argument_group"
                or (name == "append" and "problems" in ast.unparse(node.func))
            ):
                yield from ((node.lineno, a) for a in node.args)
        elif isinstance(node, ast.AugAssign) and "problems" in ast.unparse(node.target):
            yield node.lineno, node.value
        elif isinstance(node, ast.Assign):
            yield from ((node.lineno, value) for value in _assigned(node))
        elif path.name in GIVING and isinstance(node, ast.Return | ast.Yield) and node.value is not None:
            yield node.lineno, node.value


def _assigned(node: ast.Assign) -> Iterator[ast.expr]:
    for target in node.targets:
        names = target.elts if isinstance(target, ast.Tuple) else [target]
        values = (
            node.value.elts
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
            else [node.value]
        )
        for name, value in zip(names, values, strict=False):
            if isinstance(name, ast.Name) and (
                name.id in DETAILS | {"detail", "hint", "_HINT", "_INIT"} or "problem" in name.id
            ):
                yield value


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _texts(node: ast.expr) -> Iterator[str]:
    """Every template an expression may come to; ``+`` joins, so its halves count each by itself."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
    elif isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _texts(value)
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        for value in node.elts:
            yield from _texts(value)
    elif isinstance(node, ast.ListComp | ast.GeneratorExp):
        yield from _texts(node.elt)
    elif isinstance(node, ast.Subscript | ast.Starred):
        yield from _texts(node.value)
    elif isinstance(node, ast.BinOp):
        yield from (*_texts(node.left), *_texts(node.right))
