# SPDX-License-Identifier: EUPL-1.2
"""IssuerSerial of a certificate (RFC 5035): the second half of what binds a signature to its signer's certificate."""

from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509

from gateway.stages.signature.cms.der import element

_SEQUENCE = 0x30
_DIRECTORY_NAME = 0xA4  # [4] of GeneralName, explicit because Name is a CHOICE


def issuer_serial(certificate: asn1_x509.Certificate) -> bytes:
    """DER of IssuerSerial { issuer GeneralNames { directoryName }, serialNumber }."""
    fields = certificate["tbs_certificate"]
    names = element(_SEQUENCE, element(_DIRECTORY_NAME, fields["issuer"].dump()))
    return element(_SEQUENCE, names + fields["serial_number"].dump())


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
