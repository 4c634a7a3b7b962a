# SPDX-License-Identifier: EUPL-1.2
"""Format ``index``: every document as a file of its own, the signed original beside them, an ``index.xml`` on top.

For document systems that watch a folder and read a describing file. File names are made here (``003-passport.pdf``):
what a sender called a file stands in the index as text and never becomes a path. The index is valid against
``schemas/index/1.0/index.xsd`` before it leaves. No settings.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from importlib.resources import files
from pathlib import Path
from typing import Self

from lxml import etree

from gateway.codes import Code
from gateway.errors import ConfigInvalid, DeliveryFailed
from gateway.markup import new_parser, xml_text
from gateway.model.bundle import ByteSource
from gateway.model.delivery import AnswerKind, Deliverable, DeliveredFile, Package, Part
from gateway.model.dossier import Document
from gateway.ports import Shape

NAMESPACE = "urn:amtsbote:index:1.0"

_CHUNK = 256 * 1024  # bytes
_MAX_LINE = 500  # characters; type Line of the schema
_BUNDLE = "bundle.asice"
_BUNDLE_TYPE = "application/vnd.etsi.asic-e+zip"
_EXTENSIONS = {
    "application/pdf": "pdf",
    "application/xml": "xml",
    "text/xml": "xml",
    "text/plain": "txt",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/tiff": "tif",
}
_INSTRUCTIONS = {
    "de": (
        "Legen Sie {delivery}.done in den überwachten Ordner, wenn die Lieferung eingelesen ist, oder {delivery}.err mit "
        "einer Meldung, wenn sie nicht gelesen werden kann. Für eine fachliche Antwort legen Sie eine JSON-Datei "
        'namens {delivery}.<Wort>.json dorthin, zum Beispiel {{"id": "2026-17", "kind": "documents-requested", "message": '
        '"...", "requested_documents": ["..."]}}. Schreiben Sie unter einem anderen Namen und benennen Sie dann um.'
    ),
    "en": (
        "Put {delivery}.done into the watched folder when the delivery is imported, or {delivery}.err with a message "
        "when it cannot be read. To answer in the matter, put a JSON file named {delivery}.<word>.json there, for "
        'example {{"id": "2026-17", "kind": "documents-requested", "message": "...", "requested_documents": ["..."]}}. '
        "Write under another name and rename then."
    ),
}


@dataclass(frozen=True, slots=True)
class IndexFormat:
    """Documents, original and index as one folder; the index is the last part."""

    schema: etree.XMLSchema
    shape: Shape = Shape.FOLDER

    @classmethod
    def configure(cls, settings: Mapping[str, object]) -> Self:
        """Takes no keys."""
        if settings:
            raise ConfigInvalid([f"format index: unknown key {key}" for key in settings])
        return cls(etree.XMLSchema(etree.fromstring(schema_bytes(), new_parser())))

    def package(self, deliverable: Deliverable) -> Package:
        """All parts. Raises ``DeliveryFailed(PACKAGE_INVALID)`` if the schema refuses our index."""
        documents = tuple(
            _document(number, file, _described(deliverable, file))
            for number, file in enumerate(deliverable.files, start=1)
        )
        original = _original(deliverable)
        data = _serialised(deliverable, documents, original)
        self._check(data)
        index = Part(
            name="index.xml",
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            media_type="application/xml",
            chunks=lambda: iter((data,)),
        )
        return Package(name=deliverable.delivery_id, parts=(*(d.part for d in documents), original, index))

    def _check(self, data: bytes) -> None:
        if not self.schema.validate(etree.fromstring(data, new_parser())):
            # Line and rule only: the message quotes values, and values are personal data.
            faults = sorted({f"line {error.line}: {error.type_name}" for error in self.schema.error_log})
            raise DeliveryFailed(Code.PACKAGE_INVALID, f"index.xml: {'; '.join(faults[:5])}", retry=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """A file of the dossier under its name in the package."""

    part: Part
    original_name: str
    described: Document | None


def schema_bytes() -> bytes:
    """The index schema: package data in a wheel, ``schemas/`` in a checkout. There is one source for both."""
    packaged = files("adapters.formats") / "index-1.0.xsd"
    if packaged.is_file():
        return packaged.read_bytes()
    return (Path(__file__).parents[2] / "schemas" / "index" / "1.0" / "index.xsd").read_bytes()


def _described(deliverable: Deliverable, file: DeliveredFile) -> Document | None:
    return next((d for d in deliverable.dossier.documents if d.file == file.name), None)


def _document(number: int, file: DeliveredFile, described: Document | None) -> _Listed:
    stem = _safe(described.type) if described else "dossier"
    part = Part(
        name=f"{number:03d}-{stem}.{_EXTENSIONS.get(file.media_type, 'bin')}",
        size=file.size,
        sha256=file.sha256,
        media_type=file.media_type,
        chunks=file.chunks,
    )
    return _Listed(part=part, original_name=file.name, described=described)


def _safe(code: str) -> str:
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in code.lower())
    return kept.strip("-")[:60] or "document"


def _original(deliverable: Deliverable) -> Part:
    source = deliverable.bundle
    return Part(
        name=_BUNDLE,
        size=source.size,
        sha256=deliverable.bundle_sha256,
        media_type=_BUNDLE_TYPE,
        chunks=lambda: _read(source),
        source=source,
    )


def _read(source: ByteSource) -> Iterator[bytes]:
    for offset in range(0, source.size, _CHUNK):
        yield source.read_at(offset, _CHUNK)


def _serialised(deliverable: Deliverable, documents: tuple[_Listed, ...], original: Part) -> bytes:
    root = etree.Element(_name("index"), nsmap={None: NAMESPACE})
    dossier = deliverable.dossier
    _add(root, "delivery", deliverable.delivery_id)
    _add(root, "dossier", deliverable.dossier_id)
    _add(root, "kind", dossier.kind.value)
    _add(root, "refersTo", dossier.refers_to)
    _add(root, "receivedAt", f"{deliverable.received_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    _add_parties(root, deliverable)
    _add_case(root, deliverable)
    _add_file(_add(root, "bundle"), original)
    listed = _add(root, "documents")
    for document in documents:
        _add_document(listed, document)
    _add_answering(root, deliverable.delivery_id)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _add_parties(root: etree._Element, deliverable: Deliverable) -> None:
    dossier = deliverable.dossier
    sender = _add(root, "sender")
    _add(sender, "chamber", dossier.chamber)
    _add(sender, "name", deliverable.chamber_name)
    _add(sender, "reference", dossier.reference)
    _add(sender, "role", dossier.role.value)
    _add(sender, "contactName", dossier.contact.name)
    _add(sender, "contactEmail", dossier.contact.email)
    _add(sender, "contactPhone", dossier.contact.phone)
    recipient = _add(root, "recipient")
    _add(recipient, "authority", deliverable.authority_id)
    _add(recipient, "name", deliverable.authority_name)


def _add_case(root: etree._Element, deliverable: Deliverable) -> None:
    dossier, case = deliverable.dossier, _add(root, "case")
    _add(case, "title", dossier.procedure.title)
    _add(case, "givenNames", dossier.worker.given_names)
    _add(case, "surname", dossier.worker.surname)
    _add(case, "dateOfBirth", dossier.worker.date_of_birth.isoformat())
    _add(case, "nationality", dossier.worker.nationality)
    _add(case, "employer", dossier.employer.name)
    _add(case, "establishmentTown", dossier.employer.establishment.town)
    _add(case, "establishmentAgs", dossier.employer.establishment_ags)
    _add(case, "familyMembers", str(len(dossier.family)))


def _add_document(listed: etree._Element, document: _Listed) -> None:
    element = _add(listed, "document")
    _add_file(element, document.part)
    _add(element, "originalName", _line(document.original_name) or "\N{REPLACEMENT CHARACTER}")
    if document.described is not None:
        _add(element, "type", document.described.type)
        _add(element, "title", document.described.title)
        _add(element, "language", document.described.language)


def _add_file(element: etree._Element, part: Part) -> None:
    _add(element, "file", part.name)
    _add(element, "mediaType", part.media_type)
    _add(element, "size", str(part.size))
    _add(element, "sha256", part.sha256)


def _add_answering(root: etree._Element, delivery_id: str) -> None:
    answering = _add(root, "answering")
    _add(answering, "file", f"{delivery_id}.<id>.json")
    for kind in AnswerKind:
        _add(answering, "kind", kind.value)
    for language, text in _INSTRUCTIONS.items():
        element = _add(answering, "instructions")
        element.set("language", language)
        element.text = text.format(delivery=delivery_id)


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    """A child with one line of text; empty text leaves it out (optional in the schema, else the check tells)."""
    element = etree.Element(_name(name))
    line = None if text is None else _line(text)
    element.text = line
    if line != "":
        parent.append(element)
    return element


def _line(text: str) -> str:
    """Text as type Line takes it: XML characters, white space collapsed as ``xs:token`` does, cut."""
    collapsed = re.sub("[ \t\r\n]+", " ", xml_text(text))
    return collapsed.strip(" ")[:_MAX_LINE].strip(" ")


def _name(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
