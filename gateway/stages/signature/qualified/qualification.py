# SPDX-License-Identifier: EUPL-1.2
"""Is a signer's certificate qualified, and what for? ETSI TS 119 615 clauses 4.3 to 4.5, over verified trusted lists.

Steps
1. the service that issued the certificate: the issuer nearest to it on the path that some list names
2. the state of the service when the certificate was issued and at the time the signature is known to have existed:
   "granted" at both, and the certificate qualified for the same use at both
3. what the certificate claims (``qc_statements``), overruled by the qualifiers of the list that match it
4. the device of the key, at the later of both times

Fail closed: two entries that contradict each other, an entry that is not understood, a list that is out of date now,
all give no qualified status. Whether the signature itself is valid is the caller's question.
"""

from collections.abc import Iterable, Sequence

from cryptography.x509.oid import NameOID

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding, Severity
from gateway.model.signature import QualifiedStatus
from gateway.stages.signature.certificates.certificate import (
    Certificate,
    contained,
    read_certificate,
    signed_by,
)
from gateway.stages.signature.certificates.instants import Instant, Moments
from gateway.stages.signature.judgement import Standing
from gateway.stages.signature.qualified.lists import Edition, ListedService, TrustedLists
from gateway.stages.signature.qualified.lists.services import Service, Use
from gateway.stages.signature.qualified.qc_statements import read_qc_statements
from gateway.stages.signature.qualified.use import agreed, answer_of

_STATUS = {
    (Use.SIGNATURE, True): QualifiedStatus.QESIG,
    (Use.SIGNATURE, False): QualifiedStatus.ADESIG_QC,
    (Use.SEAL, True): QualifiedStatus.QESEAL,
    (Use.SEAL, False): QualifiedStatus.ADESEAL_QC,
}
_TERRITORIES = {"GR": "EL", "GB": "UK"}  # ISO 3166 -> as lists name them (TS 119 612 clause 5.3.10)


def qualify(chain: Sequence[Certificate], lists: TrustedLists, moments: Moments) -> Standing | None:
    """What the lists say of the first certificate of ``chain``; ``None`` where no lists are installed. Never raises."""
    if not lists.installed:
        return None
    try:
        return contained(
            lambda: _qualify(chain, lists, moments), code=Code.VERIFICATION_FAILED, place="trusted lists"
        )
    except Rejected:
        return Standing(status=QualifiedStatus.NOT_QUALIFIED, reasons=("certificate-unreadable",))


def _qualify(chain: Sequence[Certificate], lists: TrustedLists, moments: Moments) -> Standing:
    if lists.union is None:
        return _unknown("list-of-lists-invalid", lists.findings[-1:])
    if not lists.union.current(moments.now):
        return _unknown("list-of-lists-stale", [_stale(lists.union)])
    listed = _issuers(chain, lists)
    if not listed:
        return _unlisted(chain[0], lists, moments.now)
    stale = [service.edition for _, service in listed if not service.edition.current(moments.now)]
    if stale:
        return _unknown("list-stale", [_stale(edition) for edition in dict.fromkeys(stale)])
    return _judge(chain[0], listed, moments)


def _judge(
    certificate: Certificate, listed: Sequence[tuple[bool, ListedService]], moments: Moments
) -> Standing:
    claims = read_qc_statements(certificate)
    issued = Instant(value=certificate.summary.not_before)
    then, now = (
        [
            answer_of(certificate, claims, item.service, direct=direct, instant=instant)
            for direct, item in listed
        ]
        for instant in (issued, moments.proof)
    )
    first, last = agreed(then), agreed(now)
    service = next(
        (item for (_, item), answer in zip(listed, now, strict=True) if answer.use is last.use), listed[0][1]
    )
    reasons = []
    if last.use is None:
        reasons.append(last.reason)
    if first.use is None and first.reason != last.reason:
        reasons.append(f"{first.reason}-at-issuance")
    elif last.use is not None and first.use is not last.use:
        reasons.append("use-changed-since-issuance")
    if last.use is Use.WEBSITE:
        reasons.append("for-websites")
    status = QualifiedStatus.NOT_QUALIFIED
    if last.use is not None and not reasons:
        status = _STATUS[last.use, last.device]
        if not last.device:
            reasons.append("no-qualified-device")
    return Standing(
        status=status,
        provider=service.service.provider,
        service=service.service.name,
        edition=service.edition,
        reasons=tuple(dict.fromkeys(reasons)),
    )


def _issuers(chain: Sequence[Certificate], lists: TrustedLists) -> list[tuple[bool, ListedService]]:
    """Step 1. Whether it is the certificate's own issuer, and the service. Names and keys, as a list names keys."""
    for depth, certificate in enumerate(chain):
        found = [
            (depth == 0, item)
            for item in lists.by_subject.get(certificate.issuer, ())
            if _issued_by(certificate, item.service)
        ]
        if found:
            return found
    return []


def _issued_by(certificate: Certificate, service: Service) -> bool:
    for der in service.certificates:
        try:
            issuer = read_certificate(der)
        except Rejected:
            continue
        if issuer.subject == certificate.issuer and signed_by(certificate, issuer):
            return True
    return False


def _unlisted(certificate: Certificate, lists: TrustedLists, now: Instant) -> Standing:
    """No list names the issuer. Where the list of its own state cannot be asked, nobody can know."""
    home = _home(certificate)
    asked = {home} & lists.territories if home else lists.territories
    known = {edition.territory: edition for edition in lists.editions}
    stale = [
        known[territory] for territory in sorted(asked & known.keys()) if not known[territory].current(now)
    ]
    if stale:
        return _unknown("list-stale", [_stale(edition) for edition in stale])
    missing = sorted(asked - known.keys())
    if not missing:
        return Standing(status=QualifiedStatus.NOT_QUALIFIED, reasons=("issuer-not-listed",))
    finding = Finding(
        code=Code.TRUSTED_LIST_INVALID,
        severity=Severity.WARNING,
        place=", ".join(missing),
        expected="a trusted list that verifies",
        got="none",
    )
    return _unknown("list-missing", [finding])


def _home(certificate: Certificate) -> str:
    """The state of the issuer; "" where it names none, or one without a list."""
    countries = [
        name.value for name in certificate.parsed.issuer.get_attributes_for_oid(NameOID.COUNTRY_NAME)
    ]
    country = str(countries[0]).upper() if countries else ""
    return _TERRITORIES.get(country, country)


def _stale(edition: Edition) -> Finding:
    issued, until = edition.issued.isoformat(), edition.until
    return Finding(
        code=Code.TRUSTED_LIST_STALE,
        severity=Severity.WARNING,
        place=f"{edition.territory}, {edition.file}",
        expected="an edition that is current",
        got=f"number {edition.sequence}, from {issued}, until {until.isoformat()}"
        if until
        else f"number {edition.sequence}, from {issued}, closed",
    )


def _unknown(reason: str, findings: Iterable[Finding]) -> Standing:
    return Standing(status=QualifiedStatus.UNKNOWN, reasons=(reason,), findings=tuple(findings))
