# SPDX-License-Identifier: EUPL-1.2
"""A backup made while dossiers come in is whole, and is restored only where the log can go on from it."""

import asyncio
import json
import os
import re
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from backuproom import empty, newest, nothing_in, restored, saved, sent
from intakebundles import bundle
from intakeroom import SIGNER, IntakeRoom, submit
from sqlite_utils import Database

from gateway.audit import audit_log, directory_fetch
from gateway.backup import back_up
from gateway.errors import ConfigInvalid, JournalDamaged, LogRolledBack, TrustStateMissing, Unavailable
from gateway.intake import Accepted, Repeated
from gateway.journal.schema import migrations
from gateway.retention import ErasureReason
from gateway.tlog.checkpoint import sign_checkpoint
from gateway.tlog.note import NoteSigner


@pytest.fixture
def room(tmp_path):
    (tmp_path / "site").mkdir()
    room = IntakeRoom(tmp_path / "site")
    yield room
    room.close()


async def test_a_gateway_goes_on_from_a_backup_where_it_was(room):
    first, second = await sent(room, "one", "two")
    backup = saved(room)
    other = empty(room, guard=newest(room))
    assert (2, 3) == (
        restored(backup, other).bundles,
        restored(backup, empty(room, "third"), known=newest(room)).published,
    )

    again = IntakeRoom(other)
    again.recover()
    async with again.running() as intake:
        repeated = await submit(intake, bundle("one", padding=100_000))
        fresh = await submit(intake, bundle("three"))
    assert (Repeated, first.receipt) == (type(repeated), repeated.receipt)
    assert isinstance(fresh, Accepted)
    receipts = [outcome.receipt for outcome in (first, second, fresh)]
    audited = audit_log(
        directory_fetch(other / "log"),
        SIGNER.verifier.vkey,
        receipts={str(n): json.dumps(receipt).encode() for n, receipt in enumerate(receipts)},
        checkpoints={"before": newest(room)},
    )
    assert [] == list(audited.findings)
    assert audited.proven
    again.close()


async def test_the_log_is_built_anew_as_it_was(room):
    async with room.running() as intake:
        for number in range(3):
            await submit(intake, bundle(f"b-{number}"))
    other = empty(room, guard=newest(room))
    restored(saved(room), other)

    def files(directory):
        return {
            path.relative_to(directory).as_posix(): path.read_bytes()
            for path in (directory / "log").rglob("*")
            if path.is_file()
        }

    before, after = files(room.directory), files(other)
    assert before["log/checkpoint"] == after["log/checkpoint"]
    assert after.items() <= before.items()  # the old one may keep partial tiles that it outgrew


async def test_a_backup_made_while_dossiers_come_in_and_go_is_whole(room):
    async with room.running() as intake:
        outcomes = [await submit(intake, bundle(f"old-{number}", padding=50_000)) for number in range(5)]
        stop = asyncio.Event()

        async def coming_and_going():
            number = 0
            while not stop.is_set():
                await submit(intake, bundle(f"new-{number}", padding=50_000))
                if outcomes and number % 3 == 0:
                    room.retention().erase(outcomes.pop().dossier_id, ErasureReason.REQUEST)
                number += 1
            return number

        traffic = asyncio.create_task(coming_and_going())
        backups = []
        while len(backups) < 5:
            try:
                backups.append(await asyncio.to_thread(saved, room, f"backup-{len(backups)}"))
            except Unavailable:
                continue  # something was erased meanwhile: it says so, and the next one works
        stop.set()
        assert await traffic > 0
    for number, backup in enumerate(backups):
        other = empty(room, f"site-{number}")
        restored(backup, other, known=(backup / "checkpoint").read_bytes())
        again = IntakeRoom(other)
        again.recover()  # raises where a row's file is missing or cut
        again.journal.check()
        again.close()


async def test_an_older_backup_is_refused_where_the_guard_file_knows_more(room):
    await sent(room, "one")
    backup = saved(room)
    await sent(room, "two")
    other = empty(room, guard=newest(room))
    with pytest.raises(
        LogRolledBack,
        match=r"the guard file has 3 entries, the backup 2: dossiers came in after it; find the",
    ):
        restored(backup, other)
    assert nothing_in(other)


async def test_without_the_guard_file_somebody_outside_has_to_be_asked(room):
    await sent(room, "one")
    backup, then = saved(room), newest(room)
    await sent(room, "two")
    other = empty(room)
    with pytest.raises(TrustStateMissing, match="ask an auditor or a chamber for the newest checkpoint"):
        restored(backup, other)
    with pytest.raises(LogRolledBack, match="the checkpoint you named has 3 entries, the backup 2"):
        restored(backup, other, known=newest(room))
    with pytest.raises(ConfigInvalid, match="is not a checkpoint signed with this log's key"):
        restored(backup, other, known=then.replace(b"\n2\n", b"\n1\n"))
    assert nothing_in(other)
    restored(backup, other, known=then)
    assert then == (other / "trust" / "guard").read_bytes()


async def test_a_checkpoint_of_another_history_is_refused(room):
    await sent(room, "one", "two")
    other, backup = empty(room), saved(room)
    with pytest.raises(LogRolledBack, match="has another root at size 2 than the backup"):
        restored(backup, other, known=sign_checkpoint(2, bytes(32), SIGNER))
    stranger = NoteSigner("gateway.example/intake", bytes(32))
    with pytest.raises(ConfigInvalid, match="not a checkpoint signed with this log's key"):
        restored(backup, other, known=sign_checkpoint(2, bytes(32), stranger))
    assert nothing_in(other)


async def test_a_backup_that_was_changed_or_cut_is_refused(room):
    await sent(room, "one", "two")
    backup, known = saved(room), newest(room)
    cut, changed = (shutil.copytree(backup, backup.with_name(name)) for name in ("cut", "changed"))
    file = next((cut / "spool").iterdir())
    file.write_bytes(file.read_bytes()[:-1])
    with closing(sqlite3.connect(changed / "journal.db")) as connection:
        connection.execute("UPDATE log_entry SET entry = CAST(entry || ' ' AS BLOB) WHERE idx = 1")
        connection.commit()
    other = empty(room)
    with pytest.raises(JournalDamaged, match="1 bundles that the journal names are not whole"):
        restored(cut, other, known=known)
    with pytest.raises(JournalDamaged, match="do not give the root that was signed"):
        restored(changed, other, known=known)
    assert nothing_in(other)


async def test_nothing_that_lies_there_is_overwritten(room):
    await sent(room, "one")
    backup = saved(room)
    with pytest.raises(ConfigInvalid, match="backup is there already"):
        saved(room)
    with pytest.raises(ConfigInvalid) as caught:
        restored(backup, room.directory)
    taken = [Path(re.split(" is ", problem)[0]).name for problem in caught.value.problems]
    assert ["journal.db", "journal.db-shm", "journal.db-wal", "log", "spool"] == taken
    assert "put aside what lies there" in caught.value.hint
    assert not backup.with_name("backup.part").exists()


async def test_a_backup_is_one_file_and_a_folder_for_its_owner_alone(room):
    await sent(room, "one")
    backup = saved(room)
    assert {"journal.db", "spool", "checkpoint"} == {path.name for path in backup.iterdir()}
    assert [0o700, 0o600] == [stat.S_IMODE(path.stat().st_mode) for path in (backup, backup / "journal.db")]


def test_the_journal_of_another_version_is_backed_up_as_it_is(tmp_path):
    (tmp_path / "spool").mkdir()
    path = tmp_path / "journal.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        migrations.apply(Database(connection), stop_before="m002_indexes_of_retention")
    back_up(path, tmp_path / "spool", tmp_path / "backup")
    for journal in (path, tmp_path / "backup" / "journal.db"):
        with closing(sqlite3.connect(journal)) as connection:
            assert 1 == connection.execute("SELECT count(*) FROM _sqlite_migrations").fetchone()[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can restore for other users")
async def test_what_root_restores_belongs_to_the_roles_whose_directories_it_lies_in(room):
    await sent(room, "one")
    other = empty(room)
    for number, name in enumerate(("spool", "log", "trust", ""), 64_001):
        os.chown(other / name, number, 64_000)
    restored(saved(room), other, known=newest(room))
    owners = {
        (path.relative_to(other).parts[0], path.stat().st_uid, path.stat().st_gid)
        for path in other.rglob("*")
        if path.is_file()
    }
    assert {
        ("spool", 64_001, 64_000),
        ("log", 64_002, 64_000),
        ("trust", 64_003, 64_000),
        ("journal.db", 64_004, 64_000),
    } == owners
