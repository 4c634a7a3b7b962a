# SPDX-License-Identifier: EUPL-1.2
"""What comes back from recipients: recorded once, refused with a reason, never lost."""

import os

import pytest
from deliveryroom import Room, events_of

from adapters.formats.index import IndexFormat
from adapters.transports.directory import DirectoryTransport
from gateway.codes import Code
from gateway.journal import deliveries
from gateway.model.delivery import Answer, AnswerKind, DeliveryState
from gateway.ports import Flaw, Unreadable


@pytest.fixture
def room(tmp_path):
    room = Room(tmp_path)
    yield room
    room.close()


async def test_answers_are_recorded_once_and_settled_after(room):
    delivery = room.accept()
    courier = room.courier()
    await courier.round()
    room.transport.answers = [
        Answer(id="1", delivery_id=delivery, kind=AnswerKind.ACKNOWLEDGED),
        Answer(id="2", delivery_id=delivery, kind=AnswerKind.DOCUMENTS_REQUESTED, message="Pass fehlt"),
    ]
    await courier.round()
    assert DeliveryState.ANSWERED == room.row(delivery).state
    assert [] == room.transport.answers
    assert ["submission.accepted", "handover", "acknowledgement", "documents.requested"] == room.logged()
    # A crash between record and settle shows an answer again.
    room.transport.answers = [Answer(id="1", delivery_id=delivery, kind=AnswerKind.ACKNOWLEDGED)]
    await courier.round()
    assert [] == room.transport.answers
    assert 4 == len(room.logged())


async def test_an_answer_to_somebody_elses_delivery_is_not_recorded_and_not_lost(room):
    foreign = room.accept(1, to="weimar")
    room.transport.answers = [Answer(id="1", delivery_id=foreign, kind=AnswerKind.ACKNOWLEDGED)]
    courier = room.courier("ludwigsburg")
    await courier.round()
    await courier.round()
    assert 1 == len(room.transport.answers)
    assert ["submission.accepted"] == room.logged()
    assert 1 == [line["event"] for line in events_of(room)].count("answer.refused")


async def test_an_answer_that_cannot_be_settled_keeps_no_other_back_and_is_tried_again(room):
    first, second = room.accept(1), room.accept(2)
    courier = room.courier()
    await courier.round()
    stuck, other = (Answer(id="1", delivery_id=row, kind=AnswerKind.ACKNOWLEDGED) for row in (first, second))
    room.transport.answers, settle = [stuck, other], room.transport.settle

    async def read_only(answer):
        if answer == stuck:
            raise PermissionError("Frau Meier")
        await settle(answer)

    room.transport.settle = read_only
    await courier.round()
    assert 0 == await courier.round(), "what was not settled is no reason to look again at once"
    assert [stuck] == room.transport.answers
    assert DeliveryState.ACKNOWLEDGED == room.row(first).state == room.row(second).state
    assert [("error", first, "1", "PermissionError")] == [
        (line["level"], line["delivery"], line["answer"], line["error"])
        for line in events_of(room)
        if line["event"] == "answer.unsettled"
    ]
    assert "Meier" not in room.lines.getvalue()
    room.transport.settle = settle
    await courier.round()
    assert [] == room.transport.answers
    assert 2 == room.logged().count("acknowledgement")


async def test_an_answer_whose_refusal_fails_keeps_no_other_back(room):
    foreign, own = room.accept(1, to="weimar"), room.accept(2)
    courier = room.courier()
    await courier.round()

    async def failing(_answer, _refusal):
        raise OSError("read-only")

    room.transport.refuse = failing
    refused, other = (Answer(id="1", delivery_id=row, kind=AnswerKind.ACKNOWLEDGED) for row in (foreign, own))
    room.transport.answers = [refused]
    await courier.round()
    room.transport.answers = [refused, other]
    await courier.round()
    assert DeliveryState.ACKNOWLEDGED == room.row(own).state
    assert [refused] == room.transport.answers
    assert "answers.unreachable" not in room.lines.getvalue()


async def test_an_answer_that_asks_for_documents_nobody_knows_is_an_alarm_and_stays_with_the_recipient(room):
    delivery = room.accept()
    courier = room.courier()
    await courier.round()
    asked = Answer(
        id="1", delivery_id=delivery, kind=AnswerKind.DOCUMENTS_REQUESTED, requested_documents=("NOPE",)
    )
    room.transport.answers = [asked]
    await courier.round()
    await courier.round()
    assert [asked] == room.transport.answers
    assert ["submission.accepted", "handover"] == room.logged()
    assert [("1", 1)] == [(answer, len(refusal.german)) for answer, refusal in room.transport.refused]
    german, english = room.transport.refused[0][1].german[0], room.transport.refused[0][1].english[0]
    assert "erwartet: ein Code aus schemas/rules/document-types.tsv" in german
    assert "expected: a code of schemas/rules/document-types.tsv" in english
    assert "NOPE" not in german + english
    assert [("error", "answer-malformed")] == [
        (line["level"], line["code"]) for line in events_of(room) if line["event"] == "answer.refused"
    ]


async def test_an_unreadable_answer_is_an_alarm_once_and_again_when_it_comes_back_or_changes(room):
    delivery = room.accept()
    courier = room.courier()
    await courier.round()
    bad = Unreadable(name="answer-1", reason=Flaw.NOT_JSON)
    worse = Unreadable(name="answer-1", reason=Flaw.NOT_AN_ANSWER)
    room.transport.answers = [Answer(id="1", delivery_id=delivery, kind=AnswerKind.ACKNOWLEDGED)]
    for seen in ([bad], [bad], [worse], [], [bad], [bad]):
        room.transport.unreadable = seen
        await courier.round()
    told = [line for line in events_of(room) if line["event"] == "answer.unreadable"]
    assert [
        ("error", "ludwigsburg", "answer-1", reason) for reason in ("not-json", "not-an-answer", "not-json")
    ] == [(line["level"], line["authority"], line["file"], line["reason"]) for line in told]
    # It keeps no other answer back, and whoever starts the role anew is told anew.
    assert DeliveryState.ACKNOWLEDGED == room.row(delivery).state
    await room.courier().round()
    assert 4 == [line["event"] for line in events_of(room)].count("answer.unreadable")


async def test_a_broken_answer_file_in_a_hot_folder_is_told_without_its_content(room, tmp_path):
    exchange = tmp_path / "exchange"
    exchange.mkdir()
    room.couple("ludwigsburg", IndexFormat.configure({}), DirectoryTransport(exchange))
    delivery = room.accept()
    courier = room.courier()
    await courier.round()
    bad = exchange / f"{delivery}.Meier.json"
    bad.write_text('{"id": "1", "kind": "rejected", "message": "Frau Meier')
    os.utime(bad, (0, 0))
    await courier.round()
    await courier.round()
    (told,) = [line for line in events_of(room) if line["event"] == "answer.unreadable"]
    assert ("error", "ludwigsburg", "not-json") == (told["level"], told["authority"], told["reason"])
    assert "Meier" not in room.lines.getvalue()
    assert told["file"] in (exchange / f"{bad.name}.problem.txt").read_text(encoding="utf-8")
    bad.write_text('{"id": "1", "kind": "rejected"}')
    await courier.round()
    assert "rejection" == room.logged()[-1]


async def test_err_after_an_answer_parks_the_delivery_and_does_not_lie_there_for_ever(room, tmp_path):
    exchange = tmp_path / "exchange"
    exchange.mkdir()
    room.couple("ludwigsburg", IndexFormat.configure({}), DirectoryTransport(exchange))
    delivery = room.accept()
    courier = room.courier()
    await courier.round()
    (exchange / f"{delivery}.1.json").write_text('{"id": "1", "kind": "accepted"}')
    await courier.round()
    assert DeliveryState.ANSWERED == room.row(delivery).state
    (exchange / f"{delivery}.err").write_text("index.xml: line 7")
    await courier.round()
    assert (DeliveryState.PARKED, Code.RECIPIENT_REFUSED) == (
        room.row(delivery).state,
        room.row(delivery).last_code,
    )
    assert ["acceptance", "handover.failed"] == room.logged()[-2:]
    assert [".amtsbote"] == [entry.name for entry in exchange.iterdir()]


async def test_a_package_the_recipient_cannot_import_is_parked_and_sent_again_when_resumed(room):
    delivery = room.accept()
    courier = room.courier()
    await courier.round()
    room.transport.answers = [Answer(id="err-1", delivery_id=delivery, kind=AnswerKind.NOT_IMPORTED)]
    await courier.round()
    assert (DeliveryState.PARKED, Code.RECIPIENT_REFUSED) == (
        room.row(delivery).state,
        room.row(delivery).last_code,
    )
    assert "handover.failed" == room.logged()[-1]
    with room.journal.transaction() as connection:
        deliveries.resume(connection, delivery, moment=room.time(), deadline_seconds=60)
    await courier.round()
    assert [delivery, delivery] == room.transport.attempts
