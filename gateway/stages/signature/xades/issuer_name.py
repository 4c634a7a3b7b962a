# SPDX-License-Identifier: EUPL-1.2
"""X509IssuerName of the older SigningCertificate: the issuer as text, held against the certificate's own.

RFC 4514 leaves writers free in short names, order and spaces, and they use it; the digest beside it already binds. So only
what is understood can contradict: attributes by their types, in any order, whatever their case.
"""

import re

from cryptography import x509

_SHORT = {  # besides those of RFC 4514 clause 3, as Java, .NET and OpenSSL write them
    name: x509.ObjectIdentifier(dotted)
    for dotted, names in {
        "1.2.840.113549.1.9.1": ("E", "EMAIL", "EMAILADDRESS", "emailAddress"),
        "2.5.4.4": ("SN", "SURNAME"),
        "2.5.4.5": ("SERIALNUMBER", "serialNumber"),
        "2.5.4.8": ("S", "ST"),
        "2.5.4.12": ("T", "TITLE", "title"),
        "2.5.4.42": ("G", "GN", "GIVENNAME", "givenName"),
        "2.5.4.97": ("organizationIdentifier", "ORGANIZATIONIDENTIFIER"),
    }.items()
    for name in names
}
_SPACED_COMMA = re.compile(r"(?<!\\) *, *")
_ENCODED = re.compile(r"=#([0-9A-Fa-f]{4,510})(?=,|\+|$)")
_SPECIAL = re.compile(r'([,+"\\<>;=#])')
_DOTTED = re.compile(r"(^|,)OID\.(?=[0-9])", re.IGNORECASE)


def contradicts(text: str, certificate: x509.Certificate) -> bool:
    """Does the text name somebody else than the issuer of the certificate?"""
    tidy = _DOTTED.sub(r"\1", _SPACED_COMMA.sub(",", text.strip()))
    try:
        named = x509.Name.from_rfc4514_string(_ENCODED.sub(_decoded, tidy), _SHORT)
    except ValueError:
        return False
    return _attributes(named) != _attributes(certificate.issuer)


def _decoded(match: re.Match[str]) -> str:
    """A value that stands as its BER (RFC 4514 clause 2.4): Java writes what it has no short name for so."""
    value = bytes.fromhex(match[1])[2:].decode("utf-8")
    return "=" + _SPECIAL.sub(r"\\\1", value)


def _attributes(name: x509.Name) -> list[tuple[str, str]]:
    return sorted((a.oid.dotted_string, " ".join(str(a.value).split()).casefold()) for a in name)
