# SPDX-License-Identifier: EUPL-1.2
"""A XAdES file as a whole: what may stand in it and how often, and a signature in it that says nothing of itself."""

from dataclasses import replace

import pytest
from lxml import etree
from signed_bundles import POLICY, SIGNATURES, changed, first, judged, packed, unpacked

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.policy import XmlPolicy
from gateway.stages.signature.xades.file import read_xades
from gateway.stages.signature.xmldsig.names import SIGNED_PROPERTIES_TYPE, ds


def read(root, *, most=POLICY.max_signatures):
    policy = replace(POLICY, max_signatures=most)
    return read_xades(etree.tostring(root), place=SIGNATURES, xml=XmlPolicy(), policy=policy)


def refused(root, **how):
    with pytest.raises(Rejected) as refusal:
        read(root, **how)
    (finding,) = refusal.value.findings
    return finding.code, finding.place, finding.expected, finding.got


def file():
    return etree.fromstring(unpacked(packed())[SIGNATURES])


@pytest.mark.parametrize(("strangers", "named"), [(1, 1), (11, 11), (12, 11), (30, 11)])
def test_beside_signatures_nothing_may_stand_and_the_first_twelve_elements_are_told(strangers, named):
    root = file()
    for _ in range(strangers):
        etree.SubElement(root, "Fremdes")
    expected = "nothing but signatures, and at least one"
    got = ", ".join(["Signature", *["Fremdes"] * named])
    assert (Code.SIGNATURE_STRUCTURE, SIGNATURES, expected, got) == refused(root)


def test_as_many_signatures_as_policy_looks_at_are_read_and_one_more_is_refused():
    root = file()
    assert 1 == len(read(root, most=1))
    root.append(etree.fromstring(etree.tostring(root[0])))
    assert (Code.SIGNATURE_STRUCTURE, SIGNATURES, "at most 1 signatures", "2") == refused(root, most=1)


def test_a_signature_without_signed_properties_is_judged_and_told():
    def bare(root):
        signature = first(root, ds("Signature"))
        signature.remove(first(signature, ds("Object")))
        info = first(signature, ds("SignedInfo"))
        for reference in info.findall(ds("Reference")):
            if reference.get("Type") == SIGNED_PROPERTIES_TYPE:
                info.remove(reference)

    report = judged(changed(packed(), bare, sign_again=True))
    (signature,) = report.signatures
    assert ("INDETERMINATE", "intact") == (signature.indication, signature.integrity)
    told = [(f.expected, f.got) for f in report.findings if f.code is Code.SIGNATURE_PROPERTIES]
    assert ("XAdES signed properties", "none") in told
