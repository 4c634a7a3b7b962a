# SPDX-License-Identifier: EUPL-1.2
"""The publisher signs nothing for a log that was restored, damaged, exchanged or opened twice."""

import shutil
import sqlite3

import pytest
from logroom import ORIGIN, LogRoom, publish_all

from gateway.errors import JournalDamaged, LogRolledBack, TrustStateMissing, Unavailable
from gateway.journal import log
from gateway.tlog.note import NoteSigner


@pytest.fixture
def room(tmp_path):
    return LogRoom(tmp_path / "room").open()


def test_a_log_cannot_be_opened_twice(room):
    with pytest.raises(FileExistsError):
        room.open()


def test_a_journal_without_a_log_is_not_published_from(tmp_path):
    with pytest.raises(TrustStateMissing) as missing:
        LogRoom(tmp_path / "closed").publisher().publish_once()
    assert "amtsbote init" in missing.value.hint


def test_a_lost_guard_file_is_never_replaced_silently(room):
    publish_all(room.publisher())
    room.guard.unlink()
    shutil.rmtree(room.directory / "trust")
    room.guard.parent.mkdir()
    with pytest.raises(TrustStateMissing):
        room.publisher().publish_once()
    assert not room.guard.exists()


def back_up_then_go_on(room, tmp_path, *, entries_after):
    """A journal from a backup beside a guard (and maybe a log) that went on."""
    publisher = room.publisher()
    room.append(20)
    publish_all(publisher)
    with sqlite3.connect(tmp_path / "backup.db") as target, room.journal.reading() as connection:
        connection.backup(target)
    shutil.copytree(room.log, tmp_path / "log-backup")
    room.append(entries_after)
    publish_all(publisher)
    publisher.close()
    room.journal.close()
    for leftover in room.directory.glob("journal.db*"):
        leftover.unlink()
    shutil.copy(tmp_path / "backup.db", room.journal_path)


def test_a_journal_from_a_backup_is_refused_and_nothing_is_signed(room, tmp_path):
    back_up_then_go_on(room, tmp_path, entries_after=3)
    restored = LogRoom(room.directory)
    before = room.files()
    guard = room.guard.read_bytes()
    restored.append(10)
    with pytest.raises(LogRolledBack):
        restored.publisher().publish_once()
    assert (before, guard) == (room.files(), room.guard.read_bytes())


def test_journal_and_log_from_a_backup_are_refused_by_the_guard_alone(room, tmp_path):
    back_up_then_go_on(room, tmp_path, entries_after=3)
    shutil.rmtree(room.log)
    shutil.copytree(tmp_path / "log-backup", room.log)
    with pytest.raises(LogRolledBack):
        LogRoom(room.directory).publisher().publish_once()


def test_a_journal_and_guard_from_a_backup_are_refused_by_the_public_checkpoint(room, tmp_path):
    shutil.copy(room.guard, tmp_path / "guard-backup")
    back_up_then_go_on(room, tmp_path, entries_after=3)
    shutil.copy(tmp_path / "guard-backup", room.guard)
    with pytest.raises(LogRolledBack):
        LogRoom(room.directory).publisher().publish_once()


def test_a_guard_of_another_history_is_refused(room, tmp_path):
    other = LogRoom(tmp_path / "other").open()
    other.append(3, surname="another")
    publish_all(other.publisher())
    room.append(5)
    publisher = room.publisher()
    publish_all(publisher)
    publisher.close()
    shutil.copy(other.guard, room.guard)
    with pytest.raises(LogRolledBack):
        room.publisher().publish_once()


@pytest.mark.parametrize("victim", ["guard", "checkpoint"])
def test_a_damaged_mark_stops_the_publisher(room, victim):
    publisher = room.publisher()
    publish_all(publisher)
    publisher.close()
    path = room.guard if victim == "guard" else room.log / "checkpoint"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(JournalDamaged):
        room.publisher().publish_once()


def test_a_changed_right_edge_stops_the_publisher(room):
    room.append(10)
    publisher = room.publisher()
    publish_all(publisher)
    publisher.close()
    target = room.log / "tile/0/000.p/11"
    good = target.read_bytes()
    target.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    room.append(1)
    with pytest.raises(JournalDamaged):
        room.publisher().publish_once()


def test_changed_entries_in_the_journal_stop_the_publisher(room):
    room.append(10)
    publisher = room.publisher()
    publish_all(publisher)
    publisher.close()
    with room.journal.transaction() as connection:
        connection.execute(
            "UPDATE log_entry SET entry = CAST(replace(CAST(entry AS TEXT), 'submission', 'Submission') AS BLOB) WHERE idx = 5"
        )
    with pytest.raises(JournalDamaged):
        room.publisher().publish_once()


def test_a_missing_row_stops_the_publisher(room):
    room.append(10)
    with room.journal.transaction() as connection:
        connection.execute("DELETE FROM log_entry WHERE idx = 5")
    with pytest.raises(JournalDamaged):
        room.publisher().publish_once()


def test_another_log_key_cannot_go_on_with_the_log(room):
    publisher = room.publisher()
    publish_all(publisher)
    publisher.close()
    with pytest.raises(JournalDamaged):
        room.publisher(signer=NoteSigner(ORIGIN, bytes(32))).publish_once()


def test_two_publishers_do_not_share_a_log(room):
    first, second = room.publisher(), room.publisher()
    publish_all(first)
    with pytest.raises(Unavailable):
        second.publish_once()
    first.close()
    assert second.publish_once() is None


def test_only_the_next_checkpoint_of_the_newest_one_is_recorded(room):
    publish_all(room.publisher())
    with room.journal.reading() as connection:
        newest = log.latest_checkpoint(connection)
        stale = log.checkpoint_before(connection, newest.size)
    with room.journal.transaction() as connection, pytest.raises(JournalDamaged):
        log.record_checkpoint(
            connection, log.SignedRoot(size=9, root=b"", note=b""), after=stale, moment=None
        )
