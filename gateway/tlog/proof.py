# SPDX-License-Identifier: EUPL-1.2
"""C2SP tlog-proof: index, inclusion path and the whole signed checkpoint in one text; what a receipt carries."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.codes import Code
from gateway.errors import Rejected, Unreadable, own_words
from gateway.findings import Finding
from gateway.tlog.checkpoint import Checkpoint, open_checkpoint
from gateway.tlog.note import NoteVerifier, decode_base64, read_note
from gateway.tlog.tree import HASH_BYTES, MAX_SIZE, check_inclusion

_HEADER = "c2sp.org/tlog-proof@v1"
_MAX_HASHES = 63
_MAX_PROOF_BYTES = 1_100_000
_INDEX = re.compile(r"index (0|[1-9]\d{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A proof as it travels; nothing of it is checked yet. ``extra`` is never authenticated."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes  # signed note, verbatim
    extra: bytes | None = None

    def to_bytes(self) -> bytes:
        """The text form."""
        lines = [_HEADER]
        if self.extra is not None:
            lines.append(f"extra {base64.b64encode(self.extra).decode()}")
        lines.append(f"index {self.index}")
        lines += (base64.b64encode(value).decode() for value in self.hashes)
        return "".join(f"{line}\n" for line in lines).encode() + b"\n" + self.checkpoint


def write_proof(index: int, hashes: Sequence[bytes], checkpoint: bytes) -> bytes:
    """Text of the proof that leaf ``index`` is in the tree of ``checkpoint``."""
    return Proof(index=index, hashes=tuple(hashes), checkpoint=checkpoint).to_bytes()


def read_proof(data: bytes, *, place: str = "proof") -> Proof:
    """Parse the text form. Raises ``Rejected``."""
    try:
        if len(data) > _MAX_PROOF_BYTES:
            raise Unreadable(f"{len(data)} bytes")
        head, blank, checkpoint = data.partition(b"\n\n")
        header, *lines = head.decode("ascii").split("\n")
        if not blank or header != _HEADER:
            raise Unreadable("no tlog-proof of version 1")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = decode_base64(lines.pop(0).removeprefix("extra "))
        index = _INDEX.fullmatch(lines[0]) if lines else None
        hashes = tuple(decode_base64(line) for line in lines[1:])
        if index is None or int(index[1]) > MAX_SIZE:
            raise Unreadable("no index line")
        if len(hashes) > _MAX_HASHES or any(len(value) != HASH_BYTES for value in hashes):
            raise Unreadable("a path that is none")
    except ValueError as error:
        raise Rejected(
            [
                Finding(
                    code=Code.LOG_PROOF_INVALID,
                    place=place,
                    expected="a C2SP tlog-proof",
                    got=own_words(error),
                )
            ]
        ) from error
    read_note(checkpoint, place=place)
    return Proof(index=int(index[1]), hashes=hashes, checkpoint=checkpoint, extra=extra)


def verify_proof(proof: Proof, leaf: bytes, verifier: NoteVerifier, *, place: str = "proof") -> Checkpoint:
    """The checkpoint that proves ``leaf`` (a leaf hash) is in the log of ``verifier``. Raises ``Rejected``."""
    checkpoint = open_checkpoint(proof.checkpoint, verifier, place=place)
    check_inclusion(
        index=proof.index,
        size=checkpoint.size,
        leaf=leaf,
        proof=proof.hashes,
        expected_root=checkpoint.root,
        place=place,
    )
    return checkpoint
