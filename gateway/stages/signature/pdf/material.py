# SPDX-License-Identifier: EUPL-1.2
"""Validation data that a PDF brings along in its document security store (EN 319 142-1 clause 5.4.2).

Hints only: they can help to prove something, they prove nothing. What cannot be read is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.decode_limits import DecodePurpose

from gateway.errors import Rejected
from gateway.stages.signature.pdf.document import PdfDocument, PdfValue, children, followed, member, readable
from gateway.stages.signature.pdf.fields import SignatureField

_MAX_ITEMS = 64  # of each kind


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityStore:
    """DER values as they stand in the PDF."""

    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()

    @property
    def has_revocation_data(self) -> bool:
        """Enough for level B-LT, as far as form goes."""
        return bool(self.crls or self.ocsps)


def security_store(document: PdfDocument) -> SecurityStore:
    """The newest store; empty where there is none or it cannot be read."""
    try:
        dss = readable(lambda: member(member(document.reader.trailer_view, "/Root"), "/DSS"), document.name)
    except Rejected:
        return SecurityStore()
    return SecurityStore(
        certificates=tuple(_values(document, dss, "/Certs", DecodePurpose.CERTIFICATE)),
        crls=tuple(_values(document, dss, "/CRLs", DecodePurpose.CRL)),
        ocsps=tuple(_values(document, dss, "/OCSPs", DecodePurpose.OCSP_RESPONSE)),
    )


def stored_with(document: PdfDocument, signature: SignatureField) -> bool:
    """Was there a store in the version that brought this signature or time-stamp? Raises ``Rejected``."""

    def known() -> bool:
        reference = signature.reference
        if reference is None:
            return False
        reader = document.reader
        version = reader.xrefs.get_last_change(reference)
        return member(reader.get_historical_root(version), "/DSS") is not None

    return readable(known, document.name)


def _values(document: PdfDocument, dss: PdfValue, key: str, purpose: DecodePurpose) -> Iterator[bytes]:
    items = member(dss, key)
    if not isinstance(items, generic.ArrayObject):
        return
    for item in islice(children(items), _MAX_ITEMS):
        try:
            yield readable(partial(_decoded, item, purpose), document.name)
        except Rejected:
            continue


def _decoded(item: PdfValue, purpose: DecodePurpose) -> bytes:
    stream = followed(item)
    if not isinstance(stream, generic.StreamObject):
        raise TypeError("no stream")
    return bytes(stream.read_data(purpose))
