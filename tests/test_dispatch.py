# SPDX-License-Identifier: EUPL-1.2
"""The way out: delivered in the end or parked with alarm, recorded once, whatever happens in between."""

import asyncio
import contextlib
import json
import sqlite3
from hashlib import sha256

import pytest
from deliveryroom import FILES, Room, events_of, fail, until
from fake_adapters import FakeFormat, FakeTransport

from adapters.formats.asice import AsiceFormat
from adapters.formats.index import IndexFormat
from adapters.transports.directory import DirectoryTransport
from adapters.transports.inbox import InboxTransport
from gateway.codes import Code
from gateway.doorbell import Role
from gateway.errors import DeliveryFailed, JournalDamaged
from gateway.journal import deliveries
from gateway.model.delivery import Answer, AnswerKind, DeliveryState
from gateway.policy import RetryPolicy


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def room(tmp_path):
    room = Room(tmp_path)
    yield room
    room.close()


def unreachable():
    return fail(DeliveryFailed(Code.RECIPIENT_UNREACHABLE, "down"))


async def test_a_dossier_arrives_and_its_handover_stands_in_the_log_and_in_the_feed(room):
    delivery = room.accept()
    await room.courier().round()
    assert [delivery] == list(room.transport.placed)
    assert DeliveryState.HANDED_OVER == room.row(delivery).state
    assert ["submission.accepted", "handover"] == room.logged()
    assert ["handover"] == room.told()
    assert 0 == await room.courier().round()


async def test_the_evidence_says_who_gave_what_to_whom_and_follows_the_entry_before(room):
    delivery = room.accept()
    await room.courier().round()
    with room.journal.reading() as connection:
        first, second = connection.execute("SELECT * FROM log_entry ORDER BY idx").fetchall()
    evidence = json.loads(second["evidence"])
    assert {"id": "ihk-stuttgart", "name": "IHK Region Stuttgart"} == evidence["sender"]
    assert {"id": "ludwigsburg", "name": "Ausländerbehörde ludwigsburg"} == evidence["recipient"]
    assert delivery == evidence["delivery_id"]
    assert [f"{1:026d}.txt"] == [part["name"] for part in evidence["package"]]
    assert "http://uri.etsi.org/19522/Event/ContentHandover" == evidence["erds_event"]
    assert first["id"] == json.loads(second["entry"])["prev"]


async def test_the_original_goes_into_the_inbox_as_consigned(room):
    delivery = room.accept()
    room.couple("ludwigsburg", AsiceFormat(), InboxTransport())
    await room.courier().round()
    assert DeliveryState.CONSIGNED == room.row(delivery).state
    assert ["submission.accepted", "consignment"] == room.logged()


async def test_documents_and_index_arrive_in_a_hot_folder_byte_for_byte(room, tmp_path):
    (tmp_path / "exchange").mkdir()
    delivery = room.accept()
    room.couple("ludwigsburg", IndexFormat.configure({}), DirectoryTransport(tmp_path / "exchange"))
    courier = room.courier()
    await courier.round()
    placed = {file.name: file.read_bytes() for file in (tmp_path / "exchange" / delivery).iterdir()}
    assert FILES["Arbeitsvertrag Müller.pdf"] == placed["002-employment-contract.pdf"]
    assert {
        "001-dossier.xml",
        "002-employment-contract.pdf",
        "003-passport.pdf",
        "bundle.asice",
        "index.xml",
    } == set(placed)
    (tmp_path / "exchange" / f"{delivery}.done").touch()
    await courier.round()
    assert DeliveryState.ACKNOWLEDGED == room.row(delivery).state
    assert ["submission.accepted", "handover", "acknowledgement"] == room.logged()


async def test_a_failed_attempt_waits_and_is_made_again(room):
    delivery = room.accept()
    room.transport.before = [unreachable()]
    courier = room.courier()
    await courier.round()
    row = room.row(delivery)
    assert (DeliveryState.WAITING, Code.RECIPIENT_UNREACHABLE) == (row.state, row.last_code)
    assert row.next_at > room.time()
    assert 0 == await courier.round()
    room.time.pass_seconds(3600)
    await courier.round()
    assert DeliveryState.HANDED_OVER == room.row(delivery).state
    assert room.row(delivery).last_code is None
    assert ["submission.accepted", "handover"] == room.logged()


async def test_what_waiting_cannot_help_is_parked_with_alarm_and_told_to_the_chamber(room):
    delivery = room.accept()
    room.transport.before = [fail(DeliveryFailed(Code.RECIPIENT_REFUSED, "no such mailbox", retry=False))]
    await room.courier().round()
    assert DeliveryState.PARKED == room.row(delivery).state
    assert ["submission.accepted", "handover.failed"] == room.logged()
    assert ["handover.failed"] == room.told()
    assert ("error", "delivery.parked", "recipient-refused", "no such mailbox") in [
        (line["level"], line["event"], line.get("code"), line.get("reason")) for line in events_of(room)
    ]


async def test_after_its_deadline_a_delivery_is_parked_and_a_person_can_resume_it(room):
    delivery = room.accept()
    courier = room.courier()
    room.transport.before = [unreachable(), unreachable()]
    await courier.round()
    room.time.pass_seconds(room.retry.deadline_seconds + 1)
    await courier.round()
    assert DeliveryState.PARKED == room.row(delivery).state
    with room.journal.transaction() as connection:
        deliveries.resume(connection, delivery, moment=room.time(), deadline_seconds=60)
    await courier.round()
    assert DeliveryState.HANDED_OVER == room.row(delivery).state


async def test_a_bug_in_an_adapter_is_one_failed_attempt_and_its_text_stays_out_of_the_lines(room):
    delivery = room.accept()
    room.transport.before = [fail(KeyError("Nguyễn-Öztürk"))]
    await room.courier().round()
    row = room.row(delivery)
    assert (DeliveryState.WAITING, Code.PROCESSING_FAILED) == (row.state, row.last_code)
    assert "adapter.failed" in [line["event"] for line in events_of(room)]
    assert "ztürk" not in room.lines.getvalue().encode().decode("unicode_escape")


@pytest.mark.parametrize("bug", [KeyError("Nguyễn-Öztürk"), OSError("template"), None])
async def test_a_bug_in_a_format_is_one_failed_attempt_of_one_authority_and_parked_in_the_end(room, bug):
    class Broken(FakeFormat):
        def package(self, deliverable):
            if bug is not None:
                raise bug

    faulty, healthy = room.accept(1), room.accept(2, to="weimar")
    room.couple("ludwigsburg", Broken(), room.transport)
    await run_until(
        room, lambda: room.row(healthy).state is DeliveryState.HANDED_OVER and room.row(faulty).last_code
    )
    row = room.row(faulty)
    assert (DeliveryState.WAITING, Code.PROCESSING_FAILED) == (row.state, row.last_code)
    (told,) = [line for line in events_of(room) if line["event"] == "adapter.failed"]
    assert "ludwigsburg" == told["authority"]
    assert told["error"] == (type(bug).__name__ if bug else "AttributeError")  # None has no parts
    assert "ztürk" not in room.lines.getvalue().encode().decode("unicode_escape")
    room.time.pass_seconds(room.retry.deadline_seconds + 1)
    await room.courier().round()
    assert DeliveryState.PARKED == room.row(faulty).state
    assert [healthy] == list(room.transport.placed)


async def test_an_inbox_that_hangs_is_cut_off_by_the_time_limit(tmp_path):
    room = Room(tmp_path, retry=RetryPolicy(attempt_seconds=0.05))
    delivery = room.accept()
    room.transport.before = [lambda: asyncio.Event().wait()]
    await room.courier().round()
    assert (DeliveryState.WAITING, Code.RECIPIENT_UNREACHABLE) == (
        room.row(delivery).state,
        room.row(delivery).last_code,
    )
    room.close()


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_process_that_dies_around_the_handover_delivers_once_after_its_restart(room, when):
    delivery = room.accept()
    getattr(room.transport, when).append(fail(Killed()))
    with pytest.raises(Killed):
        await room.courier().round()
    assert DeliveryState.DELIVERING == room.row(delivery).state
    assert ["submission.accepted"] == room.logged()
    await run_until(room, lambda: room.row(delivery).state is DeliveryState.HANDED_OVER)
    assert [delivery, delivery] == room.transport.attempts
    assert [delivery] == list(room.transport.placed)
    assert ["submission.accepted", "handover"] == room.logged()


async def test_five_failures_in_a_row_spare_the_other_dossiers_their_attempts(room):
    for number in range(1, 9):
        room.accept(number)
    room.transport.before = [unreachable() for _ in range(100)]
    courier = room.courier()
    await courier.round()
    assert 5 == len(room.transport.attempts)
    room.time.pass_seconds(59)
    await courier.round()
    assert 5 == len(room.transport.attempts)
    room.time.pass_seconds(2)
    await courier.round()
    assert 6 == len(room.transport.attempts), "half-open lets one attempt through"
    room.transport.before = []
    room.time.pass_seconds(3600)
    await courier.round()
    assert 8 == len(room.transport.placed)


async def test_one_authority_that_hangs_does_not_hold_up_another(room):
    first, second = room.accept(1), room.accept(2, to="weimar")
    hanging = FakeTransport(before=[lambda: asyncio.Event().wait()])
    room.couple("ludwigsburg", room.couplings["ludwigsburg"].format, hanging)
    await run_until(room, lambda: room.row(second).state is DeliveryState.HANDED_OVER)
    assert DeliveryState.DELIVERING == room.row(first).state


async def test_an_authority_that_left_the_configuration_gets_nothing_and_somebody_is_told(room):
    delivery = room.accept(1, to="weimar")
    del room.couplings["weimar"]
    await run_until(room, lambda: room.row(delivery).state is DeliveryState.PARKED)
    assert Code.RECIPIENT_CONFIGURATION is room.row(delivery).last_code


async def test_bytes_that_changed_in_the_spool_are_never_delivered_whole(room):
    delivery = room.accept()
    room.couple("ludwigsburg", AsiceFormat(), room.transport)
    (file,) = (room.directory / "spool").iterdir()
    damaged = bytearray(file.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    file.chmod(0o600)
    file.write_bytes(damaged)
    await room.courier().round()
    assert DeliveryState.PARKED == room.row(delivery).state
    assert {} == room.transport.placed
    assert "delivery.content-damaged" in [line["event"] for line in events_of(room)]


async def test_a_file_that_is_not_what_was_accepted_parks_the_delivery_and_nothing_whole_appears(
    room, tmp_path
):
    (tmp_path / "exchange").mkdir()
    delivery = room.accept()
    room.couple("ludwigsburg", IndexFormat.configure({}), DirectoryTransport(tmp_path / "exchange"))
    with room.journal.transaction() as connection:
        facts = connection.execute("SELECT facts FROM dossier").fetchone()["facts"]
        digest = sha256(FILES["pass.pdf"]).hexdigest()
        connection.execute("UPDATE dossier SET facts = ?", (facts.replace(digest, "0" * 64),))
    await room.courier().round()
    assert DeliveryState.PARKED == room.row(delivery).state
    assert [".amtsbote"] == [entry.name for entry in (tmp_path / "exchange").iterdir()]


async def test_an_erased_dossier_is_parked_not_tried_for_ever(room):
    delivery = room.accept()
    with room.journal.transaction() as connection:
        connection.execute("UPDATE dossier SET spool_name = NULL, wrapped_key = NULL")
    await room.courier().round()
    assert DeliveryState.PARKED == room.row(delivery).state


async def test_the_role_hears_the_bell_and_ends_when_told(room):
    delivery = []
    async with running(room) as doorbell:
        delivery.append(room.accept())
        room.doorbell(Role.RECEIVE).ring(Role.DELIVER)
        await until(lambda: room.row(delivery[0]).state is DeliveryState.HANDED_OVER)
        assert doorbell.count >= 1


@pytest.mark.parametrize("fault", [sqlite3.OperationalError("disk I/O error"), OSError("no space left")])
async def test_a_failing_disk_costs_one_courier_one_round_and_the_others_nothing(room, fault):
    faulty, healthy = room.accept(1), room.accept(2, to="weimar")
    sound, faults = room.consignments, [fault]

    class Disk:
        def opened(self, row, coupling):
            if row.id == faulty and faults:
                raise faults.pop()
            return sound.opened(row, coupling)

    room.consignments = Disk()
    async with running(room):
        await until(lambda: room.row(healthy).state is DeliveryState.HANDED_OVER)
        await until(lambda: "courier-failed" in room.lines.getvalue())
        assert DeliveryState.DELIVERING is room.row(faulty).state
        room.time.pass_seconds(3600)  # the claim of the attempt that failed runs out
        room.doorbell(Role.RECEIVE).ring(Role.DELIVER)
        await until(lambda: room.row(faulty).state is DeliveryState.HANDED_OVER)
    assert ["ludwigsburg"] == [
        line["authority"] for line in events_of(room) if line["event"] == "courier-failed"
    ]


async def test_a_journal_that_fails_while_answers_are_recorded_is_no_fault_of_the_recipient(room):
    delivery = room.accept()
    courier = room.courier()
    await courier.round()
    room.transport.answers = [Answer(id="1", delivery_id=delivery, kind=AnswerKind.ACKNOWLEDGED)]
    with room.journal.transaction() as connection:
        connection.execute("ALTER TABLE answer RENAME TO away")
    with pytest.raises(sqlite3.OperationalError):
        await courier.round()
    assert "answers.unreachable" not in room.lines.getvalue()


async def test_a_damaged_journal_ends_the_role(room):
    class Damaged:
        def answered(self, _authority, _answer):
            raise JournalDamaged("entries are missing")

    room.transport.answers = [Answer(id="1", delivery_id="D", kind=AnswerKind.ACKNOWLEDGED)]
    room.proceedings = Damaged()
    doorbell = room.doorbell(Role.DELIVER)
    await doorbell.listen()
    with pytest.raises(ExceptionGroup) as caught:
        await asyncio.wait_for(room.dispatcher().run(doorbell, asyncio.Event()), 20)
    doorbell.close()
    assert caught.group_contains(JournalDamaged)


class running:  # noqa: N801 - reads as a phrase
    """The deliver role, from ``async with`` to its end."""

    def __init__(self, room):
        self.room, self.stop = room, asyncio.Event()

    async def __aenter__(self):
        self.doorbell = self.room.doorbell(Role.DELIVER)
        await self.doorbell.listen()
        self.task = asyncio.create_task(self.room.dispatcher().run(self.doorbell, self.stop))
        return self.doorbell

    async def __aexit__(self, *_):
        self.stop.set()
        # A hanging attempt is cancelled, and due again after the next start.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.task, 0.5)
        self.doorbell.close()


async def run_until(room, condition):
    async with running(room):
        await until(condition)
