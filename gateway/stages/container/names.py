# SPDX-License-Identifier: EUPL-1.2
"""Names of entries: which bytes may be a name, and when two names are one.

A name is an allow-list matter: NFC, UTF-8 where it is not ASCII, no character that a shell, a Windows share or a
right-to-left screen reads differently, no segment that climbs. Whatever reads the bundle after us (hot folder, file
share, case-insensitive disk) must see the same file under the same name.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from gateway.codes import Code
from gateway.findings import Finding, Foreign
from gateway.policy import ContainerPolicy

_FORBIDDEN = frozenset('\\:*?"<>|')  # reserved by Windows; a backslash is a second path separator there
_SEPARATORS = frozenset("/\\:")
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"}
    | {f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"}
)
_PLAIN = re.compile(r"[ !#-)+-9;=@-\[\]-{}~]*")  # what `_allowed` says of ASCII, in one step
# Names no rule below objects to: nearly all. A device's name is shorter or has a "$".
_SEGMENT = r"[A-Za-z0-9_-]{5,}+(?:\.[A-Za-z0-9_-]++)*+"
_EVERYDAY = re.compile(f"{_SEGMENT}(?:/{_SEGMENT})*+/?")
_CATEGORIES = frozenset("LMNPS")  # letters, marks, numbers, punctuation, symbols; besides these only U+0020


def decode_name(raw: bytes, *, utf8: bool) -> Foreign | None:
    """The one reading of a name's bytes; ``None`` if there are two.

    Without flag 11 (APPNOTE appendix D) readers guess code page 437, 850 or UTF-8, so only ASCII is unambiguous.
    """
    try:
        return Foreign(raw.decode("utf-8" if utf8 else "ascii"))
    except UnicodeDecodeError:
        return None


def shown(raw: bytes) -> Foreign:
    """A name that has no safe reading, for people to recognise."""
    return Foreign(raw.decode("utf-8", "backslashreplace"))


def name_faults(name: str, policy: ContainerPolicy) -> Iterable[Finding]:
    """Everything that keeps ``name`` from naming a file; a directory's name ends in a slash."""
    small = len(name) <= policy.max_name_bytes and name.count("/") < policy.max_depth
    return () if small and _EVERYDAY.fullmatch(name) else _every_fault(name, policy)


def _every_fault(name: str, policy: ContainerPolicy) -> Iterator[Finding]:
    path = name.removesuffix("/")
    for expected, broken in (
        ("a name", not path),
        (
            f"at most {policy.max_name_bytes} bytes",
            len(name.encode("utf-8", "replace")) > policy.max_name_bytes,
        ),
        (f"at most {policy.max_depth} levels", path.count("/") >= policy.max_depth),
        ("Unicode form NFC", not unicodedata.is_normalized("NFC", name)),
        (
            "letters, digits, punctuation and plain spaces",
            not (_PLAIN.fullmatch(path) or all(map(_allowed, path))),
        ),
        ("a name that means the same on every system", not all(map(_safe_segment, path.split("/")))),
    ):
        if broken:
            yield Finding(code=Code.CONTAINER_BAD_NAME, place=name, expected=expected, got=name)


def clashes(names: Iterable[str]) -> Iterator[Finding]:
    """Names that are one on some system, and files that would have to be a folder as well.

    Duplicates are the oldest way to show one file to the verifier and another to the reader (ZipDiff B1, B4).
    """
    seen: dict[str, str] = {}
    folders: dict[str, str] = {}
    for name in names:
        path = folded(name.removesuffix("/"))
        if path in seen:
            yield Finding(
                code=Code.CONTAINER_DUPLICATE_NAME, place=name, expected="a name of its own", got=seen[path]
            )
        else:
            seen[path] = name
        parts = path.split("/")
        for depth in range(1, len(parts)):
            folders.setdefault("/".join(parts[:depth]), name)
    for path, name in seen.items():
        if path in folders and not name.endswith("/"):
            yield Finding(
                code=Code.CONTAINER_DUPLICATE_NAME,
                place=name,
                expected="a file or a folder",
                got=folders[path],
            )


def folded(name: str) -> str:
    """The same for all names that a case-insensitive or normalising file system takes for one."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _allowed(char: str) -> bool:
    if char in _FORBIDDEN:
        return False
    return char == " " or unicodedata.category(char)[0] in _CATEGORIES


def _safe_segment(segment: str) -> bool:
    if not segment or segment[-1] in ". " or segment[0] == " ":
        return False  # empty, ".", ".." and what Windows silently strips
    if segment.split(".", maxsplit=1)[0].rstrip().casefold() in _DEVICES:
        return False
    if segment.isascii():
        return True
    # Look-alikes that a code page conversion turns into separators or dots: U+FF0F, U+FF3C, U+2025.
    compatible = unicodedata.normalize("NFKC", segment)
    return compatible not in {".", ".."} and not _SEPARATORS & set(compatible)
