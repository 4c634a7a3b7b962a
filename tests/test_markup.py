# SPDX-License-Identifier: EUPL-1.2
"""The one XML parser: bounded, deaf to entities, and linear in whatever is sent."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gateway
from gateway.codes import Code
from gateway.errors import Rejected
from gateway.markup import comments_and_instructions, parse, readable_path
from gateway.policy import XmlPolicy

SMALL = XmlPolicy(max_bytes=10_000, max_nodes=50, max_depth=5, max_attributes=3)
NOTE = b"<!--x-->"


def refusal(data, limits=SMALL):
    with pytest.raises(Rejected) as caught:
        parse(data, place="a.xml", limits=limits)
    (finding,) = caught.value.findings
    assert finding.place.startswith("a.xml")
    return finding.code


@given(st.binary(max_size=200) | st.text("<>/ab='\"&;!-[]?x \n", max_size=60).map(str.encode))
def test_any_bytes_are_a_tree_or_refused(data):
    try:
        root = parse(data, place="a.xml", limits=SMALL)
    except Rejected as rejected:
        assert rejected.findings  # noqa: PT017 - either outcome is right, both are looked at
    else:
        assert root.getroottree().docinfo.doctype == ""


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", Code.XML_MALFORMED),
        (b"<a>", Code.XML_MALFORMED),
        (b"\xff\xfe<\x00a\x00/\x00>\x00", Code.XML_ENCODING),
        (b"<a>\xe4</a>", Code.XML_ENCODING),
        (b"<?xml version='1.0' encoding='UTF-7'?><a/>", Code.XML_ENCODING),
        (b"<?xml version='1.0' encoding='latin1'?><a/>", Code.XML_ENCODING),
        # Found by fuzzing: behind a byte order mark libxml2 reads UTF-8, and other parsers what the declaration says.
        (b"\xef\xbb\xbf<?xml version='1.0' encoding='latin1'?><a/>", Code.XML_ENCODING),
        (b'\xef\xbb\xbf<?xml\n version="1.0"\tencoding = "UTF-7" ?><a/>', Code.XML_ENCODING),
        (b"<!DOCTYPE a><a/>", Code.XML_DOCTYPE),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", Code.XML_DOCTYPE),
        (b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", Code.XML_DOCTYPE),
        (b"<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a.dtd'><a/>", Code.XML_DOCTYPE),
        (b"<a>&b;</a>", Code.XML_DOCTYPE),
        (b"<a>" + b" " * 10_000 + b"</a>", Code.XML_LIMITS),
        (b"<a>" * 6 + b"</a>" * 6, Code.XML_LIMITS),
        (b"<a>" * 300 + b"</a>" * 300, Code.XML_LIMITS),
        (b"<a>" + b"<b/>" * 50 + b"</a>", Code.XML_LIMITS),
        (b"<a>" + NOTE * 50 + b"</a>", Code.XML_LIMITS),
        (b"<a b='' c='' d='' e=''/>", Code.XML_LIMITS),
    ],
)
def test_each_attack_has_its_code(data, code):
    assert code == refusal(data)


@pytest.mark.parametrize(
    "data",
    [
        b"<a>" * 5 + b"</a>" * 5,
        b"<a>" + b"<b/>" * 49 + b"</a>",
        b"<a>" + b"<b><c><d/></c></b>" * 4 + b"</a>",
        b"<a b='' c='' d=''/>",
        b"\xef\xbb\xbf<a/>",
        b"\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?><a/>",
        b"<?xml version='1.0'?><a b=\"encoding='latin1'\"/>",
    ],
)
def test_what_is_within_bounds_passes(data):
    assert parse(data, place="a.xml", limits=SMALL).tag == "a"


@pytest.mark.timeout(15)  # a walk that is quadratic in neighbouring comments needs minutes for this
def test_half_a_million_comments_are_counted_in_one_pass():
    root = parse(b"<a>" + NOTE * 499_000 + b"</a>", place="a.xml", limits=XmlPolicy())
    assert next(comments_and_instructions(root)).text == "x"
    assert Code.XML_LIMITS == refusal(b"<a>" + NOTE * 500_000 + b"</a>", XmlPolicy())


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (b"<a/>", 0),
        (b"<!--x--><a/>", 1),
        (b"<a/><!--x-->", 1),
        (b"<?x y?><a><b>t<!--x-->t</b><?x?></a><?x?>", 4),
    ],
)
def test_comments_and_instructions_are_found_wherever_they_stand(data, count):
    assert count == len([*comments_and_instructions(parse(data, place="a.xml", limits=SMALL))])


def test_paths_number_only_twins():
    root = parse(b"<a xmlns='urn:x'><b/><c/><c><d/></c></a>", place="a.xml", limits=SMALL)
    assert ["/a", "/a/b", "/a/c[1]", "/a/c[2]", "/a/c[2]/d"] == [readable_path(node) for node in root.iter()]


def _stray_parsing(tree):
    """Calls that make a parser, and calls of lxml that would use its default one."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        owner = getattr(getattr(call.func, "value", None), "id", "")
        by_default = owner == "etree" and name in {"fromstring", "XML", "parse"} and len(call.args) < 2
        if by_default or name in {
            "XMLParser",
            "HTMLParser",
            "iterparse",
            "XMLPullParser",
            "ETCompatXMLParser",
        }:
            yield f"{name} in line {call.lineno}"


def test_no_other_module_makes_an_xml_parser():
    checkout = Path(gateway.__file__).parent.parent
    stray = {
        str(path): found
        for package in ("gateway", "adapters")
        for path in (checkout / package).rglob("*.py")
        if path.name != "markup.py"
        and (found := [*_stray_parsing(ast.parse(path.read_text(encoding="utf-8")))])
    }
    assert stray == {}
