# SPDX-License-Identifier: EUPL-1.2
"""Small pieces of XML Signature read one by one: what each may be, and what is said of what it may not be."""

from base64 import b64encode
from hashlib import sha256

import pytest
from lxml import etree
from xmlroom import dsig, refused

from gateway.codes import Code
from gateway.stages.signature.xmldsig.c14n import EXCLUSIVE, canonicalize
from gateway.stages.signature.xmldsig.references import (
    Canonicalization,
    canonical,
    read_canonicalization,
    read_digest_method,
    read_reference,
)

PLACE = "META-INF/signatures0.xml"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
VALUE = b64encode(sha256(b"").digest()).decode()


def reference(attributes='URI="a.xml"', *, transforms="", method=SHA256, value=VALUE):
    body = f'{transforms}<DigestMethod Algorithm="{method}"/><DigestValue>{value}</DigestValue>'
    return dsig(f"<Reference {attributes}>{body}</Reference>")


def transforms(*methods):
    return "<Transforms>" + "".join(f'<Transform Algorithm="{m}"/>' for m in methods) + "</Transforms>"


def test_a_reference_is_read_with_all_that_stands_in_it():
    read = read_reference(reference('Id="r1" URI="#x" Type="t"', transforms=transforms(EXCLUSIVE)), PLACE)
    assert ("r1", "#x", "t", "sha256", sha256(b"").digest(), Canonicalization(method=EXCLUSIVE)) == read[:6]
    assert (f"{PLACE}, reference #x", True) == (read.place, read.same_document)


def test_a_reference_to_a_file_has_no_id_no_type_and_no_transform_unless_it_says_so():
    read = read_reference(reference(), PLACE)
    assert ("", "a.xml", "", None, False) == (
        read.id,
        read.uri,
        read.type,
        read.canonicalization,
        read.same_document,
    )
    assert None is read_reference(reference(transforms="<Transforms/>"), PLACE).canonicalization


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        (
            reference('Id="r"'),
            (
                Code.SIGNATURE_REFERENCE,
                f"{PLACE}, reference None",
                "the name of an entry or an Id",
                "none",
            ),
        ),
        (
            reference('URI=""'),
            (Code.SIGNATURE_REFERENCE, f"{PLACE}, reference ", "the name of an entry or an Id", "none"),
        ),
        (
            reference(transforms=transforms(EXCLUSIVE)),
            (Code.SIGNATURE_TRANSFORM, f"{PLACE}, reference a.xml", "no transform on a file", EXCLUSIVE),
        ),
        (
            reference(transforms=transforms("urn:1", "urn:2")),
            (
                Code.SIGNATURE_TRANSFORM,
                f"{PLACE}, reference a.xml",
                "at most one transform",
                "urn:1, urn:2",
            ),
        ),
        (
            reference('URI="#x"', transforms="<Transforms><XPath/></Transforms>"),
            (Code.SIGNATURE_STRUCTURE, f"{PLACE}, reference #x", "only Transform in Transforms", ""),
        ),
        (
            reference(method="urn:md5"),
            (
                Code.SIGNATURE_ALGORITHM,
                f"{PLACE}, reference a.xml",
                "a known digest algorithm",
                "urn:md5",
            ),
        ),
        (
            reference(value="!"),
            (Code.SIGNATURE_STRUCTURE, f"{PLACE}, reference a.xml", "base64 in DigestValue", ""),
        ),
        (
            dsig('<Reference URI="a.xml"><DigestValue/><DigestMethod/></Reference>'),
            (
                Code.SIGNATURE_STRUCTURE,
                f"{PLACE}, reference a.xml",
                "DigestMethod, DigestValue in Reference",
                "DigestValue, DigestMethod",
            ),
        ),
        (
            dsig('<Reference URI="a.xml"><Transforms/><DigestMethod/></Reference>'),
            (
                Code.SIGNATURE_STRUCTURE,
                f"{PLACE}, reference a.xml",
                "DigestMethod, DigestValue in Reference",
                "Transforms, DigestMethod",
            ),
        ),
    ],
)
def test_a_reference_outside_the_narrow_form_is_refused_and_told(element, expected):
    assert expected == refused(lambda: read_reference(element, PLACE))


def test_a_digest_method_has_no_parameters():
    method = dsig(f'<DigestMethod Algorithm="{SHA256}"><x/></DigestMethod>')
    assert (Code.SIGNATURE_ALGORITHM, PLACE, "a known digest algorithm", SHA256) == refused(
        lambda: read_digest_method(method, PLACE)
    )


def method(algorithm, inside=""):
    return dsig(f'<Transform Algorithm="{algorithm}">{inside}</Transform>')


def test_a_prefix_list_belongs_to_exclusive_canonicalisation():
    listed = method(EXCLUSIVE, '<ec:InclusiveNamespaces PrefixList="a  b"/>')
    assert Canonicalization(method=EXCLUSIVE, prefixes=("a", "b")) == read_canonicalization(listed, PLACE)
    empty = method(EXCLUSIVE, "<ec:InclusiveNamespaces/>")
    assert Canonicalization(method=EXCLUSIVE) == read_canonicalization(empty, PLACE)
    comments = method(EXCLUSIVE + "WithComments", '<ec:InclusiveNamespaces PrefixList="a"/>')
    assert ("a",) == read_canonicalization(comments, PLACE).prefixes


@pytest.mark.parametrize(
    ("algorithm", "inside"),
    [
        (INCLUSIVE, '<ec:InclusiveNamespaces PrefixList="a"/>'),
        (EXCLUSIVE, "<InclusiveNamespaces/>"),
        (EXCLUSIVE, "<ec:InclusiveNamespaces/><ec:InclusiveNamespaces/>"),
        (EXCLUSIVE, "<ec:InclusiveNamespaces/><x/>"),
    ],
)
def test_any_other_parameter_is_refused(algorithm, inside):
    assert (Code.SIGNATURE_TRANSFORM, PLACE, "no parameters", algorithm) == refused(
        lambda: read_canonicalization(method(algorithm, inside), PLACE)
    )


def test_what_is_no_canonicalisation_is_refused_by_name():
    expected = (Code.SIGNATURE_TRANSFORM, PLACE, "C14N 1.0, 1.1 or exclusive C14N", "urn:x")
    assert expected == refused(lambda: read_canonicalization(method("urn:x"), PLACE))
    nameless = (*expected[:3], "")
    assert nameless == refused(lambda: read_canonicalization(dsig("<Transform/>"), PLACE))


def test_canonicalisation_says_what_it_cannot_do():
    root = etree.fromstring('<S xml:lang="de"><I/></S>')
    unknown = (Code.SIGNATURE_TRANSFORM, PLACE, "C14N", "urn:x")
    assert unknown == refused(lambda: canonicalize(root, "urn:x", place=PLACE))
    above = (Code.SIGNATURE_TRANSFORM, PLACE, "no xml:* attributes above the signed element", INCLUSIVE)
    assert above == refused(lambda: canonicalize(root[0], INCLUSIVE, place=PLACE))
    relative = etree.fromstring('<I xmlns:x="./relative" x:a="1"/>')
    code, place, expected, _ = refused(lambda: canonicalize(relative, EXCLUSIVE, place=PLACE))
    assert (Code.SIGNATURE_TRANSFORM, PLACE, "XML that can be canonicalised") == (code, place, expected)


def test_text_behind_an_element_is_not_part_of_it():
    root = etree.fromstring("<S><I/>behind</S>")
    assert b"<I></I>" == canonicalize(root[0], EXCLUSIVE) == canonicalize(root[0], INCLUSIVE)


def test_without_a_transform_the_namespaces_of_all_ancestors_count():
    root = etree.fromstring('<a:S xmlns:a="urn:a" xmlns:b="urn:b"><a:I/></a:S>')
    assert b'<a:I xmlns:a="urn:a" xmlns:b="urn:b"></a:I>' == canonical(root[0], None, PLACE)
    listed = Canonicalization(method=EXCLUSIVE, prefixes=("b",))
    assert b'<a:I xmlns:a="urn:a" xmlns:b="urn:b"></a:I>' == canonical(root[0], listed, PLACE)
    assert PLACE == refused(lambda: canonical(root[0], Canonicalization(method="urn:x"), PLACE))[1]
