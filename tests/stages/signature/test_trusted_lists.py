# SPDX-License-Identifier: EUPL-1.2
"""Trusted lists: what is believed, down from the operator's certificates: pivots, who signs which list, editions."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from listroom import operator, signed, union
from listxml import GRANTED, LOTL_TYPE, TL_TYPE, WITHDRAWN, Entry, head, pointer
from standingroom import faults, numbers, states
from trustroom import DAY, NOW, issue

from gateway.codes import Code
from gateway.demo import pki
from gateway.errors import Rejected
from gateway.findings import Severity
from gateway.stages.signature.certificates.certificate import read_certificate

TSL = "{http://uri.etsi.org/02231/v2#}"


@pytest.fixture(scope="module")
def room():
    return union()


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


def test_the_operator_of_a_list_need_not_have_a_certificate_that_strict_readers_take(room):
    """As in real lists: a path length in a certificate of no CA, in the encoding of a default value."""
    plain = issue(pki.root("Odd").identity, ca=True, path_length=0)
    der = plain.certificate_der.replace(bytes.fromhex("30060101ff020100"), bytes.fromhex("3006010100020100"))
    odd = pki.Identity(certificate=x509.load_der_x509_certificate(der), key=plain.key)
    with pytest.raises(Rejected):
        read_certificate(der)
    lists = room.read(room.lotl(pointers={"DE": [odd]}), room.national(signer=odd))

    assert {"EU": 10, "DE": 5} == numbers(lists)


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
