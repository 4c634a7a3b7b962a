# SPDX-License-Identifier: EUPL-1.2
"""Signatures on trusted lists: altered, wrapped, or over less than the whole list; none of them is believed."""

import re

import pytest
from listroom import signed, union
from listxml import GRANTED, WITHDRAWN, Entry, head, qualification
from lxml import etree
from standingroom import numbers, states
from trustroom import POLICY

from gateway.policy import XmlPolicy
from gateway.stages.signature.qualified.lists import ListFile, read_trusted_lists

SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"


@pytest.fixture(scope="module")
def room():
    return union()


@pytest.mark.parametrize(
    ("ask", "without", "believed"),
    [
        (str, "sha512", True),
        (str, "ecdsa", False),
        (str, "sha256", False),
        (lambda template: template.replace("xmlenc#sha256", "xmlenc#sha512", 1), "sha512", False),
        (lambda template: template.replace("ecdsa-sha256", "ecdsa-sha512"), "sha512", False),
    ],
)
def test_an_algorithm_outside_the_table_signs_no_list(room, ask, without, believed):
    table = tuple(rule for rule in POLICY.algorithms if rule.algorithm != without)
    files = [ListFile(name="lotl.xml", data=signed(head(), room.union, ask=ask))]
    lists = read_trusted_lists(files, [room.union.certificate_der], algorithms=table, limits=XmlPolicy())

    assert ({"EU": 4} if believed else {}) == numbers(lists)


def test_a_list_altered_after_signing_is_refused(room):
    withdrawn = room.national(room.service(Entry(status=WITHDRAWN)))
    lists = room.read(room.lotl(), withdrawn.replace(b"Svcstatus/withdrawn", b"Svcstatus/granted"))

    assert {"EU": 10} == numbers(lists)
    assert "1.xml" == lists.findings[0].place


def test_a_comment_put_in_later_changes_nothing_that_is_read(room):
    split = room.national().replace(b"Svcstatus/granted", b"Svcstatus/gran<!-- not -->ted")
    lists = room.read(room.lotl(), split)

    assert {GRANTED} == states(lists)


def tree(data: bytes):
    return etree.fromstring(data)


def evil(room):
    """What an attacker wants to be read: the good list, with another CA in it."""
    return tree(
        room.national(room.service(Entry(qualifications=(qualification("QCStatement"),))), sequence=99)
    )


def _around(good, bad):
    """The signed list inside of the evil one, its signature taken to the top."""
    signature = good.find(SIGNATURE)
    bad.remove(bad.find(SIGNATURE))
    bad.append(good)
    good.remove(signature)
    bad.append(signature)
    return bad


def _in_object(good, bad):
    """The signed list inside of the signature of the evil one."""
    signature = good.find(SIGNATURE)
    bad.remove(bad.find(SIGNATURE))
    holder = etree.SubElement(signature, "{http://www.w3.org/2000/09/xmldsig#}Object")
    bad.append(signature)
    holder.append(good)
    return bad


def _by_id(good, bad):
    """The reference by Id, which both lists have."""
    wrapped = _around(good, bad)
    for reference in wrapped.iter("{http://www.w3.org/2000/09/xmldsig#}Reference"):
        if reference.get("URI") == "":
            reference.set("URI", "#list")
    return wrapped


def _second_signature(good, bad):
    bad.append(good.find(SIGNATURE))
    return bad


def _swapped_properties(good, bad):
    del bad
    twin = etree.fromstring(etree.tostring(good.find(SIGNATURE)))
    good.find(SIGNATURE).getparent().append(twin)
    return good


@pytest.mark.parametrize("wrap", [_around, _in_object, _by_id, _second_signature, _swapped_properties])
def test_no_wrapping_makes_a_good_signature_speak_for_another_list(room, wrap):
    wrapped = etree.tostring(wrap(tree(room.national()), evil(room)))
    lists = room.read(room.lotl(), wrapped)

    assert {"EU": 10} == numbers(lists)
    assert "1.xml" == lists.findings[0].place


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"</TrustServiceStatusList>", b" more</TrustServiceStatusList>"),
        lambda data: data.replace(b"<TrustServiceStatusList", b"<?note hidden?><TrustServiceStatusList"),
        lambda data: data + b"<?note hidden?>",
        lambda data: data.replace(b"</ds:Signature>", b"</ds:Signature><TrustServiceProviderList/>"),
        lambda data: data.replace(b'Id="list"', b'Id="other"'),
        lambda data: re.sub(rb"<xades:SigningTime>[^<]*", b"<xades:SigningTime>2001-01-01T00:00:00Z", data),
        lambda data: data.replace(b'xmlenc#sha256"', b'xmlenc#sha512"', 1),
        lambda data: data.replace(b"enveloped-signature", b"base64"),
        lambda data: re.sub(rb'<ds:Transform Algorithm="[^"]*xml-exc-c14n#"/>', b"", data, count=1),
        lambda data: re.sub(rb"<ds:Reference Type.*?</ds:Reference>", b"", data),
        lambda data: re.sub(rb"<ds:Signature .*</ds:Signature>", b"", data, flags=re.DOTALL),
    ],
    ids=[
        "text behind the signature", "instruction before", "instruction after", "second part", "Id", "signing time",
        "digest method", "transform", "no canonicalisation", "no signed properties", "no signature",
    ],
)  # fmt: skip
def test_nothing_can_be_changed_beside_the_signature_either(room, change):
    data = room.national()
    assert data != change(data)

    assert {"EU": 10} == numbers(room.read(room.lotl(), change(data)))


C14N = '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'
INCLUSIVE = C14N.replace("2001/10/xml-exc-c14n#", "TR/2001/REC-xml-c14n-20010315")
ENVELOPED = '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>'
WHOLE = re.compile(r'<ds:Reference URI="">.*?</ds:Reference>')
PROPERTIES = re.compile(r"<ds:Reference Type.*?</ds:Reference>")


def elsewhere(template):
    """A reference more, to a part of the list."""
    plain = re.compile(r' Type="[^"]*"')
    return PROPERTIES.sub(
        lambda found: found[0] + plain.sub("", found[0]).replace("#props", "#elsewhere"), template
    )


@pytest.mark.parametrize(
    ("ask", "believed"),
    [
        (lambda template: template, True),
        (lambda template: template.replace('URI=""', 'URI="#list"'), True),
        (lambda template: template.replace("sha256", "sha512"), True),
        (lambda template: template.replace(ENVELOPED + C14N, ENVELOPED + INCLUSIVE), True),
        (lambda template: PROPERTIES.sub("", template), False),
        (lambda template: PROPERTIES.sub(lambda found: 2 * found[0], template), False),
        (lambda template: WHOLE.sub(lambda found: 2 * found[0], template), False),
        (lambda template: WHOLE.sub("", template), False),
        (lambda template: template.replace(ENVELOPED + C14N, ENVELOPED), False),
        (lambda template: template.replace(ENVELOPED + C14N, ENVELOPED + C14N + C14N), False),
        (lambda template: template.replace('URI=""', 'URI="#elsewhere"'), False),
        (elsewhere, False),
    ],
    ids=[
        "as it should be", "by Id", "sha512", "inclusive",
        "no properties", "properties twice", "list twice", "no list", "no canonicalisation", "two of them",
        "a part only", "a part more",
    ],
)  # fmt: skip
def test_an_operator_has_to_sign_the_whole_list_the_way_the_standard_says(room, ask, believed):
    body = head().replace("<SchemeInformation>", '<SchemeInformation Id="elsewhere">')

    assert ({"EU": 4} if believed else {}) == numbers(room.read(signed(body, room.union, ask=ask)))


def test_what_stands_before_the_list_is_signed_with_it(room):
    data = signed(head(), room.union, before="<?note signed too?>")

    assert {"EU": 4} == numbers(room.read(data))
    assert {} == numbers(room.read(data.replace(b"<?note signed too?>", b"")))
