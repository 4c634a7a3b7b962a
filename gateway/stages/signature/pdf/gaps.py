# SPDX-License-Identifier: EUPL-1.2
"""The gaps that signatures leave in a PDF: the bytes between both halves of a /ByteRange, which hold /Contents in hex.

Found in the raw bytes before any parser has run. The parser then gets the file with an unguessable marker in each gap:
it need not decode tens of thousands of hex digits one by one, and a signature dictionary whose /Contents reads as the
marker has its /Contents exactly where its /ByteRange leaves bytes out. That is the proof that the value that is checked
is the only part of the file that is not signed (ISO 32000-2 clause 12.8.1; PDF signature wrapping, "USF" and "SWA").
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from itertools import islice

from asn1crypto import parser

from gateway.errors import Unreadable

_BYTE_RANGE = re.compile(
    rb"/ByteRange\s{0,16}\[\s{0,16}0{1,10}\s{1,16}(\d{1,10})\s{1,16}(\d{1,10})\s{1,16}(\d{1,10})\s{0,64}\]"
)
_HEX = re.compile(rb"<[0-9A-Fa-f]*>")
_MARKER_BYTES = 10
_SMALLEST = 2 * _MARKER_BYTES + 2
_LARGEST = 8 * 1024 * 1024  # digits; looking at each gap must stay cheap however many ranges a file names
MAX_GAPS = 64  # ranges looked at; a signature behind them is then not found to be in its gap


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """``start`` is the place of ``<``, ``end`` the place behind ``>``, ``covered`` the end of the signed bytes."""

    start: int
    end: int
    covered: int
    marker: bytes

    @property
    def byte_range(self) -> tuple[int, int, int, int]:
        """The /ByteRange that leaves out this gap and nothing else."""
        return 0, self.start, self.end, self.covered - self.end


def find_gaps(data: bytes) -> tuple[Gap, ...]:
    """Every gap that holds one string of hex digits and nothing else; gaps that overlap an earlier one are left out."""
    gaps: list[Gap] = []
    first = data.find(b"/ByteRange")
    if first < 0:
        return ()
    seed = sha256(data).digest()[: _MARKER_BYTES - 2]
    for match in islice(_BYTE_RANGE.finditer(data, first), MAX_GAPS):
        start, end, rest = (int(number) for number in match.groups())
        if not _SMALLEST <= end - start <= _LARGEST or end + rest > len(data):
            continue
        if any(g.start < end and start < g.end for g in gaps) or not _HEX.fullmatch(data, start, end):
            continue
        gaps.append(Gap(start=start, end=end, covered=end + rest, marker=seed + len(gaps).to_bytes(2)))
    return tuple(gaps)


def contents(data: bytes, gap: Gap) -> bytes:
    """The encoded value in the gap, without the zeros it was filled up with. Raises ``ValueError``."""
    value = bytes.fromhex(data[gap.start + 1 : gap.end - 1].decode("ascii"))
    size = parser.peek(value)
    if any(value[size:]):
        raise Unreadable("bytes behind the value in /Contents")
    return value[:size]


def signed_ranges(data: bytes, gap: Gap) -> Sequence[memoryview]:
    """The bytes under the signature, without copying them."""
    view = memoryview(data)
    return view[: gap.start], view[gap.end : gap.covered]


def marked(data: bytes, gaps: Sequence[Gap]) -> BytesIO:
    """The PDF for the parser. One without gaps needs no look at what is read, which saves a sixth of its reading."""
    return _MarkedStream(data, gaps) if gaps else BytesIO(data)


def skips(stream: BytesIO) -> Mapping[int, int]:
    """From the end of each marker to the end of its gap: what need not be read."""
    return stream.fillings if isinstance(stream, _MarkedStream) else {}


class _MarkedStream(BytesIO):
    """A PDF with a marker in each gap and NUL (white space in PDF) behind it, which reading jumps over."""

    def __init__(self, data: bytes, gaps: Iterable[Gap]) -> None:
        super().__init__(data)
        self.fillings: dict[int, int] = {}
        for gap in gaps:
            text = b"<" + gap.marker.hex().encode() + b">"
            self.seek(gap.start)
            self.write(text.ljust(gap.end - gap.start, b"\0"))
            self.fillings[gap.start + len(text)] = gap.end
        self.seek(0)

    def read(self, size: int | None = -1, /) -> bytes:
        """As ``BytesIO``; one NUL inside a filling stands for all of it."""
        data = super().read(size)
        if data == b"\0":
            position = self.tell()
            for start, end in self.fillings.items():
                if start < position < end:
                    self.seek(end)
        return data
