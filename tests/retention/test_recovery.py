# SPDX-License-Identifier: EUPL-1.2
"""What a crash left in journal and spool is found: swept where it is noise, told loudly where something is lost."""

import os
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from intakebundles import START, bundle
from intakeroom import submit

from gateway.errors import JournalDamaged
from gateway.journal import dossiers


async def test_recovery_removes_what_a_crash_left_and_keeps_what_counts(room):
    async with room.running() as intake:
        await submit(intake, bundle())
    spool = room.directory / "spool"
    (spool / ("0" * 32 + ".part")).write_bytes(b"half")
    swept = room.recover()
    assert (1, 0) == (swept.parts, swept.orphans)
    assert 1 == room.counts()["files"]


async def test_recovery_keeps_a_young_orphan_and_purging_removes_it_after_an_hour(room):
    writer = room.spool.writer(10)
    writer.commit()
    assert 0 == room.recover().orphans
    room.file_time = datetime.now(UTC) + timedelta(minutes=59)
    assert 0 == room.retention().purge().swept.orphans
    room.file_time = datetime.now(UTC) + timedelta(minutes=61)
    assert 1 == room.retention().purge().swept.orphans


@pytest.mark.parametrize("harm", ["missing", "cut", "longer"])
async def test_recovery_misses_a_lost_or_changed_file_loudly(room, harm):
    async with room.running() as intake:
        await submit(intake, bundle())
    (path,) = (room.directory / "spool").iterdir()
    if harm == "missing":
        path.unlink()
    else:
        os.truncate(path, path.stat().st_size + (1 if harm == "longer" else -1))
    with pytest.raises(JournalDamaged, match=path.name):
        room.recover()


async def test_a_crash_between_erasure_and_unlink_leaves_noise_that_is_swept(room):
    async with room.running() as intake:
        outcome = await submit(intake, bundle())
    with room.journal.transaction() as connection:
        dossiers.erase(connection, outcome.dossier_id, moment=START)
    (path,) = (room.directory / "spool").iterdir()
    assert sha256(bundle()).digest() not in path.read_bytes()
    room.file_time = datetime.now(UTC) + timedelta(hours=2)
    assert 1 == room.retention().purge().swept.orphans
