# SPDX-License-Identifier: EUPL-1.2
"""Complete CRLs (RFC 5280 clause 5), parsed once and asked often, also with 100,000 entries.

Leaves out freshness and the final answer: ``revocation`` weighs what is said here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.x509.oid import CRLEntryExtensionOID, ExtensionOID, ObjectIdentifier

from gateway.codes import Code
from gateway.errors import Unreadable
from gateway.model.trust import AlgorithmRule
from gateway.stages.signature.algorithms import check_algorithm
from gateway.stages.signature.certificates.certificate import (
    Certificate,
    Scheme,
    contained,
    key_bits,
    scheme_of,
    verifies,
)
from gateway.stages.signature.certificates.instants import Moments
from gateway.stages.signature.certificates.statement import Statement, Unusable

_EXPIRED_CERTS_ON_CRL = ObjectIdentifier("2.5.29.60")
_KNOWN = {  # extensions whose meaning is honoured below, or that change nothing
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.CRL_NUMBER,
    ExtensionOID.ISSUING_DISTRIBUTION_POINT,
    ExtensionOID.ISSUER_ALTERNATIVE_NAME,
    _EXPIRED_CERTS_ON_CRL,
}
_KNOWN_IN_ENTRIES = {CRLEntryExtensionOID.CRL_REASON, CRLEntryExtensionOID.INVALIDITY_DATE}
_COMPROMISE = {x509.ReasonFlags.key_compromise, x509.ReasonFlags.ca_compromise}


@dataclass(slots=True, kw_only=True, eq=False)
class Crl:
    """A parsed CRL. ``_verified`` and ``_strange`` are owned by this object and only ever filled, never changed."""

    sha256: str
    issuer: str  # normalised like Certificate.issuer
    parsed: x509.CertificateRevocationList
    scheme: Scheme
    this_update: datetime
    next_update: datetime | None
    keeps_expired_from: datetime | None
    unusable: str  # why the whole list proves nothing, or ""
    scope: x509.IssuingDistributionPoint | None
    tbs: bytes
    _verified: dict[bytes, bool] = field(default_factory=dict)  # by issuer key: one check per CRL and key
    _strange: list[bool] = field(default_factory=list)  # holds the answer once entries have been read

    def about(
        self,
        certificate: Certificate,
        issuer: Certificate,
        *,
        rules: Sequence[AlgorithmRule],
        moments: Moments,
    ) -> Statement | Unusable:
        """What this list says about ``certificate``; the caller has matched the issuer's name."""
        objection = (
            self.unusable
            or self._unauthentic(issuer)
            or _weak(self.scheme, issuer, rules, moments)
            or self._out_of_scope(certificate)
        )
        if objection:
            return Unusable(source="CRL", reason=objection)
        entry = self._entry(certificate.parsed.serial_number)
        if entry is None and self._has_strange_entries():
            return Unusable(source="CRL", reason="an entry has a critical extension we do not know")
        return Statement(
            source="CRL",
            this_update=self.this_update,
            next_update=self.next_update,
            revoked_at=_since(entry) if entry else None,
            reason=_reason(entry) if entry else "",
            keeps_expired_from=self.keeps_expired_from,
        )

    def _unauthentic(self, issuer: Certificate) -> str:
        usage = issuer.asn1.key_usage_value
        if usage is not None and "crl_sign" not in usage.native:
            return "the issuer's certificate may not sign CRLs"
        key = issuer.asn1.public_key.dump()
        if key not in self._verified:
            self._verified[key] = verifies(
                issuer.key, scheme=self.scheme, value=self.parsed.signature, data=self.tbs
            )
        return "" if self._verified[key] else "not signed by the issuer's key"

    def _out_of_scope(self, certificate: Certificate) -> str:
        """RFC 5280 clause 6.3.3 (b): a partitioned list speaks only about the certificates it was made for."""
        if self.scope is None:
            return ""
        if certificate.asn1.ca and self.scope.only_contains_user_certs:
            return "lists end-entity certificates only"
        if not certificate.asn1.ca and self.scope.only_contains_ca_certs:
            return "lists CA certificates only"
        if self.scope.full_name and not set(self.scope.full_name) & _distribution_points(certificate):
            return "belongs to another distribution point"
        return ""

    def _entry(self, serial: int) -> x509.RevokedCertificate | None:
        # Absence of the serial's DER in the list proves absence of the entry: entries were checked to be minimal DER
        # when the list was parsed. That costs 0.2 ms for 100,000 entries, an index would cost 150 ms and 20 MB.
        length = serial.bit_length() // 8 + 1
        if b"\x02" + bytes([length]) + serial.to_bytes(length, "big", signed=True) not in self.tbs:
            return None
        return self.parsed.get_revoked_certificate_by_serial_number(serial)

    def _has_strange_entries(self) -> bool:
        """RFC 5280 clause 5.3: an unknown critical entry extension makes the whole list unfit to say "good"."""
        if not self._strange:
            self._strange.append(any(_strange(entry) for entry in self.parsed))
        return self._strange[0]


def read_crl(der: bytes, *, place: str = "") -> Crl:
    """A CRL from its DER. Raises ``Rejected`` with ``REVOCATION_UNKNOWN``; authenticity is checked when it is asked."""
    return contained(
        lambda: _read(bytes(der)), code=Code.REVOCATION_UNKNOWN, place=place, expected="a CRL in DER"
    )


def _read(der: bytes) -> Crl:
    parsed = x509.load_der_x509_crl(der)
    outer = asn1_crl.CertificateList.load(der, strict=True)
    if outer["tbs_cert_list"]["signature"].dump() != outer["signature_algorithm"].dump():
        raise Unreadable("inner and outer signature algorithm differ")
    extensions = {e.oid: e for e in parsed.extensions}
    scope = extensions.get(ExtensionOID.ISSUING_DISTRIBUTION_POINT)
    point = scope.value if scope and isinstance(scope.value, x509.IssuingDistributionPoint) else None
    return Crl(
        sha256=sha256(der).hexdigest(),
        issuer=outer["tbs_cert_list"]["issuer"].hashable,
        parsed=parsed,
        scheme=scheme_of(outer["signature_algorithm"]),
        this_update=parsed.last_update_utc,
        next_update=parsed.next_update_utc,
        keeps_expired_from=_keeps_expired_from(extensions.get(_EXPIRED_CERTS_ON_CRL)),
        unusable=_why_unusable(extensions, point),
        scope=point,
        tbs=parsed.tbs_certlist_bytes,
    )


def _why_unusable(
    extensions: dict[ObjectIdentifier, x509.Extension[x509.ExtensionType]],
    point: x509.IssuingDistributionPoint | None,
) -> str:
    if ExtensionOID.DELTA_CRL_INDICATOR in extensions:
        return "a delta CRL, which we do not combine"
    if point is not None and (point.indirect_crl or point.only_contains_attribute_certs):
        return "an indirect or attribute CRL"
    if point is not None and (point.only_some_reasons or point.relative_name):
        return "a CRL for some reasons or relative names only"
    strange = [oid.dotted_string for oid, e in extensions.items() if e.critical and oid not in _KNOWN]
    return f"unknown critical extension {', '.join(strange)}" if strange else ""


def _keeps_expired_from(extension: x509.Extension[x509.ExtensionType] | None) -> datetime | None:
    if extension is None or not isinstance(extension.value, x509.UnrecognizedExtension):
        return None
    moment = asn1_x509.GeneralizedTime.load(extension.value.value, strict=True).native
    return moment if isinstance(moment, datetime) else None


def _weak(scheme: Scheme, signer: Certificate, rules: Sequence[AlgorithmRule], moments: Moments) -> str:
    finding = weak_scheme(scheme, signer, rules, moments)
    return f"signed with {finding}" if finding else ""


def weak_scheme(scheme: Scheme, signer: Certificate, rules: Sequence[AlgorithmRule], moments: Moments) -> str:
    """The algorithm that the dated table does not allow at the time of proof, or ""."""
    moment = moments.proof.day()
    if scheme.digest and check_algorithm(rules, scheme.digest, "digest", 0, moment):
        return scheme.digest
    bits = key_bits(signer.key)
    if check_algorithm(rules, scheme.algorithm, "signature", bits, moment):
        return f"{scheme.algorithm} ({bits} bits)"
    return ""


def _distribution_points(certificate: Certificate) -> set[x509.GeneralName]:
    try:
        found = certificate.parsed.extensions.get_extension_for_class(x509.CRLDistributionPoints)
    except x509.ExtensionNotFound:
        return set()
    return {name for point in found.value for name in point.full_name or ()}


def _strange(entry: x509.RevokedCertificate) -> bool:
    return any(e.critical and e.oid not in _KNOWN_IN_ENTRIES for e in entry.extensions)


def _since(entry: x509.RevokedCertificate) -> datetime:
    """Revocation date; after a compromise the day it began, where the CA names it (RFC 5280 clause 5.3.2)."""
    date = entry.revocation_date_utc
    for extension in entry.extensions:
        value = extension.value
        if isinstance(value, x509.InvalidityDate) and _flag(entry) in _COMPROMISE:
            date = min(date, value.invalidity_date_utc)
    return date


def _flag(entry: x509.RevokedCertificate) -> x509.ReasonFlags | None:
    for extension in entry.extensions:
        if isinstance(extension.value, x509.CRLReason):
            return extension.value.reason
    return None


def _reason(entry: x509.RevokedCertificate) -> str:
    flag = _flag(entry)
    return flag.value if flag else ""
