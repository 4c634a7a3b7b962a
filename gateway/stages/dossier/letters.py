# SPDX-License-Identifier: EUPL-1.2
"""Letters of DIN 91379: which characters names may have in German administration, and where a text breaks the rule.

Leaves out transliteration and search forms. Three of the norm's data types are enough for a dossier: A for names of
persons, B for streets and towns, D for firms and other lines. All three know the letter-plus-accent sequences that
have no single code point; everything else is refused in decomposed form, because the norm demands NFC.
"""

import re
from dataclasses import dataclass
from enum import Enum

# Ranges of code points (hex) as in the norm's technical form, edition 2022-08.
_LETTERS = (
    "C0-D6 D8-F6 F8-17E 187-188 18F 197 1A0-1A1 1AF-1B0 1B7 1CD-1DC 1DE-1DF 1E2-1F0 1F4-1F5 1F8-1FF 212-213 218-21B "
    "21E-21F 227-233 259 268 292 2B9-2BA 2BE-2BF 2C8 2CC 1E02-1E03 1E06-1E07 1E0A-1E11 1E17 1E1C-1E2B 1E2F-1E37 "
    "1E3A-1E3B 1E40-1E49 1E52-1E5B 1E5E-1E63 1E6A-1E6F 1E80-1E87 1E8C-1E97 1E9E 1EA0-1EF9"
)
_NAME = "20 27 2C-2E 41-5A 60-7A 7E A8 B4 B7 2019 2021 " + _LETTERS
_PLACE = "20-7E A1-A3 A5 A7-AC AE-B7 B9-BB BF D7 F7 2019 2021 20AC " + _LETTERS
_LINE = (
    "20-7E A1-AC AE-BF D7 F7 192 2B0 2B3 2C6 2DC 2E2 386 388-38A 38C 38E-3A1 3A3-3CE 1D48 1D57 2018-201A 201C-201E "
    "2020-2021 2026 2030 2032-2033 2039-203A 2070 2074-2079 207F-2089 20AC 2122 221E 2264-2265 " + _LETTERS
)

# Base letter -> combining marks that may follow it (several marks: joined by +), same source.
_SEQUENCES = (
    "A:30B C:300,304,306,308,315,323,326,328+306 D:302 F:300,304 G:300 H:304,326,331 J:301,30C "
    "K:300,302,304,307,315,31B,326,35F+48,35F+68 L:302,325,325+304,326 M:300,302,306,310 N:302,304,306,326 "
    "P:300,304,315,323 R:306,325,325+304 S:300,304,31B+304,331 T:300,304,308,315,31B U:307 Z:300,304,306,308,327 "
    "a:30B c:300,304,306,308,315,323,326,328+306 d:302 f:300,304 g:300 h:304,326 j:301 "
    "k:300,302,304,307,315,31B,326,35F+68 l:302,325,325+304,326 m:300,302,306,310 n:302,304,306,326 "
    "p:300,304,315,323 r:306,325,325+304 s:300,304,31B+304,331 t:300,304,315,31B u:307 z:300,304,306,308,327 "
    "Ç:306 Û:304 ç:306 û:304 ÿ:301 Č:315,323 č:315,323 ē:30D Ī:301 ī:301 ō:30D Ž:326,327 ž:326,327 "
    "Ḳ:304 ḳ:304 Ṣ:304 ṣ:304 Ṭ:304 ṭ:304 Ạ:308 ạ:308 Ọ:308 ọ:308 Ụ:304,308 ụ:304,308"
)


def _ranges(text: str) -> str:
    """``41-5A 7E`` -> the inside of a character class."""
    return "".join("-".join(f"\\U{int(end, 16):08x}" for end in item.split("-")) for item in text.split())


def _sequences(text: str) -> str:
    """The sequences as alternatives, longest first, so that a shorter one never hides a longer one."""
    found = [
        base + "".join(chr(int(mark, 16)) for mark in marks.split("+"))
        for base, _, all_marks in (item.partition(":") for item in text.split())
        for marks in all_marks.split(",")
    ]
    return "|".join(re.escape(sequence) for sequence in sorted(found, key=len, reverse=True))


def _pattern(ranges: str) -> re.Pattern[str]:
    # A combining mark is no member of any class, so there is one way only to match a text: no backtracking.
    return re.compile(f"(?:{_sequences(_SEQUENCES)}|[{_ranges(ranges)}])*")


class Letters(Enum):
    """Which data type of the norm a field obeys."""

    NAME = _pattern(_NAME)  # type A: natural persons
    PLACE = _pattern(_PLACE)  # type B: streets, towns, other names
    LINE = _pattern(_LINE)  # type D: firms, products, any other line


@dataclass(frozen=True, slots=True, kw_only=True)
class StrangeLetter:
    """The first character of a text that the norm does not know there."""

    character: str
    position: int  # from 1

    def __str__(self) -> str:
        return f"U+{ord(self.character):04X} at character {self.position}"


def strange_letter(text: str, letters: Letters) -> StrangeLetter | None:
    """Where the text leaves the norm, or None."""
    match = letters.value.match(text)
    end = match.end() if match else 0
    return None if end == len(text) else StrangeLetter(character=text[end], position=end + 1)
