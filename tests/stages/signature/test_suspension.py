# SPDX-License-Identifier: EUPL-1.2
"""Suspended certificates: never good by what suspended them, and lifted only by data that is worth something itself."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from trustroom import DAY, NOW, Realm, custom_crl, fresh_crl, issue, ocsp_response, usage

from gateway.model.signature import Revocation, SubIndication, Trust

HOLD = [(x509.CRLReason(x509.ReasonFlags.certificate_hold), False)]
COMPROMISED = [(x509.CRLReason(x509.ReasonFlags.key_compromise), False)]
SUSPENDED = (Revocation.REVOKED, SubIndication.TRY_LATER)


@pytest.fixture(scope="module")
def realm():
    return Realm()


def answer(judgement):
    return judgement.revocation, judgement.sub_indication


def held(realm, identity, *, since, this_update, next_update):
    entry = (identity.certificate.serial_number, since, HOLD)
    return custom_crl(realm.issuing, entries=[entry], this_update=this_update, next_update=next_update)


def test_a_list_that_is_out_of_date_lifts_no_suspension(realm):
    hold = held(realm, realm.seal, since=NOW - 5 * DAY, this_update=NOW - 4 * DAY, next_update=NOW + 3 * DAY)
    lifting = custom_crl(realm.issuing, this_update=NOW - 3 * DAY, next_update=NOW - 2 * DAY)
    material = realm.material(crls=(fresh_crl(realm.root), hold, lifting))
    assert SUSPENDED == answer(realm.judge(material=material))
    current = custom_crl(realm.issuing, this_update=NOW - 3 * DAY)
    material = realm.material(crls=(fresh_crl(realm.root), hold, current))
    assert Trust.TRUSTED is realm.judge(material=material).trust


def test_a_list_that_forgets_expired_certificates_lifts_no_suspension(realm):
    """The CA drops the entry because the certificate expired, not because it was fit for use again."""
    short = issue(realm.issuing.identity, key_usage=usage("content_commitment"), not_after=NOW - 10 * DAY)
    hold = held(realm, short, since=NOW - 20 * DAY, this_update=NOW - 15 * DAY, next_update=NOW - 8 * DAY)
    roots = custom_crl(realm.root, this_update=NOW - 15 * DAY, next_update=NOW - 8 * DAY)
    crls = (roots, fresh_crl(realm.root), hold, fresh_crl(realm.issuing))
    assert SUSPENDED == answer(realm.judge(short, material=realm.material(crls=crls), existed=NOW - 12 * DAY))


def test_what_says_suspended_since_a_later_time_proves_good_before_it(realm):
    hold = held(realm, realm.seal, since=NOW - 2 * DAY, this_update=NOW - DAY, next_update=NOW + DAY)
    material = realm.material(crls=(fresh_crl(realm.root), hold))
    before = realm.judge(material=material, existed=NOW - 3 * DAY)
    assert (Trust.TRUSTED, ()) == (
        before.trust,
        before.findings,
    )  # a hold may be lifted, so nothing is told of it yet
    assert SUSPENDED == answer(realm.judge(material=material, existed=NOW - DAY))


def test_good_of_the_same_second_lifts_no_suspension(realm):
    hold = held(realm, realm.seal, since=NOW - 5 * DAY, this_update=NOW - DAY, next_update=NOW + DAY)
    good = ocsp_response(realm.seal, realm.issuing.identity, this_update=NOW - DAY)
    material = realm.material(crls=(fresh_crl(realm.root), hold), ocsps=(good,))
    assert SUSPENDED == answer(realm.judge(material=material))
    newer = ocsp_response(realm.seal, realm.issuing.identity, this_update=NOW - DAY + timedelta(seconds=1))
    material = realm.material(crls=(fresh_crl(realm.root), hold), ocsps=(newer,))
    assert Trust.TRUSTED is realm.judge(material=material).trust


def test_a_newer_suspension_does_not_lift_the_one_before_it(realm):
    first = held(realm, realm.seal, since=NOW - 9 * DAY, this_update=NOW - 8 * DAY, next_update=NOW - 7 * DAY)
    second = held(realm, realm.seal, since=NOW - 2 * DAY, this_update=NOW - DAY, next_update=NOW + DAY)
    material = realm.material(crls=(fresh_crl(realm.root), first, second))
    assert SUSPENDED == answer(realm.judge(material=material, existed=NOW - 5 * DAY))


def test_a_list_that_names_a_certificate_twice_is_read_to_the_end(realm):
    serial = realm.seal.certificate.serial_number
    twice = custom_crl(
        realm.issuing,
        entries=[(serial, NOW - 20 * DAY, HOLD), (serial, NOW - 19 * DAY, COMPROMISED)],
        this_update=NOW - 3 * DAY,
    )
    material = realm.material(crls=(fresh_crl(realm.root), twice, fresh_crl(realm.issuing)))
    assert (Revocation.REVOKED, SubIndication.REVOKED_NO_POE) == answer(realm.judge(material=material))


def test_a_suspension_by_ocsp_stands_too(realm):
    hold = ocsp_response(
        realm.seal,
        realm.issuing.identity,
        status=ocsp.OCSPCertStatus.REVOKED,
        revoked_at=NOW - 2 * DAY,
        reason=x509.ReasonFlags.certificate_hold,
    )
    assert SUSPENDED == answer(realm.judge(material=realm.material(ocsps=(hold,))))
