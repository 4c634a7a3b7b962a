# SPDX-License-Identifier: EUPL-1.2
"""A PDF opened for inspection: pyHanko's reader, bounded, with the signatures' gaps marked.

Leaves out every judgement. All of pyHanko's exceptions leave here as ``Rejected`` with ``PDF_MALFORMED``.
The reader is lenient: much software writes sloppy files, and a signature over the whole file is none the worse for it.
Where versions are compared (``pdf.versions``), a strict reader is asked.

Bounds: file size, inflated bytes, bytes parsed in all, objects kept; each object stream is inflated and indexed once.
Those on numbers and cross-reference tables are ``pdf.bounds``'s.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from io import SEEK_END, BytesIO
from typing import Any, TypeAlias, TypeVar

from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.decode_limits import (
    DecodeLimits,
    DecodePurpose,
    DocumentDecodeBudget,
    StreamDecodeLimits,
)
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.xref import ObjStreamRef

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.model.kinds import HEAD, file_kind
from gateway.stages.signature.certificates.certificate import contained
from gateway.stages.signature.pdf import bounds
from gateway.stages.signature.pdf.gaps import Gap, find_gaps, marked, skips
from gateway.stages.signature.pdf.tokens import PlainText

MIB = 1024 * 1024
MAX_PDF_BYTES = 32 * MIB
MAGIC = b"%PDF-"
_TAIL = 1100  # bytes; the library looks no further back for the end
_END = re.compile(rb"[\r\n]\s{0,8}startxref\s{0,16}\d{1,12}\s{1,16}%%EOF")
_KEPT_OBJECTS = 4096
_PARSED_PER_BYTE = 16  # objects are read again for every version; more than that is a file made to cost time
_PARSED_FREE = 32 * MIB
_MAX_OBJECTS_IN_STREAM = 100_000
# ISO 32000-2 table 15 and the entries of a cross-reference stream. LibreOffice adds /AdditionalStreams, whose reference
# leads nowhere once others append versions; no viewer shows it, and the difference analysis stumbles over it.
_TRAILER = frozenset(
    f"/{name}"
    for name in (
        *("Size", "Prev", "Root", "Encrypt", "Info", "ID", "XRefStm", "AuthCode"),
        *("Type", "Length", "Filter", "DecodeParms", "W", "Index"),
    )
)
_LIMITS = DecodeLimits(
    per_stream=StreamDecodeLimits(max_ratio=100, ratio_floor=4 * MIB, max_output_size=24 * MIB),
    document_budget=DocumentDecodeBudget(base_allowance=32 * MIB, max_ratio=1),
)

Value = TypeVar("Value")
# Names and texts of pyHanko are ``str``, numbers are ``int`` or ``float``, but its own base class says none of that.
PdfValue: TypeAlias = Any
_LIBRARY: Any = generic  # for what has no types at all

bounds.install()


class PdfReader(PdfFileReader):
    """pyHanko's reader with a budget. Owned by one judgement."""

    def __init__(self, stream: BytesIO, *, strict: bool) -> None:
        self._indexes: dict[int, tuple[PlainText, dict[int, tuple[int, int]]]] = {}
        self._left = _PARSED_FREE + _PARSED_PER_BYTE * stream.seek(0, SEEK_END)
        self._plain: PlainText | None = None
        super().__init__(stream, strict=strict, decode_limits=_LIMITS)
        if "/Encrypt" not in self.trailer:  # what is encrypted is the library's to read, if anybody's
            self._plain = PlainText(data=stream.getvalue(), skips=skips(stream))
        for trailer in self.trailer._trailer_revisions:  # noqa: SLF001 - the library has no way to leave entries out
            for key in trailer.keys() - _TRAILER:
                del trailer[key]

    def cache_indirect_object(self, generation: int, idnum: int, obj: PdfValue) -> PdfValue:
        """Bounded, and without streams: their bytes are in memory once already."""
        if isinstance(obj, generic.StreamObject):
            return obj
        if len(self.resolved_objects) >= _KEPT_OBJECTS:
            self.resolved_objects.clear()
        self.resolved_objects[(generation, idnum)] = obj
        return obj

    def _read_object(
        self,
        ref: generic.Reference,
        marker: int | ObjStreamRef | None,
        never_decrypt: bool = False,  # noqa: FBT001, FBT002 - the library's signature
        as_metadata_stream: bool = False,  # noqa: FBT001, FBT002
    ) -> PdfValue:
        result: PdfValue = None
        if self._plain is not None and isinstance(marker, int) and not as_metadata_stream:
            result = self._read_plain(self._plain, ref, marker)
        if result is None:
            result = super()._read_object(ref, marker, never_decrypt, as_metadata_stream)
        size = len(result.encoded_data) if isinstance(result, generic.StreamObject) else 0
        self._left -= 256 + size
        if self._left < 0:
            raise misc.PdfReadError("more work than a file of this size is worth")
        return result

    def _read_plain(self, text: PlainText, ref: generic.Reference, start: int) -> PdfValue:
        """The object if all of it is plain, else None; the data of streams is taken by the library in any case."""
        owner = generic.Reference(ref.idnum, ref.generation, self)
        found = text.object_at(start, owner)
        if found is None:
            return None
        value, end = found
        if not text.starts_stream(end):
            return value
        self.stream.seek(end)
        # A plain dictionary: one of the library's would follow a /Length elsewhere and lose the place in the stream.
        data = _LIBRARY._maybe_read_stream_payload(self.stream, dict(value), self)  # noqa: SLF001 - where streams end
        if data is None or not text.ends_object(self.stream.tell()):
            return None
        stream = generic.StreamObject(value, encoded_data=data)
        stream.container_ref = owner
        return stream

    def _get_object_from_stream(self, idnum: int, stmnum: int, idx: int) -> PdfValue:
        """Replaces the library's own, which inflates the stream anew for each object in it."""
        if stmnum not in self._indexes:
            self._indexes[stmnum] = self._index(stmnum)
        text, index = self._indexes[stmnum]
        number, offset = index.get(idnum, (-1, 0))
        if number < 0 or (self.strict and number != idx):
            if self.strict:
                raise misc.PdfStrictReadError(f"object {idnum} is not at its place in object stream {stmnum}")
            return generic.NullObject()
        owner = generic.Reference(idnum, 0, self)
        result = text.member_at(offset, owner)
        if result is None:
            stream = BytesIO(text.data)
            stream.seek(offset)
            result = generic.read_object(stream, owner)
        if isinstance(result, generic.StreamObject | generic.IndirectObject):
            raise misc.PdfReadError(f"object {idnum} may not stand in an object stream")
        return result

    def _index(self, stmnum: int) -> tuple[PlainText, dict[int, tuple[int, int]]]:
        stream = generic.Reference(stmnum, 0, self).get_object()
        if not isinstance(stream, generic.StreamObject) or stream.get("/Type") != "/ObjStm":
            raise misc.PdfReadError(f"object {stmnum} is no object stream")
        body = stream.read_data(DecodePurpose.OBJECT_STREAM)
        count, first = int(stream["/N"]), int(stream["/First"])
        if not 0 <= count <= _MAX_OBJECTS_IN_STREAM or first < 0:
            raise misc.PdfReadError(f"object stream {stmnum} with {count} objects")
        numbers = [int(text) for text in body[:first].split(maxsplit=2 * count)[: 2 * count]]
        index: dict[int, tuple[int, int]] = {}
        for position, (idnum, offset) in enumerate(zip(numbers[::2], numbers[1::2], strict=False)):
            index.setdefault(idnum, (position, first + offset))
        return PlainText(data=body), index


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfDocument:
    """An opened PDF. ``gaps`` are those that were marked."""

    name: str
    data: bytes
    stream: BytesIO = field(repr=False)
    reader: PdfReader = field(repr=False)
    gaps: tuple[Gap, ...]


def ends_version(data: bytes, end: int) -> bool:
    """Is there an orderly end of a version right before ``end``? Asked before the library looks for it backwards.

    It would do so byte by byte over a line of any length, in a file without line breaks over all of it.
    """
    return bool(_END.search(data, max(0, end - _TAIL), end))


def open_pdf(data: bytes, *, name: str, gaps: tuple[Gap, ...] | None = None) -> PdfDocument:
    """Open. Raises ``Rejected`` with ``PDF_MALFORMED`` or ``PDF_ENCRYPTED``."""
    if not data.startswith(MAGIC):
        raise Rejected(
            [
                Finding(
                    code=Code.PDF_MALFORMED,
                    place=name,
                    expected="%PDF- at the start",
                    got=file_kind(data[:HEAD]),
                )
            ]
        )
    if not ends_version(data, len(data)):
        expected = "startxref and %%EOF at the end"
        raise Rejected([Finding(code=Code.PDF_MALFORMED, place=name, expected=expected, got="another end")])
    found = find_gaps(data) if gaps is None else gaps
    stream = marked(data, found)
    reader = readable(lambda: PdfReader(stream, strict=False), name)
    if readable(lambda: "/Encrypt" in reader.trailer, name):
        raise Rejected(
            [Finding(code=Code.PDF_ENCRYPTED, place=name, expected="no encryption", got="/Encrypt")]
        )
    return PdfDocument(name=name, data=data, stream=stream, reader=reader, gaps=found)


def readable(attempt: Callable[[], Value], name: str) -> Value:
    """Run the reader; whatever it raises means that the PDF cannot be read."""
    return contained(attempt, code=Code.PDF_MALFORMED, place=name, expected="a readable PDF")


def children(value: PdfValue) -> Iterable[PdfValue]:
    """Direct members, references not followed."""
    if isinstance(value, generic.DictionaryObject):
        return value.values()
    return list.__iter__(value) if isinstance(value, generic.ArrayObject) else ()


def followed(value: PdfValue) -> PdfValue:
    """What a reference leads to; null is nothing."""
    if isinstance(value, generic.IndirectObject):
        target: PdfValue = value
        value = target.get_object()
    return None if isinstance(value, generic.NullObject) else value


def member(value: PdfValue, key: str) -> PdfValue:
    """A member of a dictionary, followed; None where there is no dictionary or no such member."""
    if not isinstance(value, generic.DictionaryObject) or key not in value:
        return None
    return followed(value.raw_get(key))
