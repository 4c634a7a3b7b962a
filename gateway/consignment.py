# SPDX-License-Identifier: EUPL-1.2
"""Makes the package of one delivery from the stored original, as often as it is asked for, the same every time.

spool file (authenticated segments) -> container (strict reader) -> files (digests of the accepted journal row) ->
format -> package (digests of its parts). What is read on the way out is checked against what was verified on the way
in: a byte that changed in between never reaches a recipient whole (THREAT_MODEL, Journal and spool).
Nothing of a dossier goes out after it was erased, not even to a reader that began before: it is cut, and never has
the whole.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.codes import Code
from gateway.couplings import Coupling
from gateway.errors import AdapterFailed, DeliveryFailed, GatewayFault, JournalDamaged, Rejected
from gateway.journal import Journal, dossiers
from gateway.journal.deliveries import DeliveryRow
from gateway.journal.dossiers import DossierFacts, DossierStatus, Stored
from gateway.model.bundle import ByteSource, Opened
from gateway.model.delivery import Deliverable, DeliveredFile, Package, Part
from gateway.model.examination import ExaminedDocument
from gateway.model.partner import Partners
from gateway.policy import ContainerPolicy
from gateway.ports import Format
from gateway.spool import Spool
from gateway.stages.container import open_container, read_entry


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedDossier:
    """A dossier's row, as far as deliveries need it, with its facts there."""

    id: str
    chamber: str
    received_at: datetime
    bundle_sha256: str
    bundle_size: int
    facts: DossierFacts
    stored: Stored | None  # None: the bytes are gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Consignments:
    """Opens packages. Holds nothing open itself."""

    journal: Journal
    spool: Spool
    partners: Partners
    policy: ContainerPolicy

    @contextmanager
    def opened(self, row: DeliveryRow, coupling: Coupling) -> Iterator[Package]:
        """The package of ``row``, readable inside the block, by one thread at a time.

        Raises ``DeliveryFailed`` where the content is gone or the format fails (``AdapterFailed`` where that is its
        bug), ``JournalDamaged`` where what is stored is not what was accepted.
        """
        accepted = accepted_dossier(self.journal, row)
        if accepted.stored is None:
            raise _erased()
        name = accepted.stored.name
        with self.spool.open(name, accepted.stored.wrapped_key) as bundle:
            kept = _Kept(bundle, lambda: self.spool.holds(name))
            yield _made(coupling.format, self._deliverable(row, accepted, coupling, kept))

    def _deliverable(
        self, row: DeliveryRow, accepted: AcceptedDossier, coupling: Coupling, bundle: ByteSource
    ) -> Deliverable:
        if bundle.size != accepted.bundle_size:
            raise JournalDamaged(
                f"dossier {accepted.id}: the stored bundle has another size than the accepted one"
            )
        chamber = self.partners.chamber(accepted.chamber)
        container = _Container(bundle, self.policy)
        return Deliverable(
            delivery_id=row.id,
            dossier_id=accepted.id,
            received_at=accepted.received_at,
            chamber_name=chamber.name if chamber else accepted.chamber,
            authority_id=coupling.authority.id,
            authority_name=coupling.authority.name,
            dossier=accepted.facts.dossier,
            bundle=bundle,
            bundle_sha256=accepted.bundle_sha256,
            files=tuple(_file(container, document) for document in accepted.facts.documents),
        )


@dataclass(frozen=True, slots=True)
class _Kept:
    """The stored bundle, as long as it is kept. An open descriptor and the key in memory would outlive an erasure."""

    bundle: ByteSource
    is_kept: Callable[[], bool]

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self.bundle.size

    def read_at(self, offset: int, length: int) -> bytes:
        """As the bundle's. Raises ``DeliveryFailed`` once the dossier is erased."""
        data = self.bundle.read_at(offset, length)
        if not self.is_kept():  # asked after reading: what is handed on was there when it was read
            raise _erased()
        return data


class _Container:
    """The stored container, opened when a file of it is first read: who passes on the original never opens it.

    Lives as long as one package is open; used by one thread at a time.
    """

    def __init__(self, bundle: ByteSource, policy: ContainerPolicy) -> None:
        self._bundle, self._policy = bundle, policy
        self._opened: Opened | None = None

    def read(self, name: str) -> Iterator[bytes]:
        """One file's bytes. Raises ``Rejected`` or ``JournalDamaged``."""
        if self._opened is None:
            self._opened = open_container(self._bundle, policy=self._policy)
        for entry in self._opened.payload:
            if entry.name == name:
                return read_entry(self._opened.source, entry)
        raise JournalDamaged("an accepted file is not in the stored container")


def accepted_dossier(journal: Journal, row: DeliveryRow) -> AcceptedDossier:
    """The dossier of a delivery. Raises ``DeliveryFailed`` where it is erased, ``JournalDamaged`` where there never was one."""
    with journal.reading() as connection:
        dossier = dossiers.find(connection, row.dossier_id)
    if dossier is not None and dossier.status is DossierStatus.ERASED:
        raise _erased()
    if dossier is None or dossier.facts is None:
        raise JournalDamaged(f"delivery {row.id} has no accepted dossier")
    return AcceptedDossier(
        id=dossier.id,
        chamber=dossier.chamber,
        received_at=dossier.received_at,
        bundle_sha256=dossier.bundle_sha256,
        bundle_size=dossier.bundle_size,
        facts=dossier.facts,
        stored=dossier.stored,
    )


def _erased() -> DeliveryFailed:
    return DeliveryFailed(Code.PROCESSING_FAILED, "the dossier's content is erased", retry=False)


def _file(container: _Container, document: ExaminedDocument) -> DeliveredFile:
    def chunks() -> Iterator[bytes]:
        return checked(lambda: container.read(document.name), size=document.size, sha256=document.sha256)

    return DeliveredFile(
        name=document.name,
        size=document.size,
        sha256=document.sha256,
        media_type=document.media_type,
        chunks=chunks,
    )


def _made(format_: Format, deliverable: Deliverable) -> Package:
    try:
        package = format_.package(deliverable)
        return replace(package, parts=tuple(_checked_part(part) for part in package.parts))
    except (DeliveryFailed, GatewayFault):
        raise
    except Exception as error:
        raise AdapterFailed(error) from error


def _checked_part(part: Part) -> Part:
    def chunks() -> Iterator[bytes]:
        return checked(part.chunks, size=part.size, sha256=part.sha256)

    return replace(part, chunks=chunks)


def checked(chunks: Callable[[], Iterator[bytes]], *, size: int, sha256: str) -> Iterator[bytes]:
    """The same chunks; the last one only comes out once all of them have the promised size and digest.

    So a reader that got everything got the right bytes, and one that got wrong bytes never got everything.
    Raises ``JournalDamaged``.
    """
    digest, length, held = hashlib.sha256(), 0, b""
    try:
        for chunk in chunks():
            digest.update(chunk)
            length += len(chunk)
            if held:
                yield held
            held = chunk
    except (Rejected, OSError) as error:
        raise JournalDamaged("the stored bundle cannot be read to its end") from error
    if length != size or digest.hexdigest() != sha256:
        raise JournalDamaged("the stored bundle holds other bytes than were accepted")
    if held:
        yield held
