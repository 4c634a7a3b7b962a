# SPDX-License-Identifier: EUPL-1.2
"""Active content of a PDF, found by walking its objects as a viewer would reach them, object streams included.

Scripts, actions that start or fetch something, files inside the file, forms that are programs (XFA), multimedia.
Plain destinations, also as /OpenAction, and links to web pages are harmless and stay unmentioned.
Leaves out page content: its operators draw and cannot act. ISO 32000-2 clauses 12.5, 12.6, 7.11, 13.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pyhanko.pdf_utils import generic

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding, Severity
from gateway.stages.signature.pdf.document import PdfDocument, PdfValue, children, followed, member, readable
from gateway.stages.signature.pdf.gaps import Gap

MAX_OBJECTS = 300_000  # values of any kind; a file of several hundred pages has some ten thousand
_NAMED = 10  # findings; the rest is counted
_CHAIN = 32  # actions that follow each other
# Actions by their /S. JavaScript runs; the others start, open, send or play something outside the page.
_ACTIONS = frozenset(
    f"/{name}"
    for name in (
        "JavaScript",
        "Launch",
        "GoToR",
        "GoToE",
        "ImportData",
        "SubmitForm",
        "Rendition",
        "RichMediaExecute",
        "Movie",
        "Sound",
        "Thread",
    )
)
_HARMLESS_BY_ITSELF = frozenset(
    f"/{name}"
    for name in ("GoTo", "Named", "Hide", "SetOCGState", "Trans", "GoTo3DView", "GoToDp", "ResetForm")
)
_ANNOTATIONS = frozenset(
    f"/{name}" for name in ("FileAttachment", "RichMedia", "Movie", "Screen", "Sound", "3D")
)
# What holds or leads to other values.
_LEADING_ON = (generic.IndirectObject, generic.DictionaryObject, generic.ArrayObject)
_SAFE_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):")
_LOCAL = re.compile(r"\s*[\\/]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a walk over all reachable objects found."""

    active: tuple[Finding, ...]
    claimed: frozenset[Gap]  # gaps whose marker is the /Contents of a dictionary with this very /ByteRange


def survey(document: PdfDocument, *, allowed: bool) -> Survey:
    """Walk the document. Raises ``Rejected`` with ``PDF_MALFORMED`` where it cannot be walked to its end.

    ``allowed`` makes active content a matter of information.
    """
    return readable(lambda: _survey(document, Severity.INFO if allowed else Severity.ERROR), document.name)


def _survey(document: PdfDocument, severity: Severity) -> Survey:
    found: dict[str, None] = {}
    claimed = []
    by_marker = {gap.marker: gap for gap in document.gaps}
    for where, dictionary in _dictionaries(document):
        found.update((f"{what} ({where})", None) for what in _active(dictionary))
        gap = claimed_gap(dictionary, by_marker)
        if gap is not None:
            claimed.append(gap)
    texts = list(found)
    if len(texts) > _NAMED:
        texts = [*texts[:_NAMED], f"{len(texts) - _NAMED} more"]
    expected = "a document without active content"
    return Survey(
        active=tuple(
            Finding(
                code=Code.PDF_ACTIVE_CONTENT,
                severity=severity,
                place=document.name,
                expected=expected,
                got=text,
            )
            for text in texts
        ),
        claimed=frozenset(claimed),
    )


def claimed_gap(dictionary: generic.DictionaryObject, by_marker: dict[bytes, Gap]) -> Gap | None:
    """The gap in which this dictionary's /Contents really stands, if its /ByteRange leaves out exactly that."""
    value = dictionary.raw_get("/Contents") if "/Contents" in dictionary else None
    if not isinstance(value, generic.TextStringObject | generic.ByteStringObject):
        return None
    gap = by_marker.get(bytes(value.original_bytes))
    ranges = member(dictionary, "/ByteRange")
    if gap is None or not isinstance(ranges, generic.ArrayObject):
        return None
    return gap if tuple(ranges) == gap.byte_range else None


def _dictionaries(document: PdfDocument) -> Iterator[tuple[str, generic.DictionaryObject]]:
    """Every dictionary once, with the number of the object that holds it. Iterative: depth costs no stack."""
    trailer = document.reader.trailer_view
    pending: list[tuple[str, PdfValue]] = [("trailer", trailer)]
    seen: set[tuple[int, int]] = set()
    count = 0
    while pending:
        where, value = pending.pop()
        count += 1
        if count > MAX_OBJECTS:
            got = f"more than {MAX_OBJECTS} values"
            raise Rejected(
                [Finding(code=Code.PDF_MALFORMED, place=document.name, expected="bounded size", got=got)]
            )
        if isinstance(value, generic.IndirectObject):
            key = value.idnum, value.generation
            if key in seen:
                continue
            seen.add(key)
            where, value = f"object {value.idnum}", followed(value)
        if isinstance(value, generic.DictionaryObject):
            yield where, value
        pending += [(where, item) for item in children(value) if isinstance(item, _LEADING_ON)]


def _active(dictionary: generic.DictionaryObject) -> Iterable[str]:
    kind = member(dictionary, "/S")
    if kind in _ACTIONS:
        yield f"action {kind}"
    if "/JS" in dictionary and kind != "/JavaScript":
        yield "script /JS"
    if kind == "/URI" and not _harmless_link(member(dictionary, "/URI")):
        yield "link to a file or program"
    base = member(dictionary, "/Base")
    if isinstance(base, generic.TextStringObject | generic.ByteStringObject) and not _harmless_link(base):
        yield "base of links outside the web"
    if member(dictionary, "/Subtype") in _ANNOTATIONS:
        yield f"annotation {member(dictionary, '/Subtype')}"
    if _automatic(member(dictionary, "/OpenAction")):
        yield "/OpenAction"
    triggers = member(dictionary, "/AA")
    if any(_automatic(followed(action)) for action in children(triggers)):
        yield "/AA"
    yield from _files(dictionary)


def _files(dictionary: generic.DictionaryObject) -> Iterable[str]:
    tree = member(dictionary, "/EmbeddedFiles")
    if isinstance(tree, generic.DictionaryObject) and (member(tree, "/Names") or member(tree, "/Kids")):
        yield "/EmbeddedFiles"
    if "/EF" in dictionary or member(dictionary, "/Type") == "/EmbeddedFile":
        yield "embedded file"
    if "/Collection" in dictionary and "/Pages" in dictionary:
        yield "/Collection"
    if member(dictionary, "/XFA"):
        yield "/XFA"
    if "/RichMediaContent" in dictionary:
        yield "/RichMediaContent"
    if isinstance(dictionary, generic.StreamObject):
        if isinstance(member(dictionary, "/F"), generic.DictionaryObject | generic.TextStringObject):
            yield "stream in another file"
        if "/F" in (member(dictionary, "/Ref") or ()):
            yield "page of another file"


def _automatic(action: PdfValue) -> bool:
    """Does something happen by itself that is more than moving within the document?"""
    pending, steps = [action], 0
    while pending:
        step = pending.pop()
        steps += 1
        if steps > _CHAIN:
            return True
        if not isinstance(step, generic.DictionaryObject):
            continue  # a destination: an array, a name or a string
        if "/S" in step and member(step, "/S") not in _HARMLESS_BY_ITSELF:
            return True
        following = member(step, "/Next")
        if isinstance(following, generic.ArrayObject):
            pending += [followed(item) for item in children(following)]
        else:
            pending.append(following)
    return False


def _harmless_link(value: PdfValue) -> bool:
    if not isinstance(value, generic.TextStringObject | generic.ByteStringObject):
        return value is None
    text = "".join(chr(byte) for byte in value.original_bytes if 0x20 <= byte < 0x7F)
    if _LOCAL.match(text):
        return False
    scheme = _SCHEME.match(text)
    return scheme is None or scheme[1].lower() in _SAFE_SCHEMES
