# SPDX-License-Identifier: EUPL-1.2
"""IssuerSerial of a certificate (RFC 5035): the second half of what binds a signature to its signer's certificate."""

from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509


def issuer_serial(certificate: asn1_x509.Certificate) -> bytes:
    """DER of IssuerSerial { issuer GeneralNames { directoryName }, serialNumber }."""
    names = asn1_x509.GeneralNames([asn1_x509.GeneralName("directory_name", certificate.issuer)])
    value = tsp.IssuerSerial({"issuer": names, "serial_number": certificate.serial_number})
    return bytes(value.dump())


def names_certificate(der: bytes, certificate: asn1_x509.Certificate) -> bool:
    """Does this IssuerSerial name ``certificate``? Raises whatever asn1crypto raises on hostile bytes."""
    if der == issuer_serial(certificate):
        return True
    value = tsp.IssuerSerial.load(der, strict=True)
    names = list(value["issuer"])
    return (
        len(names) == 1
        and names[0].name == "directory_name"
        and bool(names[0].chosen == certificate.issuer)
        and int(value["serial_number"].native) == certificate.serial_number
    )
