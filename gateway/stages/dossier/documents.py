# SPDX-License-Identifier: EUPL-1.2
"""The documents a dossier names against the files that are there: both ways, and type by magic number.

Leaves out what is inside the files (PDF checks) and which documents a title needs.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from gateway.codes import Code
from gateway.findings import Finding, Foreign
from gateway.model.bundle import Digested
from gateway.model.dossier import Document, Dossier

DOSSIER_NAME = "dossier.xml"

# What authorities read. The magic number must stand at offset 0: readers that search for it further in
# are what polyglot files live on.
_MAGIC: Mapping[str, tuple[bytes, ...]] = {
    "application/pdf": (b"%PDF-1.", b"%PDF-2."),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
}


def compare_documents(dossier: Dossier, digested: Digested) -> tuple[Finding, ...]:
    """Every document named must be there, everything there must be named, and be what it is said to be."""
    declared = {document.file for document in dossier.documents}
    present = {entry.name for entry in digested.opened.payload} - {DOSSIER_NAME}
    return (
        *(
            Finding(
                code=Code.DOCUMENT_NOT_IN_BUNDLE,
                place=_place(dossier, document),
                expected=Foreign(document.file),
            )
            for document in dossier.documents
            if document.file not in present
        ),
        *(
            Finding(code=Code.DOCUMENT_NOT_DECLARED, place=name, expected="a document entry in dossier.xml")
            for name in sorted(present - declared)
        ),
        *(
            finding
            for document in dossier.documents
            if document.file in present
            for finding in _judge_type(document, digested.heads.get(document.file, b""))
        ),
    )


def strange_references(dossier: Dossier) -> Iterator[Finding]:
    """Files named twice, files that are no documents, translations of nothing."""
    counted = Counter(document.file for document in dossier.documents)
    for name, times in sorted(counted.items()):
        if times > 1:
            yield Finding(
                code=Code.DOSSIER_INCONSISTENT,
                place="/dossier/documents",
                expected=f"{name} once",
                got=f"{times} times",
            )
    for document in dossier.documents:
        if document.file in {DOSSIER_NAME, "mimetype"} or document.file.startswith("META-INF/"):
            yield Finding(
                code=Code.DOSSIER_INCONSISTENT,
                place=_place(dossier, document),
                expected="the name of a document's file",
                got=Foreign(document.file),
            )
        original = document.translation_of
        if original and (original not in counted or original == document.file):
            yield Finding(
                code=Code.DOSSIER_INCONSISTENT,
                place=f"{_place(dossier, document)}/translationOf",
                expected="the file of another document of this dossier",
                got=Foreign(original),
            )


def _judge_type(document: Document, head: bytes) -> Iterator[Finding]:
    magic = _MAGIC.get(document.media_type)
    if magic is None:
        yield Finding(
            code=Code.DOCUMENT_MEDIA_TYPE,
            place=Foreign(document.file),
            expected=", ".join(_MAGIC),
            got=Foreign(document.media_type),
        )
    elif not head.startswith(magic):
        found = next((name for name, marks in _MAGIC.items() if head.startswith(marks)), "other bytes")
        yield Finding(
            code=Code.DOCUMENT_MEDIA_TYPE,
            place=Foreign(document.file),
            expected=document.media_type,
            got=found,
        )


def _place(dossier: Dossier, document: Document) -> str:
    if len(dossier.documents) == 1:
        return "/dossier/documents/document"
    return f"/dossier/documents/document[{dossier.documents.index(document) + 1}]"
