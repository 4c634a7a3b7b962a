# SPDX-License-Identifier: EUPL-1.2
"""What verified lists say of a certificate: status of the service at two times, uses, qualifiers, devices, freshness."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from listroom import (
    GRANTED,
    QTST,
    UNDER_SUPERVISION,
    WITHDRAWN,
    Entry,
    key_usage,
    operator,
    policies,
    qualification,
    union,
)
from trustroom import DAY, NOW, POLICY, as_authority, chain, der, fresh_crl, issue, usage

from gateway.codes import Code
from gateway.demo import pki
from gateway.findings import Severity
from gateway.model.signature import QualifiedStatus, Trust
from gateway.stages.signature.certificates.instants import Instant
from gateway.stages.signature.certificates.trust import Purpose, TrustStore, judge_certificate

QESEAL, QESIG = QualifiedStatus.QESEAL, QualifiedStatus.QESIG
NO, UNKNOWN = QualifiedStatus.NOT_QUALIFIED, QualifiedStatus.UNKNOWN
ADESEAL = QualifiedStatus.ADESEAL_QC
ISSUED = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def room():
    return union()


def standing(room, *services, seal=None, lists=None, moment=NOW, existed=None, material=None, store=None):
    """Of a qualified seal in the list with these services."""
    lists = lists or room.read(room.lotl(), room.national(*services))
    seal = seal or room.seal_of()
    judgement = judge_certificate(
        seal.certificate_der,
        store=store or TrustStore(material or room.material(), lists),
        hints=chain(seal),
        policy=POLICY,
        moment=moment,
        purpose=Purpose.SIGNER,
        existed=existed,
    )
    assert Trust.TRUSTED is judgement.trust
    return judgement.standing


def said(found):
    return found.status, found.reasons


def listed(room, *qualifications, **entry):
    return room.service(Entry(qualifications=qualifications, **entry))


# -- status of the service ---------------------------------------------------------------------------------------------------


def test_a_seal_of_a_granted_service_is_qualified_and_the_entry_is_named(room):
    found = standing(room)

    assert (QESEAL, ()) == said(found)
    assert ("Trust GmbH", "Seal service", "DE", 5) == (
        found.provider,
        found.service,
        found.edition.territory,
        found.edition.sequence,
    )


def test_without_installed_lists_nothing_is_said(room):
    seal = room.seal_of()
    judgement = judge_certificate(
        seal.certificate_der,
        store=TrustStore(room.material()),
        hints=chain(seal),
        policy=POLICY,
        moment=NOW,
        purpose=Purpose.SIGNER,
    )

    assert (Trust.TRUSTED, None) == (judgement.trust, judgement.standing)


WITHDRAWN_SINCE = NOW - 10 * DAY
HISTORY = (
    Entry(status=WITHDRAWN, start=WITHDRAWN_SINCE),
    Entry(status=GRANTED, start=datetime(2025, 6, 1, tzinfo=UTC)),
    Entry(status=WITHDRAWN, start=datetime(2025, 3, 1, tzinfo=UTC)),
    Entry(status=GRANTED),
)


@pytest.mark.parametrize(
    ("existed", "expected"),
    [
        (NOW - 9 * DAY, (NO, ("not-granted",))),
        (WITHDRAWN_SINCE, (NO, ("not-granted",))),
        (WITHDRAWN_SINCE - timedelta(microseconds=1), (QESEAL, ())),
        (datetime(2025, 6, 1, tzinfo=UTC), (QESEAL, ())),
        (datetime(2025, 4, 1, tzinfo=UTC), (NO, ("not-granted",))),
        (datetime(2025, 2, 1, tzinfo=UTC), (QESEAL, ())),
    ],
)
def test_the_status_is_the_one_at_the_time_of_signing(room, existed, expected):
    services = (room.service(*HISTORY),)
    assert expected == said(standing(room, *services, existed=existed))


def test_the_order_of_the_history_in_the_file_does_not_matter(room):
    shuffled = room.service(HISTORY[0], HISTORY[3], HISTORY[1], HISTORY[2])
    assert (QESEAL, ()) == said(standing(room, shuffled, existed=NOW - 20 * DAY))


def test_a_certificate_issued_while_the_service_was_withdrawn_never_becomes_qualified(room):
    seal = room.seal_of(not_before=datetime(2025, 4, 1, tzinfo=UTC))
    found = standing(room, room.service(*HISTORY[1:]), seal=seal)

    assert (NO, ("not-granted-at-issuance",)) == said(found)


def test_a_service_listed_after_the_certificate_was_issued_does_not_make_it_qualified(room):
    found = standing(room, room.service(Entry(start=ISSUED + DAY)))

    assert (NO, ("not-listed-at-issuance",)) == said(found)


def test_a_judgement_that_is_kept_does_not_outlive_the_status(room):
    store = TrustStore(room.material(), room.read(room.lotl(), room.national(room.service(*HISTORY))))
    seal = room.seal_of()
    before, after = WITHDRAWN_SINCE - DAY, WITHDRAWN_SINCE + DAY
    found = [
        standing(room, seal=seal, store=store, existed=at).status for at in (before, after, before, after)
    ]

    assert [QESEAL, NO, QESEAL, NO] == found


# -- which service -----------------------------------------------------------------------------------------------------------


def test_a_service_of_another_ca_with_the_same_name_vouches_for_nobody(room):
    twin = pki.root("Wurzel").subordinate("Ausstellende Stelle")
    assert twin.identity.certificate.subject == room.issuing.identity.certificate.subject

    assert (NO, ("issuer-not-listed",)) == said(standing(room, room.service(ca=twin.identity)))


def test_a_time_stamping_service_vouches_for_no_signer(room):
    found = standing(room, room.service(Entry(type=QTST)))

    assert (NO, ("issuer-not-listed",)) == said(found)


def test_a_service_that_was_of_another_type_then_did_not_vouch_for_anybody(room):
    services = (room.service(Entry(start=NOW - 10 * DAY), Entry(type=QTST)),)
    seal = room.seal_of(not_before=ISSUED)

    assert (NO, ("entry-not-understood",)) == said(
        standing(room, *services, seal=seal, existed=NOW - 20 * DAY)
    )
    assert (NO, ("entry-not-understood-at-issuance",)) == said(standing(room, *services, seal=seal))


def test_a_root_vouches_for_what_stands_below_it_only_where_the_list_says_so(room):
    root = room.root.identity
    marked = Entry(uses=("ForeSeals", "RootCA-QC"))

    refused = ("issuer-not-listed",)
    assert (NO, refused) == said(standing(room, room.service(ca=root)))
    assert (QESEAL, ()) == said(standing(room, room.service(marked, ca=root)))


def test_the_nearest_listed_issuer_decides(room):
    root = room.service(Entry(uses=("ForeSeals", "RootCA-QC")), ca=room.root.identity)
    issuing = room.service(Entry(status=WITHDRAWN))

    assert (NO, ("not-granted",)) == said(standing(room, root, issuing))


def test_a_ca_with_a_renewed_certificate_is_known_by_its_key(room):
    old = room.issuing.identity
    renewed = issue(
        room.root.identity,
        subject=old.certificate.subject,
        key=old.key,
        ca=True,
        key_usage=usage("key_cert_sign", "crl_sign"),
    )

    assert (QESEAL, ()) == said(standing(room, room.service(ca=renewed)))


def test_an_anchored_seal_without_its_ca_is_found_in_the_list(room):
    seal = room.seal_of()
    material = room.material(signer_anchors=(der(seal),))

    assert (QESEAL, ()) == said(standing(room, seal=seal, material=material))


def test_an_anchor_does_not_qualify_and_a_list_does_not_anchor(room):
    stranger = pki.root("Fremd")
    seal = room.seal_of(ca=stranger.identity)
    lists = room.read(room.lotl(), room.national(room.service(ca=stranger.identity)))
    judgement = judge_certificate(
        seal.certificate_der,
        store=TrustStore(room.material(), lists),
        hints=chain(seal),
        policy=POLICY,
        moment=NOW,
        purpose=Purpose.SIGNER,
    )

    assert (Trust.UNTRUSTED, None) == (judgement.trust, judgement.standing)
    assert (NO, ("issuer-not-listed",)) == said(standing(room, room.service(ca=stranger.identity)))


# -- what the certificate says -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"device": False}, (ADESEAL, ("no-qualified-device",))),
        ({"compliant": False}, (NO, ("no-qualified-statement",))),
        ({"law": ["GB"]}, (NO, ("law-of-another-state",))),
        ({"kinds": ["qct_esign"]}, (NO, ("use-not-listed",))),
        ({"kinds": []}, (NO, ("use-not-listed",))),
        ({"kinds": ["qct_eseal", "qct_esign"]}, (NO, ("use-ambiguous",))),
    ],
)
def test_the_statements_of_the_certificate_count(room, claims, expected):
    assert expected == said(standing(room, seal=room.seal_of(**claims)))


def test_a_certificate_without_statements_is_not_qualified(room):
    found = standing(room, seal=room.seal)

    assert (NO, ("no-qualified-statement",)) == said(found)


@pytest.mark.parametrize("kinds", [["1.2.3"], ["0.4.0.1862.1.6.4"]])
def test_a_kind_of_certificate_that_nobody_knows_qualifies_nobody(room, kinds):
    every = listed(room, uses=["ForeSignatures", "ForeSeals"])

    assert NO is standing(room, every, seal=room.seal_of(kinds=kinds)).status


def test_a_statement_made_twice_qualifies_nobody(room):
    seal = room.seal_of(twice=True)

    assert (NO, ("certificate-unreadable",)) == said(standing(room, seal=seal))


@pytest.mark.parametrize(
    ("kinds", "uses", "expected"),
    [
        (["qct_esign"], ["ForeSignatures"], QESIG),
        ([], ["ForeSignatures"], QESIG),
        (["qct_esign"], [], QESIG),
        (["qct_eseal"], [], NO),
        (["qct_esign"], ["ForeSignatures", "ForeSeals"], QESIG),
        (["qct_eseal"], ["ForeSignatures", "ForeSeals"], QESEAL),
        (["qct_web"], ["ForWebSiteAuthentication"], NO),
    ],
)
def test_what_the_service_is_listed_for_has_to_be_what_the_certificate_is_for(room, kinds, uses, expected):
    found = standing(room, listed(room, uses=uses), seal=room.seal_of(kinds=kinds))

    assert expected is found.status


def test_a_certificate_for_websites_makes_no_qualified_signature(room):
    found = standing(
        room, listed(room, uses=["ForWebSiteAuthentication"]), seal=room.seal_of(kinds=["qct_web"])
    )

    assert (NO, ("for-websites",)) == said(found)


# -- what the list says of certificates ----------------------------------------------------------------------------------------

OURS, OTHERS = policies("1.2.3.4"), policies("1.2.3.5")


@pytest.mark.parametrize(
    ("qualifiers", "expected"),
    [
        (["NotQualified"], NO),
        (["QCNoQSCD"], ADESEAL),
        (["QCNoSSCD"], ADESEAL),
        (["QCQSCDStatusAsInCert"], QESEAL),
        (["QCWithQSCD"], QESEAL),
        (["QCWithQSCD", "QCNoQSCD"], ADESEAL),
        (["QCForESeal"], QESEAL),
        (["QCForESig"], NO),
        (["QCForESig", "QCForESeal"], NO),
        (["QCForLegalPerson"], NO),
        (["QCStatement", "NotQualified"], NO),
        (["QCSomethingNew"], NO),
    ],
)
def test_the_list_overrules_the_certificate(room, qualifiers, expected):
    found = standing(room, listed(room, qualification(*qualifiers, criteria=OURS)))

    assert expected is found.status


@pytest.mark.parametrize("qualifier", ["NotQualified", "QCNoQSCD", "QCForESig"])
def test_what_the_list_says_of_other_certificates_does_not_matter(room, qualifier):
    assert (QESEAL, ()) == said(standing(room, listed(room, qualification(qualifier, criteria=OTHERS))))


def test_the_list_can_give_what_the_certificate_does_not_say(room):
    bare = room.seal_of(compliant=False, device=False, kinds=[])
    given = qualification("QCStatement", "QCForESeal", "QCQSCDManagedOnBehalf", criteria=OURS)

    assert (QESEAL, ()) == said(standing(room, listed(room, given), seal=bare))


def test_a_seal_marked_for_signatures_by_the_list_is_a_signature(room):
    found = standing(
        room, listed(room, qualification("QCForESig", criteria=OURS), uses=["ForeSignatures", "ForeSeals"])
    )

    assert QESIG is found.status


def test_a_certificate_issued_for_another_use_is_not_qualified(room):
    uses = ("ForeSignatures", "ForeSeals")
    before = Entry(uses=uses, qualifications=[qualification("QCForESig", criteria=OURS)])
    since = Entry(uses=uses, start=NOW - 10 * DAY)

    assert (NO, ("use-changed-since-issuance",)) == said(standing(room, room.service(since, before)))


BOTH = policies("1.2.3.4", "1.2.3.5")


def other(kind, part, oid):
    """A criterion of TS 119 612 annex H."""
    inner = f"<add:{part}><xades:Identifier>{oid}</xades:Identifier></add:{part}>"
    return f"<sie:otherCriteriaList><add:{kind}>{inner}</add:{kind}></sie:otherCriteriaList>"


CRITERIA = [
    (OURS, "all", True),
    (policies("urn:oid:1.2.3.4"), "all", True),
    (BOTH, "all", False),
    (OURS + OTHERS, "all", False),
    (OURS + OTHERS, "atLeastOne", True),
    (OURS + OTHERS, "none", False),
    (OTHERS, "none", True),
    (key_usage(nonRepudiation=True), "all", True),
    (key_usage(nonRepudiation=True, digitalSignature=True), "all", False),
    (key_usage(nonRepudiation=True, digitalSignature=False), "all", True),
    (key_usage(nonRepudiation=False), "all", False),
    (f'<sie:CriteriaList assert="none">{OTHERS}</sie:CriteriaList>{OURS}', "all", True),
    (f'<sie:CriteriaList assert="none">{OURS}</sie:CriteriaList>', "all", False),
    (other("CertSubjectDNAttribute", "AttributeOID", "2.5.4.10"), "all", True),
    (other("CertSubjectDNAttribute", "AttributeOID", "2.5.4.97"), "all", False),
    (other("ExtendedKeyUsage", "KeyPurposeId", "1.3.6.1.5.5.7.3.8"), "all", False),
]


@pytest.mark.parametrize(("criteria", "combination", "meets"), CRITERIA)
def test_criteria_are_met_as_the_standard_says(room, criteria, combination, meets):
    """Asked with NotQualified: a criterion that is read too narrowly would let the certificate through."""
    denied = qualification("NotQualified", criteria=criteria, combination=combination)

    expected = (NO, ("list-says-not-qualified",)) if meets else (QESEAL, ())
    assert expected == said(standing(room, listed(room, denied)))


@pytest.mark.parametrize(
    ("criteria", "combination"),
    [
        (OTHERS, "some"),
        ("<sie:Unknown/>", "all"),
        ("<sie:otherCriteriaList><add:Unknown/></sie:otherCriteriaList>", "all"),
        ("<sie:PolicySet/>", "all"),
        ("<sie:KeyUsage/>", "all"),
        (key_usage(signAnything=True), "all"),
        (policies("urn:something"), "all"),
        ("<sie:CriteriaList assert='all'>" * 12 + OTHERS + "</sie:CriteriaList>" * 12, "all"),
    ],
)
def test_an_entry_that_is_not_understood_qualifies_nobody(room, criteria, combination):
    odd = qualification("QCWithQSCD", criteria=criteria, combination=combination)
    found = standing(room, listed(room, odd))

    assert (NO, ("entry-not-understood",)) == said(found)


@pytest.mark.parametrize(("critical", "expected"), [("true", NO), ("false", QESEAL)])
def test_a_critical_extension_that_is_not_known_makes_the_entry_unusable(room, critical, expected):
    further = f'<Extension Critical="{critical}"><sie:Brandnew/></Extension>'

    assert expected is standing(room, listed(room, further=further)).status


def test_an_entry_that_is_not_understood_is_not_passed_over_for_the_one_before_it(room):
    odd = Entry(start=NOW - 10 * DAY, further='<Extension Critical="true"><sie:Brandnew/></Extension>')

    assert (NO, ("entry-not-understood",)) == said(standing(room, room.service(odd, Entry())))
    assert (QESEAL, ()) == said(standing(room, room.service(odd, Entry()), existed=NOW - 20 * DAY))


def test_entries_that_contradict_each_other_qualify_nobody(room):
    first = listed(room, qualification("QCNoQSCD", criteria=OURS))
    denied = listed(room, qualification("NotQualified", criteria=OURS))

    for pair in ((first, room.service()), (room.service(), denied)):
        assert (NO, ("entries-contradict",)) == said(standing(room, *pair))


def test_a_use_that_one_entry_was_withdrawn_for_is_not_granted_by_another(room):
    withdrawn = listed(room, status=WITHDRAWN)

    for pair in ((withdrawn, room.service()), (room.service(), withdrawn)):
        assert (NO, ("entries-contradict",)) == said(standing(room, *pair))


def test_a_use_that_was_withdrawn_says_nothing_of_another(room):
    signatures = listed(room, status=WITHDRAWN, uses=["ForeSignatures"])

    assert (QESEAL, ()) == said(standing(room, signatures, room.service()))


def test_several_entries_that_agree_are_one_answer(room):
    signatures = listed(room, uses=["ForeSignatures"])

    assert (QESEAL, ()) == said(standing(room, signatures, room.service(), room.service()))


# -- before the regulation -----------------------------------------------------------------------------------------------------


def test_a_signature_from_before_the_regulation_is_judged_by_the_words_of_its_time():
    room = union()
    then = datetime(2014, 1, 1, tzinfo=UTC)
    root = pki.root("Alt", not_before=datetime(2012, 1, 1, tzinfo=UTC), lifetime=timedelta(days=9000))
    seal = room.seal_of(
        ca=root.identity, kinds=[], policy="0.4.0.1456.1.2", compliant=False, device=False,
        not_before=then,
    )  # fmt: skip
    old = Entry(status=UNDER_SUPERVISION, start=datetime(2010, 1, 1, tzinfo=UTC), uses=())
    new = Entry(start=datetime(2016, 7, 1, tzinfo=UTC), uses=("ForeSignatures",))
    lists = room.read(room.lotl(), room.national(room.service(new, old, ca=root.identity)))
    material = room.material(signer_anchors=(der(root.identity),), crls=(fresh_crl(root),))

    def at(year):
        moment = datetime(year, 6, 1, tzinfo=UTC)
        return standing(room, seal=seal, lists=lists, material=material, existed=moment)

    assert (QESIG, ()) == said(at(2015))
    assert (NO, ("no-qualified-statement",)) == said(at(2017))


def test_supervision_is_no_grant_after_the_regulation(room):
    found = standing(room, listed(room, status=UNDER_SUPERVISION))

    assert (NO, ("not-granted",)) == said(found)


# -- lists that are out of date, missing, or broken ----------------------------------------------------------------------------


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
