# SPDX-License-Identifier: EUPL-1.2
"""CRLs (RFC 5280 clause 5), parsed once and asked often, also with 100,000 entries.

Leaves out parsing (``crl_reader``), freshness and the final answer: ``revocation`` weighs what is said here.

An entry says "revoked" in whatever list of the issuer it stands; "not listed" says "good" only in a list that is
complete for the certificate and whose signature is still worth something.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.x509.oid import CRLEntryExtensionOID

from gateway.model.trust import AlgorithmRule
from gateway.stages.signature.certificates.certificate import Certificate, Scheme, verifies
from gateway.stages.signature.certificates.encoding import comparable
from gateway.stages.signature.certificates.instants import Moments
from gateway.stages.signature.certificates.statement import Statement, Unusable, revoked_since
from gateway.stages.signature.certificates.strength import weakness

_KNOWN_IN_ENTRIES = {CRLEntryExtensionOID.CRL_REASON, CRLEntryExtensionOID.INVALIDITY_DATE}


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
    partial: str  # why "not listed" proves nothing, or ""
    changes: bool  # a delta CRL
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
    ) -> tuple[Statement | Unusable, ...]:
        """What this list says about ``certificate``; the caller has matched the issuer's name."""
        weak = weakness(rules, self.scheme, issuer.key, moments.of_object(self.sha256).day())
        # Who forges "revoked" with a broken algorithm wins a refusal; one that is true must not fade with the algorithm.
        never = weak and weakness(rules, self.scheme, issuer.key, self.this_update)
        objection = self.unusable or self._unauthentic(issuer) or (f"signed with {weak}" if never else "")
        if objection:
            return (Unusable(source="CRL", reason=objection),)
        limits = self._limits(certificate, issuer, weak)
        entries = self._entries(certificate)
        if entries:
            return tuple(self._revoked(entry, limits) for entry in entries)
        if not limits and self._has_strange_entries():
            limits = "an entry has a critical extension we do not know"
        return (Unusable(source="CRL", reason=limits) if limits else self._not_listed(),)

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

    def _limits(self, certificate: Certificate, issuer: Certificate, weak: str) -> str:
        """Why the list proves no "good" for the certificate, or ""."""
        if weak:
            return f"signed with {weak}"
        if self.this_update > issuer.summary.not_after:
            return "made after the issuer's certificate had ended"
        return self.partial or self._out_of_scope(certificate)

    def _out_of_scope(self, certificate: Certificate) -> str:
        """RFC 5280 clause 6.3.3 (b) and (d): a partitioned list speaks only about the certificates it was made for."""
        if self.scope is None:
            return ""
        if certificate.asn1.ca and self.scope.only_contains_user_certs:
            return "lists end-entity certificates only"
        if not certificate.asn1.ca and self.scope.only_contains_ca_certs:
            return "lists CA certificates only"
        if not self.scope.full_name:
            return ""
        own = set(self.scope.full_name)
        points = [p for p in _distribution_points(certificate) if own & set(p.full_name or ())]
        if not points:
            return "belongs to another distribution point"
        complete = [p for p in points if not p.reasons and _points_to(p, certificate.issuer)]
        return "" if complete else "is not the complete list for this certificate"

    def _entries(self, certificate: Certificate) -> list[x509.RevokedCertificate]:
        """Every entry of the certificate: a list may name it twice, e.g. first on hold and then revoked."""
        # Absence of the serial's DER in the list proves absence of the entry: entries were checked to be minimal DER
        # when the list was parsed. That costs 0.2 ms for 100,000 entries, an index would cost 150 ms and 20 MB.
        serial = certificate.parsed.serial_number
        length = serial.bit_length() // 8 + 1
        count = self.tbs.count(b"\x02" + bytes([length]) + serial.to_bytes(length, "big", signed=True))
        if count == 0:
            return []
        found: Iterable[x509.RevokedCertificate | None]
        if self.scope is not None and self.scope.indirect_crl:
            found = _entries_of(self.parsed, certificate)
        elif count == 1:
            found = [self.parsed.get_revoked_certificate_by_serial_number(serial)]
        else:
            found = [entry for entry in self.parsed if entry.serial_number == serial]
        taken_back = x509.ReasonFlags.remove_from_crl if self.changes else None
        return [entry for entry in found if entry and (taken_back is None or _flag(entry) is not taken_back)]

    def _has_strange_entries(self) -> bool:
        """RFC 5280 clause 5.3: an unknown critical entry extension makes the whole list unfit to say "good"."""
        if not self._strange:
            self._strange.append(any(_strange(entry) for entry in self.parsed))
        return self._strange[0]

    def _not_listed(self) -> Statement:
        return Statement(
            source="CRL",
            sha256=self.sha256,
            this_update=self.this_update,
            next_update=self.next_update,
            made_at=self.this_update,
            keeps_expired_from=self.keeps_expired_from,
        )

    def _revoked(self, entry: x509.RevokedCertificate, limits: str) -> Statement:
        flag = _flag(entry)
        reason = flag.value if flag else ""
        return replace(
            self._not_listed(),
            revoked_at=revoked_since(entry.revocation_date_utc, reason, _invalid_from(entry)),
            reason=reason,
            limits=limits,
        )


def _entries_of(
    entries: Iterable[x509.RevokedCertificate], certificate: Certificate
) -> Iterable[x509.RevokedCertificate]:
    """Of an indirect list: an entry without a certificateIssuer has that of the one before it (RFC 5280 clause 5.3.3)."""
    issuers = {certificate.issuer}  # of the list, which is the certificate's issuer too
    for entry in entries:
        for extension in entry.extensions:
            if isinstance(extension.value, x509.CertificateIssuer):
                issuers = _directory_names(extension.value)
        if entry.serial_number == certificate.parsed.serial_number and certificate.issuer in issuers:
            yield entry


def _directory_names(names: Iterable[x509.GeneralName]) -> set[str]:
    """Normalised like ``Certificate.issuer``."""
    return {
        comparable(asn1_x509.Name.load(name.value.public_bytes()))
        for name in names
        if isinstance(name, x509.DirectoryName)
    }


def _distribution_points(certificate: Certificate) -> Sequence[x509.DistributionPoint]:
    try:
        found = certificate.parsed.extensions.get_extension_for_class(x509.CRLDistributionPoints)
    except x509.ExtensionNotFound:
        return ()
    return tuple(found.value)


def _points_to(point: x509.DistributionPoint, issuer: str) -> bool:
    """Does the point lead to lists of the certificate's issuer itself?"""
    return not point.crl_issuer or issuer in _directory_names(point.crl_issuer)


def _strange(entry: x509.RevokedCertificate) -> bool:
    return any(e.critical and e.oid not in _KNOWN_IN_ENTRIES for e in entry.extensions)


def _invalid_from(entry: x509.RevokedCertificate) -> datetime | None:
    for extension in entry.extensions:
        if isinstance(extension.value, x509.InvalidityDate):
            return extension.value.invalidity_date_utc
    return None


def _flag(entry: x509.RevokedCertificate) -> x509.ReasonFlags | None:
    for extension in entry.extensions:
        if isinstance(extension.value, x509.CRLReason):
            return extension.value.reason
    return None
