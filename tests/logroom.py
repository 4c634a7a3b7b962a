# SPDX-License-Identifier: EUPL-1.2
"""A log for tests: keys with known seeds, facts with predictable randomness, a journal and a publisher in a directory."""

import hashlib
import io
import itertools
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from gateway.demo import pki
from gateway.journal import Journal, log
from gateway.model.evidence import Fact, LogEvent
from gateway.publisher import Publisher, open_log
from gateway.seal import Sealer
from gateway.telemetry import EventLog
from gateway.tlog.note import NoteSigner

ORIGIN = "gateway.example/audit"
SIGNER = NoteSigner(ORIGIN, bytes(range(32)))
VERIFIER = SIGNER.verifier
MOMENT = datetime(2026, 11, 22, 5, 4, 22, tzinfo=UTC)


def randomness(number, label, length):
    return hashlib.sha256(f"{label} {number}".encode()).digest()[:length]


def fact(number, *, dossier_id="01J0000000000000000000000A", event=LogEvent.SUBMISSION_ACCEPTED, **evidence):
    return Fact(
        event=event,
        id=randomness(number, "id", 16),
        salt=randomness(number, "salt", 32),
        subject=randomness(dossier_id, "subject", 16),
        moment=MOMENT + timedelta(seconds=number),
        evidence={"issuer": "Gateway", "bundle_sha256": randomness(number, "bundle", 32).hex(), **evidence},
        dossier_id=dossier_id,
    )


@cache
def seal_root():
    return pki.root("Siegel Root")


@cache
def sealer():
    identity = seal_root().subordinate("Siegel CA").seal("Amtsbote")
    chain = [c.public_bytes(Encoding.DER) for c in identity.chain[:-1]]
    return Sealer(identity.key, identity.certificate_der, chain)


class LogRoom:
    """One log in one directory."""

    def __init__(self, directory: Path, *, disk=None, sealed=False):
        self.directory = directory
        self.log = directory / "log"
        self.guard = directory / "trust" / "guard"
        self.journal_path = directory / "journal.db"
        self.disk = disk
        self.sealer = sealer() if sealed else None
        self._entropy = itertools.count()
        directory.mkdir(exist_ok=True)
        self.guard.parent.mkdir(exist_ok=True)
        if not self.journal_path.exists():
            Journal.create(self.journal_path, meta={})
        self.journal = Journal.open(self.journal_path)
        with self.journal.reading() as connection:
            self._numbers = itertools.count(1000 * log.size(connection) + 1)

    def open(self):
        open_log(
            self.journal,
            self.log,
            self.guard,
            signer=SIGNER,
            clock=lambda: MOMENT,
            entropy=lambda n: randomness(next(self._entropy), "opened", n),
            disk=self.disk,
        )
        return self

    def publisher(self, signer=SIGNER):
        return Publisher(
            self.journal,
            self.log,
            self.guard,
            signer=signer,
            sealer=self.sealer,
            events=EventLog(io.StringIO(), lambda: datetime.now(UTC), role="publish"),
            clock=lambda: MOMENT,
            disk=self.disk,
        )

    def append(self, count=1, **fields):
        with self.journal.transaction() as connection:
            return [log.append(connection, fact(next(self._numbers), **fields)) for _ in range(count)]

    def receipt(self, idx):
        with self.journal.reading() as connection:
            return log.receipt(connection, idx)

    def published_size(self):
        with self.journal.reading() as connection:
            return log.published_size(connection)

    def files(self):
        """Everything public, by path."""
        return {
            str(path.relative_to(self.log)): path.read_bytes()
            for path in sorted(self.log.rglob("*"))
            if path.is_file()
        }


def publish_all(publisher):
    while (published := publisher.publish_once()) and published.more:
        pass
