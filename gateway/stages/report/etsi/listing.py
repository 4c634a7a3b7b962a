# SPDX-License-Identifier: EUPL-1.2
"""``SignatureValidationObjects``: the file, its documents, time-stamps and certificates (clause 4.4).

Objects stand by their digests: the report is as large as its findings, not as the dossier.
"""

from collections.abc import Sequence
from urllib.parse import quote

from lxml import etree

from gateway.findings import Finding
from gateway.model.signature import DocumentReport, Indication, TimeStampReport, VerificationReport
from gateway.stages.report.etsi.names import (
    OBJECT_TYPE,
    OF_OBJECT,
    SHA256,
    add,
    add_digest,
    add_reference,
    add_words,
    instant,
    one_line,
    own,
)
from gateway.stages.report.etsi.objects import FILE_ID, Objects
from gateway.stages.report.etsi.signatures import add_file
from gateway.stages.report.etsi.statuses import Support, add_constraints, add_status


def add_objects(
    root: etree._Element, file: VerificationReport, findings: Sequence[Finding], objects: Objects
) -> None:
    """Everything the reports refer to. ``findings`` are about the file and about no signature."""
    listed = add(root, "SignatureValidationObjects")
    _add_whole_file(listed, file, findings, objects)
    for own_id, document in objects.documents.items():
        _add_document(listed, own_id, document)
    for own_id, stamp in objects.stamps.items():
        _add_stamp(listed, own_id, stamp, objects)
    for own_id, certificate in objects.certificates.items():
        _, representation = _add_object(listed, own_id, "certificate")
        add_digest(representation, SHA256, certificate.sha256)
    for own_id, answer in objects.answers.items():
        _, representation = _add_object(listed, own_id, "CRL" if answer.source == "CRL" else "OCSPResponse")
        add_digest(representation, SHA256, answer.sha256)


def _add_object(listed: etree._Element, own_id: str, kind: str) -> tuple[etree._Element, etree._Element]:
    """A new object, and its representation to be filled."""
    element = add(listed, "ValidationObject", id=own_id)
    add(element, "ObjectType", f"{OBJECT_TYPE}{kind}")
    return element, add(element, "ValidationObjectRepresentation")


def _add_whole_file(
    listed: etree._Element, file: VerificationReport, findings: Sequence[Finding], objects: Objects
) -> None:
    element, representation = _add_object(listed, FILE_ID, "other")
    direct = add(representation, "direct")
    add_file(direct, file)
    if file.scan is not None:
        scan = {name: "" if value is None else str(value) for name, value in file.scan.items()}
        add_words(add(direct, own("Scan")), scan)
    if file.sha256:
        add_digest(representation, SHA256, file.sha256)
    report = add(element, "ValidationReport")
    add_constraints(report, findings)
    add_status(report, OF_OBJECT[file.indication], file.sub_indication, Support(), objects)


def _add_document(listed: etree._Element, own_id: str, document: DocumentReport) -> None:
    _, representation = _add_object(listed, own_id, "signedData")
    if document.sha256:
        add_digest(representation, SHA256, document.sha256)
    add(representation, "URI", quote(document.name))


def _add_stamp(listed: etree._Element, own_id: str, stamp: TimeStampReport, objects: Objects) -> None:
    element, representation = _add_object(listed, own_id, "timestamp")
    add_digest(representation, SHA256, stamp.sha256)
    passed = stamp.indication is Indication.TOTAL_PASSED
    if passed and stamp.time is not None:
        add(add(element, "POEProvisioning"), "POETime", instant(stamp.time))
    report = add(element, "ValidationReport")
    if stamp.chain:
        signer = add(report, "SignerInformation")
        add_reference(signer, "SignerCertificate", [objects.certificate(stamp.chain[0])])
        add(signer, "Signer", one_line(stamp.chain[0].subject))
    support = Support(chain=stamp.chain, trusted=passed, answers=stamp.revocation_answers)
    add_status(report, OF_OBJECT[stamp.indication], stamp.sub_indication, support, objects)
