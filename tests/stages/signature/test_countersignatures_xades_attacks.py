# SPDX-License-Identifier: EUPL-1.2
"""Counter-signatures in XAdES files that want to be taken for more than they are, or not to be seen at all."""

import pytest
from counterroom import (
    FORMS,
    LENIENT,
    OPEN,
    OTHER,
    STRANGER,
    Counter,
    beside,
    by_id,
    countersigned,
    inside,
    only_counter,
    other_value,
    put,
    refused,
    said,
    value_id,
)
from lxml import etree
from signed_bundles import (
    POLICY,
    SIGNATURES,
    codes,
    judged,
    judged_with_digests,
    packed,
    repacked,
    reseal,
    unpacked,
)

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.stages.signature import verified
from gateway.stages.signature.xmldsig.names import ds, xades, xades141

XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"


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
    other_value(signature)
    signature.remove(signature.find(ds("Object")))


UNSIGNED = xades("UnsignedSignatureProperties")
DISPLACED = {
    "under an element of nobody": (
        other_value,
        _moved(xades("QualifyingProperties"), xades("Elsewhere"), UNSIGNED),
    ),
    "under revocation values": (other_value, _moved(UNSIGNED, xades("RevocationValues"), UNSIGNED)),
    "in an object of its own": (other_value, _moved(ds("Signature"), ds("Object"), UNSIGNED)),
    "in an unknown property": (_bare, _moved(UNSIGNED, xades("Foo"))),
    "for files": (_bare, _moved(xades("UnsignedProperties"), xades("UnsignedDataObjectProperties"))),
    "of version 1.4.1": (_bare, _renamed(xades("CounterSignature"), xades141("CounterSignature"))),
    "of no known version": (_bare, _renamed(xades("CounterSignature"), "{urn:x}CounterSignature")),
    "in properties of another name": (other_value, _renamed(xades("UnsignedProperties"), xades("Cert"))),
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
