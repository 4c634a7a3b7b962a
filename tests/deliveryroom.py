# SPDX-License-Identifier: EUPL-1.2
"""A gateway's way out, set up in a directory: journal, spool, one chamber, accepted dossiers, couriers."""

import asyncio
import io
import json
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random

from fake_adapters import FakeFormat, FakeTransport
from sample_dossier import PDF, START, sample_dossier

from gateway.catalogue import data_root
from gateway.consignment import Consignments
from gateway.couplings import Coupling
from gateway.courier import Courier, Means
from gateway.dispatch import Dispatcher
from gateway.doorbell import Doorbell, Role
from gateway.explaining import Explainer
from gateway.inbox import Inbox
from gateway.journal import Journal, deliveries, dossiers, log
from gateway.journal.dossiers import DossierFacts, DossierRow, DossierStatus, Stored
from gateway.keyring import MasterKey
from gateway.model.evidence import Fact, LogEvent
from gateway.model.examination import ExaminedDocument
from gateway.model.partner import Authority, Chamber, Partners
from gateway.model.rules import UNSOURCED, DocumentType
from gateway.policy import ContainerPolicy, RetryPolicy
from gateway.proceedings import Proceedings
from gateway.spool import Spool
from gateway.telemetry import EventLog

FILES = {
    "dossier.xml": b"<dossier/>",
    "Arbeitsvertrag Müller.pdf": b"%PDF-1.7 contract " * 5_000,
    "pass.pdf": b"%PDF-1.7 passport",
}

# As of START: one that may be asked for, one that went out of force, one that is not yet.
DOCUMENT_TYPES = tuple(
    DocumentType(code=code, name_de=code, name_en=code, valid_from=start, valid_until=end, source=UNSOURCED)
    for code, start, end in (
        ("PASS", date(2020, 3, 1), None),
        ("GONE", date(2020, 3, 1), date(2021, 12, 31)),
        ("COMING", date(2099, 1, 1), None),
    )
)


def container(files: dict[str, bytes]) -> bytes:
    """An ASiC-E container without signatures: enough for the way out, which verifies digests, not signers."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.etsi.asic-e+zip")
        for name, data in files.items():
            archive.writestr(name, data, zipfile.ZIP_DEFLATED)
        archive.writestr("META-INF/signatures0.xml", b"<x/>", zipfile.ZIP_DEFLATED)
    return out.getvalue()


@dataclass
class Time:
    """A clock that goes when it is told to."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def authority(name: str) -> Authority:
    return Authority(
        id=name,
        name=f"Ausländerbehörde {name}",
        tls_sha256=frozenset({sha256(name.encode()).hexdigest()}),
        format="fake",
        transport="fake",
    )


@dataclass
class Room:
    """Everything between an accepted dossier and the authorities ``ludwigsburg`` and ``weimar``."""

    directory: Path
    retry: RetryPolicy = field(default_factory=RetryPolicy)

    def __post_init__(self) -> None:
        self.time = Time()
        self.random = Random(81)
        self.lines = io.StringIO()
        for name in ("spool", "run"):
            (self.directory / name).mkdir()
        Journal.create(self.directory / "journal.db", meta={})
        self.journal = Journal.open(self.directory / "journal.db")
        self.spool = Spool(
            self.directory / "spool", MasterKey(key=bytes(32), entropy=self.entropy), self.entropy
        )
        chamber = Chamber(
            id="ihk-stuttgart",
            name="IHK Region Stuttgart",
            tls_sha256=frozenset({"a" * 64}),
            signer_sha256=frozenset({"b" * 64}),
        )
        self.partners = Partners(
            chambers=(chamber,), authorities=(authority("ludwigsburg"), authority("weimar"))
        )
        self.transport = FakeTransport()
        self.couplings = {
            a.id: Coupling(authority=a, format=FakeFormat(), transport=self.transport)
            for a in self.partners.authorities
        }
        self.proceedings = Proceedings(
            journal=self.journal,
            partners=self.partners,
            document_types=DOCUMENT_TYPES,
            issuer={"id": "amtsbote.test"},
            clock=self.time,
            entropy=self.entropy,
        )
        self.consignments = Consignments(
            journal=self.journal, spool=self.spool, partners=self.partners, policy=ContainerPolicy()
        )

    def entropy(self, length: int) -> bytes:
        return self.random.randbytes(length)

    @property
    def means(self) -> Means:
        return Means(
            journal=self.journal,
            consignments=self.consignments,
            proceedings=self.proceedings,
            retry=self.retry,
            clock=self.time,
            entropy=self.entropy,
            events=EventLog(self.lines, self.time, role="deliver"),
            explainer=Explainer.load(data_root()),
        )

    def couple(self, name: str, format_, transport) -> None:
        self.couplings[name] = Coupling(
            authority=self.couplings[name].authority, format=format_, transport=transport
        )

    def courier(self, name: str = "ludwigsburg") -> Courier:
        return Courier(self.couplings[name], self.means)

    def dispatcher(self) -> Dispatcher:
        return Dispatcher(self.couplings, self.means)

    def doorbell(self, role: Role) -> Doorbell:
        return Doorbell(self.directory / "run", role)

    def inbox(self) -> Inbox:
        return Inbox(
            journal=self.journal,
            consignments=self.consignments,
            proceedings=self.proceedings,
            couplings=self.couplings,
            doorbell=self.doorbell(Role.RECEIVE),
            clock=self.time,
        )

    def accept(
        self, number: int = 1, *, to: str = "ludwigsburg", files: dict[str, bytes] | None = None
    ) -> str:
        """Take a dossier in as intake does, without its checks; the delivery's id."""
        files = FILES if files is None else files
        bundle = container(files)
        writer = self.spool.writer(len(bundle))
        writer.write(bundle)
        stored = writer.commit()
        dossier_id, delivery_id = f"{number:026d}", f"1{number:025d}"
        types = {document.file: document for document in sample_dossier().documents}
        documents = tuple(
            ExaminedDocument(
                name=name,
                type=types[name].type if name in types else "",
                media_type=PDF if name.endswith(".pdf") else "application/xml",
                size=len(data),
                sha256=sha256(data).hexdigest(),
            )
            for name, data in files.items()
        )
        with self.journal.transaction() as connection:
            dossiers.insert(
                connection,
                DossierRow(
                    id=dossier_id,
                    chamber="ihk-stuttgart",
                    status=DossierStatus.ACCEPTED,
                    received_at=self.time(),
                    bundle_sha256=sha256(bundle).hexdigest(),
                    bundle_size=len(bundle),
                    subject=self.entropy(16),
                    authority=to,
                    facts=DossierFacts(dossier=sample_dossier(), documents=documents, signers=()),
                    report={"indication": "TOTAL-PASSED", "number": number},
                    stored=Stored(name=stored.name, wrapped_key=stored.wrapped_key),
                ),
            )
            self.accepted_fact(connection, dossier_id)
            deliveries.enqueue(
                connection,
                delivery_id=delivery_id,
                dossier_id=dossier_id,
                authority=to,
                moment=self.time(),
                deadline_seconds=self.retry.deadline_seconds,
            )
        return delivery_id

    def accepted_fact(self, connection, dossier_id: str) -> None:
        row = dossiers.find(connection, dossier_id)
        log.append(
            connection,
            Fact(
                event=LogEvent.SUBMISSION_ACCEPTED,
                id=self.entropy(16),
                salt=self.entropy(32),
                subject=row.subject,
                moment=self.time(),
                evidence={},
                dossier_id=dossier_id,
            ),
        )

    def row(self, delivery_id: str):
        with self.journal.reading() as connection:
            return deliveries.find(connection, delivery_id)

    def logged(self) -> list[str]:
        with self.journal.reading() as connection:
            return [row["event"] for row in connection.execute("SELECT event FROM log_entry ORDER BY idx")]

    def told(self) -> list[str]:
        """Types of the chamber's events, published or not."""
        with self.journal.reading() as connection:
            return [row["type"] for row in connection.execute("SELECT type FROM event ORDER BY seq")]

    def close(self) -> None:
        self.journal.close()


async def until(condition, *, seconds: float = 20) -> None:
    """Let the loop run until ``condition`` holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.002)


def fail(error):
    def raise_it():
        raise error

    return raise_it


def events_of(room) -> list[dict]:
    return [json.loads(line) for line in room.lines.getvalue().splitlines()]
