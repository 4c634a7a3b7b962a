# SPDX-License-Identifier: EUPL-1.2
"""A download that may break off: a ``.part`` file beside the target, and the tag of what it is a part of.

The tag is the content's SHA-256 (the gateway's ETag), so going on after days and with another process is safe: the
whole is digested before the target appears, and a part of something else is thrown away.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

from gateway.client.wire import TransferDamaged

_ETAG = re.compile(r'"([0-9a-f]{64})"')
_READ = 1024 * 1024  # bytes
_PARTIAL = 206


class PartFile:
    """The unfinished download of one target. Used by one task at a time, its methods in threads."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._part = target.with_name(f"{target.name}.part")
        self._tag = target.with_name(f"{target.name}.part.etag")

    @property
    def size(self) -> int:
        """Bytes that are here already."""
        return self._part.stat().st_size if self._part.exists() else 0

    def resume_headers(self) -> dict[str, str]:
        """What to ask for: the rest, if we know what it is the rest of."""
        etag = self._etag()
        if not self.size or not etag:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": etag}

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """An answer starts: the rest of what is here, or all of it. Raises ``TransferDamaged``."""
        named = {name.lower(): value for name, value in headers.items()}
        etag = named.get("etag", "")
        if not _ETAG.fullmatch(etag):
            raise TransferDamaged("the gateway names no digest of the package")
        if status == _PARTIAL:
            if etag != self._etag() or not named.get("content-range", "").startswith(f"bytes {self.size}-"):
                raise TransferDamaged("the gateway sent another part than the one that was asked for")
            return
        self._part.write_bytes(b"")
        self._tag.write_text(etag, encoding="ascii")

    def write(self, data: bytes) -> None:
        """The next bytes."""
        with self._part.open("ab") as file:
            file.write(data)

    def finish(self) -> str:
        """Check the digest and put the target in its place, durably; the digest. Raises ``TransferDamaged``."""
        digest = hashlib.sha256()
        with self._part.open("rb") as file:
            while data := file.read(_READ):
                digest.update(data)
            os.fsync(file.fileno())
        if f'"{digest.hexdigest()}"' != self._etag():
            self._part.unlink()
            self._tag.unlink(missing_ok=True)
            raise TransferDamaged("the package does not have the digest that the gateway announced")
        self._part.replace(self._target)
        self._tag.unlink(missing_ok=True)
        directory = os.open(self._target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        return digest.hexdigest()

    def _etag(self) -> str:
        return self._tag.read_text(encoding="ascii") if self._tag.exists() else ""
