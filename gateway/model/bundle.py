# SPDX-License-Identifier: EUPL-1.2
"""A bundle on its way in, named by what is known about it.

``Opened -> Digested -> Verified -> Valid -> Complete``: the type of a stage's result is the only key to the next
stage, so a wrong order is a type error and no ``is_verified`` flag exists.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

from gateway.findings import Finding
from gateway.model.asic import is_payload
from gateway.model.dossier import Dossier
from gateway.model.signature import VerificationReport


class ByteSource(Protocol):
    """**Protocol:** random access to bytes that do not change while they are read.

    ``read_at`` returns exactly ``length`` bytes, fewer only at the end; it may raise ``JournalDamaged`` when the
    stored bytes fail authentication. Used from one thread at a time.
    """

    @property
    def size(self) -> int:
        """Length in bytes."""
        ...

    def read_at(self, offset: int, length: int) -> bytes:
        """Bytes ``offset .. offset+length``."""
        ...


class ContainerForm(StrEnum):
    """Container type by structure (EN 319 162-1 clause 4)."""

    ASIC_E = "asic-e"
    ASIC_S = "asic-s"
    OTHER = "other"


class Method(StrEnum):
    """The two compression methods we read (APPNOTE 4.4.5)."""

    STORED = "stored"
    DEFLATED = "deflated"


class Entry(NamedTuple):
    """One file of the container, after every record about it agreed with every other."""

    name: str
    method: Method
    compressed_size: int  # bytes
    size: int  # bytes
    crc32: int
    data_offset: int  # where the compressed bytes start in the container


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A container with exactly one reading. Nothing in it is trusted yet.

    ``meta`` holds the bytes of every META-INF entry and of ``mimetype``; payload bytes are read later, once.
    """

    source: ByteSource
    form: ContainerForm
    entries: tuple[Entry, ...]
    meta: Mapping[str, bytes]
    comment: bytes = b""
    # What META-INF/manifest.xml says of the files; no signature covers it.
    media_types: Mapping[str, str] = field(default_factory=dict)
    # Rules of ASiC that are broken; errors block the verdict, not the reading.
    findings: tuple[Finding, ...] = ()
    # All entries a signature has to cover: everything but ``mimetype`` and META-INF.
    payload: tuple[Entry, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "payload", tuple(entry for entry in self.entries if is_payload(entry.name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Digested:
    """Every payload entry inflated exactly once: its digests, and the bytes of those asked to be kept.

    ``digests[name][algorithm]`` with algorithm names of ``hashlib`` (``sha256``); sha256 is always there.
    ``heads`` holds the first 16 bytes of every entry, to compare a declared media type with the magic number.
    ``findings`` names entries that could not be inflated as declared; they have no digests.
    """

    opened: Opened
    digests: Mapping[str, Mapping[str, bytes]]
    heads: Mapping[str, bytes]
    kept: Mapping[str, bytes]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signed: the certificate that verified the value and was found trusted."""

    certificate_sha256: str  # hex, of the DER
    subject: str  # RFC 4514
    issuer: str  # RFC 4514
    serial: str  # hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A container all of whose payload is covered by signatures that are TOTAL-PASSED under our policy."""

    digested: Digested
    signers: tuple[Signer, ...]
    content_digest: str  # hex SHA-256 over the sorted (name, sha256) list of the signed payload: equal content, equal digest
    report: VerificationReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Valid:
    """A verified bundle whose dossier.xml obeys the schema and names exactly the documents that are there."""

    verified: Verified
    dossier: Dossier


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """A valid dossier that has every document its residence title asks for."""

    valid: Valid
