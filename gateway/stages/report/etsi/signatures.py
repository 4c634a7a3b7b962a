# SPDX-License-Identifier: EUPL-1.2
"""One ``SignatureValidationReport``: of a signature, or of a file in which none could be read (clause 4.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from gateway.codes import Code
from gateway.model.signature import (
    Indication,
    QualifiedStatus,
    SignatureReport,
    StampKind,
    Trust,
    VerificationReport,
)
from gateway.stages.report.etsi.names import (
    OF_SIGNATURE,
    PROCESS,
    PROOF_BY_VALIDATION,
    SHA256,
    add,
    add_digest,
    add_reference,
    add_words,
    ds,
    instant,
    one_line,
    own,
)
from gateway.stages.report.etsi.objects import FILE_ID, Objects
from gateway.stages.report.etsi.statuses import (
    Crypto,
    Support,
    add_constraints,
    add_status,
    own_findings,
    secure,
)

_PADES = "PAdES"
_STAMP_ATTRIBUTES = {
    StampKind.SIGNATURE: "SignatureTimeStamp",
    StampKind.ARCHIVE: "ArchiveTimeStamp",
    StampKind.CONTENT: "AllDataObjectsTimeStamp",
    StampKind.DOCUMENT: "DocTimeStamp",
}
# Clause 4.3.10 leaves the identifiers open; these are the ones that EU DSS made and others know.
_QUALITY = "urn:cef:dss:signatureQualification:"
_OPEN = {Indication.TOTAL_PASSED: "", Indication.INDETERMINATE: "indeterminate"}
_QUALITIES = {
    QualifiedStatus.QESIG: "QESig",
    QualifiedStatus.QESEAL: "QESeal",
    QualifiedStatus.ADESIG_QC: "AdESigQC",
    QualifiedStatus.ADESEAL_QC: "AdESealQC",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One signature to report on, and what it stands among."""

    id: str  # in this report
    signature: SignatureReport
    file: VerificationReport
    beside: Sequence[SignatureReport]  # document time-stamps of the same PDF
    countersigned_by: Mapping[str, str]  # ids in this report, with those of the signatures themselves

    @property
    def best(self) -> datetime:
        """The time the status is about: what a time-stamp proves, else now (EN 319 102-1 clause 5.5.4)."""
        return self.signature.best_signature_time or self.file.moment


def add_signature(root: etree._Element, subject: Subject, objects: Objects) -> None:
    """The report on one signature."""
    signature, file = subject.signature, subject.file
    element = add(root, "SignatureValidationReport")
    _add_identifier(element, subject)
    add_constraints(element, signature.findings)
    proof = objects.proof(subject.best, (signature, *subject.beside))
    _add_times(element, file.moment, subject.best, proof)
    _add_document(element, signature, objects)
    _add_attributes(element, subject, objects)
    _add_signer(element, signature, objects)
    _add_quality(element, signature)
    _add_process(element, subject)
    support = Support(
        chain=signature.chain,
        trusted=signature.trust is Trust.TRUSTED,
        revoked=signature.revoked,
        answers=signature.revocation_answers,
        crypto=_crypto(subject),
    )
    add_status(element, OF_SIGNATURE[signature.indication], signature.sub_indication, support, objects)
    other = add(element, "OtherInformation")
    _add_own_words(other, signature)
    add_file(other, file)


def add_unsigned(root: etree._Element, file: VerificationReport, objects: Objects) -> None:
    """The report where no signature could be read: the file's status, and where the reasons stand."""
    element = add(root, "SignatureValidationReport")
    _add_times(element, file.moment, file.moment, "")
    support = Support(related=(FILE_ID,))
    add_status(element, OF_SIGNATURE[file.indication], file.sub_indication, support, objects)
    add_file(add(element, "OtherInformation"), file)


def add_file(parent: etree._Element, file: VerificationReport) -> None:
    """The verdict on the whole file, beside every signature: one of them may be fine in a file that is not."""
    element = add(parent, own("File"))
    words = {
        "container": file.container,
        "integrity": file.integrity,
        "trust": file.trust,
        "indication": file.indication,
        "subIndication": file.sub_indication,
        "level": file.level,
        "sha256": file.sha256,
        "size": "" if file.size is None else str(file.size),
        "dossier": file.dossier,
        "madeBy": file.made_by,
    }
    add_words(element, words)


def _add_identifier(element: etree._Element, subject: Subject) -> None:
    identifier, value = add(element, "SignatureIdentifier", id=subject.id), subject.signature.value
    if value is not None:
        add_digest(identifier, value.digest, value.signed)
        add(identifier, ds("SignatureValue"), value.value)
    add(identifier, "HashOnly", "false")
    add(identifier, "DocHashOnly", "false")
    add(identifier, "DAIdentifier", subject.signature.id)


def _add_times(element: etree._Element, moment: datetime, best: datetime, proof: str) -> None:
    times = add(element, "ValidationTimeInfo")
    add(times, "ValidationTime", instant(moment))
    existence = add(times, "BestSignatureTime")
    add(existence, "POETime", instant(best))
    add(existence, "TypeOfProof", PROOF_BY_VALIDATION)
    if proof:
        add_reference(existence, "POEObject", [proof])


def _add_document(element: etree._Element, signature: SignatureReport, objects: Objects) -> None:
    ids = objects.covered(signature.covers)
    if not ids:
        return
    document = add(element, "SignersDocument")
    only = objects.documents[ids[0]]
    # A PDF's digest is over the whole file; its signature is over the file without the signature's own place.
    if len(ids) == 1 and only.sha256 and signature.form != _PADES:
        add_digest(document, SHA256, only.sha256)
    add_reference(document, "SignersDocumentRepresentation", ids)


def _add_attributes(element: etree._Element, subject: Subject, objects: Objects) -> None:
    signature, attributes = subject.signature, etree.Element(element.tag)
    if signature.claimed_signing_time is not None:
        add(add(attributes, "SigningTime", Signed="true"), "Time", instant(signature.claimed_signing_time))
    bound = all(finding.code is not Code.SIGNER_BINDING for finding in own_findings(signature))
    if signature.signer is not None and bound:
        certificate = add(attributes, "SigningCertificate", Signed="true")
        add_reference(certificate, "AttributeObject", [objects.certificate(signature.signer)])
    for counter, name in subject.countersigned_by.items():
        attribute = add(attributes, "CounterSignature", Signed="false")
        add_reference(attribute, "AttributeObject", [counter])
        add(add(attribute, "CounterSignature"), "OtherInformation", name)
    for stamp in signature.stamps:
        if stamp.time is None:
            continue
        signed = "true" if stamp.kind is StampKind.CONTENT else "false"
        attribute = add(attributes, _STAMP_ATTRIBUTES[stamp.kind], Signed=signed)
        add_reference(attribute, "AttributeObject", [objects.stamp(stamp)])
        add(attribute, "TimeStampValue", instant(stamp.time))
    if len(attributes):
        add(element, "SignatureAttributes").extend(list(attributes))


def _add_signer(element: etree._Element, signature: SignatureReport, objects: Objects) -> None:
    if signature.signer is None:
        return
    information = add(element, "SignerInformation")
    add_reference(information, "SignerCertificate", [objects.certificate(signature.signer)])
    add(information, "Signer", one_line(signature.signer.subject))


def _add_quality(element: etree._Element, signature: SignatureReport) -> None:
    """Only what trusted lists say yes to; what they say no to stands among our own words."""
    status = signature.qualification.status if signature.qualification else None
    if status in _QUALITIES and signature.indication in _OPEN:
        quality = f"{_QUALITY}{_OPEN[signature.indication]}{_QUALITIES[status]}"
        add(add(element, "SignatureQuality"), "SignatureQualityInformation", quality)


def _add_process(element: etree._Element, subject: Subject) -> None:
    """Which of the processes of EN 319 102-1 (clauses 5.3, 5.5, 5.6) came to the status.

    An archive time-stamp that proved nothing took no part in it.
    """
    signature = subject.signature
    archived = any(
        stamp.kind in {StampKind.ARCHIVE, StampKind.DOCUMENT} and stamp.indication is Indication.TOTAL_PASSED
        for stamp in (*signature.stamps, *(stamp for other in subject.beside for stamp in other.stamps))
    )
    if signature.level == "B-LTA" and archived:
        process = "LTA"
    else:
        process = "Basic" if subject.best == subject.file.moment else "LTVM"
    identifier = f"{PROCESS}{process}"
    add(add(element, "SignatureValidationProcess"), "SignatureValidationProcessID", identifier)


def _crypto(subject: Subject) -> Crypto | None:
    signature = subject.signature
    if signature.value is None or signature.signer is None:
        return None  # without a key the algorithm was not looked at to its end
    return Crypto(
        signature_id=subject.id,
        algorithm=signature.value.algorithm,
        secure=secure(signature),
    )


def _add_own_words(parent: etree._Element, signature: SignatureReport) -> None:
    """What the JSON report says of the signature in words the standard does not have."""
    element = add(parent, own("Signature"))
    qualification = signature.qualification
    words = {
        "place": signature.place,
        "form": signature.form,
        "level": signature.level,
        "integrity": signature.integrity,
        "trust": signature.trust,
        "revocation": signature.revocation,
        "qualification": qualification.status if qualification else "",
    }
    add_words(element, words)
