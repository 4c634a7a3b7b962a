# SPDX-License-Identifier: EUPL-1.2
"""What happened to a PDF after a signature: does the signature cover its whole version, and what came later?

A PDF grows by versions appended to it. pyHanko's difference analysis compares each later version with the signed one
against a list of allowed changes; DocMDP and FieldMDP of the signature narrow that list. It is asked with a strict
reader first. Where that one stumbles over a sloppy file, a lenient one is asked, after two things that the strict one
would have refused are excluded: objects that the signed version names without having them and that come later
(shadow attack "hide-and-replace"), and second tables (hybrid references) in a later version.

Rules
1. The signed bytes end where a version ends: same cross-reference table, nothing of that version behind it.
2. Later versions may add validation data and document time-stamps, and before the last signature also what the
   signature permits: further signatures and, without DocMDP 1, form values.
3. After the last signature only validation data and document time-stamps may come (one business change refuses).
4. Nothing may stand behind the last version but white space.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import process_data_at_eof
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, DiffResult, ModificationLevel
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm

from gateway.codes import Code
from gateway.errors import AmtsboteError, Rejected
from gateway.findings import Finding, Severity
from gateway.stages.signature.certificates.certificate import contained
from gateway.stages.signature.pdf.document import (
    PdfDocument,
    PdfReader,
    PdfValue,
    children,
    ends_version,
    followed,
    member,
)
from gateway.stages.signature.pdf.fields import SignatureField, only_signature_fields

_MAX_VERSIONS = 64


class Change(StrEnum):
    """What came after a signature, from harmless to not allowed."""

    NONE = "none"
    VALIDATION = "validation data and document time-stamps"
    FORM = "form values and signatures"
    OTHER = "other content"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """The answer for one signature; ``detail`` says what was seen where it is not allowed."""

    change: Change
    allowed: bool
    detail: str = ""


def later_changes(
    versions: "Versions", signature: SignatureField, *, among: Sequence[SignatureField]
) -> Later:
    """Rules 1 to 3 for one placed signature, ``among`` all of the document in their order."""
    gap = signature.gap
    if gap is None or gap.covered == len(versions.document.data):
        return Later(change=Change.NONE, allowed=gap is not None)
    after = among[among.index(signature) + 1 :]
    last = all(other.is_timestamp for other in after)
    stamps = frozenset(other.name for other in after if other.is_timestamp and other.gap and other.invisible)
    try:
        return contained(
            lambda: versions.compare(signature, stamps=stamps, last=last),
            code=Code.PDF_MALFORMED,
            place=versions.document.name,
        )
    except Rejected as refusal:
        return Later(change=Change.UNKNOWN, allowed=False, detail=refusal.findings[0].got)


def trailing_data(document: PdfDocument) -> Finding | None:
    """Rule 4."""
    end = document.data.rfind(b"%%EOF")
    rest = document.data[end + 5 :] if end >= 0 else b""
    if not rest.strip(b"\t\n\r "):
        return None
    return Finding(
        code=Code.PDF_MODIFIED_AFTER_SIGNING,
        severity=Severity.ERROR,
        place=document.name,
        expected="nothing behind %%EOF",
        got=f"{len(rest)} bytes",
    )


class Versions:
    """The versions of one document, opened for comparison once. Owned by one judgement."""

    def __init__(self, document: PdfDocument) -> None:
        self.document = document
        self._strict: PdfReader | None = None
        self._tried = False

    def compare(self, signature: SignatureField, *, stamps: frozenset[str], last: bool) -> Later:
        """Strictly if possible, else leniently; what the lenient reader raises is the caller's to contain."""
        try:
            return _review(self._strict_reader(), self.document, signature, stamps=stamps, last=last)
        except AmtsboteError:
            raise
        except Exception:  # noqa: BLE001 - whatever the strict reader dislikes, the lenient one has the last word
            return _review(self.document.reader, self.document, signature, stamps=stamps, last=last)

    def _strict_reader(self) -> PdfReader:
        if not self._tried:
            self._tried = True
            self._strict = PdfReader(self.document.stream, strict=True)
        if self._strict is None:
            raise PdfReadError("not readable strictly")
        return self._strict


def _review(
    reader: PdfReader, document: PdfDocument, signature: SignatureField, *, stamps: frozenset[str], last: bool
) -> Later:
    xrefs = reader.xrefs
    if xrefs.total_revisions > _MAX_VERSIONS:
        return Later(change=Change.UNKNOWN, allowed=False, detail=f"{xrefs.total_revisions} versions")
    if signature.gap is None or signature.reference is None:
        return Later(change=Change.UNKNOWN, allowed=False, detail="a signature without an object of its own")
    version = xrefs.get_last_change(
        generic.Reference(signature.reference.idnum, signature.reference.generation, reader)
    )
    end = signature.gap.covered
    if not ends_version(document.data, end) or not _covers_version(reader, version, end):
        return Later(change=Change.OTHER, allowed=False, detail="the signed bytes end within a version")
    if any(xrefs.get_xref_data(v).hybrid for v in range(version + 1, xrefs.total_revisions)):
        return Later(
            change=Change.UNKNOWN, allowed=False, detail="two tables of one version (hybrid references)"
        )
    if not reader.strict and _filled_later(reader, version):
        return Later(change=Change.OTHER, allowed=False, detail="objects that were named before they existed")
    permission = _permission(signature)
    result = DEFAULT_DIFF_POLICY.review_file(
        reader, version, field_mdp_spec=_locked_fields(signature), doc_mdp=permission
    )
    if not isinstance(result, DiffResult):
        return Later(change=Change.OTHER, allowed=False, detail="a change of another kind")
    change = _change(result, stamps, only_signatures=only_signature_fields(document))
    ceiling = Change.VALIDATION if last or permission is MDPPerm.NO_CHANGES else Change.FORM
    order = list(Change)
    return Later(change=change, allowed=order.index(change) <= order.index(ceiling), detail=change.value)


def _filled_later(reader: PdfReader, version: int) -> bool:
    """Does the signed version refer to a number beyond its table, which only a later version fills?

    The difference analysis takes such objects for orphans. Numbers within the table are examined like any change, and
    what does not hang on the catalogue (foreign entries of the trailer) is shown by no viewer.
    """
    signed = reader.get_historical_resolver(version)
    missing = {
        reference
        for reference in signed.collect_dependencies(signed.root)
        if signed.is_ref_unassignable(reference)
    }
    numbers = {reference.idnum for reference in missing}
    return any(
        reference.idnum in numbers
        for later in range(version + 1, reader.total_revisions)
        for reference in reader.xrefs.explicit_refs_in_revision(later)
    )


def _covers_version(reader: PdfReader, version: int, end: int) -> bool:
    """Rule 1."""
    xrefs = reader.xrefs
    reader.stream.seek(end)
    try:
        if process_data_at_eof(reader.stream) != xrefs.get_startxref_for_revision(version):
            return False
    except PdfReadError:
        return False
    return all(xrefs.get_xref_container_info(v).end_location <= end for v in range(version + 1))


def _change(result: DiffResult, stamps: frozenset[str], *, only_signatures: bool) -> Change:
    """The library knows document time-stamps by their /Type, which much software writes wrongly (``SignatureField``)."""
    level, changed = result.modification_level, result.changed_form_fields
    if level is ModificationLevel.FORM_FILLING and changed <= stamps and (changed or only_signatures):
        return Change.VALIDATION
    return {
        ModificationLevel.NONE: Change.NONE,
        ModificationLevel.LTA_UPDATES: Change.VALIDATION,
        ModificationLevel.FORM_FILLING: Change.FORM,
    }.get(level, Change.OTHER)


def _transforms(signature: SignatureField, method: str) -> Iterator[PdfValue]:
    for item in children(member(signature.value, "/Reference")):
        reference = followed(item)
        if member(reference, "/TransformMethod") == method:
            yield member(reference, "/TransformParams")


def _permission(signature: SignatureField) -> MDPPerm | None:
    """The strictest of DocMDP in the signature and /P in the field's /Lock; DocMDP without /P is 2 (table 257)."""
    found = [member(p, "/P") or 2 for p in _transforms(signature, "/DocMDP")]
    locked = member(member(signature.dictionary, "/Lock"), "/P")
    found += [locked] if locked is not None else []
    return min((MDPPerm(int(level)) for level in found), default=None)


def _locked_fields(signature: SignatureField) -> FieldMDPSpec | None:
    for parameters in _transforms(signature, "/FieldMDP"):
        return FieldMDPSpec.from_pdf_object(parameters)
    return None
