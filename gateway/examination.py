# SPDX-License-Identifier: EUPL-1.2
"""One bundle through all pure stages, inside a worker: open -> digest -> judge -> verify -> validate -> complete.

The story is told twice with the same functions: ``judge`` for any signed file (``amtsbote verify``), ``examine`` for
dossiers. All findings are gathered: where a signature is bad, the dossier is still looked at, so that a chamber
mends everything at once; but facts leave this module only when nothing blocks (``Examination`` enforces it).
"""

from dataclasses import dataclass
from datetime import datetime

from gateway.catalogue import CompiledSchema, Rules
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.model.bundle import ByteSource, Complete, Digested, Entry
from gateway.model.examination import Examination, ExaminedDocument
from gateway.model.rules import german_day
from gateway.model.signature import (
    ContainerState,
    Indication,
    Integrity,
    SubIndication,
    Trust,
    VerificationReport,
)
from gateway.model.trust import SignaturePolicy
from gateway.policy import MIB, Policy
from gateway.stages.completeness import check_complete, missing_documents
from gateway.stages.container import digest_entries, open_container, read_entry
from gateway.stages.dossier import DOSSIER_NAME, diagnose_dossier, validate
from gateway.stages.signature import judge_signatures, read_signatures, verified
from gateway.stages.signature.report import report_to_json
from gateway.stages.signature.trust import TrustStore

_KEPT_DOSSIER_BYTES = 16 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """Everything a judgement rests on besides the bundle itself; built once, shared by all workers."""

    policy: Policy
    signature_policy: SignaturePolicy
    trust: TrustStore
    rules: Rules
    schema: CompiledSchema


def judge(
    source: ByteSource, knowledge: Knowledge, moment: datetime
) -> tuple[VerificationReport, Digested | None]:
    """The judgement on container and signatures, and what was read under it. Never raises for bad input."""
    try:
        opened = open_container(source, policy=knowledge.policy.container)
    except Rejected as rejected:
        return _refused(rejected.findings, moment), None
    signatures = read_signatures(opened, xml=knowledge.policy.xml, policy=knowledge.signature_policy)
    digested = digest_entries(
        opened,
        policy=knowledge.policy.container,
        algorithms=signatures.digest_algorithms | {"sha256"},
        keep=_kept,
    )
    report = judge_signatures(
        signatures,
        digested,
        trust=knowledge.trust,
        policy=knowledge.signature_policy,
        moment=moment,
        # An archive time-stamp covers whole files (XAdES 1.4.1 ArchiveTimeStamp): read again, chunk by chunk.
        read=lambda entry: read_entry(opened.source, entry),
    )
    return report, digested


def examine(source: ByteSource, knowledge: Knowledge, moment: datetime) -> Examination:
    """Every finding on a dossier bundle, and its facts where none blocks."""
    report, digested = judge(source, knowledge, moment)
    if digested is None:
        return _examination(report, report.findings, moment)
    try:
        complete = _complete(report, digested, knowledge, moment)
    except Rejected as rejected:
        findings = _merged(report.findings, rejected.findings, _diagnosis(digested, knowledge, moment))
        return _examination(report, findings, moment)
    return _passed(complete, report, knowledge, moment)


def _complete(
    report: VerificationReport, digested: Digested, knowledge: Knowledge, moment: datetime
) -> Complete:
    checked = verified(report, digested)
    valid = validate(
        checked,
        schema=knowledge.schema,
        xml=knowledge.policy.xml,
        rules=knowledge.rules,
        on=german_day(moment),
    )
    return check_complete(valid, knowledge.rules, on=german_day(moment))


def _diagnosis(digested: Digested, knowledge: Knowledge, moment: datetime) -> tuple[Finding, ...]:
    """What else is wrong, read from bytes that nobody vouches for: good for advice, never for facts."""
    dossier, findings = diagnose_dossier(
        digested,
        schema=knowledge.schema,
        xml=knowledge.policy.xml,
        rules=knowledge.rules,
        on=german_day(moment),
    )
    if dossier is None:
        return findings
    return (*findings, *missing_documents(dossier, knowledge.rules, on=german_day(moment)))


def _passed(
    complete: Complete, report: VerificationReport, knowledge: Knowledge, moment: datetime
) -> Examination:
    valid = complete.valid
    advice = missing_documents(valid.dossier, knowledge.rules, on=german_day(moment))
    types = {document.file: document for document in valid.dossier.documents}
    entries = valid.verified.digested.opened.payload
    documents = tuple(
        ExaminedDocument(
            name=entry.name,
            type=types[entry.name].type if entry.name in types else "",
            media_type=types[entry.name].media_type if entry.name in types else "application/xml",
            size=entry.size,
            sha256=valid.verified.digested.digests[entry.name]["sha256"].hex(),
        )
        for entry in entries
    )
    return Examination(
        findings=(*report.findings, *advice),
        report=report_to_json(report),
        examined_on=german_day(moment),
        dossier=valid.dossier,
        signers=valid.verified.signers,
        documents=documents,
        content_digest=valid.verified.content_digest,
    )


def _examination(report: VerificationReport, findings: tuple[Finding, ...], moment: datetime) -> Examination:
    return Examination(findings=findings, report=report_to_json(report), examined_on=german_day(moment))


def _merged(*groups: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(finding for group in groups for finding in group))


def _kept(entry: Entry) -> bool:
    return entry.name == DOSSIER_NAME and entry.size <= _KEPT_DOSSIER_BYTES


def _refused(findings: tuple[Finding, ...], moment: datetime) -> VerificationReport:
    return VerificationReport(
        container=ContainerState.REFUSED,
        integrity=Integrity.UNCHECKED,
        trust=Trust.UNKNOWN,
        indication=Indication.TOTAL_FAILED,
        sub_indication=SubIndication.FORMAT_FAILURE,
        level="",
        moment=moment,
        findings=findings,
    )
