# SPDX-License-Identifier: EUPL-1.2
"""Is a gateway's directory as it must be? A program of its own: it shares no code with the gateway.

It reads the formats by their specifications (SQLite, RFC 6962, C2SP tlog-tiles/-checkpoint/-proof, signed notes, age's
STREAM payload, RFC 8785 commitments) and knows the invariants: nothing lost, nothing doubled, everything logged.

    python checker.py DIRECTORY [LEDGER]

DIRECTORY holds amtsbote.toml; LEDGER has one JSON object a line for each success a client saw:
``{"chamber": ..., "dossier_id": ..., "sha256": ..., "receipt": {...}}``. Exit code 0 if no fault is found.
"""

import base64
import hashlib
import json
import re
import sqlite3
import sys
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from loglook import LogLook
from specifications import opened

OWED = {"queued", "waiting", "delivering"}
OVER = {"consigned", "handed-over", "acknowledged", "answered", "parked"}
SPOOL_NAME = re.compile(r"[0-9a-f]{32}")


class Checker(LogLook):
    """Collects faults of one directory, each a sentence."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        partners = tomllib.loads((directory / "partners.toml").read_text(encoding="utf-8"))
        self.folders = {
            row["id"]: Path(row["transport_settings"]["path"])
            for row in partners.get("authority", [])
            if row["transport"] == "directory"
        }

    def check(self, ledger: Sequence[dict] = ()) -> list[str]:
        """All faults."""
        self.journal.execute("BEGIN")  # one consistent look
        for part in (
            self._database,
            self._log,
            self._checkpoints,
            self._tiles,
            self._receipts,
            self._dossiers,
            self._spool,
            self._deliveries,
            self._folders,
            self._events,
        ):
            try:
                part()
            except Exception as error:  # whatever stands in the way of a check is a fault
                self._fault(f"{part.__name__}: cannot be checked, {type(error).__name__}: {error}")
        for success in ledger:
            self._promise(success)
        self.journal.close()
        return self.faults

    # -- dossiers ------------------------------------------------------------------------------------

    def _dossiers(self) -> None:
        logged = Counter((row["dossier_id"], row["event"]) for row in self._rows("SELECT * FROM log_entry"))
        for row in self._rows("SELECT * FROM dossier WHERE status != 'erased'"):
            good = row["status"] == "accepted"
            event = "submission.accepted" if good else "submission.rejected"
            counts = [logged.pop((row["id"], f"submission.{end}"), 0) for end in ("accepted", "rejected")]
            if counts != [int(good), int(not good)]:
                self._fault(f"dossier {row['id']}: expected one {event} in the log, got {counts}")
            if good and not row["facts"]:
                self._fault(f"dossier {row['id']}: accepted without facts")
            if not good and not json.loads(row["report"])["findings"]:
                self._fault(f"dossier {row['id']}: refused without findings")
        for dossier, event in logged:
            if dossier is not None and event.startswith("submission."):
                self._fault(f"log: {event} of a dossier {dossier} that is not there")
        self._doubles()

    def _doubles(self) -> None:
        accepted = self._rows("SELECT * FROM dossier WHERE status = 'accepted'")
        for name in ("bundle_sha256", "content_digest", "subject", "spool_name"):
            for value, count in Counter(row[name] for row in accepted).items():
                if count > 1:
                    self._fault(f"{name} {value!r} was accepted {count} times")
        keys = Counter((row["chamber"], row["idempotency_key"]) for row in accepted if row["idempotency_key"])
        for key, count in keys.items():
            if count > 1:
                self._fault(f"key {key} was accepted {count} times")
        marks = {
            (row["scope"], row["value"]): row["dossier_id"] for row in self._rows("SELECT * FROM dedupe")
        }
        for row in accepted:
            for scope, value in (("bundle", row["bundle_sha256"]), ("content", row["content_digest"])):
                if marks.get((scope, value)) != row["id"]:
                    self._fault(f"dossier {row['id']}: its {scope} would not be recognised")

    def _spool(self) -> None:
        master = base64.b64decode(
            (self.directory / "keys/master.key").read_text(encoding="ascii").split("\n")[1]
        )
        files = {path.name for path in (self.state / "spool").iterdir()}
        for row in self._rows("SELECT * FROM dossier WHERE status != 'erased'"):
            name = row["spool_name"]
            if name is None:
                if row["status"] == "accepted":
                    self._fault(f"dossier {row['id']}: its bundle is gone")
                continue
            try:
                data = opened((self.state / "spool" / name).read_bytes(), row["wrapped_key"], master, name)
            except (OSError, InvalidTag) as error:
                self._fault(f"dossier {row['id']}: its bundle cannot be read ({type(error).__name__})")
                continue
            if (hashlib.sha256(data).hexdigest(), len(data)) != (row["bundle_sha256"], row["bundle_size"]):
                self._fault(f"dossier {row['id']}: its bundle is another one")
            files.discard(name)
        for name in sorted(files):
            # A crash between rename and commit leaves a whole file without row; it is swept after an hour.
            if not SPOOL_NAME.fullmatch(name):
                self._fault(f"spool: {name} was left behind")

    # -- the way out ---------------------------------------------------------------------------------

    def _deliveries(self) -> None:
        deliveries = self._rows("SELECT * FROM delivery")
        owned = Counter(row["dossier_id"] for row in deliveries)
        for row in self._rows("SELECT id, status FROM dossier WHERE status != 'erased'"):
            if owned[row["id"]] != int(row["status"] == "accepted"):
                self._fault(f"dossier {row['id']}: {row['status']} and has {owned[row['id']]} deliveries")
        for row in deliveries:
            events = self._evidenced(row)
            placed = events["handover" if row["authority"] in self.folders else "consignment"]
            if row["state"] in OWED:
                self._fault(f"delivery {row['id']}: is still {row['state']}")
            elif row["state"] not in OVER:
                self._fault(f"delivery {row['id']}: is in no state, but {row['state']!r}")
            elif row["state"] == "parked":
                if not events["handover.failed"]:
                    self._fault(f"delivery {row['id']}: is parked and the log does not say so")
            elif placed != 1 or events["handover"] > 1 or events["acknowledgement"] > 1:
                self._fault(f"delivery {row['id']}: placed {placed} times, {dict(events)}")

    def _evidenced(self, delivery: sqlite3.Row) -> Counter[str]:
        rows = self._rows(
            "SELECT event, evidence FROM log_entry WHERE dossier_id = ?", delivery["dossier_id"]
        )
        return Counter(
            row["event"] for row in rows if json.loads(row["evidence"]).get("delivery_id") == delivery["id"]
        )

    def _folders(self) -> None:
        """An exchange directory of an authority that took nothing away: one folder a delivery, and nothing else."""
        for authority, folder in self.folders.items():
            expected = {
                row["id"]: row["bundle_sha256"]
                for row in self._rows(
                    "SELECT delivery.id, bundle_sha256 FROM delivery JOIN dossier ON dossier.id = dossier_id"
                    " WHERE delivery.authority = ? AND state IN ('handed-over', 'acknowledged', 'answered')",
                    authority,
                )
            }
            found = {path.name: path for path in folder.iterdir() if path.is_dir() and path.name[0] != "."}
            for name in found.keys() - expected.keys():
                self._fault(f"{authority}: a folder {name} that belongs to no delivery")
            for name, sha256 in expected.items():
                path = found[name] / "bundle.asice" if name in found else None
                if path is None or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
                    self._fault(f"{authority}: delivery {name} is not there, or holds another bundle")

    def _events(self) -> None:
        told = Counter(row["entry_idx"] for row in self._rows("SELECT entry_idx FROM event"))
        for row in self._rows("SELECT idx FROM log_entry WHERE dossier_id IS NOT NULL"):
            if told[row["idx"]] != 1:
                self._fault(f"log entry {row['idx']}: the chamber is told {told[row['idx']]} times")

    # -- what clients saw ----------------------------------------------------------------------------

    def _promise(self, success: dict) -> None:
        place = f"client's success {success['dossier_id']}"
        rows = self._rows("SELECT * FROM dossier WHERE id = ?", success["dossier_id"])
        if not rows:
            self._fault(f"{place}: the dossier is lost")
            return
        row = rows[0]
        if (row["status"], row["chamber"], row["bundle_sha256"]) != (
            "accepted",
            success["chamber"],
            success["sha256"],
        ):
            self._fault(f"{place}: the dossier is another one")
        evidence = success["receipt"]["evidence"]
        if (evidence["dossier_id"], evidence["bundle_sha256"]) != (row["id"], row["bundle_sha256"]):
            self._fault(f"{place}: the receipt is about something else")
        self._proven(success["receipt"], place)


if __name__ == "__main__":
    lines = Path(sys.argv[2]).read_text(encoding="utf-8").splitlines() if len(sys.argv) > 2 else []
    found = Checker(Path(sys.argv[1])).check([json.loads(line) for line in lines])
    sys.stdout.write(("\n".join(found) or "no fault") + "\n")
    sys.exit(1 if found else 0)
