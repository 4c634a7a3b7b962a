# SPDX-License-Identifier: EUPL-1.2
"""A dossier on its way out: package, delivery, answer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.model.bundle import ByteSource
from gateway.model.dossier import Dossier


class DeliveryState(StrEnum):
    """Where one delivery stands; transitions live in ``gateway.stages.delivery`` and nowhere else."""

    QUEUED = "queued"
    DELIVERING = "delivering"
    WAITING = "waiting"  # for the next attempt
    CONSIGNED = "consigned"  # lies in the recipient's inbox, not fetched yet
    HANDED_OVER = "handed-over"  # the bytes are in the recipient's domain
    ACKNOWLEDGED = "acknowledged"  # the recipient said so
    ANSWERED = "answered"
    PARKED = "parked"  # alarm: a person must look


class AnswerKind(StrEnum):
    """What an authority says back."""

    ACKNOWLEDGED = "acknowledged"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DOCUMENTS_REQUESTED = "documents-requested"
    DECIDED = "decided"
    NOT_IMPORTED = (
        "not-imported"  # their system could not read the package: a fault, never a decision on the case
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer of an authority to one delivery. ``id`` makes a repeated answer recognisable."""

    id: str
    delivery_id: str
    kind: AnswerKind
    message: str = ""  # free text for the chamber; personal data, never logged
    reference: str = ""  # the authority's file number
    requested_documents: tuple[str, ...] = ()  # codes of document types


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredFile:
    """A file of the dossier that can be read as often as needed, in bounded memory."""

    name: str  # entry name in the bundle
    size: int  # bytes
    sha256: str  # hex
    media_type: str
    chunks: Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliverable:
    """Everything a format may use to make a package. Bytes come from the same verified container."""

    delivery_id: str
    dossier_id: str
    received_at: datetime
    chamber_name: str
    authority_id: str
    authority_name: str
    dossier: Dossier
    bundle: ByteSource  # the original container
    bundle_sha256: str
    files: tuple[DeliveredFile, ...]  # dossier.xml and every document


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of a package. ``source`` is given where random access is possible (range requests)."""

    name: str  # one safe path segment, made by us
    size: int  # bytes
    sha256: str  # hex
    media_type: str
    chunks: Callable[[], Iterator[bytes]]
    source: ByteSource | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What a transport moves. ``name`` is deterministic, so doing it twice has the effect of once.

    ``parts`` are written in order; the last one is the sign that the package is whole (index last).
    """

    name: str
    parts: tuple[Part, ...]


class Placement(StrEnum):
    """What a transport achieved."""

    CONSIGNED = "consigned"  # available to the recipient in an inbox of ours
    HANDED_OVER = "handed-over"  # durable in the recipient's own domain
