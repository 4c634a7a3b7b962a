# SPDX-License-Identifier: EUPL-1.2
"""One bundle through all pure stages, inside a worker: open -> digest -> judge -> verify -> validate -> complete.

The story is told twice with the same functions: ``judge`` for any signed container and ``judge_file`` for a bare PDF
too (``amtsbote verify``), ``examine`` for dossiers. All findings are gathered: where a signature is bad, the dossier is
still looked at, so that a chamber mends everything at once; but facts leave this module only when nothing blocks
(``Examination`` enforces it).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from gateway import __version__
from gateway.catalogue import CompiledSchema, Rules
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.model.bundle import ByteSource, Complete, Digested, Opened
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
from gateway.model.wire import dump
from gateway.pdfs import judge_pdf_file, judge_pdfs, keeper
from gateway.policy import MIB, Policy
from gateway.ports import Screen
from gateway.scanning.bundle import screen_bundle, with_scan
from gateway.stages.completeness import check_complete, missing
from gateway.stages.container import digest_entries, open_container, read_entry
from gateway.stages.dossier import diagnose_dossier, validate
from gateway.stages.signature import judge_signatures, read_signatures, verified
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.pdf.document import MAGIC
from gateway.stages.signature.pdf.report import with_pdfs

_MADE_BY = f"amtsbote {__version__}"


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
    return _judge_opened(opened, knowledge, moment)


def _judge_opened(
    opened: Opened, knowledge: Knowledge, moment: datetime
) -> tuple[VerificationReport, Digested]:
    signatures = read_signatures(opened, xml=knowledge.policy.xml, policy=knowledge.signature_policy)
    digested = digest_entries(
        opened,
        policy=knowledge.policy.container,
        algorithms=signatures.digest_algorithms | {"sha256"},
        keep=keeper(),
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
    pdfs = judge_pdfs(digested, trust=knowledge.trust, policy=knowledge.signature_policy, moment=moment)
    return with_pdfs(report, pdfs, policy=knowledge.signature_policy), digested


def judge_file(
    source: ByteSource, knowledge: Knowledge, moment: datetime, *, name: str
) -> VerificationReport:
    """The judgement on a file of either kind, told apart by its first bytes. ``name`` is what the report calls a PDF."""
    if source.read_at(0, len(MAGIC)) == MAGIC:
        trust, policy = knowledge.trust, knowledge.signature_policy
        report = judge_pdf_file(source, name=name, trust=trust, policy=policy, moment=moment)
        digest = report.documents[0].sha256
    else:
        report = judge(source, knowledge, moment)[0]
        digest = _digest(source, knowledge.policy)
    return replace(report, sha256=digest, size=source.size, made_by=_MADE_BY)


def _digest(source: ByteSource, policy: Policy) -> str:
    """Of what was looked into; what is too large for that is not read to its end either."""
    if source.size > policy.container.max_bundle_bytes:
        return ""
    digest = sha256()
    for start in range(0, source.size, MIB):
        digest.update(source.read_at(start, min(MIB, source.size - start)))
    return digest.hexdigest()


def examine(
    source: ByteSource, knowledge: Knowledge, moment: datetime, *, screen: Screen | None = None
) -> Examination:
    """Every finding on a dossier bundle, and its facts where none blocks. Raises ``ScannerUnavailable``.

    A ``screen`` sees what has one reading only, and sees it first: it may be the quicker to break off.
    """
    try:
        opened = open_container(source, policy=knowledge.policy.container)
    except Rejected as rejected:
        return _examination(_refused(rejected.findings, moment), rejected.findings, moment)
    screened = screen_bundle(opened, screen) if screen is not None else None
    report, digested = _judge_opened(opened, knowledge, moment)
    if screened is not None:
        report = with_scan(report, screened)
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
    return (*findings, *missing(dossier, knowledge.rules, on=german_day(moment)))


def _passed(
    complete: Complete, report: VerificationReport, knowledge: Knowledge, moment: datetime
) -> Examination:
    valid = complete.valid
    advice = missing(valid.dossier, knowledge.rules, on=german_day(moment))
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
        report=_kept(report),
        examined_on=german_day(moment),
        dossier=valid.dossier,
        signers=valid.verified.signers,
        documents=documents,
        content_digest=valid.verified.content_digest,
    )


def _examination(report: VerificationReport, findings: tuple[Finding, ...], moment: datetime) -> Examination:
    return Examination(findings=findings, report=_kept(report), examined_on=german_day(moment))


def _kept(report: VerificationReport) -> Mapping[str, Any]:
    """As JSON. Which bytes it is about adds whoever received them: a worker does not read what nothing refers to."""
    kept: Mapping[str, Any] = dump(replace(report, made_by=_MADE_BY))
    return kept


def _merged(*groups: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(finding for group in groups for finding in group))


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
