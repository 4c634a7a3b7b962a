# SPDX-License-Identifier: EUPL-1.2
"""Encodings as they stand: is CMS encoded in DER, and which bytes does an element hold? Leaves out what they mean.

Indefinite lengths let two parsers see two ends; long forms of short lengths give one value two encodings.
"""

from gateway.errors import Unreadable

_FOREIGN = {3: (0xA0, 0xA1), 5: (0xA1,)}  # tags by depth


def non_der(data: bytes) -> str:
    """The first thing that is not DER in the parts CMS itself owns, or "". Certificates, CRLs and unsigned attributes have parsers of their own."""
    pending = [(0, len(data), 0, False)]
    while pending:
        position, end, depth, foreign = pending.pop()
        while position < end:
            tag = data[position]
            start, size = _length(data, position, end)
            if start < 0:
                return f"length not in DER at {position}"
            if start + size > end:
                return f"element longer than its place at {position}"
            # Depth 3 holds the fields of SignedData: [0] and [1] there are certificates and CRLs. Depth 5 those of
            # SignerInfo: [1] there is what anybody may add, e.g. time-stamps, which are looked at by themselves.
            theirs = tag in _FOREIGN.get(depth, ())
            own = not foreign
            if tag & 0x20 and own:
                pending.append((start, start + size, depth + 1, theirs))
            position = start + size
    return ""


def elements(data: bytes) -> list[bytes]:
    """The encodings inside one constructed element, as they stand. Raises ``ValueError`` on lengths that are not DER."""
    found = []
    position, size = _length(data, 0, len(data))
    end = position + size
    if position < 0 or end != len(data):
        raise Unreadable("an element that does not fill its place")
    while position < end:
        start, size = _length(data, position, end)
        if start < 0 or start + size > end:
            raise Unreadable(f"length not in DER at {position}")
        found.append(data[position : start + size])
        position = start + size
    return found


def element(tag: int, content: bytes) -> bytes:
    """One element around ``content``."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _length(data: bytes, position: int, end: int) -> tuple[int, int]:
    """Where the content starts and how long it is; -1 where the length is not DER."""
    position += 1
    if data[position - 1] & 0x1F == 0x1F:
        return -1, 0  # tags above 30 do not occur in CMS
    if position >= end:
        return -1, 0
    first = data[position]
    if first < 0x80:
        return position + 1, first
    count = first & 0x7F
    value = int.from_bytes(data[position + 1 : position + 1 + count], "big")
    minimal = 0x80 if count <= 1 else 1 << (8 * (count - 1))
    if count == 0 or count > 4 or value < minimal:
        return -1, 0
    return position + 1 + count, value
