# SPDX-License-Identifier: EUPL-1.2
"""Names of X.509 as text of RFC 4514, on one line whatever stands in them.

Leaves out comparing: names are compared as asn1crypto normalises them, never as text.
"""

from cryptography import x509

# RFC 4514 clause 3 has short names for a few attributes only; seals of trust services carry these as well
# (EN 319 412-2 clause 4.2.4, EN 319 412-3 clause 4.2.1).
_SHORT = {
    x509.ObjectIdentifier(dotted): short
    for dotted, short in {
        "1.2.840.113549.1.9.1": "emailAddress",
        "1.3.6.1.4.1.311.60.2.1.1": "jurisdictionL",
        "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionST",
        "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionC",
        "2.5.4.4": "SN",
        "2.5.4.5": "serialNumber",
        "2.5.4.9": "STREET",
        "2.5.4.12": "title",
        "2.5.4.13": "description",
        "2.5.4.15": "businessCategory",
        "2.5.4.17": "postalCode",
        "2.5.4.42": "GN",
        "2.5.4.43": "initials",
        "2.5.4.44": "generationQualifier",
        "2.5.4.46": "dnQualifier",
        "2.5.4.65": "pseudonym",
        "2.5.4.97": "organizationIdentifier",
    }.items()
}


def text_of(name: x509.Name) -> str:
    """The name with short names for what real certificates hold.

    What has no glyph (ends of lines, marks of direction, no width) is written in hexadecimal (RFC 4514 clause 2.4): a
    subject is the choice of whoever asks for the certificate, and must not forge a line of a screen or of a report.
    """
    return "".join(c if c.isprintable() else _hexadecimal(c) for c in name.rfc4514_string(_SHORT))


def _hexadecimal(char: str) -> str:
    return "".join(f"\\{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))
