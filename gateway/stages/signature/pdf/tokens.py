# SPDX-License-Identifier: EUPL-1.2
"""PDF objects in their plain spelling, one match a token. pyHanko's reader takes them byte by byte, which was most of
what looking into a PDF costs.

Nine of ten objects of real files are plain. What is not (comments, escapes in names, a key that comes twice, words
nobody knows, missing ends) gives ``None`` here and is pyHanko's to read: odd spellings still have one reader only.
Rule: what is read here is what ``generic.read_object`` makes of the same bytes, types and owners included. A test holds
both against each other, over the objects of real files and over damaged ones.
"""

import re
from binascii import unhexlify
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, TypeAlias

from pyhanko.pdf_utils import generic

PdfValue: TypeAlias = Any  # pyHanko's own base class says nothing of what its values are
_LIBRARY: Any = generic  # most of its constructors have no types
_DEEPEST = 64  # levels; what nests deeper meets the library's bound
_SPACE = rb"[\0\t\n\f\r ]{0,256}+"  # bounded: the gap of a signature is megabytes of it
_ENDED = rb"(?=[\0\t\n\f\r ()<>\[\]{}/%])"
_TOKEN = re.compile(
    _SPACE + rb"(?:/([!\"$&'*-.0-;=?-Z\\^-z|~]*+)" + _ENDED
    + rb"|([1-9]\d{0,6}) (\d{1,5}) R" + _ENDED
    + rb"|([+-]?\d{1,18})" + _ENDED
    + rb"|([+-]?(?:\d{1,18}\.\d{0,18}|\.\d{1,18}))" + _ENDED
    + rb"|(<<)|(>>)|(\[)|(\])"
    + rb"|<([0-9A-Fa-f]*+)>"
    + rb"|\(([^()\\]*+)\)|(\()"
    + rb"|(true|false|null)" + _ENDED
    + rb")"
).match  # fmt: skip
# Groups of the expression; the last one of a token tells its kind.
_NAME, _REFERENCE, _INTEGER, _REAL = 1, 3, 4, 5
_OPEN, _CLOSE, _FIRST, _LAST = 6, 7, 8, 9
_HEX, _TEXT, _ODD_TEXT, _WORD = 10, 11, 12, 13
_TEXTS = (_TEXT, _ODD_TEXT)
_HEADER = re.compile(rb"(\d{1,10}) (\d{1,5}) obj").match
_END = re.compile(_SPACE + rb"endobj").match
_STREAM = re.compile(_SPACE + rb"stream").match
# No stream follows, and nothing that could hide one.
_QUIET = re.compile(_SPACE + rb"(?![\0\t\n\f\r %s])").match


class _NotPlain(Exception):
    """Somebody else's to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainText:
    """The bytes that objects are read from. ``skips`` leads from the end of a marker to the end of its gap."""

    data: bytes = field(repr=False)
    skips: Mapping[int, int] = field(default_factory=dict)

    def object_at(self, start: int, owner: generic.Reference) -> tuple[PdfValue, int] | None:
        """The object ``owner`` and where it ends; one with a stream ends before it (``starts_stream``).

        Raises what the library raises at a text without an end, which it would find once more otherwise.
        """
        header = _HEADER(self.data, start) if start >= 0 else None
        if header is None or (int(header[1]), int(header[2])) != (owner.idnum, owner.generation):
            return None
        try:
            value, end = self._value(self._token(header.end()), owner, 0)
        except _NotPlain:
            return None
        streams = isinstance(value, generic.DictionaryObject) and self.starts_stream(end)
        return (value, end) if streams or self.ends_object(end) else None

    def member_at(self, start: int, owner: generic.Reference) -> PdfValue | None:
        """A dictionary or an array without a header, in an object stream: what tells its end stands within it."""
        try:
            value, end = self._value(self._token(start), owner, 0)
        except _NotPlain:
            return None
        enclosed = isinstance(value, generic.DictionaryObject | generic.ArrayObject)
        return value if enclosed and _QUIET(self.data, end) else None

    def starts_stream(self, end: int) -> bool:
        """Does a stream's data follow?"""
        return _STREAM(self.data, end) is not None

    def ends_object(self, end: int) -> bool:
        """Is the object over?"""
        return _END(self.data, end) is not None

    def _token(self, at: int) -> re.Match[bytes]:
        token = _TOKEN(self.data, at)
        if token is None:
            raise _NotPlain
        return token

    def _value(self, token: re.Match[bytes], owner: generic.Reference, depth: int) -> tuple[PdfValue, int]:
        kind, end = token.lastindex, token.end()
        value: PdfValue
        if kind == _OPEN:
            value, end = self._dictionary(end, owner, depth + 1)
        elif kind == _FIRST:
            value, end = self._array(end, owner, depth + 1)
        elif kind in _TEXTS:
            value, end = self._text(token)
        else:
            value = _scalar(token, owner)
            end = self.skips.get(end, end)
        value.container_ref = owner
        return value, end

    def _text(self, token: re.Match[bytes]) -> tuple[PdfValue, int]:
        """With escapes or inner brackets, the library reads it: where they stand is all that is special about it."""
        value: PdfValue
        if token.lastindex == _TEXT:
            value, end = generic.pdf_string(token[_TEXT]), token.end()
        else:
            stream = BytesIO(self.data)
            stream.seek(token.end() - 1)
            value, end = generic.read_string_from_stream(stream), stream.tell()
        if any(token.start() < filling < end for filling in self.skips):
            raise _NotPlain  # a text across a gap: the library's stream leaves the filling out of it
        return value, end

    def _dictionary(
        self, at: int, owner: generic.Reference, depth: int
    ) -> tuple[generic.DictionaryObject, int]:
        found: generic.DictionaryObject = _LIBRARY.DictionaryObject()
        while True:
            token = self._token(at)
            if token.lastindex == _CLOSE:
                return found, token.end()
            if token.lastindex != _NAME or depth > _DEEPEST:
                raise _NotPlain
            key = _name(token)
            value, at = self._value(self._token(token.end()), owner, depth)
            if key in found:
                raise _NotPlain
            dict.__setitem__(found, key, value)

    def _array(self, at: int, owner: generic.Reference, depth: int) -> tuple[generic.ArrayObject, int]:
        found = generic.ArrayObject()
        while True:
            token = self._token(at)
            if token.lastindex == _LAST:
                return found, token.end()
            if depth > _DEEPEST:
                raise _NotPlain
            value, at = self._value(token, owner, depth)
            found.append(value)


def _scalar(token: re.Match[bytes], owner: generic.Reference) -> PdfValue:
    kind = token.lastindex
    if kind == _NAME:
        return _name(token)
    if kind == _REFERENCE:
        return _LIBRARY.IndirectObject(int(token[2]), int(token[3]), owner.pdf)
    if kind == _INTEGER:
        return _LIBRARY.NumberObject(token[4])
    if kind == _REAL:
        return _LIBRARY.FloatObject(token[5].decode("ascii"))
    if kind == _HEX:
        digits = token[_HEX]
        return _LIBRARY.pdf_string(unhexlify(digits + b"0" if len(digits) % 2 else digits))
    word = token[_WORD]
    if word is None:  # a closing bracket where a value belongs
        raise _NotPlain
    return _LIBRARY.NullObject() if word == b"null" else _LIBRARY.BooleanObject(word == b"true")


def _name(token: re.Match[bytes]) -> generic.NameObject:
    return generic.NameObject("/" + token[1].decode("ascii"))
