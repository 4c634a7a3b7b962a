# SPDX-License-Identifier: EUPL-1.2
"""Certificates too short-lived to be revoked: their CA says so in them, and publishes no revocation data on them.

RFC 9608 (noRevAvail) and EN 319 412-1 clause 5.2.2 (validity assured, short-term). Believed only where the certificate
ends no later than an undated revocation list would go on to be believed: nobody could take it back sooner.
"""

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ObjectIdentifier

from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.certificates.certificate import Certificate

_NO_REV_AVAIL = ObjectIdentifier("2.5.29.56")
_SHORT_TERM = ObjectIdentifier("0.4.0.194121.2.1")


def never_revoked(certificate: Certificate, policy: SignaturePolicy) -> bool:
    """Does the certificate's CA answer for it without revocation data?"""
    extensions = certificate.parsed.extensions
    named = {extension.oid for extension in extensions}
    life = certificate.summary.not_after - certificate.summary.not_before
    return (
        bool(named & {_NO_REV_AVAIL, _SHORT_TERM})
        and not certificate.asn1.ca
        and life <= policy.max_revocation_age
        and not (_NO_REV_AVAIL in named and _names_a_source(extensions))
    )


def _names_a_source(extensions: x509.Extensions) -> bool:
    """RFC 9608 clause 3: who names a source of revocation data cannot say that there is none."""
    for extension in extensions:
        if isinstance(extension.value, x509.CRLDistributionPoints | x509.FreshestCRL):
            return True
        if isinstance(extension.value, x509.AuthorityInformationAccess):
            methods = {description.access_method for description in extension.value}
            if AuthorityInformationAccessOID.OCSP in methods:
                return True
    return False
