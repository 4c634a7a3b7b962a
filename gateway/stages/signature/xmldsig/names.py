# SPDX-License-Identifier: EUPL-1.2
"""Names of the signature formats: namespaces and identifiers, as the standards print them. No logic."""

DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
XADES_141 = "http://uri.etsi.org/01903/v1.4.1#"
ASIC = "http://uri.etsi.org/02918/v1.2.1#"
ASIC_DRAFT = "http://uri.etsi.org/2918/v1.2.1#"  # printed so in an early edition of TS 102 918, still in use
ODF_SIGNATURES = "urn:oasis:names:tc:opendocument:xmlns:digitalsignature:1.0"
SIGNED_PROPERTIES_TYPE = "http://uri.etsi.org/01903#SignedProperties"
COUNTER_SIGNATURE_TYPE = "http://uri.etsi.org/01903#CountersignedSignature"


def ds(local: str) -> str:
    """A name of XML Signature in Clark notation."""
    return f"{{{DS}}}{local}"


def xades(local: str) -> str:
    """A name of XAdES 1.3.2 in Clark notation."""
    return f"{{{XADES}}}{local}"


def xades141(local: str) -> str:
    """A name of XAdES 1.4.1 in Clark notation."""
    return f"{{{XADES_141}}}{local}"
