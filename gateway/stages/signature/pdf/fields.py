# SPDX-License-Identifier: EUPL-1.2
"""The signatures of a PDF: the filled signature fields of its form, each value once, in the order they were made.

Leaves out what a signature is worth. A value counts as placed only with its ``gap``: /Contents is exactly what its
/ByteRange leaves out. Several fields may show one value; it is still one signature.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from pyhanko.pdf_utils import generic

from gateway.errors import Unreadable
from gateway.stages.signature.pdf.active import claimed_gap
from gateway.stages.signature.pdf.document import PdfDocument, PdfValue, children, followed, member, readable
from gateway.stages.signature.pdf.gaps import Gap

_MAX_FIELDS = 20_000
_MAX_NAME = 100  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureField:
    """A filled field. ``reference`` is the indirect object of its value, None where the value stands in the field."""

    name: str
    dictionary: generic.DictionaryObject = field(repr=False)
    value: generic.DictionaryObject = field(repr=False)
    reference: generic.Reference | None
    gap: Gap | None

    @property
    def format(self) -> str:
        """/SubFilter without its slash."""
        return str(member(self.value, "/SubFilter") or "")[1:]

    @property
    def is_timestamp(self) -> bool:
        """A document time-stamp. /SubFilter decides: real files carry every possible /Type beside it."""
        return self.format == "ETSI.RFC3161"

    @property
    def invisible(self) -> bool:
        """No area on any page, so that nothing can be covered up by it."""
        box = member(self.dictionary, "/Rect")
        if "/Kids" in self.dictionary or not isinstance(box, generic.ArrayObject) or len(box) != 4:
            return "/Kids" not in self.dictionary and box is None
        left, bottom, right, top = box
        return bool(left == right or bottom == top)

    @property
    def claimed_time(self) -> datetime | None:
        """/M, where it is a date with a time zone; nobody vouches for it."""
        text = member(self.value, "/M")
        if not isinstance(text, str):
            return None
        try:
            moment = generic.parse_pdf_date(text, strict=False)
        except Exception:  # noqa: BLE001 - a claim that cannot be read is no claim
            return None
        return moment if moment.tzinfo is not None else None


def signature_fields(document: PdfDocument) -> tuple[SignatureField, ...]:
    """All signatures. Raises ``Rejected`` with ``PDF_MALFORMED`` where the form cannot be read."""
    found = readable(lambda: list(_fields(document)), document.name)
    distinct: dict[object, SignatureField] = {}
    for signature in found:
        reference = signature.reference
        key = (reference.idnum, reference.generation) if reference is not None else signature.gap or object()
        distinct.setdefault(key, signature)
    # Unplaced ones cover nothing that could be known: they go first, so they are never "the last signature".
    return tuple(sorted(distinct.values(), key=lambda s: s.gap.covered if s.gap else 0))


def only_signature_fields(document: PdfDocument) -> bool:
    """Has the form nothing to fill in but signatures? Then its default resources can change no appearance."""
    return all(kind in {None, "/Sig"} for _, _, kind in _nodes(document))


def _fields(document: PdfDocument) -> Iterator[SignatureField]:
    by_marker = {gap.marker: gap for gap in document.gaps}
    for node, path, kind in _nodes(document):
        value = member(node, "/V")
        if kind == "/Sig" and isinstance(value, generic.DictionaryObject):
            raw = node.raw_get("/V")
            yield SignatureField(
                name=path,
                dictionary=node,
                value=value,
                reference=raw.reference if isinstance(raw, generic.IndirectObject) else None,
                gap=claimed_gap(value, by_marker),
            )


def _nodes(document: PdfDocument) -> Iterator[tuple[generic.DictionaryObject, str, object]]:
    """Every node of the form with its full name and its inherited kind."""
    fields = member(member(member(document.reader.trailer_view, "/Root"), "/AcroForm"), "/Fields")
    pending: list[tuple[PdfValue, str, object]] = [(fields, "", None)] if fields is not None else []
    seen: set[tuple[int, int]] = set()
    steps = 0
    while pending:
        node, path, kind = pending.pop()
        steps += 1
        if steps > _MAX_FIELDS:
            raise Unreadable(f"more than {_MAX_FIELDS} form fields")
        if isinstance(node, generic.IndirectObject):
            if (node.idnum, node.generation) in seen:
                continue
            seen.add((node.idnum, node.generation))
            node = followed(node)
        if isinstance(node, generic.ArrayObject):
            pending += [(item, path, kind) for item in children(node)]
        if not isinstance(node, generic.DictionaryObject):
            continue
        path = ".".join(text for text in (path, _text(member(node, "/T"))) if text)[:_MAX_NAME]
        kind = member(node, "/FT") or kind
        kids = member(node, "/Kids")
        if kids is not None:
            pending.append((kids, path, kind))
        yield node, path, kind


def _text(value: PdfValue) -> str:
    """A name as people may read it: pyHanko gives bytes where a string is no text, and anything may stand there."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value) if isinstance(value, str) else ""
