# SPDX-License-Identifier: EUPL-1.2
"""Shapes, texts, Ids and names in XML signatures: what each may be, and what is said of what it may not be."""

import pytest
from lxml import etree
from xmlroom import dsig, refused

from gateway.codes import Code
from gateway.stages.signature.xmldsig.names import ds
from gateway.stages.signature.xmldsig.references import (
    EntryNames,
    entry_name,
)
from gateway.stages.signature.xmldsig.structure import (
    base64_of,
    check_shape,
    elements,
    index_ids,
    only_child,
    optional_child,
    refuse_comments,
    text_of,
)

PLACE = "META-INF/signatures0.xml"


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("a.xml", "a.xml"),
        ("a/b.xml", "a/b.xml"),
        ("a%20b+c.xml", "a b+c.xml"),
        ("%2525", "%25"),
        ("Gr%C3%BC%C3%9Fe.xml", "Grüße.xml"),
        ("a/.b", "a/.b"),
        ("...", "..."),
    ],
)
def test_a_uri_means_a_name(uri, name):
    assert name == entry_name(uri, PLACE)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        *(
            (uri, "the relative name of an entry")
            for uri in ("http://x/a", "file:a", "C:a", "/a.xml", "//x/a", "a#b", "a?b", "a\\b")
        ),
        *((uri, "valid percent-encoding") for uri in ("a%", "a%2", "a%zz", "a%2g")),
        ("%FF", "UTF-8"),
        *((uri, "a name without . and ..") for uri in ("a//b", "a/", "./a", "a/../b", "..", "%2E%2E/a")),
    ],
)
def test_a_uri_that_is_no_name_is_refused_unopened(uri, expected):
    assert (Code.SIGNATURE_REFERENCE, PLACE, expected, uri) == refused(lambda: entry_name(uri, PLACE))


def test_names_meet_across_normal_forms_where_only_one_fits():
    composed, apart = "M\u00fcller.pdf", "Mu\u0308ller.pdf"
    assert apart == EntryNames.of([apart, "b"]).find(composed)
    assert composed == EntryNames.of([composed, "b"]).find(apart)
    assert apart == EntryNames.of([apart, composed]).find(apart)
    assert "b" == EntryNames.of([apart, composed, "b"]).find("b")
    twins = ["A\u030a.xml", "\u212b.xml"]
    assert None is EntryNames.of(twins).find("\u00c5.xml")
    assert None is EntryNames.of([apart]).find("c.pdf")


def test_children_stand_once_and_in_order_and_only_the_last_kind_may_repeat():
    required = [ds("A"), ds("B")]

    def shape(text, optional=""):
        parent = dsig(f"<P>{text}</P>")
        return lambda: check_shape(parent, required=required, optional=optional, place=PLACE)

    assert ["A", "B"] == [etree.QName(e).localname for e in shape("<A/><B/>")()]
    assert 4 == len(shape("<A/><B/><C/><C/>", ds("C"))())
    for wrong in ("", "<A/>", "<B/><A/>", "<A/><B/><C/>", "<A/><A/><B/>", "<A/><B/><B/>"):
        told = ", ".join(part.strip("</>") for part in wrong.split("><") if part)
        assert (Code.SIGNATURE_STRUCTURE, PLACE, "A, B in P", told) == refused(shape(wrong))
    assert "A, B, C, D" == refused(shape("<A/><B/><C/><D/>", ds("C")))[3]
    assert ", ".join("A" * 12) == refused(shape("<A/>" * 13))[3]


@pytest.mark.parametrize("text", ["x<A/>", "<A/>x", "<A/><!-- c -->x"])
def test_no_text_stands_between_children(text):
    parent = dsig(f"<P>{text}</P>")
    assert (Code.SIGNATURE_STRUCTURE, PLACE, "no text in P", "") == refused(
        lambda: check_shape(parent, required=[ds("A")], place=PLACE)
    )


def test_one_child_is_one_child():
    parent = dsig("<P><A/><B/><B/></P>")
    assert "A" == etree.QName(only_child(parent, ds("A"), PLACE)).localname
    for tag, count in (("B", "2"), ("C", "0")):
        assert (Code.SIGNATURE_STRUCTURE, PLACE, f"exactly one {tag} in P", count) == refused(
            lambda tag=tag: only_child(parent, ds(tag), PLACE)
        )
    assert None is optional_child(parent, ds("C"), PLACE)
    assert (Code.SIGNATURE_STRUCTURE, PLACE, "exactly one B in P", "2") == refused(
        lambda: optional_child(parent, ds("B"), PLACE)
    )
    assert 3 == len(elements(dsig("<P><A/><!-- c --><B/><?p?><B/></P>")))


def test_text_holds_text_only():
    assert "a b" == text_of(dsig("<T> a b\n</T>"), PLACE)
    assert "" == text_of(dsig("<T/>"), PLACE)
    assert (Code.SIGNATURE_STRUCTURE, PLACE, "only text in T", "") == refused(
        lambda: text_of(dsig("<T>a<b/></T>"), PLACE)
    )


def test_base64_may_be_folded_and_nothing_else():
    assert b"abc" == base64_of(dsig("<V>YW\n\t Jj</V>"), PLACE)
    for wrong in ("YWJ", "YW-j", "YWJj!", "YW=Jj"):
        assert (Code.SIGNATURE_STRUCTURE, PLACE, "base64 in V", "") == refused(
            lambda wrong=wrong: base64_of(dsig(f"<V>{wrong}</V>"), PLACE)
        )


@pytest.mark.parametrize("inside", ["<!-- c -->", "<?p?>"])
def test_a_comment_is_told_with_its_line(inside):
    element = etree.fromstring(f"<S>\n<V>{inside}</V></S>")
    assert (
        Code.XML_COMMENT,
        f"{PLACE}, line 2",
        "no comment, processing instruction or entity inside a signature",
        "",
    ) == refused(lambda: refuse_comments(element, PLACE))
    refuse_comments(etree.fromstring("<S><V/></S>"), PLACE)


def test_an_id_is_found_by_any_name_and_used_once():
    root = etree.fromstring('<S Id="a"><T ID="b"/><U id="c"/><V xml:id="d"/><W Name="e"/></S>')
    found = index_ids(root, PLACE)
    assert {"a": "S", "b": "T", "c": "U", "d": "V"} == {key: element.tag for key, element in found.items()}
    for second in ('<T ID="a"/>', '<T xml:id="a"/>'):
        twice = etree.fromstring(f'<S Id="a">{second}</S>')
        assert (Code.SIGNATURE_REFERENCE, PLACE, "Ids used once", "a") == refused(
            lambda twice=twice: index_ids(twice, PLACE)
        )
    assert 1 == len(index_ids(etree.fromstring('<S Id="a" ID="a"/>'), PLACE))
