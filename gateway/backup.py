# SPDX-License-Identifier: EUPL-1.2
"""A backup of a gateway's state while it works: the journal and the spool files that it names.

    spool -> journal (one moment of it) -> spool again -> all that the journal names is there, whole

A bundle that came before that moment is found by the first or by the second look. The log is not copied: the journal
holds its entries and signatures, and ``restoring`` builds the same files from them. Left out on purpose: the guard
file, which must not be able to go back, and keys and configuration, which change by hand and belong to another place.
Nothing that lies there is overwritten; a backup that broke off has another name (``.part``).
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from os.path import samestat
from pathlib import Path

from gateway.codes import Code
from gateway.errors import ConfigInvalid, TrustStateMissing, Unavailable
from gateway.guestdisk import open_plain
from gateway.journal import dossiers, log, look_at, snapshot
from gateway.spool import whole_files

JOURNAL, SPOOL, CHECKPOINT = "journal.db", "spool", "checkpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """What a backup holds."""

    bundles: int
    published: int  # entries of the log that were signed


def back_up(journal: Path, spool: Path, target: Path) -> BackedUp:
    """Write a backup to ``target``, which is made. Raises ``ConfigInvalid``, ``TrustStateMissing``, ``Unavailable``."""
    if not journal.exists():
        raise TrustStateMissing(f"no journal at {journal}", hint="name its configuration with --config")
    open_plain(journal).close()  # SQLite follows links
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    with _alone(part):
        _empty(part)
        if target.exists():
            part.rmdir()
            raise ConfigInvalid([f"{target} is there already; nothing is overwritten"])
        (part / SPOOL).mkdir(mode=0o700)
        _copy_new(spool, part / SPOOL)
        snapshot(journal, part / JOURNAL)
        _copy_new(spool, part / SPOOL)
        held = _checked(part)
        _sync(part)
        part.rename(target)
    _sync_one(target.parent)
    return held


@contextmanager
def _alone(part: Path) -> Iterator[None]:
    """Make ``part``, or take it over from a backup that broke off, and hold it against every other backup."""
    with suppress(FileExistsError):
        part.mkdir(mode=0o700)
    try:
        descriptor = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except NotADirectoryError as error:
        raise ConfigInvalid([f"{part} is no directory"], hint="put it aside") from error
    try:
        ours = os.fstat(descriptor)
        if ours.st_uid != os.geteuid():
            raise ConfigInvalid([f"{part} belongs to another user"], hint="put it aside")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not part.exists() or not samestat(ours, part.lstat()):  # the other one ended in between
            raise BlockingIOError
        os.fchmod(descriptor, 0o700)  # the journal in it holds personal data
        yield
    except BlockingIOError as error:
        raise Unavailable(
            Code.SERVICE_UNAVAILABLE,
            f"another backup is being made in {part}",
            hint="wait for its end, or stop it",
        ) from error
    finally:
        os.close(descriptor)


def _empty(part: Path) -> None:
    for path in part.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _copy_new(source: Path, target: Path) -> None:
    """Finished files that ``target`` lacks; they never change. One that is erased while we look is no fault."""
    for name in whole_files(source):
        if not (target / name).exists():
            with (
                suppress(FileNotFoundError),
                open_plain(source / name) as content,
                (target / name).open("xb") as file,
            ):
                shutil.copyfileobj(content, file, 1 << 20)


def _checked(part: Path) -> BackedUp:
    with closing(look_at(part / JOURNAL)) as connection:
        named = dict(dossiers.spooled(connection))
        signed = log.latest_checkpoint(connection)
    sizes = whole_files(part / SPOOL)
    missing = [name for name, size in named.items() if sizes.get(name) != size]
    if missing:
        raise Unavailable(
            Code.SERVICE_UNAVAILABLE,
            f"{len(missing)} bundles were erased while they were copied",
            hint="make the backup again",
        )
    for name in sizes.keys() - named.keys():  # erased, or accepted after the journal's moment
        (part / SPOOL / name).unlink()
    if signed is not None:
        (part / CHECKPOINT).write_bytes(signed.note)
    return BackedUp(bundles=len(named), published=signed.size if signed else 0)


def _sync(directory: Path) -> None:
    for path in (*directory.rglob("*"), directory):
        _sync_one(path)


def _sync_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
