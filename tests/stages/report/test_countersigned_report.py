# SPDX-License-Identifier: EUPL-1.2
"""How counter-signatures are told: in JSON at the signature below, in the words of ETSI TS 119 102-2 as signatures of their own."""

import json

import pytest
from counterroom import Counter, countersigned, inside
from etsiroom import compiled_schema, faults, statuses, texts
from signed_bundles import judged, world

from gateway.demo import pki
from gateway.model.signature import VerificationReport
from gateway.model.wire import dump, load
from gateway.stages.report.etsi import etsi_report

STRANGER = pki.root("Unbekannte Wurzel").seal("Unbekannte Kammer")
REPORT = "//vr:SignatureValidationReport"
ATTRIBUTE = f"{REPORT}/vr:SignatureAttributes/vr:CounterSignature"


@pytest.fixture(scope="module")
def report():
    """A signature with a counter-signature of a stranger, and one over that."""
    makers = (
        lambda root: inside(root, Counter(signer=STRANGER)),
        lambda root: inside(root, Counter(own_id="C2", over="C1", signer=world().seal)),
    )
    return judged(countersigned(*makers))


def test_json_has_them_at_the_signature_that_they_countersign(report):
    data = json.loads(json.dumps(dump(report)))
    (signature,) = data["signatures"]
    (first,) = signature["counter_signatures"]
    (second,) = first["counter_signatures"]
    assert ["S0", "C1", "C2"] == [told["id"] for told in (signature, first, second)]
    assert [
        ("TOTAL-PASSED", None),
        ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND"),
        ("TOTAL-PASSED", None),
    ] == [(told["indication"], told["sub_indication"]) for told in (signature, first, second)]
    assert [] == second["counter_signatures"] == first["covers"]
    assert report == load(VerificationReport, data)


def test_a_report_that_was_kept_before_there_were_any_can_still_be_read(report):
    data = json.loads(json.dumps(dump(report)))
    for signature in data["signatures"]:
        del signature["counter_signatures"]
    assert () == load(VerificationReport, data).signatures[0].counter_signatures


def test_xml_has_a_report_on_each_and_says_which_countersigns_which(report, shared, tmp_path):
    data = etsi_report(report)
    assert [] == faults(compiled_schema(shared, tmp_path), data)
    assert [
        ("total-passed", ""),
        ("indeterminate", "NO_CERTIFICATE_CHAIN_FOUND"),
        ("total-passed", ""),
    ] == statuses(data)
    assert ["S0", "C1", "C2"] == texts(data, f"{REPORT}/vr:SignatureIdentifier/vr:DAIdentifier")
    assert ["S-2", "S-3"] == texts(data, f"{ATTRIBUTE}/vr:AttributeObject/@VOReference")
    assert ["false", "false"] == texts(data, f"{ATTRIBUTE}/@Signed")
    assert ["C1", "C2"] == texts(data, f"{ATTRIBUTE}/vr:CounterSignature/vr:OtherInformation")


def test_xml_names_documents_only_where_they_are_signed(report):
    data = etsi_report(report)
    assert 1 == len(texts(data, f"{REPORT}/vr:SignersDocument/vr:SignersDocumentRepresentation"))


def test_xml_tells_a_bad_one_at_the_file_too(report):
    told = texts(
        etsi_report(report),
        "//vr:ValidationObject[@id = 'F-1']//vr:ValidationConstraintIdentifier",
    )
    assert ["urn:amtsbote:finding:counter-signature-invalid"] == told
