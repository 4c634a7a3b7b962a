# SPDX-License-Identifier: EUPL-1.2
"""The inbox an authority fetches from: complete, private, and nothing confirmed that was not fetched."""

import asyncio
import json
from dataclasses import replace

import pytest
from deliveryroom import Room
from hypothesis import given
from hypothesis import strategies as st
from sample_dossier import START

from adapters.formats.asice import AsiceFormat
from adapters.formats.index import IndexFormat
from adapters.transports.inbox import InboxTransport
from gateway.codes import Code
from gateway.doorbell import Role
from gateway.errors import Rejected
from gateway.inbox import Inbox
from gateway.journal import answers, deliveries, dossiers
from gateway.model.delivery import Answer, AnswerKind, DeliveryState
from gateway.sent_bytes import Coverage


@pytest.fixture
def room(tmp_path):
    room = Room(tmp_path)
    for name in room.couplings:
        room.couple(name, AsiceFormat(), InboxTransport())
    yield room
    room.close()


@pytest.fixture
def inbox(room):
    return room.inbox()


async def consigned(room, number=1, to="ludwigsburg") -> str:
    delivery = room.accept(number, to=to)
    await room.courier(to).round()
    return delivery


async def fetched(room, inbox, number=1) -> str:
    delivery = await consigned(room, number)
    async with inbox.package("ludwigsburg", delivery) as package:
        size = package.parts[0].size
    assert await inbox.record_access("ludwigsburg", delivery, start=0, end=size, size=size)
    return delivery


async def codes(call) -> list[Code]:
    with pytest.raises(Rejected) as refusal:
        await call
    return [finding.code for finding in refusal.value.findings]


async def listed(inbox: Inbox, name="ludwigsburg", **options) -> list[str]:
    return [item.delivery_id for item in await inbox.waiting(name, **options)]


async def test_an_authority_sees_its_own_deliveries_oldest_first_with_what_a_clerk_needs(room, inbox):
    mine = [await consigned(room, 1), await consigned(room, 2)]
    await consigned(room, 3, to="weimar")
    items = await inbox.waiting("ludwigsburg")
    assert mine == [item.delivery_id for item in items]
    assert ("IHK Region Stuttgart", "IHK-2026-0815", "18a", "initial", START) == (
        items[0].chamber_name,
        items[0].reference,
        items[0].title,
        items[0].kind,
        items[0].received_at,
    )
    assert mine[:1] == await listed(inbox, limit=1)


async def test_others_deliveries_do_not_exist(room, inbox):
    foreign = await consigned(room, 1, to="weimar")
    answer = Answer(id="1", delivery_id=foreign, kind=AnswerKind.ACCEPTED)

    async def opened():
        async with inbox.package("ludwigsburg", foreign):
            pass

    calls = [
        opened(),
        inbox.record_access("ludwigsburg", foreign, start=0, end=1, size=1),
        inbox.acknowledge("ludwigsburg", foreign),
        inbox.answer("ludwigsburg", answer),
        inbox.answer("ludwigsburg", Answer(id="1", delivery_id="unknown", kind=AnswerKind.ACCEPTED)),
    ]
    assert [[Code.NOT_FOUND]] * 5 == [await codes(call) for call in calls]
    assert DeliveryState.CONSIGNED == room.row(foreign).state


async def test_a_lease_hides_what_was_listed_for_its_time_only(room, inbox):
    first, second = await consigned(room, 1), await consigned(room, 2)
    assert [first] == await listed(inbox, limit=1, lease=60)
    assert [second] == await listed(inbox)
    room.time.pass_seconds(60)
    assert [first, second] == await listed(inbox)


async def test_a_long_poll_ends_with_the_first_delivery_or_with_its_time(room, inbox):
    assert [] == await listed(inbox, wait=0.01)
    waiting = asyncio.create_task(listed(inbox, wait=30))
    await asyncio.sleep(0)
    delivery = await consigned(room)
    assert [delivery] == await asyncio.wait_for(waiting, 20)


async def test_a_ring_wakes_the_long_poll_at_once(room):
    bell = room.doorbell(Role.RECEIVE)
    await bell.listen()
    inbox = Inbox(
        journal=room.journal,
        consignments=room.consignments,
        proceedings=room.proceedings,
        couplings=room.couplings,
        doorbell=bell,
        clock=room.time,
    )
    waiting = asyncio.create_task(listed(inbox, wait=30))
    await asyncio.sleep(0.05)
    delivery = await consigned(room)
    bell.ring(Role.RECEIVE)
    assert [delivery] == await asyncio.wait_for(waiting, 0.9)
    bell.close()


async def test_the_package_is_the_same_every_time_and_the_original(room, inbox):
    delivery = await consigned(room)
    contents = []
    for _ in range(2):
        async with inbox.package("ludwigsburg", delivery) as package:
            (part,) = package.parts
            contents.append(b"".join(part.chunks()))
            assert contents[0][5:50] == part.source.read_at(5, 45)
    assert contents[0] == contents[1]
    assert contents[0].startswith(b"PK")


async def test_handover_is_recorded_once_when_every_byte_was_sent_in_whatever_pieces(room, inbox):
    delivery = await consigned(room)
    async with inbox.package("ludwigsburg", delivery) as package:
        size = package.parts[0].size
    for start, end, whole in (
        (0, 100, False),
        (200, size, False),
        (50, 150, False),
        (150, 200, True),
        (0, size, False),
    ):
        assert whole == await inbox.record_access("ludwigsburg", delivery, start=start, end=end, size=size)
    assert DeliveryState.HANDED_OVER == room.row(delivery).state
    assert ["submission.accepted", "consignment", "handover"] == room.logged()


async def test_what_was_not_fetched_cannot_be_acknowledged_or_answered(room, inbox):
    delivery = await consigned(room)
    assert [Code.DELIVERY_STATE] == await codes(inbox.acknowledge("ludwigsburg", delivery))
    answer = Answer(id="1", delivery_id=delivery, kind=AnswerKind.ACCEPTED)
    assert [Code.DELIVERY_STATE] == await codes(inbox.answer("ludwigsburg", answer))
    assert ["submission.accepted", "consignment"] == room.logged()


async def test_acknowledging_is_recorded_once_and_takes_the_delivery_off_the_list(room, inbox):
    delivery = await fetched(room, inbox)
    assert [delivery] == await listed(inbox)
    first = await inbox.acknowledge("ludwigsburg", delivery)
    again = await inbox.acknowledge("ludwigsburg", delivery)
    assert first == again
    assert [] == await listed(inbox)
    assert ["submission.accepted", "consignment", "handover", "acknowledgement"] == room.logged()
    assert ["consignment", "handover", "acknowledgement"] == room.told()


async def test_a_reader_that_states_the_right_digest_has_it(room, inbox):
    delivery = await consigned(room)
    async with inbox.package("ludwigsburg", delivery) as package:
        digest = package.parts[0].sha256
    assert [Code.ANSWER_MALFORMED] == await codes(inbox.acknowledge("ludwigsburg", delivery, sha256="0" * 64))
    await inbox.acknowledge("ludwigsburg", delivery, sha256=digest.upper())
    assert ["submission.accepted", "consignment", "handover", "acknowledgement"] == room.logged()


async def test_what_was_sent_of_a_delivery_is_forgotten_once_it_is_acknowledged_by_digest(room, inbox):
    delivery = await consigned(room)
    async with inbox.package("ludwigsburg", delivery) as package:
        part = package.parts[0]
    await inbox.record_access("ludwigsburg", delivery, start=0, end=10, size=part.size)
    await inbox.acknowledge("ludwigsburg", delivery, sha256=part.sha256)
    assert {} == inbox._coverage


async def test_what_was_sent_of_an_erased_dossier_is_forgotten_when_the_next_one_is_fetched(room, inbox):
    erased, kept, fresh = [await consigned(room, number) for number in (1, 2, 3)]
    for delivery in (erased, kept):
        await inbox.record_access("ludwigsburg", delivery, start=0, end=10, size=100)
    with room.journal.transaction() as connection:
        dossiers.erase(connection, room.row(erased).dossier_id, moment=START)
    await inbox.record_access("ludwigsburg", fresh, start=0, end=10, size=100)
    assert [kept, fresh] == list(inbox._coverage)
    assert await inbox.record_access("ludwigsburg", kept, start=10, end=100, size=100)


async def test_the_same_answer_twice_is_one_and_another_under_its_id_is_refused(room, inbox):
    delivery = await fetched(room, inbox)
    answer = Answer(
        id="7", delivery_id=delivery, kind=AnswerKind.DOCUMENTS_REQUESTED, message="Bitte den Pass"
    )
    first = await inbox.answer("ludwigsburg", answer)
    assert first == await inbox.answer("ludwigsburg", answer)
    other = Answer(id="7", delivery_id=delivery, kind=AnswerKind.ACCEPTED)
    assert [Code.ANSWER_MALFORMED] == await codes(inbox.answer("ludwigsburg", other))
    later = Answer(id="8", delivery_id=delivery, kind=AnswerKind.DECIDED, reference="33.2-4711")
    await inbox.answer("ludwigsburg", later)
    assert ["documents.requested", "decision"] == room.told()[-2:]
    with room.journal.reading() as connection:
        assert [answer, later] == [known.answer for known in answers.of_delivery(connection, delivery)]
        bodies = [
            json.loads(row["body"]) for row in connection.execute("SELECT body FROM event ORDER BY seq")
        ]
    assert "Bitte den Pass" == bodies[-2]["answer"]["message"]


async def test_documents_nobody_knows_today_cannot_be_asked_for_and_all_are_named(room, inbox):
    delivery = await fetched(room, inbox)
    asked = Answer(
        id="7",
        delivery_id=delivery,
        kind=AnswerKind.DOCUMENTS_REQUESTED,
        requested_documents=("NOPE", "PASS", "GONE", "COMING"),
    )
    with pytest.raises(Rejected) as refusal:
        await inbox.answer("ludwigsburg", asked)
    findings = refusal.value.findings
    assert {Code.ANSWER_MALFORMED} == {finding.code for finding in findings}
    assert ["NOPE", "GONE", "COMING"] == [finding.got for finding in findings]
    assert all("schemas/rules/document-types.tsv" in finding.expected for finding in findings)
    assert DeliveryState.HANDED_OVER == room.row(delivery).state
    # Nothing was recorded, so the corrected answer may keep its id.
    await inbox.answer("ludwigsburg", replace(asked, requested_documents=("PASS",)))
    assert "documents.requested" == room.logged()[-1]


async def test_an_answer_may_be_repeated_after_its_documents_went_out_of_force(room, inbox):
    delivery = await fetched(room, inbox)
    asked = Answer(
        id="7", delivery_id=delivery, kind=AnswerKind.DOCUMENTS_REQUESTED, requested_documents=("PASS",)
    )
    first = await inbox.answer("ludwigsburg", asked)
    room.proceedings = replace(room.proceedings, document_types=())
    assert first == await room.inbox().answer("ludwigsburg", asked)


async def test_a_package_that_could_not_be_imported_comes_back_after_a_person_resumed_it(room, inbox):
    delivery = await fetched(room, inbox)
    await inbox.acknowledge("ludwigsburg", delivery)
    fault = Answer(id="e1", delivery_id=delivery, kind=AnswerKind.NOT_IMPORTED, message="Datei defekt")
    await inbox.answer("ludwigsburg", fault)
    assert DeliveryState.PARKED == room.row(delivery).state
    with room.journal.transaction() as connection:
        deliveries.resume(connection, delivery, moment=room.time(), deadline_seconds=60)
    await room.courier().round()
    assert [delivery] == await listed(inbox)
    async with inbox.package("ludwigsburg", delivery) as package:
        size = package.parts[0].size
    assert await inbox.record_access("ludwigsburg", delivery, start=0, end=size, size=size)
    await inbox.acknowledge("ludwigsburg", delivery)
    assert [] == await listed(inbox)
    assert 2 == room.logged().count("acknowledgement")


async def test_a_folder_is_not_offered_as_a_download(room, inbox):
    delivery = await consigned(room)
    room.couple("ludwigsburg", IndexFormat.configure({}), room.transport)

    async def opened():
        async with inbox.package("ludwigsburg", delivery):
            pass

    assert [Code.NOT_FOUND] == await codes(opened())


async def test_what_is_still_on_its_way_cannot_be_fetched(room, inbox):
    delivery = room.accept()

    async def opened():
        async with inbox.package("ludwigsburg", delivery):
            pass

    assert [Code.DELIVERY_STATE] == await codes(opened())
    assert [] == await listed(inbox)


async def test_an_authority_reads_the_report_on_what_lies_ready_for_it_and_on_nothing_else(room, inbox):
    mine, others, coming = await consigned(room, 1), await consigned(room, 2, to="weimar"), room.accept(3)
    assert {"indication": "TOTAL-PASSED", "number": 1} == await inbox.report("ludwigsburg", mine)
    assert [Code.NOT_FOUND] == await codes(inbox.report("ludwigsburg", others))
    assert [Code.NOT_FOUND] == await codes(inbox.report("ludwigsburg", "0" * 26))
    assert [Code.DELIVERY_STATE] == await codes(inbox.report("ludwigsburg", coming))


async def test_reading_the_report_is_no_handover_and_goes_on_until_the_dossier_is_erased(room, inbox):
    delivery = await fetched(room, inbox)
    before = room.logged()
    await inbox.acknowledge("ludwigsburg", delivery)
    assert {"indication": "TOTAL-PASSED", "number": 1} == await inbox.report("ludwigsburg", delivery)
    assert [*before, "acknowledgement"] == room.logged()
    with room.journal.transaction() as connection:
        dossiers.erase(connection, room.row(delivery).dossier_id, moment=START)
    assert [Code.NOT_FOUND] == await codes(inbox.report("ludwigsburg", delivery))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=30), st.integers(1, 30))
def test_coverage_is_whole_exactly_when_every_byte_was_sent(pieces, size):
    coverage, sent = Coverage(), set()
    for one, other in pieces:
        start, end = min(one, other, size), min(max(one, other), size)
        coverage.add(start, end)
        sent |= set(range(start, end))
    assert (sent >= set(range(size))) == coverage.whole(size)
