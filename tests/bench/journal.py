# SPDX-License-Identifier: EUPL-1.2
"""What the journal costs while it is young and after a million entries, in turn, so that both see the same disk.

The long past is made quickly: entries no dossier belongs to, appended in large transactions. They are published by the
real publisher, tiles and all, because everything measured afterwards reads what it left.
"""

import hashlib
import io
import itertools
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

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

_START = datetime(2026, 1, 1, tzinfo=UTC)
_SIGNER = NoteSigner("bench.example/log", bytes(range(32)))
_AT_ONCE = 20_000  # entries a transaction while the past is made
_APPEND, _PUBLISH, _PROOF, _FLOOR = (
    "append + commit",
    "publish one entry with receipt",
    "inclusion proof from files",
    "floor",
)


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
        Journal.create(directory / "journal.db", meta={})
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
        """A past of ``rows`` published entries."""
        while rows > 0:
            with self.journal.transaction() as connection:
                for _ in range(min(rows, _AT_ONCE)):
                    log.append(connection, _fact(next(self.numbers), ""))
            rows -= _AT_ONCE
        self.publish()

    def append(self) -> None:
        """One dossier's entry, durable."""
        with self.journal.transaction() as connection:
            log.append(connection, _fact(next(self.numbers), "01J0000000000000000000000A"))

    def publish(self) -> None:
        """Everything that waits."""
        while (published := self.publisher.publish_once()) and published.more:
            pass

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
    times = _rounds(logs, directory, scale.of(300, 60, 3))
    figures = [_figure(name, what, times) for what in (_APPEND, _PUBLISH, _PROOF) for name in sizes]
    figures += [_restart(name, logs[name]) for name in sizes]
    figures.append(
        Figure(what=f"made and published a past of {large:,} entries", value=grown, unit="s"),
    )
    for one in logs.values():
        one.publisher.close()
        one.journal.close()
    return figures


def _rounds(logs: Mapping[str, _Log], directory: Path, rounds: int) -> dict[str, Times]:
    rivals: dict[str, Work] = {}
    for name, one in logs.items():
        rivals[f"{name} {_APPEND}"] = one.append
        rivals[f"{name} {_PUBLISH}"] = one.publish
        rivals[f"{name} {_PROOF}"] = partial(one.prove, random.Random(1))
    rivals[_FLOOR] = partial(durable, directory / "floor", bytes(4096))
    # In this order: what is published is what was appended just before.
    return interleaved(rivals, rounds=rounds, rotating=False)


def _figure(name: str, what: str, times: Mapping[str, Times]) -> Figure:
    floor = None if what is _PROOF else times[_FLOOR]
    beside = "" if floor is None else "one page written and synced (file + directory)"
    return timed(f"{name}: {what}", times[f"{name} {what}"], beside=beside, floor=floor)


def _restart(name: str, one: _Log) -> Figure:
    """What a start costs: SQLite's own check, and finding the end of the log."""

    def again() -> None:
        journal = Journal.open(one.journal.path)
        journal.check()
        journal.close()
        one.publisher.start()

    return Figure(
        what=f"{name}: integrity check and end of the log at a start", value=seconds(again), unit="s"
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
