# SPDX-License-Identifier: EUPL-1.2
"""C2SP tlog-checkpoint v1.0.0: origin, size and root of the log at one moment, as the text of a signed note."""

import base64
import re
from dataclasses import dataclass

from gateway.codes import Code
from gateway.errors import Rejected, Unreadable, own_words
from gateway.findings import Finding
from gateway.tlog.note import NoteSigner, NoteVerifier, decode_base64, read_note, verify_note
from gateway.tlog.tree import EMPTY_ROOT, HASH_BYTES, MAX_SIZE

_SIZE = re.compile(r"0|[1-9]\d{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a log commits to."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The note text."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


def sign_checkpoint(size: int, root: bytes, signer: NoteSigner) -> bytes:
    """A signed checkpoint; the origin is the key's name. Whoever calls has checked that the old tree is a prefix."""
    return signer.sign(Checkpoint(origin=signer.verifier.name, size=size, root=root).text)


def read_checkpoint(text: str, *, place: str = "checkpoint") -> Checkpoint:
    """Parse the note text. Raises ``Rejected``."""
    try:
        *lines, end = text.split("\n")
        if end or len(lines) < 3 or not all(lines):
            raise Unreadable(f"{len(lines)} lines")
        origin, size, root, *extensions = lines
        if _SIZE.fullmatch(size) is None or int(size) > MAX_SIZE:
            raise Unreadable(f"size {size}")
        checkpoint = Checkpoint(
            origin=origin, size=int(size), root=decode_base64(root), extensions=tuple(extensions)
        )
        if len(checkpoint.root) != HASH_BYTES:
            raise Unreadable(f"a root of {len(checkpoint.root)} bytes")
        if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
            raise Unreadable("size 0 with another root than that of the empty tree")
    except ValueError as error:
        raise Rejected(
            [
                Finding(
                    code=Code.LOG_NOTE_MALFORMED,
                    place=place,
                    expected="a C2SP checkpoint",
                    got=own_words(error),
                )
            ]
        ) from error
    return checkpoint


def open_checkpoint(data: bytes, verifier: NoteVerifier, *, place: str = "checkpoint") -> Checkpoint:
    """The checkpoint in a note that ``verifier`` signed for its own origin. Raises ``Rejected``."""
    note = read_note(data, place=place)
    checkpoint = read_checkpoint(note.text, place=place)
    if checkpoint.origin != verifier.name:
        raise Rejected(
            [
                Finding(
                    code=Code.LOG_ORIGIN_MISMATCH, place=place, expected=verifier.name, got=checkpoint.origin
                )
            ]
        )
    verify_note(note, [verifier], place=place)
    return checkpoint
