# SPDX-License-Identifier: EUPL-1.2
"""Bounds that pyHanko's reader lacks: on the length of a number and on what cross-reference tables may claim.

Leaves out the bounds it has room for (``pdf.document``). The library offers no place to hang these on, so two of its
parts are replaced, in one place and for the whole process: whatever reads a PDF here reads it under them.

Why: the reader joins a number from pieces of sixteen bytes, which takes hours for some megabytes of digits. A lenient
one invents entries where the data of a cross-reference stream have ended, so 300 bytes could ask for a thousand million
of them; and tables that lie over each other are read as often as somebody leads to them.
"""

import re
from io import SEEK_END
from typing import Any, TypeAlias

from pyhanko.pdf_utils import generic, reader, xref
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.misc import PdfReadError

MAX_DIGITS = 300  # ISO 32000-1 annex C knows ten; scanners write reals with dozens
_USUAL_DIGITS = 16
MAX_TABLES = 512  # versions and hybrid tables; a look-up goes through them one after the other
MAX_ENTRIES = 500_000  # of all cross-reference streams of a file
# And one for so many bytes of the file: objects are packed to a tenth at best, and real files are far above this.
_BYTES_PER_ENTRY = 16
_FREE_ENTRIES = 1000
# Read in all while tables are sought, and of a small file hardly more than twice its size.
_TABLE_BYTES = 20 * MAX_ENTRIES
_FREE_BYTES = 64 * 1024
_FIELDS = 3  # of an entry; what /W has beyond them is not read
_NUMBER = re.compile(rb"[+-.0-9]*+").match  # what the library takes for one
_LIBRARY: Any = generic  # what has no types
_READER: Any = reader
Number: TypeAlias = generic.NumberObject | generic.FloatObject


class _Metered:
    """A stream that can be read for so many bytes in all."""

    def __init__(self, stream: Any, size: int) -> None:
        self._stream, self._left = stream, min(_TABLE_BYTES, _FREE_BYTES + 2 * size)
        self.seek, self.tell = stream.seek, stream.tell

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise PdfReadError("tables longer than any file of this size needs")
        return data


class BoundedTables(xref.XRefBuilder):
    """pyHanko's reader of cross-reference tables, which believes no count that the file does not fill."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        size = self.stream.seek(0, SEEK_END)
        self.stream = _Metered(self.stream, size)
        self._entries = min(MAX_ENTRIES, _FREE_ENTRIES + size // _BYTES_PER_ENTRY)
        self._tables = MAX_TABLES

    def _read_xref_table(self, declared_startxref: int) -> Any:
        self._next_table()
        return super()._read_xref_table(declared_startxref)

    def _read_xref_stream_object(self) -> Any:
        self._next_table()
        reference, stream = super()._read_xref_stream_object()  # type: ignore[no-untyped-call]  # pyHanko has none here
        self._entries -= claimed_entries(stream, at_most=self._entries)
        return reference, stream

    def _next_table(self) -> None:
        self._tables -= 1
        if self._tables < 0:
            raise PdfReadError(f"more than {MAX_TABLES} cross-reference tables")


def claimed_entries(stream: generic.StreamObject, *, at_most: int) -> int:
    """The number of entries that a cross-reference stream claims. Raises ``PdfReadError`` where its data do not hold them."""
    counts: list[Any] = list(stream.get("/Index", (0, stream.get("/Size"))))[1::2]
    widths: list[Any] = list(stream["/W"])[:_FIELDS]
    if not all(isinstance(number, int) and number >= 0 for number in (*counts, *widths)):
        raise PdfReadError("a cross-reference stream with other things than counts")
    claimed, width = int(sum(counts)), max(1, sum(widths))
    if claimed > at_most:
        raise PdfReadError(f"{claimed} entries in cross-reference tables")
    held = len(stream.read_data(DecodePurpose.XREF_STREAM, expected_size=claimed * (width + 1)))
    if claimed * width > held:
        raise PdfReadError(f"{claimed} entries of {width} bytes in {held} bytes")
    return claimed


def read_number(stream: Any) -> Number:
    """Replaces ``NumberObject.read_from_stream``: the same for every number of a sensible length."""
    start = stream.tell()
    for size in (_USUAL_DIGITS, MAX_DIGITS + 1):
        stream.seek(start)
        found = _NUMBER(stream.read(size))
        text = found[0].decode("ascii") if found else ""
        if len(text) < size:
            break
    else:
        raise PdfReadError(f"a number of more than {MAX_DIGITS} digits")
    stream.seek(start + len(text))
    number: Number = _LIBRARY.FloatObject(text) if "." in text else _LIBRARY.NumberObject(text)
    return number


def install() -> None:
    """Put both into the library."""
    _LIBRARY.NumberObject.read_from_stream = staticmethod(read_number)
    _READER.XRefBuilder = BoundedTables
