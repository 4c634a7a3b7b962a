# SPDX-License-Identifier: EUPL-1.2
"""Trusted lists: what is believed, down from the operator's certificates, and what no list of any shape gets past."""

import re
from datetime import UTC, datetime

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st
from listroom import (
    GRANTED,
    LOTL_TYPE,
    TL_TYPE,
    WITHDRAWN,
    Entry,
    operator,
    pointer,
    qualification,
    scheme,
    signed,
    union,
)
from lxml import etree
from trustroom import DAY, NOW, POLICY, issue

from gateway.codes import Code
from gateway.demo import pki
from gateway.errors import Rejected
from gateway.findings import Severity
from gateway.policy import XmlPolicy
from gateway.stages.signature.certificates.certificate import read_certificate
from gateway.stages.signature.qualified.lists import ListFile, read_trusted_lists

TSL = "{http://uri.etsi.org/02231/v2#}"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"


@pytest.fixture(scope="module")
def room():
    return union()


def numbers(lists):
    return dict(lists.sequences)


def faults(lists):
    return [(finding.place.split(",")[0], finding.expected, finding.got) for finding in lists.findings]


def states(lists):
    return {
        entry.status for found in lists.by_subject.values() for one in found for entry in one.service.entries
    }


def test_a_national_list_is_believed_through_the_list_of_lists(room):
    lists = room.read(room.lotl(), room.national())

    assert {"EU": 10, "DE": 5} == numbers(lists)
    assert () == lists.findings
    assert [("Trust GmbH", "Seal service")] == [
        (one.service.provider, one.service.name) for found in lists.by_subject.values() for one in found
    ]
    assert room.germany.sha256 == lists.editions[0].signer
    assert {"DE"} == lists.territories


def test_without_certificates_for_the_list_of_lists_nothing_is_believed(room):
    lists = room.read(room.lotl(), room.national(), anchors=[])

    assert ({}, {}) == (numbers(lists), dict(lists.by_subject))
    assert {Code.TRUSTED_LIST_INVALID} == {finding.code for finding in lists.findings}
    assert {Severity.WARNING} == {finding.severity for finding in lists.findings}


def test_no_files_are_no_lists(room):
    assert ({}, True) == (numbers(room.read()), room.read().installed)


def test_a_national_list_alone_is_nothing(room):
    assert {} == numbers(room.read(room.national()))


# -- pivots ----------------------------------------------------------------------------------------------------------------


def test_pivots_lead_from_an_old_certificate_to_the_present_one(room):
    old, between = operator("EC 2019"), operator("EC 2022")
    first = room.lotl(signer=old, own=[old, between], sequence=3)
    second = room.lotl(signer=between, own=[room.union], sequence=7)

    assert {"EU": 10, "DE": 5} == numbers(
        room.read(room.national(), room.lotl(), second, first, anchors=[old])
    )
    gap = room.read(room.national(), room.lotl(), first, anchors=[old])
    assert (3, ["1.xml"]) == (numbers(gap)["EU"], [place for place, _, _ in faults(gap)])


def test_pivots_may_be_out_of_date(room):
    old = operator("EC 2019")
    pivot = room.lotl(signer=old, own=[room.union], sequence=3, next_update=NOW - 900 * DAY)

    assert {"EU": 10, "DE": 5} == numbers(room.read(pivot, room.lotl(), room.national(), anchors=[old]))


def test_a_key_the_union_took_away_signs_no_later_list(room):
    taken = operator("EC with a lost key")
    away = room.lotl(signer=taken, own=[room.union], sequence=9)
    forged = room.lotl(signer=taken, sequence=12, pointers={"DE": [taken]})
    lists = room.read(
        away, room.lotl(), forged, room.national(signer=taken), room.national(), anchors=[taken]
    )

    assert {"EU": 10, "DE": 5} == numbers(lists)
    assert {"2.xml", "3.xml"} == {place for place, _, _ in faults(lists)}


def test_old_pivots_are_no_fault_where_a_new_certificate_is_installed(room):
    pivot = room.lotl(signer=operator("EC 2019"), own=[room.union], sequence=3)

    assert () == room.read(pivot, room.lotl(), room.national()).findings


def test_a_list_of_lists_of_another_territory_is_none(room):
    lists = room.read(room.lotl(territory="DE"), room.national())

    assert {} == numbers(lists)
    assert ("0.xml", "territory EU", "DE") in faults(lists)


# -- who signs which list --------------------------------------------------------------------------------------------------


def test_a_list_signed_by_nobody_the_pointer_names_is_refused(room):
    lists = room.read(room.lotl(), room.national(signer=operator("Nobody")))

    assert {"EU": 10} == numbers(lists)
    assert [("1.xml", "the value does not verify")] == [(place, got) for place, _, got in faults(lists)]


def test_the_union_itself_signs_no_national_list(room):
    assert {"EU": 10} == numbers(room.read(room.lotl(), room.national(signer=room.union)))


def test_an_operator_signs_only_for_its_own_territory(room):
    france = operator("ANSSI")
    lotl = room.lotl(pointers={"DE": [room.germany], "FR": [france]})
    lists = room.read(lotl, room.national(territory="FR"), room.national(territory="AT"), room.national())

    assert {"EU": 10, "DE": 5} == numbers(lists)
    assert {"1.xml", "2.xml"} == {place for place, _, _ in faults(lists)}


@pytest.mark.parametrize(
    "odd",
    [{"kind": LOTL_TYPE}, {"media_type": "application/pdf"}, {"territory": "AT"}],
    ids=lambda odd: next(iter(odd)),
)
def test_a_pointer_to_something_else_names_no_operator(room, odd):
    wanted = {"territory": "DE", "kind": TL_TYPE, "operators": [room.germany]}
    own = pointer("EU", LOTL_TYPE, [room.union])

    for change, believed in (({}, {"EU": 4, "DE": 5}), (odd, {"EU": 4})):
        lotl = signed(head(pointers=own + pointer(**{**wanted, **change})), room.union)
        assert believed == numbers(room.read(lotl, room.national()))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"kind": "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/CCgeneric"}, "a list of a Member State"),
        ({"version": "4"}, "version 5 or 6"),
        ({"version": "7"}, "version 5 or 6"),
    ],
)
def test_a_list_of_another_kind_or_version_is_refused(room, change, expected):
    lists = room.read(room.lotl(), room.national(**change))

    assert {"EU": 10} == numbers(lists)
    assert [expected] == [wanted for _, wanted, _ in faults(lists)]


def test_the_certificate_of_the_operator_has_to_be_valid_when_the_list_was_issued(room):
    expired = operator("Expired", not_after=datetime(2026, 1, 1, tzinfo=UTC))
    late = operator("Later", not_before=NOW + DAY)
    lotl = room.lotl(pointers={"DE": [expired], "AT": [late]})
    lists = room.read(lotl, room.national(signer=expired), room.national(signer=late, territory="AT"))

    assert {"EU": 10} == numbers(lists)
    assert all("within the signer's" in wanted for _, wanted, _ in faults(lists))


def test_a_renewed_certificate_with_the_same_key_is_found_behind_the_expired_one(room):
    expired = operator("Same key", not_after=datetime(2026, 1, 1, tzinfo=UTC))
    renewed = issue(pki.root("Same key").identity, key=expired.key)
    lists = room.read(room.lotl(pointers={"DE": [expired, renewed]}), room.national(signer=expired))

    assert {"EU": 10, "DE": 5} == numbers(lists)
    assert renewed.sha256 == lists.editions[0].signer


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


def test_the_operator_of_a_list_need_not_have_a_certificate_that_strict_readers_take(room):
    """As in real lists: a path length in a certificate of no CA, in the encoding of a default value."""
    plain = issue(pki.root("Odd").identity, ca=True, path_length=0)
    der = plain.certificate_der.replace(bytes.fromhex("30060101ff020100"), bytes.fromhex("3006010100020100"))
    odd = pki.Identity(certificate=x509.load_der_x509_certificate(der), key=plain.key)
    with pytest.raises(Rejected):
        read_certificate(der)
    lists = room.read(room.lotl(pointers={"DE": [odd]}), room.national(signer=odd))

    assert {"EU": 10, "DE": 5} == numbers(lists)


# -- editions --------------------------------------------------------------------------------------------------------------


def test_of_several_editions_the_newest_counts(room):
    old = room.national(room.service(Entry(status=GRANTED)), sequence=5)
    new = room.national(room.service(Entry(status=WITHDRAWN)), sequence=6)

    for files in ((old, new), (new, old)):
        lists = room.read(room.lotl(), *files)
        assert ({"EU": 10, "DE": 6}, {WITHDRAWN}) == (numbers(lists), states(lists))


def test_a_forged_newer_edition_does_not_hide_the_good_one_and_is_named(room):
    forged = room.national(sequence=9, signer=operator("Nobody"))
    lists = room.read(room.lotl(), room.national(), forged)

    assert {"EU": 10, "DE": 5} == numbers(lists)
    assert ["2.xml"] == [place for place, _, _ in faults(lists)]


@pytest.mark.parametrize(
    ("seen", "left"), [({"DE": 6}, {"EU": 10}), ({"EU": 11}, {}), ({"DE": 5, "EU": 10}, None)]
)
def test_an_edition_older_than_one_seen_before_is_refused(room, seen, left):
    lists = room.read(room.lotl(), room.national(), seen=seen)

    assert ({"EU": 10, "DE": 5} if left is None else left) == numbers(lists)
    assert (left is None) == (lists.findings == ())


# -- altered and wrapped ---------------------------------------------------------------------------------------------------


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


def head(**changes):
    return scheme(
        **{
            "kind": LOTL_TYPE, "territory": "EU", "sequence": 4, "issued": NOW - DAY, "next_update": NOW + DAY,
            "pointers": "", **changes,
        }
    )  # fmt: skip


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


# -- hostile files ---------------------------------------------------------------------------------------------------------

HOSTILE = {
    "nothing": b"",
    "no XML": b"%PDF-1.7",
    "another root": b"<list/>",
    "UTF-16": "<a/>".encode("utf-16"),
    "a document type": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "laughs": b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><a>&b;</a>',
    "an abyss": b"<a>" * 5_000 + b"</a>" * 5_000,
    "a crowd": b"<a>" + b"<b/>" * 600_000 + b"</a>",
    "a giant": b"<a>" + b" " * (65 * 1024 * 1024) + b"</a>",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_named_and_the_others_are_read(room, data):
    lists = room.read(data, room.lotl(), room.national())

    assert {"EU": 10, "DE": 5} == numbers(lists)
    assert ["0.xml"] == [place for place, _, _ in faults(lists)]


def test_more_files_than_any_union_has_are_not_looked_at(room):
    lists = room.read(room.lotl(), room.national(), *[b"<a/>"] * 300)

    assert {"EU": 10, "DE": 5} == numbers(lists)
    assert ("", "at most 256 files", "302") == faults(lists)[-1]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<TSLSequenceNumber>5<", b"<TSLSequenceNumber>five<"),
        (b"<TSLSequenceNumber>5<", b"<TSLSequenceNumber>\xd9\xa5<"),
        (b"<TSLSequenceNumber>5<", b"<TSLSequenceNumber>-5<"),
    ],
)
def test_a_sequence_that_is_no_number_is_no_sequence(room, before, after):
    assert {"EU": 10} == numbers(room.read(room.lotl(), room.national().replace(before, after)))


@settings(max_examples=60)
@given(data=st.data())
def test_any_byte_may_be_changed_and_nothing_else_is_believed_than_what_was_signed(data):
    room = union()
    good = room.national(room.service(Entry(status=WITHDRAWN)))
    at = data.draw(st.integers(0, len(good) - 1))
    bad = good[:at] + data.draw(st.binary(min_size=1, max_size=3)) + good[at + 1 :]
    lists = room.read(room.lotl(), bad)

    assert states(lists) <= {WITHDRAWN}
    assert numbers(lists) in ({"EU": 10}, {"EU": 10, "DE": 5})


@given(st.binary(max_size=200))
@settings(max_examples=50)
def test_any_bytes_at_all_are_a_finding(data):
    lists = union().read(data)

    assert ({}, True) == (numbers(lists), bool(lists.findings))
