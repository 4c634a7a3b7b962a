# SPDX-License-Identifier: EUPL-1.2
"""The judgement as JSON: the shape ``amtsbote verify --json`` prints and the journal keeps.

Field names are stable. Empty values are written as empty strings, empty lists or null, never left out, so that a script
finds every field in every report. Leaves out the sentences for people.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.findings import Finding
from gateway.model.signature import (
    CertificateSummary,
    ContainerState,
    DocumentReport,
    Indication,
    Integrity,
    Qualification,
    QualifiedStatus,
    Revocation,
    RevokedCertificate,
    SignatureReport,
    SignatureValue,
    SubIndication,
    TimeStampReport,
    Trust,
    VerificationReport,
)
from gateway.model.wire import dump, load


def report_to_json(report: VerificationReport) -> dict[str, Any]:
    """Plain values, ready for ``json.dumps``."""
    return {
        "container": report.container.value,
        "integrity": report.integrity.value,
        "trust": report.trust.value,
        "indication": report.indication.value,
        "sub_indication": _value(report.sub_indication),
        "level": report.level,
        "moment": report.moment.isoformat(),
        "signatures": [_signature_to_json(signature) for signature in report.signatures],
        "documents": [_document_to_json(document) for document in report.documents],
        "findings": _findings_to_json(report.findings),
        "scan": None if report.scan is None else dict(report.scan),
    }


def report_from_json(data: Mapping[str, Any]) -> VerificationReport:
    """Inverse of ``report_to_json``; unknown fields (``file``) are ignored. Raises ``KeyError`` or ``ValueError``."""
    return VerificationReport(
        container=ContainerState(data["container"]),
        integrity=Integrity(data["integrity"]),
        trust=Trust(data["trust"]),
        indication=Indication(data["indication"]),
        sub_indication=_sub_indication(data["sub_indication"]),
        level=data["level"],
        moment=datetime.fromisoformat(data["moment"]),
        signatures=tuple(_signature_from_json(item) for item in data["signatures"]),
        documents=tuple(_document_from_json(item) for item in data["documents"]),
        findings=_findings_from_json(data["findings"]),
        scan=data.get("scan"),
    )


def _signature_to_json(report: SignatureReport) -> dict[str, Any]:
    return {
        "id": report.id,
        "place": report.place,
        "form": report.form,
        "level": report.level,
        "indication": report.indication.value,
        "sub_indication": _value(report.sub_indication),
        "integrity": report.integrity.value,
        "trust": report.trust.value,
        "revocation": report.revocation.value,
        "signer": None if report.signer is None else _certificate_to_json(report.signer),
        "chain": [_certificate_to_json(certificate) for certificate in report.chain],
        "claimed_signing_time": _moment(report.claimed_signing_time),
        "best_signature_time": _moment(report.best_signature_time),
        "qualification": None
        if report.qualification is None
        else _qualification_to_json(report.qualification),
        "covers": list(report.covers),
        "value": dump(report.value),
        "revoked": dump(report.revoked),
        "stamps": [{"sub_indication": None, "time": None, **dump(stamp)} for stamp in report.stamps],
        "findings": _findings_to_json(report.findings),
    }


def _signature_from_json(data: Mapping[str, Any]) -> SignatureReport:
    return SignatureReport(
        id=data["id"],
        place=data["place"],
        form=data["form"],
        level=data["level"],
        indication=Indication(data["indication"]),
        sub_indication=_sub_indication(data["sub_indication"]),
        integrity=Integrity(data["integrity"]),
        trust=Trust(data["trust"]),
        revocation=Revocation(data["revocation"]),
        signer=None if data["signer"] is None else _certificate_from_json(data["signer"]),
        chain=tuple(_certificate_from_json(item) for item in data["chain"]),
        claimed_signing_time=_parsed_moment(data["claimed_signing_time"]),
        best_signature_time=_parsed_moment(data["best_signature_time"]),
        qualification=None
        if data.get("qualification") is None  # reports kept before there were trusted lists do not have it
        else _qualification_from_json(data["qualification"]),
        covers=tuple(data["covers"]),
        # Reports kept by the first release do not have these three.
        value=None if data.get("value") is None else load(SignatureValue, data["value"]),
        revoked=tuple(load(RevokedCertificate, item) for item in data.get("revoked", ())),
        stamps=tuple(load(TimeStampReport, item) for item in data.get("stamps", ())),
        findings=_findings_from_json(data["findings"]),
    )


def _document_to_json(report: DocumentReport) -> dict[str, Any]:
    return {
        "name": report.name,
        "size": report.size,
        "sha256": report.sha256,
        "covered_by": list(report.covered_by),
        "signatures": [_signature_to_json(signature) for signature in report.signatures],
        "findings": _findings_to_json(report.findings),
    }


def _document_from_json(data: Mapping[str, Any]) -> DocumentReport:
    return DocumentReport(
        name=data["name"],
        size=int(data["size"]),
        sha256=data["sha256"],
        covered_by=tuple(data["covered_by"]),
        signatures=tuple(_signature_from_json(item) for item in data["signatures"]),
        findings=_findings_from_json(data["findings"]),
    )


def _qualification_to_json(qualification: Qualification) -> dict[str, Any]:
    return {
        "status": qualification.status.value,
        "at": qualification.at.isoformat(),
        "territory": qualification.territory,
        "provider": qualification.provider,
        "service": qualification.service,
        "list_sequence": qualification.list_sequence,
        "list_issued": _moment(qualification.list_issued),
        "list_next_update": _moment(qualification.list_next_update),
        "reasons": list(qualification.reasons),
    }


def _qualification_from_json(data: Mapping[str, Any]) -> Qualification:
    return Qualification(
        status=QualifiedStatus(data["status"]),
        at=datetime.fromisoformat(data["at"]),
        territory=data["territory"],
        provider=data["provider"],
        service=data["service"],
        list_sequence=data["list_sequence"],
        list_issued=_parsed_moment(data["list_issued"]),
        list_next_update=_parsed_moment(data["list_next_update"]),
        reasons=tuple(data["reasons"]),
    )


def _certificate_to_json(summary: CertificateSummary) -> dict[str, str]:
    return {
        "sha256": summary.sha256,
        "subject": summary.subject,
        "issuer": summary.issuer,
        "serial": summary.serial,
        "not_before": summary.not_before.isoformat(),
        "not_after": summary.not_after.isoformat(),
    }


def _certificate_from_json(data: Mapping[str, str]) -> CertificateSummary:
    return CertificateSummary(
        sha256=data["sha256"],
        subject=data["subject"],
        issuer=data["issuer"],
        serial=data["serial"],
        not_before=datetime.fromisoformat(data["not_before"]),
        not_after=datetime.fromisoformat(data["not_after"]),
    )


def _findings_to_json(findings: tuple[Finding, ...]) -> list[dict[str, str]]:
    return [finding.to_json() for finding in findings]


def _findings_from_json(data: list[Mapping[str, str]]) -> tuple[Finding, ...]:
    return tuple(Finding.from_json(item) for item in data)


def _value(sub_indication: SubIndication | None) -> str | None:
    return None if sub_indication is None else sub_indication.value


def _sub_indication(value: str | None) -> SubIndication | None:
    return None if value is None else SubIndication(value)


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _parsed_moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)
