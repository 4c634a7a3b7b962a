# SPDX-License-Identifier: EUPL-1.2
"""The judgement as a signature validation report of ETSI TS 119 102-2 (version 1.4.1, XML).

Made from the same values as the JSON report, says nothing that is not in there, and is the same bytes for the same
judgement: JSON is what is kept, this is how others read it. Every signature gets a report of its own, counter-signatures
and those inside PDFs too. What was found about the file as a whole (container, documents, dossier) is the validation
report of one further validation object, because the standard knows no verdict on containers. The report is not signed.

A file in which no signature could be read still needs one ``SignatureValidationReport``: it has a status and no identifier.
"""

from collections.abc import Iterable, Iterator

from lxml import etree

from gateway.findings import Finding
from gateway.model.signature import SignatureReport, VerificationReport
from gateway.stages.report.etsi.listing import add_objects
from gateway.stages.report.etsi.names import NAMESPACES, vr
from gateway.stages.report.etsi.objects import Objects
from gateway.stages.report.etsi.signatures import Subject, add_signature, add_unsigned

_TIMESTAMP = "timestamp"


def etsi_report(report: VerificationReport) -> bytes:
    """A ``ValidationReport``, valid against the schema of the standard, whatever the file was."""
    reports = _distinct(report)
    signatures = [signature for signature in reports if signature.form != _TIMESTAMP]
    stamps = [signature for signature in reports if signature.form == _TIMESTAMP]
    root = etree.Element(vr("ValidationReport"), nsmap=NAMESPACES)
    objects = Objects(report)
    ids = {signature: f"S-{number}" for number, signature in enumerate(signatures, 1)}
    for signature, own_id in ids.items():
        beside = tuple(stamp for stamp in stamps if stamp.place == signature.place)
        countersigned_by = {
            ids[counter]: counter.id for counter in signature.counter_signatures if counter in ids
        }
        subject = Subject(
            id=own_id, signature=signature, file=report, beside=beside, countersigned_by=countersigned_by
        )
        add_signature(root, subject, objects)
    if not signatures:
        add_unsigned(root, report, objects)
    for token in (token for stamp in stamps for token in stamp.stamps):
        objects.stamp(token)
    add_objects(root, report, _of_the_file(report, signatures), objects)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _distinct(report: VerificationReport) -> tuple[SignatureReport, ...]:
    """Those of the container, then those inside its documents; a bare PDF lists its own in both places.

    After each come those that countersign it.
    """
    inside = (signature for document in report.documents for signature in document.signatures)
    return tuple(dict.fromkeys(_with_counter_signatures((*report.signatures, *inside))))


def _with_counter_signatures(signatures: Iterable[SignatureReport]) -> Iterator[SignatureReport]:
    for signature in signatures:
        yield signature
        yield from _with_counter_signatures(signature.counter_signatures)


def _of_the_file(report: VerificationReport, signatures: list[SignatureReport]) -> tuple[Finding, ...]:
    """What no signature is told already. The weight of a finding may differ there: the policy can set it aside."""
    told = {_fact(finding) for signature in signatures for finding in signature.findings}
    return tuple(finding for finding in report.findings if _fact(finding) not in told)


def _fact(finding: Finding) -> tuple[str, ...]:
    return (finding.code, finding.place, finding.expected, finding.got)
