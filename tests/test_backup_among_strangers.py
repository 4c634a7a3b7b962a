# SPDX-License-Identifier: EUPL-1.2
"""Backup and restore run as root in directories that roles write to, and one of the roles is taken over."""

import os
from contextlib import closing
from pathlib import Path

import pytest
from backuproom import empty, meanwhile, newest, restored, saved, sent
from intakeroom import IntakeRoom

from gateway.errors import AmtsboteError, ConfigInvalid, JournalDamaged, Unavailable
from gateway.guestdisk import GuestDisk
from gateway.journal import Journal
from gateway.spool import whole_files
from gateway.tilestore import LocalDisk

ROLE = 64_010


@pytest.fixture
def room(tmp_path):
    (tmp_path / "site").mkdir()
    room = IntakeRoom(tmp_path / "site")
    yield room
    room.close()


@pytest.fixture
def secret(tmp_path):
    """A file of root's. Afterwards it is as it was, and nobody else's."""
    path = tmp_path / "root-only"
    path.write_bytes(b"root's own " * 200)
    path.chmod(0o600)
    before = path.stat()
    yield path
    after = path.stat()
    assert (before.st_uid, before.st_gid, before.st_mode) == (after.st_uid, after.st_gid, after.st_mode)
    assert b"root's own " * 200 == path.read_bytes()


def of_a_role(room, name="other", **kept) -> Path:
    """Empty places; under root they belong to a role."""
    directory = empty(room, name, **kept)
    if os.geteuid() == 0:
        for path in (directory, *directory.iterdir()):
            os.chown(path, ROLE, ROLE)
    return directory


def copies(directory: Path, content: bytes) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file() and content in path.read_bytes()]


@pytest.mark.parametrize(
    "name",
    [
        "log/x",
        "log/.staging",
        "spool/" + "a" * 32,
        "journal.db",
        ".journal.db.restoring",
        "trust/guard",
        "trust/guard.lock",
        "trust/.guard.staged",
    ],
)
async def test_a_link_that_lies_in_a_place_is_refused_and_followed_by_nobody(room, secret, name):
    await sent(room, "one")
    other = of_a_role(room)
    (other / name).symlink_to(secret)
    with pytest.raises(ConfigInvalid, match=r"is (there already|not empty|not a plain file)") as caught:
        restored(saved(room), other, known=newest(room))
    assert "put aside what lies there" in caught.value.hint
    assert not (other / "journal.db").is_file() or name == "journal.db"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
async def test_a_guard_that_is_no_file_is_refused_without_waiting_for_it(room, make):
    await sent(room, "one")
    other = of_a_role(room)
    make(other / "trust" / "guard")
    with pytest.raises(ConfigInvalid, match="guard is not a plain file"):
        restored(saved(room), other, known=newest(room))


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
async def test_what_sqlite_would_read_into_the_restored_journal_is_refused(room, suffix):
    await sent(room, "one")
    early = (room.directory / "journal.db-wal").read_bytes()
    await sent(room, "two", "three")
    other = of_a_role(room, guard=newest(room))
    (other / f"journal.db{suffix}").write_bytes(early)
    with pytest.raises(ConfigInvalid, match=f"journal.db{suffix} is there already"):
        restored(saved(room), other)
    (other / f"journal.db{suffix}").unlink()
    assert 3 == restored(saved(room, "again"), other).bundles
    with closing(Journal.open(other / "journal.db")) as journal, journal.reading() as connection:
        assert 3 == connection.execute("SELECT count(*) FROM dossier").fetchone()[0]


async def test_a_log_that_appears_while_the_journal_is_restored_is_found(room):
    await sent(room, "one")
    other, third, backup = of_a_role(room), of_a_role(room, "third"), saved(room)
    wal = (room.directory / "journal.db-wal").read_bytes()

    meanwhile("tempfile.mkdtemp", lambda: (other / "journal.db-wal").write_bytes(wal))
    with pytest.raises(JournalDamaged, match="something was at work there"):
        restored(backup, other, known=newest(room))
    assert not (other / "journal.db").exists()

    meanwhile("os.rename", lambda: (third / "journal.db-wal").write_bytes(wal), about="journal.db")
    with pytest.raises(JournalDamaged, match="something was at work there"):
        restored(backup, third, known=newest(room))


async def test_a_journal_exchanged_for_a_link_in_the_last_moment_is_found(room, secret):
    await sent(room, "one")
    other, backup = of_a_role(room), saved(room)

    def exchange():
        (staged,) = other.glob(".journal.db.restoring-*")
        staged.unlink()
        staged.symlink_to(secret)

    meanwhile("os.rename", exchange, about="journal.db")
    with pytest.raises(JournalDamaged, match=r"journal\.db is not a plain file"):
        restored(backup, other, known=newest(room))


async def test_a_journal_exchanged_for_another_in_the_last_moment_is_found(room):
    await sent(room, "one")
    early = saved(room, "early")
    await sent(room, "two")
    other, backup = of_a_role(room), saved(room)

    def exchange():
        (staged,) = other.glob(".journal.db.restoring-*")
        (early / "journal.db").replace(staged)

    meanwhile("os.rename", exchange, about="journal.db")
    with pytest.raises(JournalDamaged, match="something was at work there"):
        restored(backup, other, known=newest(room))


@pytest.mark.parametrize("place", ["log", "spool", "trust"])
async def test_a_place_exchanged_for_a_link_leads_no_write_elsewhere(room, tmp_path, place):
    await sent(room, "one")
    other, backup = of_a_role(room), saved(room)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def exchange():
        (other / place).rename(other / "aside")
        (other / place).symlink_to(elsewhere)

    meanwhile("tempfile.mkdtemp", exchange)
    restored(backup, other, known=newest(room))
    assert [] == list(elsewhere.iterdir())
    assert any((other / "aside").iterdir())


async def test_a_directory_of_the_log_exchanged_for_a_link_is_not_entered(room, tmp_path):
    await sent(room, "one")
    other, backup = of_a_role(room), saved(room)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    meanwhile("os.mkdir", lambda: (other / "log" / "tile").symlink_to(elsewhere), about="tile")
    with pytest.raises(NotADirectoryError):
        restored(backup, other, known=newest(room))
    assert [] == list(elsewhere.iterdir())
    assert not (other / "journal.db").exists()


def test_what_lies_there_is_neither_written_nor_given_away(tmp_path, secret):
    with closing(GuestDisk(tmp_path)) as disk:
        for act in (
            disk.lock,
            lambda path: disk.write(path, b"x"),
            lambda path: disk.copy(secret, path, mode=0o666),
        ):
            link = tmp_path / "link"
            link.symlink_to(secret)
            with pytest.raises(OSError, match="link"):
                act(link)
            link.unlink()
        with pytest.raises(FileExistsError):
            disk.write(secret, b"x")
        disk.lock(secret)()
        assert None is disk.read(tmp_path / "nothing")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_a_guard_that_root_brought_back_becomes_the_roles_and_a_second_name_of_a_file_does_not(
    room, secret
):
    await sent(room, "one")
    other = of_a_role(room, guard=newest(room))
    os.link(secret, other / "trust" / "guard.lock")
    restored(saved(room), other)
    assert ROLE == (other / "trust" / "guard").stat().st_uid


def test_the_publishers_disk_follows_no_link_either(tmp_path, secret):
    (tmp_path / "link").symlink_to(secret)
    for act in (LocalDisk().lock, lambda path: LocalDisk().write(path, b"x")):
        with pytest.raises(OSError, match="link"):
            act(tmp_path / "link")


@pytest.mark.parametrize(
    "plant", [lambda path, secret: path.symlink_to(secret), lambda path, _: os.mkfifo(path)]
)
async def test_a_spool_file_exchanged_for_another_thing_is_not_backed_up(room, tmp_path, secret, plant):
    await sent(room, "one")
    spool = room.directory / "spool"
    (file,) = spool.iterdir()
    file.unlink()
    plant(file, secret)
    assert {file.name: -1} == whole_files(spool)
    with pytest.raises(JournalDamaged, match=f"{file.name} is not a plain file"):
        saved(room)
    assert not (tmp_path / "backup").exists()
    assert [] == copies(tmp_path / "backup.part", b"root's own")


async def test_a_journal_exchanged_for_a_link_is_not_backed_up(room, tmp_path):
    await sent(room, "one")
    room.close()
    strange = tmp_path / "strange.db"
    (room.directory / "journal.db").rename(strange)
    (room.directory / "journal.db").symlink_to(strange)
    with pytest.raises(JournalDamaged, match=r"journal\.db is not a plain file"):
        saved(room)
    assert not (tmp_path / "backup").exists()


async def test_a_second_backup_to_the_same_place_waits_its_turn(room, tmp_path):
    await sent(room, "one", "two")
    said = []

    def second():
        try:
            saved(room)
        except AmtsboteError as error:
            said.append(error)

    meanwhile("sqlite3.connect", second)
    backup = saved(room)
    (refused,) = said
    assert isinstance(refused, Unavailable)
    assert "another backup is being made in" in refused.detail
    assert 2 == restored(backup, empty(room), known=newest(room)).bundles


async def test_what_a_backup_left_that_broke_off_is_made_anew(room, tmp_path):
    await sent(room, "one")
    left = tmp_path / "backup.part"
    (left / "spool").mkdir(parents=True)
    (left / "journal.db").write_bytes(b"half")
    left.chmod(0o755)
    backup = saved(room)
    assert not left.exists()
    assert 0o40700 == backup.stat().st_mode
    assert 1 == restored(backup, empty(room), known=newest(room)).bundles


@pytest.mark.parametrize(
    "theirs",
    [
        "a link",
        "a file",
        pytest.param(
            "another user's", marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root can make it")
        ),
    ],
)
async def test_a_backup_is_made_in_no_place_that_somebody_else_prepared(room, tmp_path, theirs):
    part, elsewhere = tmp_path / "backup.part", tmp_path / "elsewhere"
    elsewhere.mkdir()
    if theirs == "a link":
        part.symlink_to(elsewhere)
    elif theirs == "a file":
        part.write_bytes(b"")
    else:
        part.mkdir()
        os.chown(part, ROLE, ROLE)
    with pytest.raises(ConfigInvalid, match=r"is no directory|belongs to another user"):
        saved(room)
    assert [] == list(elsewhere.iterdir())
