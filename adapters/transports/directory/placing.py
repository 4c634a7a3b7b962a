# SPDX-License-Identifier: EUPL-1.2
"""Puts one package into the exchange directory as one folder, whole or not at all, once however often it is tried.

Steps, each safe to die after:

1. what an earlier attempt left unfinished in ``.amtsbote/staging/<name>`` is removed;
2. the parts are written there in order, each fsynced, the last one last; the folder is fsynced;
3. ``.amtsbote/placed/<name>`` is written and fsynced: from here on the staged folder is whole;
4. the staged folder is renamed to ``<name>`` and both parents are fsynced.

Step 3 before step 4 tells a repeated attempt apart from a first one even if the authority has taken the folder away
meanwhile: with the mark and without the staged folder, step 4 has happened (SQLite's and maildir's rename rule).
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from adapters.transports.directory.folder import Folder, safe_name
from gateway.codes import Code
from gateway.errors import DeliveryFailed
from gateway.model.delivery import Package, Part

_LEDGER_LIMIT = 1024 * 1024  # bytes; 1,000 parts of 200-character names stay far below


@contextmanager
def workplace(path: Path) -> Iterator[tuple[Folder, Folder]]:
    """The exchange directory and our hidden one inside it (same file system: renames stay atomic)."""
    with Folder.opened(path) as inbox, inbox.inside("amtsbote", hidden=True) as ours:
        yield inbox, ours


def place(path: Path, package: Package, *, stop: Event) -> None:
    """Do all steps that are still to do. Raises ``DeliveryFailed`` where a person must look, else ``OSError``."""
    name = _checked_names(package)
    ledger = _ledger_bytes(package.parts)
    with workplace(path) as (inbox, ours), ours.inside("staging") as staging, ours.inside("placed") as placed:
        if placed.has(name):
            if placed.read(name, _LEDGER_LIMIT) != ledger:
                raise DeliveryFailed(
                    Code.RECIPIENT_REFUSED, "the package was placed before with other content", retry=False
                )
            if not staging.has(name):
                inbox.sync()
                return
        else:
            _stage(staging, name, package.parts, stop)
            # Under a temporary name first: a half-written mark would claim a whole package.
            placed.remove(f"{name}.part")
            placed.write(f"{name}.part", [ledger])
            placed.rename(f"{name}.part", placed, name)
            placed.sync()
        if inbox.has(name):
            raise DeliveryFailed(
                Code.RECIPIENT_REFUSED, "an entry of the package's name is there already", retry=False
            )
        staging.rename(name, inbox, name)
        inbox.sync()
        staging.sync()


def _checked_names(package: Package) -> str:
    """The package's name, once all names are plain and each part has its own."""
    names = [part.name for part in package.parts]
    try:
        for name in (package.name, *names):
            safe_name(name)
        if len({name.casefold() for name in names}) != len(names) or not names:
            raise ValueError("expected parts with names of their own")
    except ValueError as error:
        raise DeliveryFailed(Code.PACKAGE_INVALID, str(error), retry=False) from error
    return package.name


def forget(path: Path, name: str) -> None:
    """Nobody will try this package again under its old mark: it was acknowledged, or it is to be placed anew."""
    with workplace(path) as (_, ours), ours.inside("placed") as placed:
        placed.remove(name)
        placed.sync()


def _stage(staging: Folder, name: str, parts: Sequence[Part], stop: Event) -> None:
    staging.remove(name)
    with staging.inside(name) as folder:
        for part in parts:
            folder.write(part.name, _until_stopped(part, stop))
        folder.sync()
    staging.sync()


def _until_stopped(part: Part, stop: Event) -> Iterator[bytes]:
    for chunk in part.chunks():
        if stop.is_set():
            # The time limit struck while this thread was writing: a thread cannot be killed, only asked.
            raise TimeoutError("stopped by the time limit")
        yield chunk


def _ledger_bytes(parts: Sequence[Part]) -> bytes:
    lines = [{"name": part.name, "sha256": part.sha256, "size": part.size} for part in parts]
    return json.dumps(lines, indent=1).encode() + b"\n"
