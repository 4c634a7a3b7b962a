# SPDX-License-Identifier: EUPL-1.2
"""What a certificate may be used for, by role. Stricter than RFC 5280: a signer's certificate has to say so."""

import re
from enum import StrEnum

from gateway.codes import Code
from gateway.findings import Finding
from gateway.stages.signature.certificates.certificate import Certificate

_WORD_END = re.compile(r"_(\w)")  # names of asn1crypto -> names of RFC 5280
_SIGNING = {"digital_signature", "non_repudiation"}
# Extended usages that are about something else. A certificate that names only these was issued for that and may not
# seal a dossier, e.g. a chamber's TLS client certificate from the same CA (RFC 5280 clause 4.2.1.12).
_OTHER_PURPOSES = {
    "server_auth",
    "client_auth",
    "code_signing",
    "time_stamping",
    "ocsp_signing",
    "ipsec_end_system",
    "ipsec_tunnel",
    "ipsec_user",
    "ike_intermediate",
}
# A key that answers challenges signs what a stranger's server sends. Without nonRepudiation nothing says that its
# signature means anything more, and a dossier could be sealed by making its holder log in somewhere.
_AUTHENTICATION = {
    "server_auth",
    "client_auth",
    "microsoft_smart_card_logon",
    "piv_card_authentication",
    "pkinit_kpclientauth",
}


class Purpose(StrEnum):
    """The role a certificate is judged for."""

    SIGNER = "signer"
    TSA = "tsa"


def usage_faults(certificate: Certificate, purpose: Purpose) -> tuple[Finding, ...]:
    """Everything that speaks against using the certificate in this role."""
    faults = [
        (certificate.asn1.ca, "an end-entity certificate", "a CA certificate"),
        *(_signer(certificate) if purpose is Purpose.SIGNER else _tsa(certificate)),
    ]
    return tuple(
        Finding(code=Code.CERTIFICATE_USAGE, place=certificate.summary.place, expected=expected, got=str(got))
        for wrong, expected, got in faults
        if wrong
    )


def _key_usage(certificate: Certificate) -> set[str] | None:
    value = certificate.asn1.key_usage_value
    return None if value is None else set(value.native)


def _extended_usage(certificate: Certificate) -> list[str] | None:
    value = certificate.asn1.extended_key_usage_value
    return None if value is None else list(value.native)


def _listed(names: set[str] | list[str] | None) -> str:
    return ", ".join(sorted(_WORD_END.sub(lambda m: m[1].upper(), name) for name in names or ())) or "none"


def _signer(certificate: Certificate) -> list[tuple[bool, str, str]]:
    usage, extended = _key_usage(certificate) or set(), _extended_usage(certificate)
    elsewhere = extended is not None and set(extended) <= _OTHER_PURPOSES
    authenticates = "non_repudiation" not in usage and bool(set(extended or ()) & _AUTHENTICATION)
    return [
        (not usage & _SIGNING, "nonRepudiation or digitalSignature", _listed(usage)),
        (elsewhere, "an extended key usage for signing, or none", _listed(extended)),
        (
            authenticates and not elsewhere,
            "nonRepudiation where the key also authenticates",
            _listed(extended),
        ),
    ]


def _tsa(certificate: Certificate) -> list[tuple[bool, str, str]]:
    """RFC 3161 clause 2.3: timeStamping alone, and critical."""
    usage, extended = _key_usage(certificate), _extended_usage(certificate)
    critical = "extended_key_usage" in certificate.asn1.critical_extensions
    return [
        (usage is not None and not usage & _SIGNING, "nonRepudiation or digitalSignature", _listed(usage)),
        (extended != ["time_stamping"], "timeStamping as the only extended key usage", _listed(extended)),
        (extended is not None and not critical, "a critical extended key usage", "not critical"),
    ]
