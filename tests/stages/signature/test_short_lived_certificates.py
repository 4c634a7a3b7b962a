# SPDX-License-Identifier: EUPL-1.2
"""Certificates that end before anybody could revoke them: believed without revocation data, within bounds."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.ocsp import OCSPCertStatus
from cryptography.x509.oid import AuthorityInformationAccessOID
from trustroom import DAY, NOW, Realm, as_authority, custom_crl, fresh_crl, issue, ocsp_response, usage

from gateway.model.signature import Revocation, SubIndication, Trust

NO_REV_AVAIL = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.56"), b"\x05\x00")
SHORT_TERM = x509.UnrecognizedExtension(x509.ObjectIdentifier("0.4.0.194121.2.1"), b"\x05\x00")
HERE = x509.UniformResourceIdentifier("http://a.invalid/1")
SPOT = x509.DistributionPoint([HERE], relative_name=None, reasons=None, crl_issuer=None)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def realm():
    return Realm()


def short(realm, *extensions, life=2 * HOUR, **changes):
    values = {"not_before": NOW - HOUR, "not_after": NOW - HOUR + life, **changes}
    return issue(
        realm.issuing.identity,
        key_usage=usage("content_commitment"),
        extensions=[(extension, False) for extension in extensions],
        **values,
    )


def judged(realm, leaf, *crls, **others):
    return realm.judge(leaf, material=realm.material(crls=(fresh_crl(realm.root), *crls)), **others)


@pytest.mark.parametrize("extensions", [[NO_REV_AVAIL], [SHORT_TERM], [NO_REV_AVAIL, SHORT_TERM]])
def test_a_ca_may_answer_for_a_short_life_without_revocation_data(realm, extensions):
    assert Trust.TRUSTED is judged(realm, short(realm, *extensions)).trust


def test_an_answer_that_knows_no_such_certificate_outweighs_the_word_in_it(realm):
    leaf = short(realm, NO_REV_AVAIL)
    unknown = ocsp_response(leaf, realm.issuing.identity, status=OCSPCertStatus.UNKNOWN)
    judgement = judged(realm, leaf, ocsps=(unknown,))
    assert (Trust.UNKNOWN, Revocation.UNKNOWN) == (judgement.trust, judgement.revocation)


def test_without_its_word_a_short_life_is_no_reason(realm):
    judgement = judged(realm, short(realm))
    assert (Revocation.UNKNOWN, SubIndication.TRY_LATER) == (judgement.revocation, judgement.sub_indication)


@pytest.mark.parametrize(
    ("more", "trust"), [(timedelta(0), Trust.TRUSTED), (timedelta(seconds=1), Trust.UNKNOWN)]
)
def test_a_life_is_short_as_long_as_an_undated_list_would_be_believed(realm, more, trust):
    leaf = short(realm, NO_REV_AVAIL, life=7 * DAY + more)
    assert trust is judged(realm, leaf).trust


@pytest.mark.parametrize(
    "source",
    [
        x509.CRLDistributionPoints([SPOT]),
        x509.FreshestCRL([SPOT]),
        x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.OCSP, HERE)]),
    ],
)
def test_who_names_a_source_cannot_say_that_there_is_none(realm, source):
    """RFC 9608 clause 3. EN 319 412-1 leaves the other extension free to stand beside one."""
    assert Trust.UNKNOWN is judged(realm, short(realm, NO_REV_AVAIL, source)).trust
    assert Trust.TRUSTED is judged(realm, short(realm, SHORT_TERM, source)).trust
    issuers = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, HERE)
    plain = short(realm, NO_REV_AVAIL, x509.AuthorityInformationAccess([issuers]))
    assert Trust.TRUSTED is judged(realm, plain).trust


def test_a_ca_certificate_is_never_too_short_lived_to_be_revoked(realm):
    authority = as_authority(
        issue(
            realm.root.identity,
            name="Kurze CA",
            ca=True,
            key_usage=usage("key_cert_sign", "crl_sign"),
            extensions=[(NO_REV_AVAIL, False)],
            not_before=NOW - 2 * HOUR,
            not_after=NOW + 2 * HOUR,
        )
    )
    leaf = issue(authority.identity, key_usage=usage("content_commitment"))
    judgement = realm.judge(leaf, material=realm.material(crls=(fresh_crl(authority),)))
    assert Revocation.UNKNOWN is judgement.revocation


def test_one_that_is_revoked_all_the_same_is_revoked(realm):
    leaf = short(realm, NO_REV_AVAIL)
    entry = (leaf.certificate.serial_number, NOW - HOUR / 2, [])
    listed = custom_crl(realm.issuing, entries=[entry], this_update=NOW - HOUR / 4)
    assert Revocation.REVOKED is judged(realm, leaf, listed).revocation


def test_after_its_end_only_a_proof_of_existence_helps(realm):
    leaf = short(realm, NO_REV_AVAIL, life=HOUR / 2)
    late = judged(realm, leaf)
    assert SubIndication.OUT_OF_BOUNDS_NOT_REVOKED is late.sub_indication
    assert Trust.TRUSTED is judged(realm, leaf, existed=NOW - HOUR + HOUR / 4).trust
