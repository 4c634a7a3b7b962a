# SPDX-License-Identifier: EUPL-1.2
"""The checker's look at journal and log: entries, commitments, tree, checkpoints, tiles and receipts."""

import base64
import hashlib
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from specifications import canonical, climbed, commitment, public_key, root

LEAF = {"c", "id", "prev", "subj", "ts", "type", "v"}


class LogLook:
    """Collects faults of one directory, each a sentence."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.state = directory, directory / "state"
        self.faults: list[str] = []
        self.leaves: list[bytes] = []
        self.key = public_key((directory / "keys/log.vkey").read_text(encoding="ascii").strip())
        self.journal = sqlite3.connect(f"file:{self.state / 'journal.db'}?mode=ro", uri=True, timeout=30)
        self.journal.row_factory = sqlite3.Row

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
