# SPDX-License-Identifier: EUPL-1.2
"""One SignerInfo checked to its end: the core of CAdES and of time-stamps.

Leaves out trust, time and levels. What is wrong comes back as findings, all of them, with ``Integrity`` saying
whether the bytes are those that were signed; a refused structure can still be intact.

Checks (RFC 5652 clause 5.6, EN 319 122-1 clause 5)
1. signed attributes are there, each kind once with one value, in DER order
2. content-type names the content, message-digest is the content's digest
3. CMSAlgorithmProtection (RFC 6211), where present, agrees with the SignerInfo
4. the signer's certificate is the one that sid and ESSCertID(v2) both name
5. the value verifies over the signed attributes as they stand
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import cms

from gateway.codes import Code
from gateway.errors import Rejected, own_words
from gateway.findings import Finding, Severity
from gateway.model.signature import Integrity
from gateway.model.trust import AlgorithmRule
from gateway.stages.signature.algorithms import DIGEST, check_algorithm
from gateway.stages.signature.certificates.certificate import (
    Certificate,
    Scheme,
    contained,
    scheme_of,
    verifies,
)
from gateway.stages.signature.certificates.strength import check_key
from gateway.stages.signature.cms.binding import ESS_V1, ESS_V2, named_by_sid, read_binding
from gateway.stages.signature.cms.der import elements
from gateway.stages.signature.cms.signed_data import MAX_CERTIFICATES, SignedData
from gateway.stages.signature.cms.unsigned import others, stamp_tokens

# Attributes go by OID: their names in asn1crypto depend on what else was imported.
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_TIME = "1.2.840.113549.1.9.5"
ALGORITHM_PROTECTION = "1.2.840.113549.1.9.52"
_READ = {CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME, ALGORITHM_PROTECTION, ESS_V1, ESS_V2}


@dataclass(frozen=True, slots=True, kw_only=True)
class CmsSignerCheck:
    """What was found out about one SignerInfo."""

    integrity: Integrity
    certificate: Certificate | None = None
    scheme: Scheme | None = None
    digest: str = ""  # digestAlgorithm, hashlib name
    bound: str = ""  # digest of ESSCertID(v2) that the dated table is to judge
    value: bytes = b""
    signed_der: bytes = b""  # what the value was made over
    signed: Mapping[str, Any]  # value of each signed attribute, by OID
    tokens: tuple[bytes, ...] = ()  # signature time-stamps as they came: nobody signed them
    unsigned: tuple[tuple[str, tuple[Any, ...]], ...] = ()  # other unsigned attributes with their values
    findings: tuple[Finding, ...]


def check_cms_signer(
    signer: cms.SignerInfo,
    data: SignedData,
    *,
    place: str,
    content_digest: Callable[[str], bytes],
    time_stamp: bool = False,
    hints: Sequence[bytes] = (),
) -> CmsSignerCheck:
    """Steps 1 to 5. ``content_digest`` gives the content's digest by hashlib name; never raises for bad input.

    A time-stamp may name its certificate with SHA-1 (RFC 5816 clause 2.2.1); elsewhere the dated table decides
    (``weak_signature``).
    ``hints`` are certificates to look in where ``data`` brings none: time-stamps need not (RFC 3161 clause 2.4.1).
    """
    pool = (*data.certificates, *hints)[:MAX_CERTIFICATES]
    try:
        return contained(
            lambda: _Run(signer, data, place, pool, time_stamp=time_stamp).check(content_digest),
            code=Code.CMS_STRUCTURE,
            place=place,
            expected="a SignerInfo after RFC 5652",
        )
    except Rejected as refusal:
        return CmsSignerCheck(integrity=Integrity.UNCHECKED, signed={}, findings=refusal.findings)


def weak_signature(
    check: CmsSignerCheck, rules: Sequence[AlgorithmRule], moment: datetime, *, place: str
) -> tuple[Finding, ...]:
    """What the dated table holds against the digests, the signature algorithm and the signer's key at ``moment``."""
    digests = {check.digest, check.bound, check.scheme.digest if check.scheme else ""} - {""}
    found = [check_algorithm(rules, name, DIGEST, 0, moment, place=place) for name in sorted(digests)]
    if check.scheme is not None and check.certificate is not None:
        key = check.certificate.key
        found.append(check_key(rules, check.scheme.algorithm, key, moment, place=place))
    return tuple(f for f in found if f is not None)


class _Run:
    """One run over one SignerInfo; ``findings`` and ``broken`` are owned by it."""

    def __init__(
        self,
        signer: cms.SignerInfo,
        data: SignedData,
        place: str,
        pool: Sequence[bytes],
        *,
        time_stamp: bool,
    ) -> None:
        self.signer, self.data, self.place, self.pool = signer, data, place, pool
        self.time_stamp, self.bound = time_stamp, ""
        self.findings: list[Finding] = []
        self.broken = False
        # The bytes as they came: asn1crypto encodes anew what it has taken apart, and a signature over a tidied copy
        # would say nothing about the bytes that others read. Everything below reads from this very encoding.
        attributes = signer["signed_attrs"]
        present = isinstance(attributes, cms.CMSAttributes)
        self.signed_der = b"\x31" + attributes.dump()[1:] if present else b""  # SET OF, RFC 5652 clause 5.4

    def note(self, code: Code, expected: str, got: str, severity: Severity = Severity.ERROR) -> None:
        self.findings.append(
            Finding(code=code, severity=severity, place=self.place, expected=expected, got=got)
        )

    def check(self, content_digest: Callable[[str], bytes]) -> CmsSignerCheck:
        digest = self.signer["digest_algorithm"]["algorithm"].native
        value = self.signer["signature"].native
        signed = self._signed_attributes()
        self._content(signed, digest, content_digest)
        self._protection(signed)
        certificate = self._certificate(signed)
        scheme = self._scheme(digest)
        integrity = Integrity.UNCHECKED
        if certificate is not None and scheme is not None:
            self._value(certificate, scheme, value)
            integrity = Integrity.INTACT
        return CmsSignerCheck(
            integrity=Integrity.BROKEN if self.broken else integrity,
            certificate=certificate,
            scheme=scheme,
            digest=digest,
            bound=self.bound,
            value=value,
            signed_der=self.signed_der or self.data.content or b"",
            signed=signed,
            tokens=stamp_tokens(self.signer),
            unsigned=others(self.signer),
            findings=tuple(self.findings),
        )

    def _signed_attributes(self) -> dict[str, Any]:
        """Step 1."""
        found: dict[str, Any] = {}
        if not self.signed_der:
            self.note(Code.CMS_STRUCTURE, "signed attributes", "none")
            return found
        encodings = elements(self.signed_der)
        if encodings != sorted(encodings):
            self.note(Code.CMS_STRUCTURE, "signed attributes in DER order", "another order")
        attributes = cms.CMSAttributes.load(self.signed_der, strict=True)
        for attribute in attributes:
            name, values = attribute["type"].dotted, attribute["values"]
            if name in found:
                self.note(Code.CMS_STRUCTURE, "every signed attribute once", f"{name} twice")
            elif len(values) != 1:
                self.note(Code.CMS_STRUCTURE, f"one value of {name}", str(len(values)))
            else:
                found[name] = values[0]
                # Decoded here, inside the border: asn1crypto is lazy and raises late.
                _ = values[0].native if name in _READ else None
        return found

    def _content(
        self, signed: Mapping[str, Any], digest: str, content_digest: Callable[[str], bytes]
    ) -> None:
        """Step 2."""
        named = signed[CONTENT_TYPE].dotted if CONTENT_TYPE in signed else "none"
        if named != self.data.content_type:
            self.note(Code.CMS_STRUCTURE, f"content-type {self.data.content_type}", named)
        if MESSAGE_DIGEST not in signed:
            # Without it the value says nothing about the content, so nothing can be intact.
            self.note(Code.CMS_STRUCTURE, "message-digest", "none")
            self.broken = True
            return
        expected, got = content_digest(digest), signed[MESSAGE_DIGEST].native
        if got != expected:
            self.note(Code.SIGNATURE_DIGEST_MISMATCH, f"{digest} {expected.hex()}", got.hex())
            self.broken = True

    def _protection(self, signed: Mapping[str, Any]) -> None:
        """Step 3: otherwise the algorithm fields are outside the signature and could be exchanged."""
        claim = signed.get(ALGORITHM_PROTECTION)
        if claim is None:
            return
        fields = ("digest_algorithm", "signature_algorithm")
        if any(claim[f]["algorithm"].native != self.signer[f]["algorithm"].native for f in fields):
            self.note(Code.CMS_STRUCTURE, "the algorithms that were signed (RFC 6211)", "other algorithms")

    def _scheme(self, digest: str) -> Scheme | None:
        try:
            return scheme_of(self.signer["signature_algorithm"], digest=digest)
        except ValueError as error:
            self.note(Code.SIGNATURE_ALGORITHM, "an algorithm of the table", own_words(error))
            return None

    def _certificate(self, signed: Mapping[str, Any]) -> Certificate | None:
        """Step 4. Without a binding the value could be shown beside another certificate with the same key."""
        candidates = named_by_sid(self.signer["sid"], self.pool)
        if not candidates:
            got = f"{len(self.pool)} certificates, none of them readable and the signer's"
            self.note(Code.SIGNER_BINDING, "the signer's certificate", got)
            return None
        binding = read_binding(signed)
        if binding is None:
            self.note(Code.SIGNER_BINDING, "signing-certificate-v2", "none")
            return candidates[0]
        certificate = next(filter(binding.names, candidates), candidates[0])
        if not self.time_stamp:
            self.bound = binding.digest
        elif binding.digest == "sha1":
            self.note(Code.TIMESTAMP_BINDING, "signing-certificate-v2", "SHA-1", Severity.INFO)
        if not binding.names(certificate):
            expected = f"{binding.digest} of the signer's certificate"
            self.note(Code.SIGNER_BINDING, expected, "another digest")
        if not binding.agrees(certificate):
            self.note(Code.SIGNER_BINDING, "issuer and serial number of the signer's certificate", "others")
        return certificate

    def _value(self, certificate: Certificate, scheme: Scheme, value: bytes) -> None:
        """Step 5, over the attributes as they stand."""
        signed = self.signed_der or self.data.content or b""
        if not verifies(certificate.key, scheme=scheme, value=value, data=signed):
            self.note(Code.SIGNATURE_VALUE_INVALID, "a value made with the signer's key", "another value")
            self.broken = True
