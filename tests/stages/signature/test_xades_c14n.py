# SPDX-License-Identifier: EUPL-1.2
"""Canonicalisation: lxml's known fault mended, what cannot be canonicalised refused."""

import pytest
from lxml import etree

from gateway.errors import Rejected
from gateway.stages.signature.xmldsig.c14n import EXCLUSIVE, METHODS, canonicalize

INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"


def test_no_spurious_empty_namespace_below_a_default_namespace():
    root = etree.fromstring(b'<S xmlns="urn:u"><I><C><D/></C></I></S>')
    assert b'<I xmlns="urn:u"><C><D></D></C></I>' == canonicalize(root[0], INCLUSIVE)


def test_lxml_alone_still_has_the_fault_we_work_around():
    root = etree.fromstring(b'<S xmlns="urn:u"><I><C><D/></C></I></S>')
    assert b'xmlns=""' in etree.tostring(root[0], method="c14n", with_tail=False)


def test_inclusive_takes_namespaces_of_ancestors_and_exclusive_leaves_unused_ones():
    root = etree.fromstring(b'<a:S xmlns:a="urn:a" xmlns:b="urn:b"><a:I/></a:S>')
    assert b'<a:I xmlns:a="urn:a" xmlns:b="urn:b"></a:I>' == canonicalize(root[0], INCLUSIVE)
    assert b'<a:I xmlns:a="urn:a"></a:I>' == canonicalize(root[0], EXCLUSIVE)


def test_the_prefix_list_of_exclusive_canonicalisation_counts():
    root = etree.fromstring(b'<a:S xmlns:a="urn:a" xmlns:b="urn:b"><a:I/></a:S>')
    assert b'<a:I xmlns:a="urn:a" xmlns:b="urn:b"></a:I>' == canonicalize(root[0], EXCLUSIVE, prefixes=("b",))


@pytest.mark.parametrize("attribute", [b'xml:lang="de"', b'xml:base="http://x/"', b'xml:space="preserve"'])
def test_xml_attributes_of_ancestors_are_refused_where_lxml_would_drop_them(attribute):
    root = etree.fromstring(b"<S " + attribute + b"><I/></S>")
    with pytest.raises(Rejected, match="signature-transform"):
        canonicalize(root[0], INCLUSIVE)
    assert b"<I></I>" == canonicalize(root[0], EXCLUSIVE)


@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_relative_namespace_cannot_void_the_canonical_form(method):
    root = etree.fromstring(b'<S><I xmlns:x="./relative" x:a="1"/></S>')
    with pytest.raises(Rejected, match="signature-transform"):
        canonicalize(root[0], method)


@pytest.mark.parametrize(
    "method",
    [
        "",
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/2006/12/xml-c14n1",
        INCLUSIVE + "#",
    ],
)
def test_an_unknown_method_is_refused(method):
    with pytest.raises(Rejected, match="signature-transform"):
        canonicalize(etree.fromstring(b"<S/>"), method)


def test_comments_are_left_out_by_every_method():
    root = etree.fromstring(b"<S><I>a<!-- x -->b</I></S>")
    assert {b"<I>ab</I>"} == {canonicalize(root[0], method) for method in METHODS}


def declaring(first, last):
    return " ".join(f'xmlns:p{number}="urn:{number}"' for number in range(first, last)).encode()


@pytest.mark.parametrize("method", sorted(METHODS))
@pytest.mark.parametrize(
    "document",
    [
        pytest.param(b"<S %b><I/></S>" % declaring(0, 25), id="above"),
        pytest.param(b"<S %b><I %b/></S>" % (declaring(0, 12), declaring(12, 25)), id="above and on it"),
        pytest.param(
            b"<S><I>" + b"<p0:x %b>" % declaring(0, 5) * 5 + b"</p0:x>" * 5 + b"</I></S>", id="repeated"
        ),
    ],
)
def test_so_many_namespace_declarations_that_canonicalising_takes_minutes_are_refused(document, method):
    root = etree.fromstring(document)
    with pytest.raises(Rejected, match="xml-limits"):
        canonicalize(root[0], method)


def test_declarations_that_stand_side_by_side_are_not_counted_together():
    root = etree.fromstring(b"<S %b><I>%b</I></S>" % (declaring(0, 19), b"<p0:x %b/>" % declaring(0, 5) * 50))
    assert canonicalize(root[0], INCLUSIVE).count(b"<p0:x") == 50
