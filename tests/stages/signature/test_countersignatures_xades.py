# SPDX-License-Identifier: EUPL-1.2
"""Counter-signatures in XAdES: judged as signatures of their own, over a signature value and over nothing else."""

from base64 import b64encode
from dataclasses import replace
from datetime import timedelta

import pytest
from counterroom import Counter, beside, by_id, countersigned, inside, value_id
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
    reseal,
    unpacked,
    world,
)
from stamproom import HOUR, archived, stamped, store_of_containers
from stamproom import LENIENT as STAMPED

from gateway.codes import Code
from gateway.demo import pki
from gateway.errors import Rejected
from gateway.findings import Severity
from gateway.model.signature import Integrity, Trust
from gateway.model.trust import Untrusted
from gateway.stages.signature import verified
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.countersigned import MAX_COUNTER_SIGNATURES, MAX_DEPTH
from gateway.stages.signature.xmldsig.names import ds, xades, xades141

XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
FORMS = pytest.mark.parametrize("place", [inside, beside], ids=["inside", "beside"])
LENIENT = replace(POLICY, untrusted_counter_signatures=Untrusted.WARNING)
OTHER = world().issuing.seal("Notarkammer")
OPEN = (
    "INDETERMINATE",
    "SIG_CONSTRAINTS_FAILURE",
    "intact",
)  # the whole, for a counter-signature that anybody may have added
STRANGER = pki.root("Unbekannte Wurzel").seal("Unbekannte Kammer")


def put(place, **how):
    return lambda root: place(root, Counter(**{"signer": OTHER, **how}))


def only_counter(report):
    (signature,) = report.signatures
    (counter,) = signature.counter_signatures
    return counter


def said(report):
    return report.indication, report.sub_indication, report.integrity


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


def refused(report):
    assert "TOTAL-PASSED" == report.signatures[0].indication
    assert "TOTAL-PASSED" != report.indication
    assert Code.COUNTER_SIGNATURE_INVALID in codes(report)
    return only_counter(report)


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


def _other_value(signature: etree._Element) -> None:
    value = signature.find(ds("SignatureValue"))
    value.text = ("A" if value.text[0] != "A" else "B") + value.text[1:]


@pytest.mark.parametrize("policy", [POLICY, LENIENT], ids=["strict", "lenient"])
@FORMS
def test_a_broken_one_refuses_whatever_the_operator_says(place, policy):
    report = judged(countersigned(put(place, after=_other_value)), policy=policy)
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


# -- attacks ------------------------------------------------------------------------------------------


def with_second_signature(*makers) -> bytes:
    """Two sound signatures S0 and S1 in one file."""
    renamed = unpacked(packed())[SIGNATURES]
    for old, new in ((b'"S0', b'"S1'), (b'"#S0', b'"#S1'), (b'"r', b'"q'), (b'"#r', b'"#q')):
        renamed = renamed.replace(old, new)

    def second(root):
        foreign = etree.fromstring(renamed)
        reseal(foreign)
        root.append(foreign[0])

    return countersigned(second, *makers)


def test_inside_one_signature_it_cannot_sign_the_value_of_another():
    report = judged(with_second_signature(put(inside, uri=f"#{value_id('S1')}")))
    assert ["TOTAL-PASSED", "TOTAL-PASSED"] == [s.indication for s in report.signatures]
    counter = report.signatures[0].counter_signatures[0]
    assert ("TOTAL-FAILED", "FORMAT_FAILURE", "broken") == said(counter)
    assert OPEN == said(report)
    assert {"counter-signature-invalid", "signature-reference"} == set(codes(report))


def test_beside_two_signatures_it_belongs_to_the_one_it_signs():
    report = judged(with_second_signature(put(beside, over="S1")))
    assert "TOTAL-PASSED" == report.indication
    assert [[], ["C1"]] == [[c.id for c in s.counter_signatures] for s in report.signatures]


def test_two_elements_with_one_id_leave_nothing_to_be_judged():
    def twice(root):
        etree.SubElement(next(root.iter(ds("Object"))), "x", Id=value_id("S0"))

    report = judged(countersigned(put(inside), twice))
    assert "TOTAL-PASSED" != report.indication
    assert () == report.signatures[0].counter_signatures
    assert "signature-reference" in codes(report)


@FORMS
@pytest.mark.parametrize("step", [XPATH, "http://www.w3.org/TR/1999/REC-xslt-19991116"])
def test_transforms_beyond_canonicalisation_are_refused(place, step):
    report = judged(countersigned(put(place, transforms=[step])))
    assert "signature-transform" in codes(report)
    assert "TOTAL-PASSED" != report.indication


@FORMS
def test_what_it_signs_of_files_counts_for_nothing(place):
    report = judged(countersigned(put(place, files=["dossier.xml"])))
    counter = refused(report)
    assert ("broken", ()) == (counter.integrity, counter.covers)
    over_files = [f for f in report.findings if f.got == "dossier.xml"]
    assert [(Code.SIGNATURE_REFERENCE, f"{SIGNATURES}, counter-signature C1")] == [
        (f.code, f.place) for f in over_files
    ]


def test_beside_nothing_it_is_no_signature_of_the_container():
    """Moved to a file of its own, it would be the only signature there."""
    entries = unpacked(countersigned(put(beside)))
    root = etree.fromstring(entries[SIGNATURES])
    root.remove(by_id(root, "S0"))
    report, digested = judged_with_digests(repacked(entries | {SIGNATURES: etree.tostring(root)}))
    assert ("TOTAL-FAILED", "FORMAT_FAILURE", "broken") == said(report)
    assert {"signature-reference"} <= set(codes(report))
    assert all(() == d.covered_by for d in report.documents)
    with pytest.raises(Rejected):
        verified(report, digested)


def test_circles_lead_to_no_signature_and_are_refused():
    def circle(root):
        """C1 says it signs C2's value, and C2 says it signs C1's."""
        for own_id, over in (("C1", "C2"), ("C2", "C1")):
            beside(root, Counter(own_id=own_id, over=over, signer=OTHER))

    report = judged(countersigned(circle))
    assert {"S0": "TOTAL-PASSED", "C1": "TOTAL-FAILED", "C2": "TOTAL-FAILED"} == {
        s.id: s.indication for s in report.signatures
    }
    assert "TOTAL-FAILED" == report.indication


def test_its_own_value_is_not_what_it_countersigns():
    report = judged(countersigned(put(beside, over="C1")))
    assert ["TOTAL-PASSED", "TOTAL-FAILED"] == [s.indication for s in report.signatures]


@pytest.mark.parametrize("uri", ["#nothing", "META-INF/signatures0.xml", f"x{value_id('S0')}", "#S0"])
def test_what_is_no_signature_value_cannot_be_countersigned(uri):
    report = judged(countersigned(put(beside, uri=uri, transforms=())))
    assert "TOTAL-FAILED" == report.indication
    expected = "the value of the signature that is countersigned"
    assert [(expected, uri)] == [
        (f.expected, f.got) for f in report.findings if f.code is Code.SIGNATURE_REFERENCE
    ]


def test_an_ordinary_signature_cannot_sign_its_neighbours_value():
    report = judged(countersigned(put(beside, type=None)))
    assert "signature-reference" in codes(report)


def test_signed_properties_cannot_be_hidden_in_a_false_counter_signature():
    """Only in the place of the unsigned properties is an element of this name one; elsewhere it hides nothing."""

    def hide(root):
        fake = etree.SubElement(next(root.iter(ds("Object"))), xades("CounterSignature"))
        etree.SubElement(fake, xades("SignedProperties"))

    report = judged(countersigned(hide))
    assert ["signature-structure"] == [c for c in codes(report) if c != "signature-missing"]


def test_an_empty_property_is_a_fault_of_nobody_else():
    def empty(root):
        for_removal = inside(root, Counter(signer=OTHER))
        for_removal.getparent().remove(for_removal)

    counter = refused(judged(countersigned(empty)))
    assert ("TOTAL-FAILED", "FORMAT_FAILURE", "broken") == said(counter)
    assert ("", SIGNATURES) == (counter.id, counter.place)


def test_a_second_list_of_unsigned_properties_cannot_hold_others():
    def second(root):
        counter = inside(root, Counter(signer=STRANGER)).getparent()
        other = etree.SubElement(counter.getparent().getparent(), xades("UnsignedSignatureProperties"))
        other.append(counter)

    report = judged(countersigned(second))
    assert "signature-structure" in codes(report)
    assert "TOTAL-PASSED" != report.indication


def _moved(*steps):
    """The CounterSignature out of its property to new elements, from the first of these on, which has to exist."""

    def move(root):
        property_ = by_id(root, "C1").getparent()
        place = by_id(root, "S0")
        found = place if steps[0] == ds("Signature") else next(place.iter(steps[0]))
        for step in steps[1:]:
            found = etree.SubElement(found, step)
        found.append(property_)

    return move


def _renamed(name, to):
    return lambda root: setattr(next(by_id(root, "S0").iter(name)), "tag", to)


def _bare(signature):
    """Broken, and without properties of its own, which would be too many for the signature around it."""
    _other_value(signature)
    signature.remove(signature.find(ds("Object")))


UNSIGNED = xades("UnsignedSignatureProperties")
DISPLACED = {
    "under an element of nobody": (
        _other_value,
        _moved(xades("QualifyingProperties"), xades("Elsewhere"), UNSIGNED),
    ),
    "under revocation values": (_other_value, _moved(UNSIGNED, xades("RevocationValues"), UNSIGNED)),
    "in an object of its own": (_other_value, _moved(ds("Signature"), ds("Object"), UNSIGNED)),
    "in an unknown property": (_bare, _moved(UNSIGNED, xades("Foo"))),
    "for files": (_bare, _moved(xades("UnsignedProperties"), xades("UnsignedDataObjectProperties"))),
    "of version 1.4.1": (_bare, _renamed(xades("CounterSignature"), xades141("CounterSignature"))),
    "of no known version": (_bare, _renamed(xades("CounterSignature"), "{urn:x}CounterSignature")),
    "in properties of another name": (_other_value, _renamed(xades("UnsignedProperties"), xades("Cert"))),
}


@pytest.mark.parametrize("policy", [POLICY, LENIENT], ids=["strict", "lenient"])
@pytest.mark.parametrize(("after", "move"), DISPLACED.values(), ids=DISPLACED)
def test_one_in_a_place_where_nobody_looks_is_not_passed_in_silence(after, move, policy):
    report = judged(countersigned(put(inside, after=after), move), policy=policy)
    assert OPEN == said(report)
    assert ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE", "unchecked") == said(refused(report))
    (told,) = [f for f in report.findings if f.code is Code.SIGNATURE_COUNTERSIGNED]
    assert f"{SIGNATURES}, signature S0" == told.place
    assert "CounterSignature in " in told.got
    assert "Signature in CounterSignature" in told.got


def test_one_in_an_object_of_another_is_told_of_that_one():
    def hide(root):
        hidden = etree.fromstring(etree.tostring(by_id(root, "C1")))
        _bare(hidden)
        for number, node in enumerate(hidden.xpath(".//*[@Id] | .")):
            node.set("Id", f"C9-{number}")
        etree.SubElement(by_id(root, "C1"), ds("Object")).append(hidden)

    report = judged(countersigned(put(inside), hide))
    assert OPEN == said(report)
    counter = only_counter(report)
    (above,) = counter.counter_signatures
    assert ["TOTAL-PASSED", "INDETERMINATE"] == [counter.indication, above.indication]
    (told,) = [f for f in report.findings if f.code is Code.SIGNATURE_COUNTERSIGNED]
    assert (f"{SIGNATURES}, counter-signature C1", "Signature in Object") == (told.place, told.got)


def test_one_elsewhere_is_told_beside_one_in_its_place():
    makers = [put(inside, after=_bare), _moved(UNSIGNED, xades("Foo")), put(inside, own_id="C2")]
    report = judged(countersigned(*makers))
    assert OPEN == said(report)
    assert ["TOTAL-PASSED", "INDETERMINATE"] == [
        c.indication for c in report.signatures[0].counter_signatures
    ]


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
