# SPDX-License-Identifier: EUPL-1.2
"""What verified lists say of a certificate: which service vouches for it, and with which status at two times."""

from datetime import UTC, datetime, timedelta

import pytest
from listroom import union
from listxml import GRANTED, QTST, UNDER_SUPERVISION, WITHDRAWN, Entry
from standingroom import ISSUED, NO, QESEAL, QESIG, listed, said, standing
from trustroom import DAY, NOW, POLICY, chain, der, fresh_crl, issue, usage

from gateway.demo import pki
from gateway.model.signature import Trust
from gateway.stages.signature.certificates.trust import Purpose, TrustStore, judge_certificate


@pytest.fixture(scope="module")
def room():
    return union()


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
