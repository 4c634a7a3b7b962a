# SPDX-License-Identifier: EUPL-1.2
import warnings
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given, settings
from hypothesis import strategies as st
from trustroom import (
    DAY,
    NOW,
    POLICY,
    Realm,
    as_authority,
    chain,
    der,
    fresh_crl,
    issue,
    rules,
    stamp_unit,
    usage,
)

from gateway.codes import Code
from gateway.demo import pki
from gateway.errors import Rejected
from gateway.model.signature import Indication, Revocation, SubIndication, Trust
from gateway.model.trust import SignaturePolicy, TrustMaterial
from gateway.stages.signature.certificates.certificate import read_certificate
from gateway.stages.signature.certificates.path import MAX_CHAIN, run_pure
from gateway.stages.signature.certificates.trust import Purpose, TrustStore, judge_certificate

SEALING = usage("content_commitment")
ISSUING = usage("key_cert_sign", "crl_sign")


@pytest.fixture(scope="module")
def realm():
    return Realm()


def serial(identity: pki.Identity) -> str:
    return f"{identity.certificate.serial_number:x}"


def codes(judgement):
    return [finding.code for finding in judgement.findings]


def test_a_seal_below_a_named_anchor_with_current_crls_is_trusted(realm):
    judgement = realm.judge()
    assert (Trust.TRUSTED, Revocation.GOOD, Indication.TOTAL_PASSED, None, ()) == (
        judgement.trust,
        judgement.revocation,
        judgement.indication,
        judgement.sub_indication,
        judgement.findings,
    )
    assert [realm.seal.sha256, realm.issuing.identity.sha256, realm.root.identity.sha256] == [
        c.sha256 for c in judgement.chain
    ]


def test_an_empty_anchor_set_accepts_nothing(realm):
    judgement = realm.judge(material=TrustMaterial(crls=realm.crls()))
    assert Trust.UNTRUSTED is judgement.trust
    assert [Code.NO_ANCHORS] == codes(judgement)
    assert [judgement.chain[0].place] == [f.place for f in judgement.findings]
    assert SubIndication.NO_CERTIFICATE_CHAIN_FOUND is judgement.sub_indication


def test_the_anchors_of_the_operating_system_are_never_asked(realm, monkeypatch, tmp_path):
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(realm.root.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    judgement = realm.judge(material=TrustMaterial(signer_anchors=(der(pki.root("Andere").identity),)))
    assert [Code.CERTIFICATE_UNTRUSTED] == codes(judgement)


def test_a_finding_tells_a_renewed_certificate_from_the_one_before(realm):
    renewed = realm.issuing.seal("IHK Prüfstadt")
    assert realm.seal.certificate.subject == renewed.certificate.subject
    late = datetime(2036, 1, 1, tzinfo=UTC)
    places = [
        {f.place for f in realm.judge(seal, moment=late).findings if f.code is Code.CERTIFICATE_EXPIRED}
        for seal in (realm.seal, renewed)
    ]
    own, others = places[0] - places[1], places[0] & places[1]

    assert {f"CN=IHK Prüfstadt Siegel,O=IHK Prüfstadt,C=DE, serial number {serial(realm.seal)}"} == own
    assert {
        f"CN=Ausstellende Stelle,O=Ausstellende Stelle,C=DE, serial number {serial(realm.issuing.identity)}",
        f"CN=Wurzel,O=Wurzel,C=DE, serial number {serial(realm.root.identity)}",
    } == others


def test_the_serial_number_is_told_beside_a_subject_of_any_length(realm):
    name = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, "x" * 60)] * 9)
    long = issue(realm.issuing.identity, subject=name)
    judgement = realm.judge(long, material=TrustMaterial())

    assert judgement.findings[0].place.endswith(f"x, serial number {serial(long)}")
    assert f"serial number {serial(long)}" == replace(judgement.chain[0], subject="").place


def test_anchors_for_time_stamps_do_not_vouch_for_signers(realm):
    material = TrustMaterial(tsa_anchors=(der(realm.root.identity),), crls=realm.crls())
    assert [Code.NO_ANCHORS] == codes(realm.judge(material=material))


def test_an_anchor_that_only_shares_the_name_is_no_anchor(realm):
    twin = pki.root("Wurzel")
    judgement = realm.judge(material=realm.material(signer_anchors=(der(twin.identity),)))
    assert [Code.CERTIFICATE_UNTRUSTED] == codes(judgement)


def test_intermediates_of_the_operator_complete_a_chain(realm):
    material = realm.material(intermediates=(der(realm.issuing.identity),))
    assert Trust.TRUSTED is realm.judge(material=material, hints=[]).trust
    assert Trust.UNTRUSTED is realm.judge(hints=[]).trust


def test_an_issuing_ca_may_be_the_anchor_itself(realm):
    judgement = realm.judge(material=realm.material(signer_anchors=(der(realm.issuing.identity),)))
    assert Trust.TRUSTED is judgement.trust
    assert 2 == len(judgement.chain)


def test_a_certificate_named_as_anchor_is_trusted_only_for_its_usage(realm):
    assert Trust.TRUSTED is realm.judge(material=realm.material(signer_anchors=(der(realm.seal),))).trust
    tls = realm.issuing.tls_client("Kammer")
    judgement = realm.judge(tls, material=realm.material(signer_anchors=(der(tls),)))
    assert [Code.CERTIFICATE_USAGE] == codes(judgement)


@pytest.mark.parametrize(
    ("moment", "existed", "expected"),
    [
        (NOW + 4000 * DAY, None, (Code.CERTIFICATE_EXPIRED, SubIndication.OUT_OF_BOUNDS_NO_POE)),
        (
            datetime(2024, 1, 1, tzinfo=UTC),
            None,
            (Code.CERTIFICATE_NOT_YET_VALID, SubIndication.OUT_OF_BOUNDS_NO_POE),
        ),
        (
            NOW,
            datetime(2024, 1, 1, tzinfo=UTC),
            (Code.CERTIFICATE_NOT_YET_VALID, SubIndication.NOT_YET_VALID),
        ),
    ],
)
def test_validity_is_judged_at_the_time_of_proof(realm, moment, existed, expected):
    judgement = realm.judge(material=realm.material(crls=realm.crls(moment)), moment=moment, existed=existed)
    assert expected == (judgement.findings[0].code, judgement.sub_indication)
    # Seal, issuing CA and root are all outside: each is named.
    assert 3 == codes(judgement).count(expected[0])
    failed = judgement.sub_indication is SubIndication.NOT_YET_VALID
    assert (Indication.TOTAL_FAILED if failed else Indication.INDETERMINATE) is judgement.indication


def test_proof_of_existence_saves_a_signature_whose_certificate_expired_since(realm):
    short = issue(realm.issuing.identity, key_usage=SEALING, not_after=NOW - 10 * DAY)
    old = realm.material(crls=realm.crls(NOW - 12 * DAY))
    assert Trust.UNTRUSTED is realm.judge(short, material=old).trust
    assert Trust.TRUSTED is realm.judge(short, material=old, existed=NOW - 12 * DAY).trust


@pytest.mark.parametrize(
    ("key_usage", "extensions"),
    [
        (None, []),
        (usage("key_encipherment"), []),
        (usage("digital_signature"), [x509.ExtendedKeyUsageOID.CLIENT_AUTH]),
        (usage("digital_signature"), [x509.ExtendedKeyUsageOID.TIME_STAMPING]),
    ],
)
def test_a_certificate_not_made_for_signing_is_refused(realm, key_usage, extensions):
    more = [(x509.ExtendedKeyUsage(extensions), False)] if extensions else []
    judgement = realm.judge(issue(realm.issuing.identity, key_usage=key_usage, extensions=more))
    assert ([Code.CERTIFICATE_USAGE], SubIndication.CHAIN_CONSTRAINTS_FAILURE) == (
        codes(judgement),
        judgement.sub_indication,
    )


def test_extended_usages_for_mail_or_documents_do_not_disturb(realm):
    more = [(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)]
    assert (
        Trust.TRUSTED is realm.judge(issue(realm.issuing.identity, key_usage=SEALING, extensions=more)).trust
    )


def test_a_ca_certificate_signs_no_dossier(realm):
    judgement = realm.judge(realm.issuing.identity)
    assert Code.CERTIFICATE_USAGE in codes(judgement)


@pytest.mark.parametrize(
    ("extended", "critical", "trust"),
    [
        ([x509.ExtendedKeyUsageOID.TIME_STAMPING], True, Trust.TRUSTED),
        ([x509.ExtendedKeyUsageOID.TIME_STAMPING], False, Trust.UNTRUSTED),
        (
            [x509.ExtendedKeyUsageOID.TIME_STAMPING, x509.ExtendedKeyUsageOID.CODE_SIGNING],
            True,
            Trust.UNTRUSTED,
        ),
        ([x509.ExtendedKeyUsageOID.EMAIL_PROTECTION], True, Trust.UNTRUSTED),
    ],
)
def test_a_time_stamping_unit_needs_its_usage_alone_and_critical(realm, extended, critical, trust):
    unit = stamp_unit(realm.issuing, extended=extended, critical=critical)
    material = realm.material(tsa_anchors=(der(realm.root.identity),))
    assert trust is realm.judge(unit, material=material, purpose=Purpose.TSA).trust


def test_a_certificate_that_is_no_ca_issues_nothing(realm):
    below = issue(realm.seal, key_usage=SEALING)
    judgement = realm.judge(below)
    assert Code.CERTIFICATE_PATH in codes(judgement)
    assert Trust.UNTRUSTED is judgement.trust


def test_an_end_entity_named_as_anchor_issues_nothing(realm):
    judgement = realm.judge(
        issue(realm.seal, key_usage=SEALING), material=realm.material(signer_anchors=(der(realm.seal),))
    )
    assert Code.CERTIFICATE_PATH in codes(judgement)


def test_a_path_longer_than_a_ca_allows_is_refused(realm):
    # pki's subordinate has pathLenConstraint 0
    deeper = as_authority(issue(realm.issuing.identity, name="Zu tief", ca=True, key_usage=ISSUING))
    leaf = deeper.seal("Kammer")
    judgement = realm.judge(leaf, material=realm.material(crls=(*realm.crls(), fresh_crl(deeper))))
    assert ([Code.CERTIFICATE_PATH], SubIndication.CHAIN_CONSTRAINTS_FAILURE) == (
        codes(judgement),
        judgement.sub_indication,
    )


@pytest.mark.parametrize(("country", "trust"), [("DE", Trust.TRUSTED), ("FR", Trust.UNTRUSTED)])
def test_name_constraints_of_a_ca_bind(realm, country, trust):
    allowed = x509.DirectoryName(x509.Name([x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "DE")]))
    constraints = x509.NameConstraints(permitted_subtrees=[allowed], excluded_subtrees=None)
    limited = as_authority(
        issue(
            realm.root.identity, name="Begrenzt", ca=True, key_usage=ISSUING, extensions=[(constraints, True)]
        )
    )
    names = [(x509.NameOID.COUNTRY_NAME, country), (x509.NameOID.COMMON_NAME, "Kammer")]
    subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in names])
    leaf = issue(limited.identity, subject=subject, key_usage=SEALING)
    assert trust is realm.judge(leaf, material=realm.material(crls=(*realm.crls(), fresh_crl(limited)))).trust


def test_an_unknown_critical_extension_is_refused(realm):
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    leaf = issue(realm.issuing.identity, key_usage=SEALING, extensions=[(strange, True)])
    assert [Code.CERTIFICATE_PATH] == codes(realm.judge(leaf))


def test_cross_certificates_in_a_loop_end(realm):
    first, second = pki.root("Eins"), pki.root("Zwei")
    loop = [
        issue(
            a.identity, subject=b.identity.certificate.subject, key=b.identity.key, ca=True, key_usage=ISSUING
        )
        for a, b in ((first, second), (second, first))
    ]
    leaf = first.seal("Kammer")
    judgement = realm.judge(leaf, hints=[*chain(leaf), *(der(c) for c in loop)])
    assert [Code.CERTIFICATE_UNTRUSTED] == codes(judgement)


def test_a_cross_certificate_leads_to_the_anchor_that_is_known(realm):
    foreign = pki.root("Fremde Wurzel")
    bridge = issue(
        realm.root.identity,
        subject=foreign.identity.certificate.subject,
        key=foreign.identity.key,
        ca=True,
        key_usage=ISSUING,
    )
    leaf = foreign.seal("Kammer")
    material = realm.material(crls=(*realm.crls(), fresh_crl(foreign)))
    assert Trust.TRUSTED is realm.judge(leaf, hints=[*chain(leaf), der(bridge)], material=material).trust


def test_the_search_for_a_path_is_bounded_in_depth(realm):
    authority = realm.root
    for number in range(MAX_CHAIN):
        authority = as_authority(
            issue(authority.identity, name=f"Stufe {number}", ca=True, key_usage=ISSUING)
        )
    assert [Code.CERTIFICATE_UNTRUSTED] == codes(realm.judge(authority.seal("Kammer")))


@pytest.mark.parametrize(
    "curve", [ec.BrainpoolP256R1(), ec.BrainpoolP384R1(), ec.SECP384R1(), ec.SECP521R1()]
)
def test_brainpool_and_larger_curves_are_trusted(realm, curve):
    seal = realm.issuing.seal("Kammer", key=ec.generate_private_key(curve))
    assert Trust.TRUSTED is realm.judge(seal).trust


def test_ed25519_is_judged_like_any_other_key(realm):
    seal = realm.issuing.seal("Kammer", key=ed25519.Ed25519PrivateKey.generate())
    assert Trust.TRUSTED is realm.judge(seal).trust


def test_an_algorithm_without_a_row_keeps_a_chain_out(realm):
    policy = SignaturePolicy(algorithms=rules(("ecdsa", "signature", 250)))
    judgement = realm.judge(policy=policy)
    assert Code.SIGNATURE_ALGORITHM in codes(judgement)
    assert Trust.UNTRUSTED is judgement.trust


def test_an_empty_algorithm_table_accepts_nothing(realm):
    assert Trust.UNTRUSTED is realm.judge(policy=SignaturePolicy(algorithms=())).trust


def test_an_algorithm_that_ended_is_saved_by_proof_of_existence(realm):
    ended = tuple(
        replace(r, valid_until=date(2026, 5, 31)) if r.algorithm == "sha256" else r for r in POLICY.algorithms
    )
    policy = replace(POLICY, algorithms=ended)
    late = realm.judge(policy=policy)
    assert (Code.SIGNATURE_ALGORITHM_EXPIRED, SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE) == (
        late.findings[0].code,
        late.sub_indication,
    )
    assert Trust.TRUSTED is realm.judge(policy=policy, existed=NOW - DAY + timedelta(hours=1)).trust


def test_every_fault_is_named_and_the_gravest_speaks(realm):
    tls = issue(
        realm.issuing.identity,
        key_usage=usage("key_agreement"),
        not_after=NOW - 2 * DAY,
    )
    judgement = realm.judge(tls, material=realm.material(crls=()))
    assert {Code.CERTIFICATE_EXPIRED, Code.CERTIFICATE_USAGE, Code.REVOCATION_UNKNOWN} == set(
        codes(judgement)
    )
    assert SubIndication.CHAIN_CONSTRAINTS_FAILURE is judgement.sub_indication


def test_unreadable_material_is_named_and_trusts_nothing_more(realm):
    store = TrustStore(
        TrustMaterial(
            signer_anchors=(b"x",), tsa_anchors=(b"x",), intermediates=(b"x",), crls=(b"x",), ocsps=(b"x",)
        )
    )
    assert ["anchor 1", "TSA anchor 1", "intermediate 1", "CRL 1", "OCSP response 1"] == [
        f.place for f in store.findings
    ]
    assert not store.anchors(Purpose.SIGNER)


def test_a_negative_serial_number_is_refused_because_no_list_could_name_it(realm):
    certificate = realm.seal.certificate
    number = certificate.serial_number.to_bytes(20, "big")
    spoilt = der(realm.seal).replace(number, bytes([number[0] | 0x80]) + number[1:], 1)
    with pytest.raises(Rejected, match="certificate-malformed"):
        read_certificate(spoilt)


@pytest.mark.filterwarnings("error")
def test_a_name_longer_than_usual_is_read_whatever_the_process_thinks_of_warnings(realm):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        long = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "K" * 80, _validate=False)])
        identity = issue(realm.issuing.identity, subject=long, key_usage=SEALING)
    assert Trust.TRUSTED is realm.judge(identity).trust


def test_a_naive_moment_is_a_bug_of_ours_and_not_a_verdict(realm):
    with pytest.raises(ValueError, match="timezone-aware"):
        realm.judge(moment=NOW.replace(tzinfo=None))


def test_a_coroutine_that_waits_is_refused():
    class Waiting:
        def __await__(self):
            yield

    async def wait():
        await Waiting()

    with pytest.raises(RuntimeError, match="never waits"):
        run_pure(wait())


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=600))
def test_any_bytes_as_certificate_are_judged_and_never_trusted(data):
    realm = _shared()
    judgement = judge_certificate(
        data,
        store=realm[1],
        hints=[data],
        policy=POLICY,
        moment=NOW,
        purpose=Purpose.SIGNER,
        crls=[data],
        ocsps=[data],
    )
    assert Trust.UNTRUSTED is judgement.trust


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_any_changed_byte_of_a_certificate_loses_its_trust(data):
    realm, store = _shared()
    original = der(realm.seal)
    position = data.draw(st.integers(0, len(original) - 1))
    flip = data.draw(st.integers(1, 255))
    spoilt = original[:position] + bytes([original[position] ^ flip]) + original[position + 1 :]
    judgement = judge_certificate(
        spoilt, store=store, hints=chain(realm.seal), policy=POLICY, moment=NOW, purpose=Purpose.SIGNER
    )
    assert Trust.UNTRUSTED is judgement.trust


_SHARED = []


def _shared():
    if not _SHARED:
        realm = Realm()
        _SHARED.append((realm, TrustStore(realm.material())))
    return _SHARED[0]
