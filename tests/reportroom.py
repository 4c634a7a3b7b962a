# SPDX-License-Identifier: EUPL-1.2
"""Verification reports of every shape, for properties: what no judgement of ours ever says is among them."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

from gateway.codes import Code
from gateway.findings import Finding, Severity
from gateway.model.signature import (
    CertificateSummary,
    ContainerState,
    DocumentReport,
    Indication,
    Integrity,
    Qualification,
    QualifiedStatus,
    Revocation,
    RevocationAnswer,
    RevokedCertificate,
    SignatureReport,
    SignatureValue,
    StampKind,
    SubIndication,
    TimeStampReport,
    Trust,
    VerificationReport,
)
from gateway.stages.signature.xmldsig.identifiers import DIGESTS as DIGESTS_OF_XML
from gateway.stages.signature.xmldsig.identifiers import SIGNATURES as SIGNATURES_OF_XML

MOMENTS = st.datetimes(
    min_value=datetime(1990, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=2))]),
)
TEXT = st.text(max_size=20)
FINDINGS = st.lists(
    st.builds(
        Finding,
        code=st.sampled_from(Code),
        severity=st.sampled_from(Severity),
        place=TEXT,
        expected=TEXT,
        got=TEXT,
    ),
    max_size=3,
).map(tuple)
DIGESTS = st.binary(min_size=32, max_size=32).map(bytes.hex)
CERTIFICATES = st.builds(
    CertificateSummary,
    sha256=DIGESTS,
    subject=TEXT,
    issuer=TEXT,
    serial=TEXT,
    not_before=MOMENTS,
    not_after=MOMENTS,
)
VALUES = st.builds(
    SignatureValue,
    algorithm=st.sampled_from(sorted(SIGNATURES_OF_XML)),
    digest=st.sampled_from(sorted(DIGESTS_OF_XML)),
    signed=DIGESTS,
    value=st.binary(max_size=64).map(lambda value: b64encode(value).decode()),
)
REVOKED = st.builds(
    RevokedCertificate,
    sha256=DIGESTS,
    since=MOMENTS,
    reason=st.sampled_from(["", "keyCompromise", "certificateHold"]),
    source=st.sampled_from(["CRL", "OCSP"]),
)
ANSWERS = st.lists(
    st.builds(
        RevocationAnswer,
        certificate=DIGESTS,
        status=st.sampled_from(Revocation),
        source=st.sampled_from(["CRL", "OCSP"]),
        sha256=DIGESTS,
        issued=MOMENTS,
        next_update=st.none() | MOMENTS,
    ),
    max_size=2,
).map(tuple)
STAMPS = st.builds(
    TimeStampReport,
    sha256=DIGESTS,
    kind=st.sampled_from(StampKind),
    indication=st.sampled_from(Indication),
    sub_indication=st.none() | st.sampled_from(SubIndication),
    time=st.none() | MOMENTS,
    chain=st.lists(CERTIFICATES, max_size=3).map(tuple),
    revocation_answers=ANSWERS,
)
QUALIFICATIONS = st.builds(
    Qualification,
    status=st.sampled_from(QualifiedStatus),
    at=MOMENTS,
    territory=TEXT,
    provider=TEXT,
    service=TEXT,
    list_sequence=st.none() | st.integers(min_value=0),
    list_issued=st.none() | MOMENTS,
    list_next_update=st.none() | MOMENTS,
    reasons=st.lists(TEXT, max_size=2).map(tuple),
)
NAMES = st.lists(TEXT, max_size=3).map(tuple)


def _signatures(
    over: st.SearchStrategy[tuple[SignatureReport, ...]],
) -> st.SearchStrategy[SignatureReport]:
    """``over`` are those that countersign."""
    return st.builds(
        SignatureReport,
        id=TEXT,
        place=TEXT,
        form=st.sampled_from(["", "XAdES", "CAdES", "PAdES", "timestamp"]),
        level=st.sampled_from(["", "B-B", "B-LTA"]),
        indication=st.sampled_from(Indication),
        sub_indication=st.none() | st.sampled_from(SubIndication),
        integrity=st.sampled_from(Integrity),
        trust=st.sampled_from(Trust),
        revocation=st.sampled_from(Revocation),
        signer=st.none() | CERTIFICATES,
        chain=st.lists(CERTIFICATES, max_size=2).map(tuple),
        claimed_signing_time=st.none() | MOMENTS,
        best_signature_time=st.none() | MOMENTS,
        qualification=st.none() | QUALIFICATIONS,
        covers=NAMES,
        value=st.none() | VALUES,
        revoked=st.lists(REVOKED, max_size=2).map(tuple),
        revocation_answers=ANSWERS,
        stamps=st.lists(STAMPS, max_size=2).map(tuple),
        findings=FINDINGS,
        counter_signatures=over,
    )


_COUNTERING = _signatures(st.just(())).filter(lambda report: report.form != "timestamp")
SIGNATURES = _signatures(st.lists(_COUNTERING, max_size=2).map(tuple))
DOCUMENTS = st.builds(
    DocumentReport,
    name=TEXT,
    size=st.integers(min_value=0),
    sha256=st.just("") | DIGESTS,
    covered_by=NAMES,
    signatures=st.lists(SIGNATURES, max_size=1).map(tuple),
    findings=FINDINGS,
)
REPORTS = st.builds(
    VerificationReport,
    container=st.sampled_from(ContainerState),
    integrity=st.sampled_from(Integrity),
    trust=st.sampled_from(Trust),
    indication=st.sampled_from(Indication),
    sub_indication=st.none() | st.sampled_from(SubIndication),
    level=TEXT,
    moment=MOMENTS,
    signatures=st.lists(SIGNATURES, max_size=2).map(tuple),
    documents=st.lists(DOCUMENTS, max_size=2).map(tuple),
    findings=FINDINGS,
    scan=st.none()
    | st.fixed_dictionaries({"engine": TEXT, "database_date": st.none() | TEXT, "files": st.integers(0)}),
    sha256=st.just("") | DIGESTS,
    size=st.none() | st.integers(min_value=0),
    dossier=TEXT,
    made_by=TEXT,
)
