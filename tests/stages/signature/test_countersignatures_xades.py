# SPDX-License-Identifier: EUPL-1.2
"""Counter-signatures in XAdES: judged as signatures of their own, over a signature value and over nothing else."""

from base64 import b64encode
from dataclasses import replace
from datetime import timedelta

import pytest
from counterroom import (
    FORMS,
    LENIENT,
    OPEN,
    OTHER,
    STRANGER,
    beside,
    by_id,
    countersigned,
    inside,
    only_counter,
    other_value,
    put,
    refused,
    said,
)
from lxml import etree
from signed_bundles import (
    FILES,
    NOW,
    POLICY,
    SIGNATURES,
    codes,
    judged,
    judged_with_digests,
    packed,
    repacked,
    unpacked,
    world,
)
from stamproom import HOUR, archived, stamped, store_of_containers
from stamproom import LENIENT as STAMPED

from gateway.codes import Code
from gateway.findings import Severity
from gateway.model.signature import Integrity, Trust
from gateway.stages.signature import verified
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.countersigned import MAX_COUNTER_SIGNATURES, MAX_DEPTH
from gateway.stages.signature.xmldsig.names import xades

# -- what is right ----------------------------------------------------------------------------------


@FORMS
def test_a_counter_signature_is_judged_to_its_end(place):
    report = judged(countersigned(put(place)))
    counter = only_counter(report)
    assert ("TOTAL-PASSED", None, "intact") == said(counter) == said(report)
    assert ("C1", SIGNATURES, "XAdES", "B-B", "trusted", "good", OTHER.sha256) == (
        counter.id,
        counter.place,
        counter.form,
        counter.level,
        counter.trust,
        counter.revocation,
        counter.signer.sha256,
    )
    assert () == report.findings
    assert 3 == len(counter.chain)


@FORMS
def test_it_covers_no_file_and_vouches_for_none(place):
    report, digested = judged_with_digests(countersigned(put(place)))
    assert () == only_counter(report).covers
    assert dict.fromkeys(FILES, ("S0",)) == {d.name: d.covered_by for d in report.documents}
    assert [world().seal.sha256] == [s.certificate_sha256 for s in verified(report, digested).signers]


def test_the_type_may_be_missing_where_the_place_says_it():
    assert "TOTAL-PASSED" == judged(countersigned(put(inside, type=None))).indication


def test_they_may_stand_one_above_the_other_in_both_forms():
    makers = [
        put(inside),
        put(inside, own_id="C2", over="C1"),
        put(beside, own_id="C3", over="C1"),
        put(beside, own_id="C4"),
    ]
    report = judged(countersigned(*makers))
    assert "TOTAL-PASSED" == report.indication
    (signature,) = report.signatures
    assert ["C1", "C4"] == [c.id for c in signature.counter_signatures]
    assert ["C2", "C3"] == [c.id for c in signature.counter_signatures[0].counter_signatures]


def test_two_signatures_keep_their_own_counter_signatures():
    entries = unpacked(countersigned(put(inside)))
    second = countersigned(put(inside, own_id="C9", over="S0"))
    entries["META-INF/signatures1.xml"] = unpacked(second)[SIGNATURES]
    report = judged(repacked(entries))
    assert "TOTAL-PASSED" == report.indication
    assert [["C1"], ["C9"]] == [[c.id for c in s.counter_signatures] for s in report.signatures]


# -- what is wrong: it is told, the countersigned signature is none the worse, the whole does not pass ---------------


@FORMS
def test_one_of_a_stranger_is_open(place):
    report = judged(countersigned(put(place, signer=STRANGER)))
    counter = refused(report)
    assert ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND", "intact") == said(counter)
    assert ("INDETERMINATE", "untrusted", "intact") == (report.indication, report.trust, report.integrity)
    (told,) = [f for f in report.findings if f.code is Code.COUNTER_SIGNATURE_INVALID]
    assert (Severity.UNKNOWN, f"{SIGNATURES}, counter-signature C1") == (told.severity, told.place)
    assert "INDETERMINATE, NO_CERTIFICATE_CHAIN_FOUND" == told.got


@FORMS
def test_the_operator_may_let_one_of_a_stranger_pass(place):
    report = judged(countersigned(put(place, signer=STRANGER)), policy=LENIENT)
    assert ("TOTAL-PASSED", "trusted", "intact") == (report.indication, report.trust, report.integrity)
    assert "INDETERMINATE" == only_counter(report).indication
    assert {Severity.WARNING} == {f.severity for f in report.findings}
    assert Code.COUNTER_SIGNATURE_INVALID in {f.code for f in report.findings}


@pytest.mark.parametrize("policy", [POLICY, LENIENT], ids=["strict", "lenient"])
@FORMS
def test_a_broken_one_refuses_whatever_the_operator_says(place, policy):
    report = judged(countersigned(put(place, after=other_value)), policy=policy)
    assert ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE", "broken") == said(refused(report))
    assert OPEN == said(report)
    assert Code.SIGNATURE_VALUE_INVALID in codes(report)


@pytest.mark.parametrize("policy", [POLICY, LENIENT], ids=["strict", "lenient"])
@FORMS
def test_one_of_a_revoked_signer_refuses_whatever_the_operator_says(place, policy):
    issuing = world().root.subordinate("Revoking CA")
    seal = issuing.seal("Kammer Widerruf")
    issuing.revoke(seal, NOW - timedelta(days=1))
    crls = (*world().material.crls, issuing.crl(NOW))
    store = TrustStore(
        replace(world().material, crls=crls, intermediates=(issuing.identity.certificate_der,))
    )
    report = judged(countersigned(put(place, signer=seal)), store=store, policy=policy)
    assert "revoked" == refused(report).revocation
    assert Code.CERTIFICATE_REVOKED in codes(report)


@FORMS
def test_one_over_a_value_that_was_changed_since_is_broken(place):
    other = unpacked(packed(FILES | {"dossier.xml": b"<other/>"}))[SIGNATURES]
    entries = unpacked(countersigned(put(place)))
    root, foreign = etree.fromstring(entries[SIGNATURES]), etree.fromstring(other)
    # A sound signature over other files, with the counter-signature of the first one hung on to it.
    counter = by_id(root, "C1")
    if place is beside:
        foreign.append(counter)
    else:
        by_id(foreign, "S0").find(f".//{xades('QualifyingProperties')}").append(
            counter.getparent().getparent().getparent()
        )
    files = FILES | {"dossier.xml": b"<other/>"}
    report = judged(repacked(unpacked(packed(files)) | {SIGNATURES: etree.tostring(foreign)}))
    assert ("TOTAL-FAILED", "HASH_FAILURE", "broken") == said(refused(report))


def _unsigned(holder: etree._Element, name: str, value: str) -> None:
    """An unsigned property of the signature with this one value in it."""
    place = next(holder.iter(xades("QualifyingProperties")))
    for step in ("UnsignedProperties", "UnsignedSignatureProperties"):
        found = place.find(xades(step))
        place = etree.SubElement(place, xades(step)) if found is None else found
    values = etree.SubElement(place, xades("RevocationValues"))
    etree.SubElement(etree.SubElement(values, xades("CRLValues")), xades(name)).text = value


def test_what_cannot_be_read_of_what_it_brings_is_no_fault_of_the_signature_below():
    def spoil(signature):
        _unsigned(signature, "EncapsulatedCRLValue", "no base64!")

    counter = refused(judged(countersigned(put(inside, after=spoil))))
    assert "INDETERMINATE" == counter.indication


def test_revocation_data_beside_the_signature_below_serves_it_too():
    issuing = world().root.subordinate("CA ohne Sperrliste hier")
    seal = issuing.seal("Notarkammer")
    material = replace(world().material, intermediates=(issuing.identity.certificate_der,))
    crl = b64encode(issuing.crl(NOW)).decode()

    def bring(root):
        _unsigned(by_id(root, "S0"), "EncapsulatedCRLValue", crl)

    found = [
        only_counter(judged(countersigned(*makers), store=TrustStore(material))).revocation
        for makers in ([put(inside, signer=seal)], [bring, put(inside, signer=seal)])
    ]
    assert ["unknown", "good"] == found


@pytest.mark.parametrize(
    ("place", "expected"),
    [(inside, ("TOTAL-PASSED", NOW + 2 * HOUR)), (beside, ("INDETERMINATE", None))],
    ids=["inside", "beside"],
)
def test_an_archive_time_stamp_of_the_signature_below_proves_what_stands_before_it(place, expected):
    """Its certificate has ended since; what stands beside is not under the stamp."""
    short = world().issuing.issue("Notarkammer", signing=True, not_after=NOW + 2.5 * HOUR)
    container = archived(countersigned(put(place, signer=short), container=stamped()))
    report = judged(container, store=store_of_containers(), policy=STAMPED, moment=NOW + 3 * HOUR)
    assert ("TOTAL-PASSED", "B-LTA") == (report.signatures[0].indication, report.signatures[0].level)
    counter = only_counter(report)
    assert expected == (counter.indication, counter.best_signature_time)
    assert "B-B" == counter.level


def test_an_archive_time_stamp_proves_nothing_of_what_was_added_behind_it():
    short = world().issuing.issue("Notarkammer", signing=True, not_after=NOW + 2.5 * HOUR)
    container = countersigned(put(inside, signer=short), container=archived(stamped()))
    report = judged(container, store=store_of_containers(), policy=STAMPED, moment=NOW + 3 * HOUR)
    assert "TOTAL-PASSED" == report.signatures[0].indication
    assert ("INDETERMINATE", None) == (
        only_counter(report).indication,
        only_counter(report).best_signature_time,
    )


# -- bounds --------------------------------------------------------------------------------------------


def _number(count):
    return [put(inside, own_id=f"C{n}") for n in range(count)]


def test_as_many_as_the_bound_are_judged():
    report = judged(countersigned(*_number(MAX_COUNTER_SIGNATURES)))
    assert "TOTAL-PASSED" == report.indication
    assert MAX_COUNTER_SIGNATURES == len(report.signatures[0].counter_signatures)


@pytest.mark.parametrize("policy", [POLICY, LENIENT], ids=["strict", "lenient"])
def test_more_than_the_bound_are_not_read_and_leave_the_whole_open(policy):
    report = judged(countersigned(*_number(MAX_COUNTER_SIGNATURES + 1)), policy=policy)
    counter = refused(report)
    assert ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE", "unchecked") == said(counter)
    assert {"counter-signature-invalid", "signature-countersigned"} == set(codes(report))


def _tower(height):
    first = [put(inside, own_id="C1")]
    return [*first, *(put(inside, own_id=f"C{n}", over=f"C{n - 1}") for n in range(2, height + 1))]


def depth(signatures):
    return 1 + max(map(depth, (s.counter_signatures for s in signatures)), default=-1) if signatures else 0


def test_as_deep_as_the_bound_they_are_judged():
    report = judged(countersigned(*_tower(MAX_DEPTH)))
    assert ("TOTAL-PASSED", 1 + MAX_DEPTH) == (report.indication, depth(report.signatures))


@pytest.mark.parametrize("height", [MAX_DEPTH + 1, 25])
def test_deeper_than_the_bound_leaves_the_whole_open(height):
    report = judged(countersigned(*_tower(height)))
    assert "INDETERMINATE" == report.indication
    assert "signature-countersigned" in codes(report)


def test_trust_and_integrity_of_the_whole_are_those_of_the_worst():
    makers = [put(inside), put(inside, own_id="C2", signer=STRANGER)]
    report = judged(countersigned(*makers))
    assert (Trust.UNTRUSTED, Integrity.INTACT) == (report.trust, report.integrity)
