# SPDX-License-Identifier: EUPL-1.2
"""The words of clamd's protocol (clamd(8), "COMMANDS"), as bytes; who says them when stands in ``daemon`` and ``screen``.

Commands begin with ``z`` and end with a zero byte, and so do the answers. Inside ``IDSESSION`` each answer begins with
the number of the command it belongs to.
"""

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.model.scan import ScannerFault, ScannerUnavailable

SESSION_AND_VERSION = b"zIDSESSION\0zVERSION\0"
END = b"zEND\0"
MAX_ANSWER = 4096  # bytes
_INSTREAM = b"zINSTREAM\0"
_LENGTH = struct.Struct(">I")

_ANSWER = re.compile(rb"([0-9]{1,9}): ([^\0]*)", re.DOTALL)
_FOUND = re.compile(rb"stream: ([ -~]{1,200}) FOUND")
_TOO_LONG = b"INSTREAM size limit exceeded. ERROR"
_VERSION = re.compile(
    r"(ClamAV [!-.0-~]{1,40})(?:/([0-9]{1,9})/[A-Z][a-z]{2} ([A-Z][a-z]{2}) +([0-9]{1,2}) "
    r"([0-9]{2}):([0-9]{2}):([0-9]{2}) ([0-9]{4}))?"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # of ctime(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What clamd says of itself. Without official signatures it names neither version nor date of them."""

    engine: str
    database: str
    database_date: datetime | None


def stream(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """INSTREAM: the file in pieces, each with its length before it; a length of zero ends it."""
    yield _INSTREAM
    for chunk in chunks:
        if chunk:  # an empty one would end the file
            yield _LENGTH.pack(len(chunk))
            yield chunk
    yield _LENGTH.pack(0)


def answer_to(number: int, answer: bytes) -> bytes:
    """The text of the answer to command ``number``. Raises ``ScannerUnavailable`` for any other."""
    match = _ANSWER.fullmatch(answer)
    if match is None or match[1] != str(number).encode():
        raise ScannerUnavailable(ScannerFault.NOT_UNDERSTOOD)
    return match[2]


def signature_in(text: bytes) -> str | None:
    """What was found in the file, ``None`` for a clean one. Raises ``ScannerUnavailable`` for what is no verdict."""
    if text == b"stream: OK":
        return None
    found = _FOUND.fullmatch(text)
    if found is not None:
        return found[1].decode("ascii")
    if text == _TOO_LONG:
        raise ScannerUnavailable(ScannerFault.STREAM_CUT)
    failed = text.endswith(b"ERROR")
    raise ScannerUnavailable(ScannerFault.SCAN_FAILED if failed else ScannerFault.NOT_UNDERSTOOD)


def version_in(text: bytes) -> Version:
    """Raises ``ScannerUnavailable``. The date is local time of the scanner's machine, which is ours."""
    match = _VERSION.fullmatch(text.decode("ascii", "replace"))
    if match is None:
        raise ScannerUnavailable(ScannerFault.NOT_UNDERSTOOD)
    engine, database, month, *numbers = match.groups()
    if database is None:
        return Version(engine=engine, database="", database_date=None)
    day, hour, minute, second, year = map(int, numbers)
    try:
        local = datetime(  # noqa: DTZ001 - astimezone takes a naive one for local time, which it is
            year, _MONTHS.index(month) + 1, day, hour, minute, second
        )
        return Version(engine=engine, database=database, database_date=local.astimezone(UTC))
    except (ValueError, OverflowError) as error:
        raise ScannerUnavailable(ScannerFault.NOT_UNDERSTOOD) from error
