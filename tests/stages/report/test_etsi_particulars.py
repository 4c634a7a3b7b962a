# SPDX-License-Identifier: EUPL-1.2
"""The XML report to the letter: what is whose, which bytes it is about, what the judgement rested on."""

from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from agreement import MOMENT
from etsiroom import compiled_schema, faults, texts
from signed_bundles import NOW, judged, packed, signing_identity, world

from gateway import __version__
from gateway.catalogue import data_root
from gateway.codes import Code
from gateway.demo import pki
from gateway.examination import judge_file
from gateway.findings import Finding
from gateway.knowledge import knowledge_of
from gateway.model.signature import Indication, StampKind, TimeStampReport
from gateway.model.source import MemorySource
from gateway.model.trust import TrustMaterial
from gateway.policy import Policy
from gateway.stages.report.etsi import etsi_report
from gateway.stages.signature.certificates.trust import TrustStore

PROCESS = "urn:etsi:019102:validationprocess:"
ASSOCIATED = "//vr:SignatureValidationReport/vr:SignatureValidationStatus/vr:AssociatedValidationReportData"


@pytest.fixture(scope="module")
def schema(shared, tmp_path_factory):
    return compiled_schema(shared, tmp_path_factory.mktemp("xsd"))


def revoked():
    root = pki.root("Wurzel")
    seal = root.seal("IHK Suhl")
    root.revoke(seal, NOW - timedelta(days=1))
    material = TrustMaterial(signer_anchors=(root.identity.certificate_der,), crls=(root.crl(NOW),))
    return judged(packed(identity=signing_identity(seal)), store=TrustStore(material))


STAMP = TimeStampReport(
    sha256="ab" * 32,
    kind=StampKind.SIGNATURE,
    indication=Indication.TOTAL_PASSED,
    sub_indication=None,
    time=NOW,
)
WEAK = Finding(code=Code.SIGNATURE_ALGORITHM, expected="sha256", got="sha1")
UNBOUND = Finding(code=Code.SIGNER_BINDING, expected="signing-certificate-v2", got="none")


@pytest.mark.parametrize("place", ["certificate", "of the stamp's unit", "time-stamp"])
def test_what_is_wrong_beside_a_signature_is_not_told_of_its_own_algorithm_and_certificate(schema, place):
    report = judged(packed())
    (signature,) = report.signatures
    unit = replace(signature.chain[1], subject="CN=TSA")
    stamp = replace(STAMP, chain=(unit,))
    where = {
        "certificate": signature.chain[0].place,
        "of the stamp's unit": unit.place,
        "time-stamp": "time-stamp 1",
    }
    beside = tuple(replace(finding, place=f"S0, {where[place]}") for finding in (WEAK, UNBOUND))
    data = etsi_report(replace(report, signatures=(replace(signature, stamps=(stamp,), findings=beside),)))
    assert [] == faults(schema, data)
    assert ["true"] == texts(data, f"{ASSOCIATED}/vr:CryptoInformation/vr:SecureAlgorithm")
    assert ["C-1"] == texts(data, "//vr:SigningCertificate[@Signed='true']/vr:AttributeObject/@VOReference")
    own = tuple(replace(finding, place="S0") for finding in (WEAK, UNBOUND))
    data = etsi_report(replace(report, signatures=(replace(signature, stamps=(stamp,), findings=own),)))
    assert ["false"] == texts(data, f"{ASSOCIATED}/vr:CryptoInformation/vr:SecureAlgorithm")
    assert [] == texts(data, "//vr:SigningCertificate[@Signed='true']")


@pytest.mark.parametrize(
    ("indication", "process"), [(Indication.TOTAL_PASSED, "LTA"), (Indication.INDETERMINATE, "Basic")]
)
def test_an_archive_time_stamp_that_proves_nothing_makes_no_process_for_archives(indication, process):
    report = judged(packed())
    stamp = replace(STAMP, kind=StampKind.ARCHIVE, indication=indication)
    signature = replace(report.signatures[0], level="B-LTA", stamps=(stamp,))
    data = etsi_report(replace(report, signatures=(signature,)))
    assert [f"{PROCESS}{process}"] == texts(data, "//vr:SignatureValidationProcessID")


def test_a_report_says_which_bytes_it_is_about_and_who_made_it(schema):
    container = packed()
    knowledge = knowledge_of(data_root(), TrustMaterial(), Policy())
    report = judge_file(MemorySource(container), knowledge, MOMENT, name="file")
    assert (sha256(container).hexdigest(), len(container)) == (report.sha256, report.size)
    data = etsi_report(replace(report, dossier="01KB"))
    assert [] == faults(schema, data)
    file = "//vr:ValidationObject[@id='F-1']/vr:ValidationObjectRepresentation"
    digest = b64encode(sha256(container).digest()).decode()
    assert [digest] == texts(data, f"{file}/vr:DigestAlgAndValue/ds:DigestValue")
    assert [[report.sha256], [str(report.size)], ["01KB"], [f"amtsbote {__version__}"]] == [
        texts(data, f"{file}/vr:direct/own:File/@{name}") for name in ("sha256", "size", "dossier", "madeBy")
    ]


def test_a_name_with_line_breaks_stays_on_one_line(schema):
    report = judged(packed())
    signer = replace(report.signatures[0].signer, subject="CN=X\n\nall is well\u2028\t")
    data = etsi_report(replace(report, signatures=(replace(report.signatures[0], signer=signer),)))
    assert ["CN=X\ufffd\ufffdall is well\ufffd\ufffd"] == texts(data, "//vr:SignerInformation/vr:Signer")


def test_the_lists_that_decided_are_named_so_that_anybody_can_judge_again(schema):
    report = judged(packed())
    (signature,) = report.signatures
    lists = {sha256(crl).hexdigest() for crl in world().material.crls}
    assert lists == {answer.sha256 for answer in signature.revocation_answers}
    assert [c.sha256 for c in signature.chain[:-1]] == [a.certificate for a in signature.revocation_answers]
    data = etsi_report(report)
    assert [] == faults(schema, data)
    listed = "//vr:ValidationObject[vr:ObjectType='urn:etsi:019102:validationObject:CRL']"
    digests = texts(data, f"{listed}//ds:DigestValue")
    assert lists == {b64decode(digest).hex() for digest in digests}
    assert ["R-1 R-2"] == texts(data, f"{ASSOCIATED}/vr:RelatedValidationObject/@VOReference")
    information = f"{ASSOCIATED}/vr:RevocationStatusInformation"
    assert ["R-1"] == texts(etsi_report(revoked()), f"{information}/vr:RevocationObject/@VOReference")
