# SPDX-License-Identifier: EUPL-1.2
"""Inputs of other people's collections, where they lie beside the checkout: read at run time, never kept."""

import re
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from fuzz.contract import Target

_FOLDERS = {"zip_container": ("zip", "containers"), "pdf_scan": ("pdf",)}


def lay_out(target: Target, shared: Path, folder: Path) -> None:
    """Fill ``folder`` with what fits the target and is small enough."""
    folder.mkdir(parents=True, exist_ok=True)
    for data in _inputs(target, shared / "corpus"):
        if len(data) <= target.max_bytes:
            (folder / sha256(data).hexdigest()[:16]).write_bytes(data)


def _inputs(target: Target, corpus: Path) -> Iterator[bytes]:
    own = _FOLDERS.get(target.name)
    for folder in own or ("containers",):
        for path in sorted((corpus / folder).glob("*")):
            if own:
                yield path.read_bytes()
            else:
                yield from _members(path, re.compile(target.neighbours))


def _members(container: Path, wanted: re.Pattern[str]) -> Iterator[bytes]:
    """Files of a container by their name. Many of these are broken on purpose: what the zip reader dislikes is left."""
    try:
        with zipfile.ZipFile(container) as archive:
            yield from (archive.read(name) for name in archive.namelist() if wanted.fullmatch(name))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError):
        return
