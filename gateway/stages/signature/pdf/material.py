# SPDX-License-Identifier: EUPL-1.2
"""Validation data that a PDF brings along in its document security store (EN 319 142-1 clause 5.4.2).

Hints only: they can help to prove something, they prove nothing. What cannot be read is left out.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.decode_limits import DecodePurpose

from gateway.errors import Rejected, Unreadable
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
    def objects(self) -> tuple[bytes, ...]:
        """All of them."""
        return (*self.certificates, *self.crls, *self.ocsps)


def security_store(document: PdfDocument) -> SecurityStore:
    """The newest store; empty where there is none or it cannot be read."""
    return _store(document, lambda: member(document.reader.trailer_view, "/Root"), lambda _: True)


def store_of(document: PdfDocument, signature: SignatureField) -> SecurityStore:
    """The store under this signature or time-stamp: what stands in the bytes that it covers, in the version that brought it.

    A later table could name old objects anew, and an old one places where something came later.
    """
    reader, gap, reference = document.reader, signature.gap, signature.reference

    def root() -> PdfValue:
        if gap is None or reference is None:
            raise Unreadable("a signature without an object of its own")
        version = reader.xrefs.get_last_change(reference)
        if reader.xrefs.get_xref_container_info(version).end_location > gap.covered:
            raise Unreadable("the signed bytes end within a version")
        return reader.get_historical_root(version)

    def covered(item: PdfValue) -> bool:
        if gap is None or reference is None or not isinstance(item, generic.IndirectObject):
            return False
        version = reader.xrefs.get_last_change(reference)
        start = reader.xrefs.get_historical_ref(generic.Reference(item.idnum, item.generation), version)
        stream = followed(item)
        if not isinstance(start, int) or not isinstance(stream, generic.StreamObject):
            return False
        return start + len(stream.encoded_data) <= gap.covered

    return _store(document, root, covered)


def _store(
    document: PdfDocument, root: Callable[[], PdfValue], belongs: Callable[[PdfValue], bool]
) -> SecurityStore:
    try:
        dss = readable(lambda: member(root(), "/DSS"), document.name)
    except Rejected:
        return SecurityStore()

    def values(key: str, purpose: DecodePurpose) -> Iterator[bytes]:
        items = member(dss, key)
        if not isinstance(items, generic.ArrayObject):
            return
        for item in islice(children(items), _MAX_ITEMS):
            try:
                if readable(partial(belongs, item), document.name):
                    yield readable(partial(_decoded, item, purpose), document.name)
            except Rejected:
                continue

    return SecurityStore(
        certificates=tuple(values("/Certs", DecodePurpose.CERTIFICATE)),
        crls=tuple(values("/CRLs", DecodePurpose.CRL)),
        ocsps=tuple(values("/OCSPs", DecodePurpose.OCSP_RESPONSE)),
    )


def _decoded(item: PdfValue, purpose: DecodePurpose) -> bytes:
    stream = followed(item)
    if not isinstance(stream, generic.StreamObject):
        raise TypeError("no stream")
    return bytes(stream.read_data(purpose))
