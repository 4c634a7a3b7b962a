# SPDX-License-Identifier: EUPL-1.2
"""The report of ETSI TS 119 102-2: valid against its schema for whatever file, and saying what the JSON report says."""

import csv
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cache, partial

import pytest
from agreement import ANYTHING, MOMENT
from etsiroom import compiled_schema, faults, statuses, texts
from hypothesis import HealthCheck, given, settings
from pdfroom import plain_pdf, room
from reportroom import REPORTS
from signed_bundles import FILES, NOW, POLICY, judged, packed, repacked, signing_identity, unpacked, world
from trustroom import DAY
from trustroom import NOW as PDF_NOW

from gateway.catalogue import data_root
from gateway.demo import pki
from gateway.demo.timestamping import timestamper
from gateway.errors import Rejected
from gateway.examination import Knowledge, judge_file
from gateway.knowledge import knowledge_of
from gateway.model.signature import (
    Indication,
    Qualification,
    QualifiedStatus,
    VerificationReport,
)
from gateway.model.source import MemorySource
from gateway.model.trust import TrustMaterial
from gateway.model.wire import dump, load
from gateway.policy import ContainerPolicy, Policy, XmlPolicy
from gateway.stages.container import open_container
from gateway.stages.report.etsi import etsi_report
from gateway.stages.signature import read_signatures
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.cms.signed_data import read_signed_data
from gateway.stages.signature.pdf.gaps import contents, find_gaps
from gateway.stages.signature.pdf.report import report_of_pdf
from gateway.stages.signature.xades.reading import XadesSignature

# Real certificates break rules that the library warns about; warnings must not change a verdict.
pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
HOUR = timedelta(hours=1)
LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")
MAIN = "urn:etsi:019102:mainindication:"
PROCESS = "urn:etsi:019102:validationprocess:"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
STATUS = "//vr:SignatureValidationReport/vr:SignatureValidationStatus"
ASSOCIATED = f"{STATUS}/vr:AssociatedValidationReportData"


@pytest.fixture(scope="module")
def schema(shared, tmp_path_factory):
    return compiled_schema(shared, tmp_path_factory.mktemp("xsd"))


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    whole = knowledge_of(data_root(), TrustMaterial(), Policy())
    return replace(whole, signature_policy=ANYTHING)


def expected_statuses(report: VerificationReport) -> list[tuple[str, str]]:
    inside = [s for document in report.documents for s in document.signatures]
    every = dict.fromkeys(with_counter_signatures([*report.signatures, *inside]))
    signatures = [s for s in every if s.form != "timestamp"]
    return [
        (said.indication.value.lower(), said.sub_indication.value if said.sub_indication else "")
        for said in signatures or [report]
    ]


def with_counter_signatures(signatures):
    return [s for own in signatures for s in (own, *with_counter_signatures(own.counter_signatures))]


def brought(data: bytes) -> tuple[bytes, ...]:
    """The certificates that signatures bring along."""
    if data.startswith(b"%PDF"):
        return certificates(contents(data, gap) for gap in find_gaps(data))
    try:
        opened = open_container(MemorySource(data), policy=ContainerPolicy())
    except Rejected:
        return ()
    read = read_signatures(opened, xml=XmlPolicy(), policy=ANYTHING)
    xades = [der for s in read.xades if isinstance(s, XadesSignature) for der in s.certificates]
    return (*xades, *certificates(file.data for file in read.cades))


def certificates(signatures) -> tuple[bytes, ...]:
    found = []
    try:
        for signature in signatures:
            found += read_signed_data(signature, place="").certificates
    except (Rejected, ValueError):
        pass  # what cannot be read brings nothing
    return tuple(found)


def bare(pdf: bytes) -> VerificationReport:
    return report_of_pdf(room().judge(pdf), size=len(pdf), sha256="ab" * 32, moment=PDF_NOW)


@cache
def stamped() -> VerificationReport:
    authority = pki.root("Zeitstempel-CA")
    container = packed(timestamper=timestamper(authority.timestamping("Zeitstempel"), NOW + HOUR))
    material = replace(
        world().material,
        tsa_anchors=(authority.identity.certificate_der,),
        crls=(*world().material.crls, authority.crl(NOW)),
    )
    return judged(container, store=TrustStore(material), moment=NOW + 2 * HOUR)


def revoked() -> VerificationReport:
    root = pki.root("Wurzel")
    issuing = root.subordinate("Zwischen-CA")
    seal = issuing.seal("IHK Suhl")
    issuing.revoke(seal, NOW - DAY)
    material = TrustMaterial(
        signer_anchors=(root.identity.certificate_der,), crls=(root.crl(NOW), issuing.crl(NOW))
    )
    return judged(packed(identity=signing_identity(seal)), store=TrustStore(material))


OWN = {
    "a container": lambda: judged(packed()),
    "a changed document": lambda: judged(repacked(unpacked(packed()) | {"pass.pdf": b"%PDF other"})),
    "a file too many": lambda: judged(repacked(unpacked(packed()) | {"more.pdf": b"%PDF"})),
    "no anchor": lambda: judged(packed(), store=TrustStore(TrustMaterial())),
    "a revoked seal": revoked,
    "a time-stamped container": stamped,
    **{f"a PDF at {level}": partial(lambda level: bare(room().sign(level=level)), level) for level in LEVELS},
    "a PDF with a document time-stamp": lambda: bare(room().stamp(room().sign())),
    "a PDF with nothing but a time-stamp": lambda: bare(room().stamp(plain_pdf())),
    "a PDF without signature": lambda: bare(plain_pdf()),
}


@pytest.mark.parametrize("make", OWN.values(), ids=OWN)
def test_reports_of_our_own_files_are_valid_and_say_what_the_json_says(make, schema):
    report = make()
    data = etsi_report(report)
    assert [] == faults(schema, data)
    assert expected_statuses(report) == statuses(data)


@pytest.mark.parametrize("table", ["containers.tsv", "pdf.tsv", "zip.tsv"])
def test_reports_of_every_file_of_the_corpora_are_valid_and_say_what_the_json_says(
    table, schema, shared, knowledge
):
    wrong = {}
    with (shared / "corpus" / table).open(encoding="utf-8", newline="") as lines:
        files = [line["file"] for line in csv.DictReader(lines, delimiter="\t")]
    for file in files:
        data = (shared / "corpus" / file).read_bytes()
        trusting = replace(knowledge, trust=TrustStore(TrustMaterial(signer_anchors=brought(data))))
        report = judge_file(MemorySource(data), trusting, MOMENT, name="file.pdf")
        told = etsi_report(report)
        found = faults(schema, told)
        if found or expected_statuses(report) != statuses(told):
            wrong[file] = found
    assert {} == wrong
    assert files


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(report=REPORTS)
def test_any_report_becomes_a_valid_one(schema, report):
    data = etsi_report(report)
    assert [] == faults(schema, data)
    assert expected_statuses(report) == statuses(data)


@settings(max_examples=30, deadline=None)
@given(report=REPORTS)
def test_the_report_that_is_kept_becomes_the_same_bytes_every_time(report):
    kept = json.loads(json.dumps(dump(report)))
    assert etsi_report(load(VerificationReport, kept)) == etsi_report(load(VerificationReport, kept))


def test_a_passed_container_is_told_with_all_its_parts():
    report = judged(packed())
    data, (signature,) = etsi_report(report), report.signatures
    assert [signature.value.value] == texts(data, "//ds:SignatureValue")
    assert ["D-1 D-2 D-3"] == texts(data, "//vr:SignersDocumentRepresentation/@VOReference")
    assert len(FILES) == len(texts(data, "//vr:ValidationObject[starts-with(@id, 'D-')]"))
    assert [signature.signer.subject] == texts(data, "//vr:SignerInformation/vr:Signer")
    assert ["2026-03-02T12:00:00Z"] == texts(data, "//vr:SigningTime[@Signed='true']/vr:Time")
    assert ["C-1", "C-2", "C-3"] == texts(data, f"{ASSOCIATED}/vr:CertificateChain/*/@VOReference")
    assert [f"{MORE}ecdsa-sha256"] == texts(data, f"{ASSOCIATED}/vr:CryptoInformation/vr:Algorithm")
    assert ["true"] == texts(data, f"{ASSOCIATED}/vr:CryptoInformation/vr:SecureAlgorithm")
    assert [f"{PROCESS}Basic"] == texts(data, "//vr:SignatureValidationProcessID")


def test_names_of_files_become_addresses():
    names = texts(
        etsi_report(judged(packed())), "//vr:ValidationObject/vr:ValidationObjectRepresentation/vr:URI"
    )
    assert [
        "dossier.xml",
        "pass.pdf",
        "unterlagen/Lebenslauf%20f%C3%BCr%20%C5%81ucja%20%2B%20Kind.pdf",
    ] == names


def test_a_time_stamp_is_the_proof_of_the_best_signature_time():
    data = etsi_report(stamped())
    assert ["2026-03-02T13:00:00Z"] == texts(data, "//vr:BestSignatureTime/vr:POETime")
    assert ["T-1"] == texts(data, "//vr:BestSignatureTime/vr:POEObject/@VOReference")
    assert ["2026-03-02T13:00:00Z"] == texts(
        data, "//vr:SignatureTimeStamp[@Signed='false']/vr:TimeStampValue"
    )
    assert ["2026-03-02T13:00:00Z"] == texts(
        data, "//vr:ValidationObject[@id='T-1']/vr:POEProvisioning/vr:POETime"
    )
    assert [f"{MAIN}passed"] == texts(data, "//vr:ValidationObject[@id='T-1']//vr:MainIndication")
    assert [f"{PROCESS}LTVM"] == texts(data, "//vr:SignatureValidationProcessID")


def test_a_document_time_stamp_is_no_signature_but_proves_one():
    data = etsi_report(bare(room().sign(level="B-LTA")))
    assert 1 == len(statuses(data))
    assert [f"{PROCESS}LTA"] == texts(data, "//vr:SignatureValidationProcessID")
    assert 2 == len(texts(data, "//vr:ValidationObject[starts-with(@id, 'T-')]"))
    assert 1 == len(texts(data, "//vr:BestSignatureTime/vr:POEObject/@VOReference"))


def test_a_revoked_certificate_is_told_with_time_and_reason():
    report = revoked()
    data = etsi_report(report)
    assert [("indeterminate", "REVOKED_NO_POE")] == statuses(data)
    information = f"{ASSOCIATED}/vr:RevocationStatusInformation"
    assert ["C-1"] == texts(data, f"{information}/vr:ValidationObjectId/@VOReference")
    assert ["2026-03-01T12:00:00Z"] == texts(data, f"{information}/vr:RevocationTime")


def test_a_finding_is_a_constraint_that_was_not_met():
    data = etsi_report(judged(repacked(unpacked(packed()) | {"pass.pdf": b"%PDF other"})))
    constraint = "//vr:ValidationConstraint[vr:ValidationConstraintIdentifier='urn:amtsbote:finding:signature-digest-mismatch']"
    assert [("total-failed", "HASH_FAILURE")] == statuses(data)
    assert [f"{MAIN}failed"] == texts(data, f"{constraint}/vr:ValidationStatus/vr:MainIndication")
    assert ["META-INF/signatures0.xml, pass.pdf"] == texts(
        data, f"{constraint}//vr:ReportData[vr:Type='urn:amtsbote:finding:place']/vr:Value"
    )


def test_what_is_wrong_with_the_container_stands_at_the_file_and_beside_every_signature():
    report = judged(repacked(unpacked(packed()) | {"more.pdf": b"%PDF"}))
    data = etsi_report(report)
    codes = texts(data, "//vr:ValidationObject[@id='F-1']//vr:ValidationConstraintIdentifier")
    told = [finding.code for signature in report.signatures for finding in signature.findings]
    assert Indication.TOTAL_PASSED is not report.indication
    assert sorted(
        {f"urn:amtsbote:finding:{f.code}" for f in report.findings if f.code not in told}
    ) == sorted(codes)
    assert [report.indication] == texts(data, "//vr:OtherInformation/own:File/@indication")


def test_who_looked_for_malware_stands_at_the_file(schema):
    scan = {"engine": "ClamAV 1.4.3", "database": "", "database_date": None, "files": 3}
    data = etsi_report(replace(judged(packed()), scan=scan))
    assert [] == faults(schema, data)
    place = "//vr:ValidationObject[@id='F-1']//own:Scan"
    assert [["ClamAV 1.4.3"], ["3"], []] == [
        texts(data, f"{place}/@{name}") for name in ("engine", "files", "database")
    ]


def test_an_algorithm_that_the_table_refuses_is_not_secure():
    data = etsi_report(judged(packed(), policy=replace(POLICY, algorithms=POLICY.algorithms[:3])))
    assert ["false"] == texts(data, f"{ASSOCIATED}/vr:CryptoInformation/vr:SecureAlgorithm")


def test_a_refused_file_has_a_status_and_no_signature(schema, knowledge):
    report = judge_file(MemorySource(b"PK not a container"), knowledge, MOMENT, name="file")
    data = etsi_report(report)
    assert ([], [("total-failed", "FORMAT_FAILURE")]) == (faults(schema, data), statuses(data))
    assert [] == texts(data, "//vr:SignatureIdentifier")
    assert ["F-1"] == texts(data, f"{ASSOCIATED}/vr:RelatedValidationObject/@VOReference")
    assert texts(data, "//vr:ValidationObject[@id='F-1']//vr:ValidationConstraintIdentifier")


@pytest.mark.parametrize(
    ("status", "indication", "expected"),
    [
        (QualifiedStatus.QESEAL, Indication.TOTAL_PASSED, ["QESeal"]),
        (QualifiedStatus.QESEAL, Indication.INDETERMINATE, ["indeterminateQESeal"]),
        (QualifiedStatus.QESEAL, Indication.TOTAL_FAILED, []),
        (QualifiedStatus.ADESIG_QC, Indication.TOTAL_PASSED, ["AdESigQC"]),
        (QualifiedStatus.NOT_QUALIFIED, Indication.TOTAL_PASSED, []),
        (QualifiedStatus.UNKNOWN, Indication.TOTAL_PASSED, []),
    ],
)
def test_quality_is_told_where_trusted_lists_say_yes(schema, status, indication, expected):
    report = judged(packed())
    told = replace(
        report.signatures[0], indication=indication, qualification=Qualification(status=status, at=NOW)
    )
    data = etsi_report(replace(report, signatures=(told,)))
    qualities = texts(data, "//vr:SignatureQuality/vr:SignatureQualityInformation")
    assert ([], expected) == (faults(schema, data), [q.rpartition(":")[2] for q in qualities])
    assert [status] == texts(data, "//own:Signature/@qualification")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 3, 2, 13, 0, 0, 5, tzinfo=timezone(HOUR)), "2026-03-02T12:00:00.000005Z"),
        (datetime(1, 1, 1, tzinfo=timezone(HOUR)), "0001-01-01T00:00:00Z"),
        (datetime(9999, 12, 31, 23, tzinfo=timezone(-2 * HOUR)), "9999-12-31T23:00:00Z"),
    ],
)
def test_times_are_told_in_utc_to_the_ends_of_the_calendar(schema, moment, expected):
    report = judged(packed())
    told = replace(report.signatures[0], claimed_signing_time=moment)
    data = etsi_report(replace(report, signatures=(told,)))
    assert ([], [expected]) == (faults(schema, data), texts(data, "//vr:SigningTime/vr:Time"))


def test_what_xml_cannot_hold_is_replaced_and_what_looks_like_markup_stays_text(schema):
    report = judged(packed())
    signer = replace(report.signatures[0].signer, subject="CN=<x>&amp;\x00\x1b[31m\ud800")
    data = etsi_report(replace(report, signatures=(replace(report.signatures[0], signer=signer),)))
    assert [] == faults(schema, data)
    assert ["CN=<x>&amp;\ufffd\ufffd[31m\ufffd"] == texts(data, "//vr:SignerInformation/vr:Signer")
