# SPDX-License-Identifier: EUPL-1.2
"""A real gateway of processes on loopback, the partners around it, and sealed bundles for them to send.

Nothing is faked here: keys, TLS, roles and files are those of a gateway in service; only the parties are invented.
Waiting is always for a condition, with a deadline so generous that only a hang reaches it.
"""

import asyncio
import contextlib
import functools
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar, TypeVar

from gateway.client import GatewayClient, Patience, Submission, client_context
from gateway.demo import people
from gateway.demo.bundles import signing_identity
from gateway.demo.papers import make_pdf
from gateway.demo.world import Party, World, build_world
from gateway.model.dossier import Dossier, SubmissionRole
from gateway.packing import PackedFile, pack_bundle
from gateway.stages.dossier import DOSSIER_NAME, write_dossier

SINCE = datetime(2025, 1, 1, tzinfo=UTC)
PATIENCE = 120.0  # seconds; a loaded machine needs some of them, a hang all
_POLL = 0.02  # seconds between two looks at a condition

_T = TypeVar("_T")

WEIMAR = ("ihk-erfurt", "stadt-weimar")
LUDWIGSBURG = ("ihk-region-stuttgart", "landratsamt-ludwigsburg")


def eventually(look: Callable[[], _T], what: str) -> _T:
    """The first true value of ``look``."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = look()
        if value:
            return value
        time.sleep(_POLL)
    raise TimeoutError(f"waited {PATIENCE:.0f} seconds for {what}")


@dataclass(slots=True)
class Site:
    """A gateway in a directory with the world around it. ``start`` and ``stop`` as often as wanted."""

    world: World
    connect: ClassVar[Callable[..., GatewayClient]] = GatewayClient
    process: subprocess.Popen[bytes] | None = None
    _log_from: int = field(default=0)

    @classmethod
    def founded(cls, directory: Path) -> "Site":
        """Parties, keys, configuration, journal; nothing runs yet."""
        now = datetime.now(UTC)
        world = build_world(directory, now=now, since=SINCE)
        world.write_crls(now - timedelta(hours=1), now + timedelta(days=60))
        return cls(world)

    @property
    def log(self) -> Path:
        """What the roles write."""
        return self.world.directory / "gateway.log"

    def start(self) -> None:
        """Run ``amtsbote serve`` and wait until it could take a dossier."""
        self._log_from = self.log.stat().st_size if self.log.exists() else 0
        command = [sys.executable, "-m", "gateway", "serve", "--config", str(self.world.config)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        eventually(self._ready, "a gateway that is ready")

    def stop(self) -> int:
        """SIGTERM; the exit code of the supervisor."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """Pull the plug: every process of the gateway at once."""
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def events(self) -> list[dict]:
        """The lines of the present run."""
        with self.log.open("rb") as log:
            log.seek(self._log_from)
            lines = log.read().splitlines()
        return [json.loads(line) for line in lines if line.startswith(b"{") and line.endswith(b"}")]

    def starts(self, role: str) -> list[int]:
        """Process ids of a role in this run, the living one last."""
        return [
            int(event["detail"].removeprefix("pid "))
            for event in self.events()
            if event["event"] == "role-started" and event["kept"] == role
        ]

    def workers(self) -> list[int]:
        """Process ids of the verification workers."""
        parent = self.starts("verify")[-1]
        return [
            int(pid)
            for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
        ]

    def rows(self, query: str) -> list[tuple]:
        """Ask the journal, as somebody who may only read."""
        with contextlib.closing(sqlite3.connect(f"file:{self.journal}?mode=ro", uri=True, timeout=30)) as db:
            return db.execute(query).fetchall()

    @property
    def journal(self) -> Path:
        """The journal file."""
        return self.world.site / "state" / "journal.db"

    def settle(self) -> None:
        """Wait until nothing is owed any more: every delivery placed, every entry published, every receipt there."""
        owed = (
            "SELECT (SELECT count(*) FROM delivery WHERE state IN ('queued', 'waiting', 'delivering'))"
            " + (SELECT max(idx) + 1 FROM log_entry) - (SELECT max(size) FROM checkpoint)"
            " + (SELECT count(*) FROM log_entry WHERE receipt IS NULL AND evidence IS NOT NULL AND dossier_id IS NOT NULL)"
        )
        eventually(lambda: self.rows(owed) == [(0,)], "deliveries and receipts")

    def client(self, party: str | Party, *, attempts: int = 200) -> GatewayClient:
        """A partner's connection. It waits shorter than the gateway asks for, and does not lose heart."""
        if isinstance(party, str):
            party = {**self.world.chambers, **self.world.authorities, "revision": self.world.auditor}[party]
        directory = party.directory
        context = client_context(directory / "tls.crt", directory / "tls.key", directory / "gateway-ca.pem")
        return type(self).connect(
            f"https://localhost:{self.world.port}",
            context,
            patience=Patience(attempts=attempts, first_seconds=0.2, ceiling_seconds=1),
            sleep=lambda seconds: asyncio.sleep(min(seconds, 0.5)),
        )

    def _ready(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(self.log.read_text(encoding="utf-8", errors="replace")[-2000:])
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.world.health_port}/health/ready") as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError):
            return False


@contextlib.contextmanager
def running(directory: Path) -> Iterator[Site]:
    """A gateway that runs, and surely does not at the end."""
    site = Site.founded(directory)
    try:
        site.start()
        yield site
    finally:
        site.kill()


@functools.cache
def paper(kind: str) -> bytes:
    """A real PDF, printed once a session: printing costs more than everything else about a bundle."""
    return make_pdf(kind, example(WEIMAR[0], "PAPIER"))


def example(chamber: str, reference: str, **changes: object) -> Dossier:
    """A complete dossier of this chamber for the authority that goes with it."""
    under = chamber == LUDWIGSBURG[0]
    place = people.MARBACH if under else people.WEIMAR
    facts = {
        "worker": people.NGUYEN,
        "company": people.employer("Gasthaus Zum Weißen Schwan GmbH", place, "Weg", "Käthe Müßiggang"),
        "occupation": "Köchin",
        "role": SubmissionRole.UNTERBEVOLLMAECHTIGTER if under else SubmissionRole.BOTE,
        "more": ("UNTERVOLLMACHT",) if under else (),
    }
    created = datetime.now(UTC).replace(microsecond=0)
    return people.skilled_dossier(
        reference=reference, created=created, chamber=chamber, **{**facts, **changes}
    )


def seal(world: World, dossier: Dossier, target: Path, *, chamber: str = "") -> Path:
    """The dossier and its papers, sealed by its chamber (or another one), as a file."""
    files = [PackedFile.of(DOSSIER_NAME, "application/xml", write_dossier(dossier))]
    files += [PackedFile.of(d.file, d.media_type, paper(d.type)) for d in dossier.documents]
    identity = signing_identity(world.chambers[chamber or dossier.chamber].seal)
    with target.open("wb") as out:
        pack_bundle(out, files, identity=identity, moment=datetime.now(UTC).replace(microsecond=0))
    return target


def promise(chamber: str, bundle: Path, submission: Submission) -> dict:
    """What the chamber may rely on from now on, for the checker."""
    return {
        "chamber": chamber,
        "dossier_id": submission.dossier_id,
        "sha256": hashlib.sha256(bundle.read_bytes()).hexdigest(),
        "receipt": submission.receipt,
    }


def faults(site: Site, ledger: list[dict] | None = None, *, directory: Path | None = None) -> list[str]:
    """What the independent checker has to say about the gateway's directory, and about what clients saw."""
    program = Path(__file__).parent / "e2e" / "checker.py"
    seen = site.world.directory / "ledger.jsonl"
    seen.write_text("".join(json.dumps(line) + "\n" for line in ledger or ()), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, program, directory or site.world.site, seen],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.stderr:
        raise RuntimeError(done.stderr)
    return [] if done.returncode == 0 else done.stdout.splitlines()
