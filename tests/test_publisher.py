# SPDX-License-Identifier: EUPL-1.2
"""The publisher: what waits becomes public together, every fact has a receipt that proves it."""

import asyncio
import sqlite3

import pytest
from logroom import ORIGIN, VERIFIER, LogRoom, publish_all

from gateway.audit import audit_log, directory_fetch
from gateway.doorbell import Doorbell, Role
from gateway.errors import TrustStateMissing
from gateway.journal import log
from gateway.publisher import PublishedRange
from gateway.stages.receipt import read_receipt, verify_receipt
from gateway.tlog.checkpoint import open_checkpoint
from gateway.tlog.proof import read_proof


@pytest.fixture
def room(tmp_path):
    return LogRoom(tmp_path / "room").open()


def audited(room, **arguments):
    return audit_log(directory_fetch(room.log), VERIFIER.vkey, **arguments)


def test_a_new_log_has_an_empty_public_checkpoint_and_one_entry_waiting(room):
    checkpoint = open_checkpoint((room.log / "checkpoint").read_bytes(), VERIFIER)
    assert (ORIGIN, 0) == (checkpoint.origin, checkpoint.size)
    assert PublishedRange(start=0, end=1, more=False) == room.publisher().publish_once()


def test_everything_waiting_is_published_under_one_checkpoint(room):
    room.append(300)
    assert PublishedRange(start=0, end=301, more=False) == room.publisher().publish_once()
    with room.journal.reading() as connection:
        assert 0 == log.checkpoint_before(connection, 301).size
    assert audited(room).proven


def test_nothing_waiting_publishes_nothing(room):
    publisher = room.publisher()
    publish_all(publisher)
    before = room.files()
    assert publisher.publish_once() is None
    assert before == room.files()


def test_more_than_a_batch_is_published_in_several_checkpoints(room, monkeypatch):
    monkeypatch.setattr("gateway.publisher._BATCH", 100)
    room.append(250)
    publisher = room.publisher()
    assert [True, True, False] == [publisher.publish_once().more for _ in range(3)]
    assert 251 == room.published_size()
    assert audited(room).proven


@pytest.mark.parametrize("pieces", [(1, 1, 1), (254, 1, 1, 1), (255, 256, 3), (600, 2)])
def test_a_log_grown_in_pieces_is_whole_and_a_restart_changes_nothing(room, pieces):
    for piece in pieces:
        room.append(piece)
        publisher = room.publisher()
        publish_all(publisher)
        publisher.close()
    report = audited(room)
    assert (True, sum(pieces) + 1) == (report.proven, report.entries)


def test_partials_of_published_sizes_stay_until_their_tile_is_full(room):
    publisher = room.publisher()
    room.append(9)
    publish_all(publisher)
    room.append(5)
    publish_all(publisher)
    assert {"tile/0/000.p/10", "tile/0/000.p/15", "tile/entries/000.p/10"} <= room.files().keys()
    room.append(250)
    publish_all(publisher)
    assert {"tile/0/000", "tile/0/001.p/9", "tile/1/000.p/1", "tile/entries/000"} <= room.files().keys()
    assert not any(path.startswith(("tile/0/000.p", "tile/entries/000.p")) for path in room.files())


def test_every_fact_of_a_dossier_gets_a_receipt_that_proves_it(tmp_path):
    room = LogRoom(tmp_path / "sealed", sealed=True).open()
    room.append(5)
    publish_all(room.publisher())
    verdicts = [verify_receipt(room.receipt(idx), verifier=VERIFIER) for idx in range(1, 6)]
    assert all(verdict.proven for verdict in verdicts)
    assert list(range(1, 6)) == [verdict.claim.index for verdict in verdicts]


def test_entries_without_a_dossier_get_no_receipt(room):
    publish_all(room.publisher())
    assert room.receipt(0) is None


def test_an_erased_fact_gets_no_receipt_and_the_log_stays_whole(room):
    room.append(1, dossier_id="erased")
    room.append(1, dossier_id="kept")
    with room.journal.transaction() as connection:
        assert 1 == log.erase_evidence(connection, "erased")
    publish_all(room.publisher())
    assert room.receipt(1) is None
    assert room.receipt(2) is not None
    assert audited(room).proven


def test_receipts_of_different_checkpoints_fit_one_log(room):
    publisher = room.publisher()
    for _ in range(5):
        room.append(60)
        publish_all(publisher)
    receipts = {f"{idx}.json": room.receipt(idx) for idx in range(1, 301)}
    assert audited(room, receipts=receipts).proven


def test_an_unpublished_entry_has_no_receipt_yet(room):
    publish_all(room.publisher())
    [idx] = room.append()
    assert room.receipt(idx) is None
    assert 1 == room.published_size()


def test_a_full_journal_disk_publishes_nothing_and_the_rest_follows_when_there_is_room(room):
    publisher = room.publisher()
    publish_all(publisher)
    before = room.files()["checkpoint"]
    room.append(400)
    with room.journal.reading() as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        publisher.publish_once()
    with room.journal.reading() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    assert room.files()["checkpoint"] in {before, room.guard.read_bytes()}
    publish_all(publisher)
    assert all(room.receipt(idx) for idx in range(1, 401))
    assert audited(room).proven


async def wait_until(condition):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


async def test_the_role_publishes_on_a_ring_and_tells_the_others(room, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    bell, receiver = Doorbell(run, Role.PUBLISH), Doorbell(run, Role.RECEIVE)
    await bell.listen()
    await receiver.listen()
    stop = asyncio.Event()
    role = asyncio.create_task(room.publisher().run(bell, stop))
    await wait_until(lambda: room.published_size() == 1)
    heard = receiver.count
    room.append(2)
    bell.ring(Role.PUBLISH)
    await receiver.wait(20, seen=heard)
    await wait_until(lambda: room.published_size() == 3)
    room.append(1)
    stop.set()
    await role
    assert 4 == room.published_size()
    bell.close()
    receiver.close()


async def test_the_role_ends_when_a_person_must_look(room, tmp_path):
    room.guard.unlink()
    bell = Doorbell(tmp_path, Role.PUBLISH)
    with pytest.raises(TrustStateMissing):
        await room.publisher().run(bell, asyncio.Event())


def test_a_receipt_names_the_checkpoint_that_was_public_when_it_was_made(room):
    room.append(3)
    publish_all(room.publisher())
    proof = read_proof(read_receipt(room.receipt(2)).proof)
    assert (room.log / "checkpoint").read_bytes() == proof.checkpoint


def test_seals_differ_and_the_log_does_not(tmp_path):
    plain, sealed = LogRoom(tmp_path / "plain").open(), LogRoom(tmp_path / "sealed", sealed=True).open()
    for room in (plain, sealed):
        room.append(3)
        publish_all(room.publisher())
    assert plain.files() == sealed.files()
    assert read_receipt(plain.receipt(1)).seal is None
    assert read_receipt(sealed.receipt(1)).seal is not None
