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

from cryptography.exceptions import InvalidSignature, InvalidTag
from specifications import canonical, climbed, commitment, opened, public_key, root

OWED = {"queued", "waiting", "delivering"}
OVER = {"consigned", "handed-over", "acknowledged", "answered", "parked"}
LEAF = {"c", "id", "prev", "subj", "ts", "type", "v"}
SPOOL_NAME = re.compile(r"[0-9a-f]{32}")


class Checker:
    """Collects faults of one directory, each a sentence."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.state = directory, directory / "state"
        self.faults: list[str] = []
        self.leaves: list[bytes] = []
        self.key = public_key((directory / "keys/log.vkey").read_text(encoding="ascii").strip())
        partners = tomllib.loads((directory / "partners.toml").read_text(encoding="utf-8"))
        self.folders = {
            row["id"]: Path(row["transport_settings"]["path"])
            for row in partners.get("authority", [])
            if row["transport"] == "directory"
        }
        self.journal = sqlite3.connect(f"file:{self.state / 'journal.db'}?mode=ro", uri=True, timeout=30)
        self.journal.row_factory = sqlite3.Row

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

    def _fault(self, text: str) -> None:
        self.faults.append(text)

    def _rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        return self.journal.execute(query, values).fetchall()

    # -- journal and log -----------------------------------------------------------------------------

    def _database(self) -> None:
        for pragma in ("integrity_check", "foreign_key_check"):
            verdict = [tuple(row) for row in self._rows(f"PRAGMA {pragma}")]
            if verdict not in ([], [("ok",)]):
                self._fault(f"journal: {pragma} says {verdict[:3]}")

    def _log(self) -> None:
        for number, row in enumerate(self._rows("SELECT * FROM log_entry ORDER BY idx")):
            place = f"log entry {row['idx']}"
            if row["idx"] != number:
                self._fault(f"{place}: expected number {number}, there is a gap")
            entry = json.loads(row["entry"])
            if canonical(entry) != row["entry"] or set(entry) - LEAF:
                self._fault(f"{place}: not canonical, or says more than it may")
            if (entry["id"], entry["type"]) != (row["id"], row["event"]):
                self._fault(f"{place}: is not what its row says")
            if row["evidence"] is not None and entry["c"] != commitment(row["salt"], row["evidence"]):
                self._fault(f"{place}: evidence does not fit its commitment")
            self.leaves.append(hashlib.sha256(b"\x00" + row["entry"]).digest())

    def _checkpoints(self) -> None:
        newest = None
        for row in self._rows("SELECT size, root, note FROM checkpoint ORDER BY size"):
            place = f"checkpoint {row['size']}"
            newest = row["note"]
            if row["size"] > len(self.leaves):
                self._fault(f"{place}: signed more than there is")
            elif root(self.leaves[: row["size"]]) != row["root"]:
                self._fault(f"{place}: another root than its entries give")
            if self._signed(row["note"], place) != (row["size"], row["root"]):
                self._fault(f"{place}: the note says something else")
        for name, path in (
            ("public checkpoint", self.state / "log/checkpoint"),
            ("guard", self.directory / "guard/log.guard"),
        ):
            if path.read_bytes() != newest:
                self._fault(f"{name}: is not the newest checkpoint of the journal")
        waiting = len(self.leaves) - (self._signed(newest, "newest checkpoint")[0] if newest else 0)
        if waiting:
            self._fault(f"{waiting} log entries are not published")

    def _signed(self, note: bytes, place: str) -> tuple[int, bytes]:
        text, _, signatures = note.decode().rpartition("\n\n")
        blob = base64.b64decode(signatures.split(" ")[2])
        try:
            self.key.verify(blob[4:], (text + "\n").encode())
        except InvalidSignature:
            self._fault(f"{place}: the signature is not the log key's")
        _, size, root = text.split("\n")[:3]
        return int(size), base64.b64decode(root)

    def _tiles(self) -> None:
        size = self._rows("SELECT max(size) FROM checkpoint")[0][0] or 0
        bodies = [
            row["entry"] for row in self._rows("SELECT entry FROM log_entry WHERE idx < ? ORDER BY idx", size)
        ]
        bundles = [len(body).to_bytes(2, "big") + body for body in bodies]
        self._level("entries", bundles)
        hashes, level = self.leaves[:size], 0
        while hashes:
            self._level(str(level), hashes)
            whole = [hashes[i : i + 256] for i in range(0, len(hashes) - 255, 256)]
            hashes, level = [root(group) for group in whole], level + 1

    def _level(self, name: str, items: Sequence[bytes]) -> None:
        for start in range(0, len(items), 256):
            group = items[start : start + 256]
            partial = "" if len(group) == 256 else f".p/{len(group)}"
            path = self.state / f"log/tile/{name}/{start // 256:03d}{partial}"
            if not path.is_file() or path.read_bytes() != b"".join(group):
                self._fault(f"tile {name}/{start // 256}: is missing or holds something else")

    # -- receipts ------------------------------------------------------------------------------------

    def _receipts(self) -> None:
        for row in self._rows(
            "SELECT * FROM log_entry WHERE evidence IS NOT NULL AND dossier_id IS NOT NULL"
        ):
            if row["receipt"] is None:
                self._fault(f"log entry {row['idx']}: has no receipt")
                continue
            receipt = json.loads(row["receipt"])
            place = f"receipt of log entry {row['idx']}"
            self._proven(receipt, place)
            if canonical(receipt["evidence"]) != row["evidence"] or receipt["entry"].encode() != row["entry"]:
                self._fault(f"{place}: is not about this entry")

    def _proven(self, receipt: dict, place: str) -> int:
        """Index of the entry it proves."""
        if json.loads(receipt["entry"])["c"] != commitment(
            base64.b64decode(receipt["salt"]), canonical(receipt["evidence"])
        ):
            self._fault(f"{place}: its evidence does not fit its entry")
        if not receipt.get("seal"):
            self._fault(f"{place}: has no seal")
        head, _, note = receipt["proof"].partition("\n\n")
        lines = head.split("\n")
        index, path = int(lines[1].removeprefix("index ")), [base64.b64decode(line) for line in lines[2:]]
        size, root = self._signed(note.encode(), place)
        leaf = hashlib.sha256(b"\x00" + receipt["entry"].encode()).digest()
        if climbed(leaf, index, size, path) != root:
            self._fault(f"{place}: its path does not lead to the signed root")
        if index >= len(self.leaves) or self.leaves[index] != leaf:
            self._fault(f"{place}: the log holds another entry there")
        return index

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
