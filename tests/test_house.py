# SPDX-License-Identifier: EUPL-1.2
"""Rules of the house that no linter knows: closed lists hold what is used, and one parser reads all XML."""

import ast
from pathlib import Path

import pytest

from gateway.codes import Code
from gateway.model.evidence import LogEvent

REPOSITORY = Path(__file__).resolve().parent.parent
SOURCES = [path for name in ("gateway", "adapters") for path in sorted((REPOSITORY / name).rglob("*.py"))]


def named(kind: type, *, outside: str) -> set[str]:
    """Members of an enum that some module other than its own names."""
    return {
        node.attr
        for path in SOURCES
        if path.name != outside
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == kind.__name__
    }


@pytest.mark.parametrize(("kind", "home"), [(Code, "codes.py"), (LogEvent, "evidence.py")])
def test_every_member_of_a_closed_list_is_used(kind, home):
    assert set() == {member.name for member in kind} - named(kind, outside=home)


def calls(*names: str) -> set[tuple[str, str, int]]:
    """Calls ``something.name(...)``: file, name, number of positional arguments."""
    return {
        (path.relative_to(REPOSITORY).as_posix(), node.func.attr, len(node.args))
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names
    }


def test_one_module_makes_the_xml_parser():
    assert {("gateway/markup.py", "XMLParser", 0)} == calls("XMLParser", "iterparse", "ETCompatXMLParser")


def test_no_xml_is_parsed_by_a_librarys_own_default_parser():
    assert {2} == {count for _, _, count in calls("fromstring")}


def test_the_lenient_zip_reader_is_used_by_forgers_only():
    assert {"gateway/demo/bundles.py"} == {place for place, _, _ in calls("ZipFile")}
