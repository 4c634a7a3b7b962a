# SPDX-License-Identifier: EUPL-1.2
"""Lists that are out of date, missing or broken leave the question open, and never answer it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from listroom import operator, union
from standingroom import NO, QESEAL, UNKNOWN, said, standing
from trustroom import DAY, NOW, as_authority, fresh_crl, issue, usage

from gateway.codes import Code
from gateway.findings import Severity
from gateway.stages.signature.certificates.instants import Instant
from gateway.stages.signature.certificates.trust import TrustStore


@pytest.fixture(scope="module")
def room():
    return union()


def open_question(found):
    return found.status, found.reasons, [(f.code, f.severity, f.place.split(",")[0]) for f in found.findings]


STALE, INVALID = Code.TRUSTED_LIST_STALE, Code.TRUSTED_LIST_INVALID


@pytest.mark.parametrize("until", [NOW - DAY, NOW - timedelta(microseconds=1) - timedelta(seconds=1), None])
def test_a_stale_or_closed_national_list_leaves_the_question_open(room, until):
    lists = room.read(room.lotl(), room.national(next_update=until))
    found = standing(room, lists=lists)

    assert (UNKNOWN, ("list-stale",), [(STALE, Severity.WARNING, "DE")]) == open_question(found)
    assert ("", None) == (found.service, found.edition)


@pytest.mark.parametrize(
    ("issued", "until", "expected"),
    [
        (NOW - 189 * DAY, NOW + 3650 * DAY, QESEAL),
        (NOW - 191 * DAY, NOW + 3650 * DAY, UNKNOWN),
        (NOW - 191 * DAY, NOW + DAY, UNKNOWN),
        (NOW + timedelta(minutes=4), NOW + DAY, QESEAL),
        (NOW + timedelta(minutes=6), NOW + DAY, UNKNOWN),
        (NOW + 60 * DAY, NOW + 100 * DAY, UNKNOWN),
    ],
)
def test_a_list_lives_from_its_issue_and_half_a_year_at_most(room, issued, until, expected):
    """TS 119 612 clause 5.3.15."""
    lasting = operator("Lasting", not_before=datetime(1951, 1, 1, tzinfo=UTC), not_after=NOW + 9999 * DAY)
    for which in ("union", "national"):
        dates = {"issued": issued, "next_update": until}
        lotl = room.lotl(signer=lasting, pointers={"DE": [lasting]}, **(dates if which == "union" else {}))
        national = room.national(signer=lasting, **(dates if which == "national" else {}))
        lists = room.read(lotl, national, anchors=[lasting])
        assert expected is standing(room, lists=lists).status


@pytest.mark.parametrize(("issued", "until"), [(1, 9999), (9999, 1), (1, 1), (9999, 9999)], ids=str)
def test_dates_at_the_ends_of_time_are_compared_too(room, issued, until):
    edition = replace(
        room.read(room.lotl()).union,
        issued=datetime(issued, 1, 1, tzinfo=UTC),
        next_update=datetime(until, 12, 31, tzinfo=UTC),
    )

    assert not edition.current(Instant(value=NOW))


def test_a_key_that_expired_long_ago_gives_no_status_by_dating_a_list_back(room):
    old = operator("Bundesnetzagentur alt", not_before=NOW - 2000 * DAY, not_after=NOW - 800 * DAY)
    dates = {"signer": old, "issued": NOW - 900 * DAY, "next_update": NOW + 900 * DAY}
    national = room.read(room.lotl(pointers={"DE": [old]}), room.national(**dates))
    union = room.read(room.lotl(**dates), room.national(), anchors=[old])

    assert (UNKNOWN, ("list-stale",)) == said(standing(room, lists=national))
    assert (UNKNOWN, ("list-of-lists-stale",)) == said(standing(room, lists=union))


def test_a_list_is_good_up_to_its_last_moment(room):
    assert QESEAL is standing(room, lists=room.read(room.lotl(), room.national(next_update=NOW))).status


def test_a_stale_list_of_lists_leaves_every_question_open(room):
    lists = room.read(room.lotl(next_update=NOW - DAY), room.national())

    assert (UNKNOWN, ("list-of-lists-stale",), [(STALE, Severity.WARNING, "EU")]) == open_question(
        standing(room, lists=lists)
    )


def test_a_list_grows_stale_while_the_gateway_runs(room):
    store = TrustStore(room.material(crls=tuple(a.crl(NOW - DAY, next_update=NOW + 400 * DAY) for a in (
        room.root, room.issuing))), room.read(room.lotl(), room.national(next_update=NOW + 30 * DAY)))  # fmt: skip
    seal = room.seal_of()
    found = [
        standing(room, seal=seal, store=store, moment=moment).status
        for moment in (NOW, NOW + 29 * DAY, NOW + 31 * DAY, NOW)
    ]

    assert [QESEAL, QESEAL, UNKNOWN, QESEAL] == found


def test_what_counts_is_how_old_the_list_is_now_not_at_the_time_of_signing(room):
    lists = room.read(room.lotl(), room.national(next_update=NOW - DAY))

    assert UNKNOWN is standing(room, lists=lists, existed=NOW - 10 * DAY).status


def test_without_a_list_of_lists_every_question_is_open(room):
    found = standing(room, lists=room.read(room.national()))

    assert (UNKNOWN, ("list-of-lists-invalid",), [(INVALID, Severity.WARNING, "EU")]) == open_question(found)


def test_a_missing_or_broken_list_of_the_issuers_state_leaves_the_question_open(room):
    altered = room.national().replace(b"granted", b"Granted")
    for files in ((), (altered,)):
        found = standing(room, lists=room.read(room.lotl(), *files))
        assert (UNKNOWN, ("list-missing",), [(INVALID, Severity.WARNING, "DE")]) == open_question(found)


def test_the_list_of_another_state_does_not_matter(room):
    austria = operator("RTR")
    lotl = room.lotl(pointers={"DE": [room.germany], "AT": [austria]})
    stale = room.national(
        room.service(ca=operator("AT CA")), signer=austria, territory="AT", next_update=NOW - DAY
    )

    assert QESEAL is standing(room, lists=room.read(lotl, room.national(), stale)).status
    unlisted = room.national(room.service(ca=operator("Other CA")))
    assert (NO, ("issuer-not-listed",)) == said(standing(room, lists=room.read(lotl, unlisted, stale)))


def test_a_stale_list_does_not_say_that_an_issuer_is_not_in_it(room):
    lists = room.read(
        room.lotl(), room.national(room.service(ca=operator("Other CA")), next_update=NOW - DAY)
    )

    assert (UNKNOWN, ("list-stale",)) == said(standing(room, lists=lists))


def test_an_issuer_of_a_state_without_a_list_is_not_qualified(room):
    lists = room.read(
        room.lotl(pointers={"AT": [room.germany]}), room.national(territory="AT", signer=room.germany)
    )
    other = room.read(
        room.lotl(pointers={"AT": [room.germany]}),
        room.national(room.service(ca=operator("AT CA")), territory="AT", signer=room.germany),
    )

    assert QESEAL is standing(room, lists=lists).status
    assert (NO, ("issuer-not-listed",)) == said(standing(room, lists=other))


def test_an_issuer_without_a_country_could_stand_in_any_missing_list(room):
    nameless = issue(
        room.root.identity,
        subject=x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "CA")]),
        ca=True,
        key_usage=usage("key_cert_sign", "crl_sign"),
    )
    seal = room.seal_of(ca=nameless)
    material = room.material(crls=(*room.crls(), fresh_crl(as_authority(nameless))))
    lotl = room.lotl(pointers={"DE": [room.germany], "AT": [operator("RTR")]})
    found = standing(room, seal=seal, lists=room.read(lotl, room.national()), material=material)

    assert (UNKNOWN, ("list-missing",), [(INVALID, Severity.WARNING, "AT")]) == open_question(found)
