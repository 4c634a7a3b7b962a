# SPDX-License-Identifier: EUPL-1.2
"""Files that a scanner fit for service must not call clean, and what it means if it does.

Each one is harmless and small. None stands here as it is: other people's scanners would take this file for malware.
"""

import struct
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from zlib import crc32

from gateway.codes import Code
from gateway.model.scan import ScannerFault

_DEEPER_THAN_ANY_LIMIT = 120  # clamd's MaxRecursion cannot be set above 100
_ENCRYPTED = 1  # general purpose bit 0, APPNOTE 4.4.4

# What a probe must be called, and the fault that it shows otherwise. The encrypted one is an archive: it proves
# AlertEncryptedArchive and not AlertEncryptedDoc, which is an option of its own.
EXPECTED: Mapping[str, tuple[Code, ScannerFault]] = MappingProxyType(
    {
        "known": (Code.MALWARE_FOUND, ScannerFault.FINDS_NOTHING),
        "nested": (Code.MALWARE_UNSCANNED, ScannerFault.HIDES_LIMITS),
        "encrypted": (Code.MALWARE_UNSCANNED, ScannerFault.HIDES_ENCRYPTION),
    }
)


@cache
def probes() -> Mapping[str, bytes]:
    """By name, as in ``EXPECTED``."""
    nested = b"end"
    for _ in range(_DEEPER_THAN_ANY_LIMIT):
        nested = _archive(nested)
    return MappingProxyType(
        {"known": eicar(), "nested": nested, "encrypted": _archive(bytes(64), flags=_ENCRYPTED)}
    )


def eicar() -> bytes:
    """The test file of the European Institute for Computer Antivirus Research: every database knows it."""
    return (
        rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$"
        + b"-".join([b"EICAR", b"STANDARD", b"ANTIVIRUS", b"TEST", b"FILE"])
        + b"!$H+H*"
    )


def _archive(data: bytes, *, flags: int = 0) -> bytes:
    """A zip file with one stored file."""
    name = b"a.zip"
    shared = struct.pack("<HHHHIIIHH", flags, 0, 0, 0x21, crc32(data), len(data), len(data), len(name), 0)
    local = struct.pack("<IH", 0x04034B50, 20) + shared + name + data
    listed = struct.pack("<IHH", 0x02014B50, 20, 20) + shared + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    return local + listed + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(listed), len(local), 0)
