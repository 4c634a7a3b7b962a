# SPDX-License-Identifier: EUPL-1.2
"""Signature wrapping and its XAdES variants: another node than the signed one must never be looked at.

The families of McIntosh/Austel and Somorovsky et al. (XSW 1-8) and of Engelbertz et al. 2019 (XAdES in DSS), each built
from a container we packed, without its private key unless the name says so.
"""

from collections.abc import Callable
from copy import deepcopy

import pytest
from lxml import etree
from signed_bundles import SIGNATURES, changed, codes, first, judged, packed, repacked, unpacked

from gateway.stages.signature.xmldsig.names import SIGNED_PROPERTIES_TYPE, ds, xades

Change = Callable[[etree._Element], None]


def _fake_properties(root: etree._Element) -> etree._Element:
    fake = deepcopy(first(root, xades("SignedProperties")))
    first(fake, xades("SigningTime")).text = "2026-01-01T00:00:00Z"
    return fake


def _second_signed_properties_before(root: etree._Element) -> None:
    first(root, xades("QualifyingProperties")).insert(0, _fake_properties(root))


def _second_signed_properties_with_own_id(root: etree._Element) -> None:
    fake = _fake_properties(root)
    fake.set("Id", "other")
    first(root, xades("QualifyingProperties")).append(fake)


def _second_object_with_properties(root: etree._Element) -> None:
    original = first(root, ds("Object"))
    fake = deepcopy(original)
    first(fake, xades("SignedProperties")).set("Id", "other")
    original.addprevious(fake)


def _original_moved_into_wrapper(root: etree._Element) -> None:
    original = first(root, xades("SignedProperties"))
    qualifying = original.getparent()
    fake = _fake_properties(root)
    fake.set("Id", "fake")
    qualifying.replace(original, fake)
    etree.SubElement(first(root, ds("Signature")), ds("Object")).append(original)


def _original_moved_into_unsigned_properties(root: etree._Element) -> None:
    original = first(root, xades("SignedProperties"))
    qualifying = original.getparent()
    fake = _fake_properties(root)
    fake.set("Id", "fake")
    qualifying.replace(original, fake)
    unsigned = etree.SubElement(qualifying, xades("UnsignedProperties"))
    etree.SubElement(unsigned, xades("UnsignedSignatureProperties")).append(original)


def _original_moved_outside_the_signature(root: etree._Element) -> None:
    original = first(root, xades("SignedProperties"))
    fake = _fake_properties(root)
    fake.set("Id", "fake")
    original.getparent().replace(original, fake)
    root.append(original)


def _same_id_on_another_node(root: etree._Element) -> None:
    fake = _fake_properties(root)
    etree.SubElement(first(root, ds("Signature")), ds("Object")).append(fake)


def _same_id_under_another_attribute_name(root: etree._Element) -> None:
    wrapper = etree.SubElement(first(root, ds("Signature")), ds("Object"))
    wrapper.set("ID", first(root, xades("SignedProperties")).get("Id"))


def _same_id_as_xml_id(root: etree._Element) -> None:
    first(root, ds("KeyInfo")).set("{http://www.w3.org/XML/1998/namespace}id", "S0-SignedProperties")


def _target_of_another_signature(root: etree._Element) -> None:
    first(root, xades("QualifyingProperties")).set("Target", "#S1")


def _signature_inside_an_object(root: etree._Element) -> None:
    signature = first(root, ds("Signature"))
    wrapper = etree.Element(ds("Signature"), Id="outer", nsmap=signature.nsmap)
    root.replace(signature, wrapper)
    etree.SubElement(wrapper, ds("Object")).append(signature)


def _signature_inside_another_root_child(root: etree._Element) -> None:
    signature = first(root, ds("Signature"))
    holder = etree.SubElement(root, "holder")
    holder.append(signature)


def _second_signed_info(root: etree._Element) -> None:
    info = first(root, ds("SignedInfo"))
    fake = deepcopy(info)
    for reference in fake.iter(ds("Reference")):
        reference.attrib.pop("Id", None)
    info.addprevious(fake)


def _second_signature_value(root: etree._Element) -> None:
    value = first(root, ds("SignatureValue"))
    fake = deepcopy(value)
    del fake.attrib["Id"]
    value.addnext(fake)


def _properties_reference_without_type(root: etree._Element) -> None:
    for reference in root.iter(ds("Reference")):
        reference.attrib.pop("Type", None)


def _type_on_a_file_reference(root: etree._Element) -> None:
    first(root, ds("Reference")).set("Type", SIGNED_PROPERTIES_TYPE)


def _other_root(root: etree._Element) -> None:
    root.tag = "signatures"


def _comment_in_digest_value(root: etree._Element) -> None:
    first(root, ds("DigestValue")).append(etree.Comment("x"))


def _instruction_in_signed_info(root: etree._Element) -> None:
    first(root, ds("SignedInfo")).append(etree.ProcessingInstruction("x", "y"))


def _text_in_signed_info(root: etree._Element) -> None:
    first(root, ds("SignedInfo")).text = "text"


def _properties_by_reference(root: etree._Element) -> None:
    etree.SubElement(
        first(root, xades("QualifyingProperties")), xades("QualifyingPropertiesReference"), URI="other.xml"
    )


def _retrieval_method(root: etree._Element) -> None:
    etree.SubElement(first(root, ds("KeyInfo")), ds("RetrievalMethod"), URI="http://127.0.0.1/key")


CHANGES: list[tuple[Change, str]] = [
    (_second_signed_properties_before, "signature-reference"),
    (_second_signed_properties_with_own_id, "signature-structure"),
    (_second_object_with_properties, "signature-structure"),
    (_original_moved_into_wrapper, "signature-structure"),
    (_original_moved_into_unsigned_properties, "signature-structure"),
    (_original_moved_outside_the_signature, "signature-structure"),
    (_same_id_on_another_node, "signature-reference"),
    (_same_id_under_another_attribute_name, "signature-reference"),
    (_same_id_as_xml_id, "signature-reference"),
    (_target_of_another_signature, "signature-structure"),
    (_signature_inside_an_object, "signature-structure"),
    (_signature_inside_another_root_child, "signature-structure"),
    (_second_signed_info, "signature-structure"),
    (_second_signature_value, "signature-structure"),
    (_properties_reference_without_type, "signature-reference"),
    (_type_on_a_file_reference, "signature-reference"),
    (_other_root, "signature-structure"),
    (_comment_in_digest_value, "xml-comment"),
    (_instruction_in_signed_info, "xml-comment"),
    (_text_in_signed_info, "signature-structure"),
    (_properties_by_reference, "signature-reference"),
    (_retrieval_method, "signature-reference"),
]


@pytest.mark.parametrize(("change", "code"), CHANGES, ids=[change.__name__[1:] for change, _ in CHANGES])
@pytest.mark.parametrize("sign_again", [False, True], ids=["as it was", "signed again"])
def test_a_wrapped_signature_is_refused_with_its_code(change, code, sign_again):
    report = judged(
        changed(packed(), change, sign_again=sign_again and change is not _signature_inside_an_object)
    )
    assert "TOTAL-PASSED" != report.indication
    assert code in codes(report)


def test_signed_properties_in_a_payload_file_are_not_taken_for_the_signatures_own():
    """signxml finds SignedProperties by tag in whatever was digested; a payload can then speak for the signer."""
    entries = unpacked(packed())
    root = etree.fromstring(entries[SIGNATURES])
    payload = etree.tostring(first(root, xades("SignedProperties")))
    container = packed({"dossier.xml": payload})

    def without_properties_reference(tree: etree._Element) -> None:
        reference = next(r for r in tree.iter(ds("Reference")) if r.get("Type") == SIGNED_PROPERTIES_TYPE)
        reference.getparent().remove(reference)
        first(tree, ds("Reference")).set("Type", SIGNED_PROPERTIES_TYPE)

    report = judged(changed(container, without_properties_reference, sign_again=True))
    assert "signature-reference" in codes(report)


def test_every_signature_of_a_file_is_looked_at_not_only_the_first():
    def garbage_beside(root: etree._Element) -> None:
        second = deepcopy(first(root, ds("Signature")))
        second.set("Id", "S1")
        for node in second.iter():
            if node is not second and node.get("Id"):
                node.set("Id", node.get("Id") + "-2")
        first(second, xades("QualifyingProperties")).set("Target", "#S1")
        root.append(second)

    report = judged(changed(packed(), garbage_beside))
    assert ["S0", "S1"] == [signature.id for signature in report.signatures]
    assert "TOTAL-PASSED" != report.indication
    assert "broken" == report.integrity


def test_a_second_signature_file_is_looked_at_too():
    entries = unpacked(packed())
    entries["META-INF/signatures1.xml"] = b"<broken"
    report = judged(repacked(entries))
    assert "xml-malformed" in codes(report)
    assert ("TOTAL-FAILED", "broken") == (report.indication, report.integrity)
