# SPDX-License-Identifier: EUPL-1.2
"""CRLs from their DER (RFC 5280 clause 5). Leaves out whether anything in them is to be believed."""

from datetime import datetime
from hashlib import sha256

from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.x509.oid import ExtensionOID, ObjectIdentifier

from gateway.codes import Code
from gateway.errors import Unreadable
from gateway.stages.signature.certificates.certificate import contained, scheme_of
from gateway.stages.signature.certificates.crl import Crl
from gateway.stages.signature.certificates.encoding import bounded, comparable

_EXPIRED_CERTS_ON_CRL = ObjectIdentifier("2.5.29.60")
_KNOWN = {  # extensions whose meaning is honoured, or that change nothing
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.CRL_NUMBER,
    ExtensionOID.DELTA_CRL_INDICATOR,
    ExtensionOID.ISSUING_DISTRIBUTION_POINT,
    ExtensionOID.ISSUER_ALTERNATIVE_NAME,
    _EXPIRED_CERTS_ON_CRL,
}
_Extensions = dict[ObjectIdentifier, x509.Extension[x509.ExtensionType]]


def read_crl(der: bytes, *, place: str = "") -> Crl:
    """A CRL from its DER. Raises ``Rejected`` with ``REVOCATION_UNKNOWN``; authenticity is checked when it is asked."""
    return contained(
        lambda: _read(bytes(der)), code=Code.REVOCATION_UNKNOWN, place=place, expected="a CRL in DER"
    )


def _read(der: bytes) -> Crl:
    parsed = x509.load_der_x509_crl(bounded(der))
    outer = asn1_crl.CertificateList.load(der, strict=True)
    if outer["tbs_cert_list"]["signature"].dump() != outer["signature_algorithm"].dump():
        raise Unreadable("inner and outer signature algorithm differ")
    extensions = {e.oid: e for e in parsed.extensions}
    scope = extensions.get(ExtensionOID.ISSUING_DISTRIBUTION_POINT)
    point = scope.value if scope and isinstance(scope.value, x509.IssuingDistributionPoint) else None
    return Crl(
        sha256=sha256(der).hexdigest(),
        issuer=comparable(outer["tbs_cert_list"]["issuer"]),
        parsed=parsed,
        scheme=scheme_of(outer["signature_algorithm"]),
        this_update=parsed.last_update_utc,
        next_update=parsed.next_update_utc,
        keeps_expired_from=_keeps_expired_from(extensions.get(_EXPIRED_CERTS_ON_CRL)),
        unusable=_why_unusable(extensions, point),
        partial=_why_partial(extensions, point),
        changes=ExtensionOID.DELTA_CRL_INDICATOR in extensions,
        scope=point,
        tbs=parsed.tbs_certlist_bytes,
    )


def _why_unusable(extensions: _Extensions, point: x509.IssuingDistributionPoint | None) -> str:
    """RFC 5280 clause 5.2: what a list says under an extension nobody here knows is not for us to guess."""
    if point is not None and point.only_contains_attribute_certs:
        return "a CRL of attribute certificates"  # their serial numbers are others
    strange = [oid.dotted_string for oid, e in extensions.items() if e.critical and oid not in _KNOWN]
    return f"unknown critical extension {', '.join(strange)}" if strange else ""


def _why_partial(extensions: _Extensions, point: x509.IssuingDistributionPoint | None) -> str:
    if ExtensionOID.DELTA_CRL_INDICATOR in extensions:
        return "a delta CRL, which we do not combine"
    if point is not None and point.indirect_crl:
        return "an indirect CRL"
    if point is not None and (point.only_some_reasons or point.relative_name):
        return "a CRL for some reasons or relative names only"
    return ""


def _keeps_expired_from(extension: x509.Extension[x509.ExtensionType] | None) -> datetime | None:
    if extension is None or not isinstance(extension.value, x509.UnrecognizedExtension):
        return None
    moment = asn1_x509.GeneralizedTime.load(extension.value.value, strict=True).native
    return moment if isinstance(moment, datetime) else None
