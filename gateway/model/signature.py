# SPDX-License-Identifier: EUPL-1.2
"""The judgement on signatures in the words of EN 319 102-1.

``gateway.model.wire`` makes of it what ``amtsbote verify --json`` prints and the journal keeps: the fields here are its
fields, so their names and their order are stable.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.findings import Finding

_NAMED = 200  # letters of a subject in a place, so that what comes after it is never cut off


class Indication(StrEnum):
    """EN 319 102-1 clause 5.1.3, table 5."""

    TOTAL_PASSED = "TOTAL-PASSED"
    INDETERMINATE = "INDETERMINATE"
    TOTAL_FAILED = "TOTAL-FAILED"


class SubIndication(StrEnum):
    """EN 319 102-1 clause 5.1.3, table 6."""

    FORMAT_FAILURE = "FORMAT_FAILURE"
    HASH_FAILURE = "HASH_FAILURE"
    SIG_CRYPTO_FAILURE = "SIG_CRYPTO_FAILURE"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    SIG_CONSTRAINTS_FAILURE = "SIG_CONSTRAINTS_FAILURE"
    CHAIN_CONSTRAINTS_FAILURE = "CHAIN_CONSTRAINTS_FAILURE"
    CERTIFICATE_CHAIN_GENERAL_FAILURE = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE = "CRYPTO_CONSTRAINTS_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE_NO_POE = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
    POLICY_PROCESSING_ERROR = "POLICY_PROCESSING_ERROR"
    SIGNATURE_POLICY_NOT_AVAILABLE = "SIGNATURE_POLICY_NOT_AVAILABLE"
    TIMESTAMP_ORDER_FAILURE = "TIMESTAMP_ORDER_FAILURE"
    NO_SIGNING_CERTIFICATE_FOUND = "NO_SIGNING_CERTIFICATE_FOUND"
    NO_CERTIFICATE_CHAIN_FOUND = "NO_CERTIFICATE_CHAIN_FOUND"
    REVOKED_NO_POE = "REVOKED_NO_POE"
    REVOKED_CA_NO_POE = "REVOKED_CA_NO_POE"
    OUT_OF_BOUNDS_NO_POE = "OUT_OF_BOUNDS_NO_POE"
    OUT_OF_BOUNDS_NOT_REVOKED = "OUT_OF_BOUNDS_NOT_REVOKED"
    REVOCATION_OUT_OF_BOUNDS_NO_POE = "REVOCATION_OUT_OF_BOUNDS_NO_POE"
    NO_POE = "NO_POE"
    TRY_LATER = "TRY_LATER"
    SIGNED_DATA_NOT_FOUND = "SIGNED_DATA_NOT_FOUND"


class ContainerState(StrEnum):
    """Could the container be read in exactly one way?"""

    OK = "ok"
    REFUSED = "refused"


class Integrity(StrEnum):
    """Every signature's digests and values, every payload entry covered."""

    INTACT = "intact"
    BROKEN = "broken"
    UNSIGNED = "unsigned"
    UNCHECKED = "unchecked"


class Trust(StrEnum):
    """Does a path lead to an anchor the operator named, with nobody on it revoked?"""

    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"
    UNKNOWN = "unknown"


class Revocation(StrEnum):
    """Three values, always: unknown is never good and never called revoked."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateSummary:
    """Enough to find a certificate again; ``sha256`` is over the DER, hex."""

    sha256: str
    subject: str
    issuer: str
    serial: str  # hex
    not_before: datetime
    not_after: datetime

    @property
    def place(self) -> str:
        """How findings name it: a renewed certificate has the subject of the one before."""
        return f"{self.subject[:_NAMED]}, serial number {self.serial}".removeprefix(", ")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureValue:
    """What makes a signature this one and no other: its value and the digest of what the value was made over."""

    algorithm: str  # identifier of XML Signature (RFC 9231)
    digest: str  # identifier of XML Signature, of ``signed``
    signed: str  # hex digest of SignedInfo, or of the signed attributes
    value: str  # base64


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokedCertificate:
    """A certificate of the chain that its issuer took back."""

    sha256: str  # of the DER, hex
    since: datetime
    reason: str  # CRLReason of RFC 5280 clause 5.3.1, "" where none is given
    source: str  # CRL or OCSP


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationAnswer:
    """The CRL or OCSP response that decided about one certificate: whoever has it can judge again."""

    certificate: str  # SHA-256 of its DER, hex
    status: Revocation
    source: str  # CRL or OCSP
    sha256: str  # of the CRL or response, hex
    issued: datetime
    next_update: datetime | None


class StampKind(StrEnum):
    """What a time-stamp stamps."""

    SIGNATURE = "signature"  # the value of the signature
    CONTENT = "content"  # what was going to be signed
    ARCHIVE = "archive"  # everything, validation data included
    DOCUMENT = "document"  # a PDF up to itself


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeStampReport:
    """One time-stamp token (RFC 3161). ``time`` is what it claims; only a passed one proves it."""

    sha256: str  # of the token, hex
    kind: StampKind
    indication: Indication
    sub_indication: SubIndication | None
    time: datetime | None
    chain: tuple[CertificateSummary, ...] = ()
    revocation_answers: tuple[RevocationAnswer, ...] = ()


class QualifiedStatus(StrEnum):
    """What a signature is under Regulation (EU) 910/2014, as far as trusted lists and certificate can tell (TS 119 615)."""

    QESIG = "qesig"  # qualified electronic signature
    QESEAL = "qeseal"  # qualified electronic seal
    ADESIG_QC = "adesig-qc"  # on a qualified certificate, the key in no qualified device
    ADESEAL_QC = "adeseal-qc"
    NOT_QUALIFIED = "not-qualified"  # the lists were asked, and they say no
    UNKNOWN = "unknown"  # the list that could tell is missing, out of date or not to be believed


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualification:
    """A status with the entry of the trusted list it comes from. Empty fields where no entry decided."""

    status: QualifiedStatus
    at: datetime  # the time it is about: the best signature time
    territory: str = ""  # of the list, as the list says it: "DE", "EL"
    provider: str = ""
    service: str = ""
    list_sequence: int | None = None
    list_issued: datetime | None = None
    list_next_update: datetime | None = None
    reasons: tuple[str, ...] = ()  # stable slugs: why it is not more than it is


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureReport:
    """One signature: what it covers, who made it, how it was judged. Unless said, nothing is known and nothing passed."""

    id: str
    place: str  # entry or PDF it stands in
    form: str  # XAdES, CAdES, PAdES, timestamp
    level: str = ""  # B-B, B-T, B-LT, B-LTA, or "" where no baseline level is met
    indication: Indication = Indication.INDETERMINATE
    sub_indication: SubIndication | None = None
    integrity: Integrity = Integrity.UNCHECKED
    trust: Trust = Trust.UNKNOWN
    revocation: Revocation = Revocation.UNKNOWN
    signer: CertificateSummary | None = None
    chain: tuple[CertificateSummary, ...] = ()
    claimed_signing_time: datetime | None = None
    best_signature_time: datetime | None = None
    qualification: Qualification | None = None  # None: no trusted lists are installed, or nobody signed
    covers: tuple[str, ...] = ()
    value: SignatureValue | None = None  # None: it could not be read
    revoked: tuple[RevokedCertificate, ...] = ()
    revocation_answers: tuple[RevocationAnswer, ...] = ()
    stamps: tuple[TimeStampReport, ...] = ()
    findings: tuple[Finding, ...] = ()
    counter_signatures: "tuple[SignatureReport, ...]" = ()  # over its value; they cover nothing and vouch for nothing else


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReport:
    """One payload entry: its digest, which signatures cover it, and the signatures inside (PAdES)."""

    name: str
    size: int
    sha256: str
    covered_by: tuple[str, ...] = ()
    signatures: tuple[SignatureReport, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationReport:
    """The whole judgement on one file."""

    container: ContainerState
    integrity: Integrity
    trust: Trust
    indication: Indication
    sub_indication: SubIndication | None
    level: str
    moment: datetime
    signatures: tuple[SignatureReport, ...] = field(default=())
    documents: tuple[DocumentReport, ...] = field(default=())
    findings: tuple[Finding, ...] = field(default=())  # all, those of signatures and documents included
    scan: Mapping[str, str | int | None] | None = None  # who looked for malware
    sha256: str = ""  # of the file, hex
    size: int | None = None  # of the file, in bytes
    dossier: str = ""  # its id at the gateway that kept the report
    made_by: str = ""  # program and version
