# SPDX-License-Identifier: EUPL-1.2
"""What the journal costs while it is young and after a million entries, in turn, so that both see the same disk.

The long past is made quickly: rows of erased dossiers in every table (``bench.past``), and as many entries of the log,
published by the real publisher, tiles and all, because everything measured afterwards reads what it left.
"""

import hashlib
import io
import itertools
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from bench import past
from bench.figures import Figure, timed
from bench.floors import durable
from bench.scale import Scale
from bench.stopwatch import Times, Work, interleaved, seconds
from gateway.demo import pki
from gateway.demo.bundles import signing_identity
from gateway.journal import Journal, log
from gateway.logstart import stored_nodes
from gateway.model.evidence import Fact, LogEvent
from gateway.publisher import Publisher, open_log
from gateway.seal import Sealer
from gateway.telemetry import EventLog
from gateway.tilestore import LocalDisk, TileStore
from gateway.tlog import tree
from gateway.tlog.note import NoteSigner

_START = past.START
_SIGNER = NoteSigner("bench.example/log", bytes(range(32)))
_READ = 1024 * 1024
_AT_ONCE = 20_000  # entries a transaction while the past is made
_LOOKUPS = 100  # in one measurement: a single one is over before the clock has moved
_APPEND, _PUBLISH, _NEW, _AGAIN, _PROOF = (
    "accept: dossier, 3 marks, delivery, entry, event + commit",
    "publish one entry with receipt",
    "was this bundle here before? no (3 marks)",
    "was this bundle here before? yes (3 marks)",
    "inclusion proof from files",
)
_PAGE, _ROW, _FILES = (
    "one page written and synced (file + directory)",
    "3 rows of a small table",
    "reading its tiles",
)
_FLOORS = {_APPEND: _PAGE, _PUBLISH: _PAGE, _NEW: _ROW, _AGAIN: _ROW, _PROOF: _FILES}


@dataclass(frozen=True, slots=True)
class _Log:
    """One journal with its log."""

    directory: Path
    journal: Journal
    publisher: Publisher
    numbers: "itertools.count[int]"

    @classmethod
    def founded(cls, directory: Path) -> "_Log":
        """An empty one."""
        directory.mkdir()
        (directory / "guard").mkdir()
        Journal.create(directory / "journal.db", meta={"bench": "a row to find"})
        journal = Journal.open(directory / "journal.db")
        guard = directory / "guard" / "log.guard"
        noise = random.Random(0)
        open_log(
            journal,
            directory / "log",
            guard,
            signer=_SIGNER,
            clock=lambda: _START,
            entropy=noise.randbytes,
        )
        publisher = Publisher(
            journal,
            directory / "log",
            guard,
            signer=_SIGNER,
            sealer=_sealer(),
            clock=lambda: _START,
            events=EventLog(io.StringIO(), lambda: _START, role="publish"),
        )
        return cls(directory, journal, publisher, itertools.count())

    def grow(self, rows: int) -> None:
        """A past of ``rows`` published entries, and the dossiers they tell of."""
        past.fill(self.journal, rows)
        while rows > 0:
            with self.journal.transaction() as connection:
                for _ in range(min(rows, _AT_ONCE)):
                    log.append(connection, _fact(next(self.numbers), ""))
            rows -= _AT_ONCE
        self.publish()

    def accept(self) -> None:
        """One dossier, durable."""
        number = next(self.numbers)
        with self.journal.transaction() as connection:
            past.accept(connection, number, _fact(number, past.id_of(number)))

    def look(self, choice: random.Random, rows: int, *, known: bool) -> None:
        """Old bundles, or new ones."""
        first = 0 if known else 2 * rows + 1_000_000
        with self.journal.reading() as connection:
            for _ in range(_LOOKUPS):
                if (past.known(connection, first + choice.randrange(rows)) is not None) is not known:
                    raise ValueError(f"expected marks that say {known}")

    def ask(self) -> None:
        """As many statements that find a row by its key, in a table of a page."""
        with self.journal.reading() as connection:
            for _ in range(3 * _LOOKUPS):
                connection.execute("SELECT value FROM meta WHERE name = ?", ("bench",)).fetchone()

    def publish(self) -> None:
        """Everything that waits."""
        while (published := self.publisher.publish_once()) and published.more:
            pass

    def read_tiles(self) -> None:
        """A file of each level of the log."""
        for level in (self.directory / "log" / "tile").glob("[0-9]*"):
            next(path for path in level.rglob("*") if path.is_file()).read_bytes()

    def prove(self, choice: random.Random) -> None:
        """Somebody asks for an old entry: read the tiles, take the path."""
        with self.journal.reading() as connection:
            size = log.published_size(connection)
        tree.inclusion_proof(
            choice.randrange(size), size, stored_nodes(TileStore(self.directory / "log", LocalDisk()), size)
        )


def measure(scale: Scale, directory: Path) -> list[Figure]:
    """Appending, publishing and proving at two sizes."""
    small, large = scale.of(1000, 1000, 100), scale.of(1_000_000, 20_000, 600)
    sizes = {f"{rows:,} rows": rows for rows in (small, large)}
    logs: dict[str, _Log] = {}
    grown = 0.0
    for name, rows in sizes.items():
        logs[name] = _Log.founded(directory / str(rows))
        grown = seconds(partial(logs[name].grow, rows))
    times = _rounds(logs, sizes, directory, scale.of(300, 60, 3))
    figures = [_figure(name, what, times) for what in _FLOORS for name in sizes]
    figures += [_restart(name, logs[name]) for name in sizes]
    figures.append(
        Figure(what=f"made and published a past of {large:,} dossiers", value=grown, unit="s"),
    )
    for one in logs.values():
        one.publisher.close()
        one.journal.close()
    return figures


def _rounds(
    logs: Mapping[str, _Log], sizes: Mapping[str, int], directory: Path, rounds: int
) -> dict[str, Times]:
    rivals: dict[str, Work] = {}
    for name, one in logs.items():
        rows = sizes[name]
        rivals[f"{name} {_APPEND}"] = one.accept
        rivals[f"{name} {_PUBLISH}"] = one.publish
        rivals[f"{name} {_NEW}"] = partial(one.look, random.Random(1), rows, known=False)
        rivals[f"{name} {_AGAIN}"] = partial(one.look, random.Random(1), rows, known=True)
        rivals[f"{name} {_PROOF}"] = partial(one.prove, random.Random(1))
        rivals[f"{name} {_ROW}"] = one.ask
        rivals[f"{name} {_FILES}"] = one.read_tiles
        rivals[f"{name} {_PAGE}"] = partial(durable, directory / "floor", bytes(4096))
    # In this order: what is published is what was accepted just before.
    return interleaved(rivals, rounds=rounds, rotating=False)


def _figure(name: str, what: str, times: Mapping[str, Times]) -> Figure:
    beside = _FLOORS[what]
    ours, floor = times[f"{name} {what}"], times[f"{name} {beside}"]
    if beside == _ROW:
        ours, floor = (Times(tuple(value / _LOOKUPS for value in taken.seconds)) for taken in (ours, floor))
    return timed(f"{name}: {what}", ours, beside=beside, floor=floor)


def _restart(name: str, one: _Log) -> Figure:
    """What a start costs: SQLite's own check, and finding the end of the log. Every page has to be read for it."""

    def again() -> None:
        journal = Journal.open(one.journal.path)
        journal.check()
        journal.close()
        one.publisher.start()

    def read() -> None:
        with one.journal.path.open("rb") as file:
            while file.read(_READ):
                pass

    floor, taken = seconds(read), seconds(again)
    return Figure(
        what=f"{name}: integrity check and end of the log at a start",
        value=taken,
        unit="s",
        beside=f"reading the journal once ({one.journal.path.stat().st_size / 1e6:,.0f} MB)",
        beside_value=floor,
        ratio=taken / floor,
    )


def _fact(number: int, dossier_id: str) -> Fact:
    """An entry with the evidence of ten documents, or one of the past with none."""
    noise = hashlib.sha512(number.to_bytes(8)).digest()
    return Fact(
        event=LogEvent.SUBMISSION_ACCEPTED,
        id=noise[:16],
        salt=noise[16:48],
        subject=noise[48:],
        moment=_START + timedelta(seconds=number),
        evidence=_evidence(noise) if dossier_id else {},
        dossier_id=dossier_id,
    )


def _evidence(noise: bytes) -> dict[str, object]:
    return {
        "issuer": {"id": "bench.example", "name": "Bench"},
        "sender": {"id": "ihk-erfurt", "name": "Industrie- und Handelskammer Erfurt"},
        "bundle_sha256": noise[:32].hex(),
        "documents": [{"type": "PASS", "sha256": noise[32:].hex(), "size": 100_000}] * 10,
    }


def _sealer() -> Sealer:
    identity = signing_identity(pki.root("Mess-CA").subordinate("Mess-CA Siegel").seal("Amtsbote"))
    return Sealer(identity.key, identity.certificate_der, identity.chain_der)
