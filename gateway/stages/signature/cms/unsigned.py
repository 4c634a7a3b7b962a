# SPDX-License-Identifier: EUPL-1.2
"""Unsigned attributes of a SignerInfo: nobody signed them, so they may be anything, and none of it may harm the signature."""

from typing import Any

from asn1crypto import cms

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.stages.signature.certificates.certificate import contained
from gateway.stages.signature.cms.der import elements

_SIGNATURE_STAMP = "1.2.840.113549.1.9.16.2.14"


def stamp_tokens(signer: cms.SignerInfo) -> tuple[bytes, ...]:
    """Signature time-stamps, each as it came."""
    stamps = (a for a in signer["unsigned_attrs"] or () if a["type"].dotted == _SIGNATURE_STAMP)
    return tuple(token for attribute in stamps for token in _values(attribute))


def others(signer: cms.SignerInfo) -> tuple[tuple[str, tuple[Any, ...]], ...]:
    """The other attributes by OID, with all their values; bytes, where they are not what their OID says."""
    found = (a for a in signer["unsigned_attrs"] or () if a["type"].dotted != _SIGNATURE_STAMP)
    return tuple((attribute["type"].dotted, _read(attribute)) for attribute in found)


def _read(attribute: cms.CMSAttribute) -> tuple[Any, ...]:
    try:
        return contained(lambda: tuple(attribute["values"]), code=Code.CMS_STRUCTURE, place="")
    except Rejected:
        return (bytes(attribute["values"].contents),)


def _values(attribute: cms.CMSAttribute) -> list[bytes]:
    """Where they are no DER, nobody can tell one from the next: then they are one."""
    try:
        _, values = elements(attribute.dump())
        return elements(values)
    except ValueError:
        return [bytes(attribute["values"].contents)]
