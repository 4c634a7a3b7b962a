# SPDX-License-Identifier: EUPL-1.2
"""Back up the gateway of an ``IntakeRoom``, lose it, restore it elsewhere; and what somebody does in between."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from intakebundles import bundle
from intakeroom import SIGNER, submit

from gateway.backup import back_up
from gateway.restoring import Places, restore


def saved(room, name="backup") -> Path:
    target = room.directory.parent / name
    back_up(room.directory / "journal.db", room.directory / "spool", target)
    return target


def newest(room) -> bytes:
    """What an auditor copies."""
    return (room.directory / "log" / "checkpoint").read_bytes()


def empty(room, name="other", *, guard: bytes | None = None) -> Path:
    """A new machine; ``guard``: its disk with the guard file was saved."""
    directory = room.directory.parent / name
    for part in ("spool", "run", "trust", "log"):
        (directory / part).mkdir(parents=True)
    if guard is not None:
        (directory / "trust" / "guard").write_bytes(guard)
    return directory


def places(directory: Path) -> Places:
    return Places(
        journal=directory / "journal.db",
        spool=directory / "spool",
        log=directory / "log",
        guard=directory / "trust" / "guard",
    )


def restored(backup: Path, directory: Path, *, known: bytes | None = None):
    return restore(backup, places(directory), SIGNER.verifier, known)


def nothing_in(directory: Path) -> bool:
    found = {path.name for path in directory.rglob("*") if path.is_file()}
    return found <= {"guard", "guard.lock"}


async def sent(room, *names: str) -> list:
    async with room.running() as intake:
        return [await submit(intake, bundle(name, padding=100_000)) for name in names]


def meanwhile(event: str, act: Callable[[], Any], *, about: str = "") -> None:
    """``act`` once, at the interpreter's next audit ``event`` that names ``about``: just before the system call."""
    waiting = [act]

    def hook(name: str, words: tuple[Any, ...]) -> None:
        if waiting and name == event and (not about or about in words):
            waiting.pop()()

    sys.addaudithook(
        hook
    )  # the interpreter offers no way to take one away; this one is spent after one event
