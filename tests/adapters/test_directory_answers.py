# SPDX-License-Identifier: EUPL-1.2
"""What comes back through the hot folder: read once it can be read, kept until recorded, no trap for us."""

import asyncio
import json
import os
import tempfile
import time
from pathlib import Path

import pytest
from directory_crashes import NAME, PARTS, package
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.transports.directory import DirectoryTransport
from gateway.model.delivery import Answer, AnswerKind
from gateway.ports import Collected, Flaw, Refusal

CONTENT = {name: b"".join(chunks) for name, chunks in PARTS.items()}


@pytest.fixture
def exchange(tmp_path):
    path = tmp_path / "exchange"
    path.mkdir()
    return path


@pytest.fixture
def transport(exchange):
    return DirectoryTransport.configure({"path": str(exchange)})


def seen(exchange: Path) -> dict[str, dict[str, bytes]]:
    """What the authority's system sees."""
    return {
        entry.name: {file.name: file.read_bytes() for file in entry.iterdir()}
        for entry in exchange.iterdir()
        if not entry.name.startswith(".")
    }


async def test_done_means_acknowledged_and_is_given_until_settled(transport, exchange):
    (exchange / f"{NAME}.done").touch()
    (first,) = (await transport.collect()).answers
    (again,) = (await transport.collect()).answers
    assert first == again
    assert (NAME, AnswerKind.ACKNOWLEDGED) == (first.delivery_id, first.kind)
    await transport.settle(first)
    assert Collected() == await transport.collect()
    assert [f"{NAME}.done"] == [f.name for f in (exchange / ".amtsbote" / "settled").iterdir()]


async def test_an_answer_file_says_what_the_authority_wants(transport, exchange):
    said = {
        "id": "2026-17",
        "kind": "documents-requested",
        "message": "Bitte den Pass vollständig",
        "reference": "33.2-4711",
        "requested_documents": ["PASSPORT"],
    }
    (exchange / f"{NAME}.2026-17.json").write_text(json.dumps(said), encoding="utf-8")
    (answer,) = (await transport.collect()).answers
    assert (said["id"], said["message"], said["reference"], ("PASSPORT",)) == (
        answer.id,
        answer.message,
        answer.reference,
        answer.requested_documents,
    )


async def test_after_err_the_package_can_be_placed_anew_and_fail_anew(transport, exchange):
    marks = []
    for number in (1, 2):
        await transport.hand_over(package())
        (exchange / f"{NAME}.err").write_bytes(b"Schema fehlt \xff")
        os.utime(exchange / f"{NAME}.err", ns=(number, number))
        (answer,) = (await transport.collect()).answers
        assert (AnswerKind.NOT_IMPORTED, "Schema fehlt \ufffd") == (answer.kind, answer.message)
        await transport.settle(answer)
        assert {} == seen(exchange)
        marks.append(answer.id)
    assert 2 == len(set(marks))
    await transport.hand_over(package())
    assert {NAME: CONTENT} == seen(exchange)


def grown_old(path: Path, seconds: float = 3600) -> Path:
    moment = time.time() - seconds
    os.utime(path, (moment, moment), follow_symlinks=False)
    return path


def note_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.problem.txt")


async def test_an_unreadable_answer_is_left_alone_while_it_may_be_half_written(transport, exchange):
    bad = exchange / f"{NAME}.x.json"
    bad.write_text('{"id": "2026')
    (exchange / f"{NAME}.done").touch()
    collected = await transport.collect()
    assert [AnswerKind.ACKNOWLEDGED] == [answer.kind for answer in collected.answers]
    assert () == collected.unreadable
    assert not note_of(bad).exists()


@pytest.mark.parametrize(
    ("content", "reason", "place"),
    [
        (b'{"id": "2026', Flaw.NOT_JSON, "line 1, column 8"),
        (b"\xff\xfe\xfa", Flaw.NOT_JSON, ""),
        (b"[" * 60_000, Flaw.NOT_JSON, ""),
        (b'{"id": "1", "kind": "no"}', Flaw.NOT_AN_ANSWER, f"{NAME}.Meier.json/kind: "),
        (b" " * 70_000, Flaw.TOO_LARGE, "65536 bytes"),
    ],
)
async def test_an_unreadable_answer_stays_is_reported_at_each_look_and_explained_beside_it(
    transport, exchange, content, reason, place
):
    bad = exchange / f"{NAME}.Meier.json"
    bad.write_bytes(content)
    # Also after the time in which what is settled is purged.
    grown_old(bad, seconds=365 * 24 * 3600)
    (exchange / f"{NAME}.done").touch()
    collected = await transport.collect()
    assert collected == await transport.collect()
    assert [AnswerKind.ACKNOWLEDGED] == [answer.kind for answer in collected.answers]
    assert [reason] == [item.reason for item in collected.unreadable]
    # The word in a file's name is the authority's and may be a person's name: it does not go into log lines.
    mark = collected.unreadable[0].name
    assert "Meier" not in mark
    assert content == bad.read_bytes()
    note = note_of(bad).read_text(encoding="utf-8")
    assert [True] * 5 == [part in note for part in (mark, bad.name, "Grund: ", "Reason: ", place)]


async def test_a_corrected_answer_is_taken_and_its_note_goes(transport, exchange):
    bad = exchange / f"{NAME}.1.json"
    bad.write_text("{")
    grown_old(bad)
    assert 1 == len((await transport.collect()).unreadable)
    bad.write_text('{"id": "1", "kind": "rejected"}')
    collected = await transport.collect()
    assert [AnswerKind.REJECTED] == [answer.kind for answer in collected.answers]
    assert () == collected.unreadable
    assert not note_of(bad).exists()


async def test_the_note_of_a_removed_answer_goes_and_other_peoples_files_stay(transport, exchange):
    bad = exchange / f"{NAME}.1.json"
    bad.write_text("{")
    grown_old(bad)
    foreign = exchange / "mine.problem.txt"
    foreign.write_text("not yours")
    await transport.collect()
    bad.unlink()
    assert Collected() == await transport.collect()
    assert [foreign] == [entry for entry in exchange.iterdir() if not entry.name.startswith(".")]


async def test_a_note_is_never_written_through_a_link(transport, exchange, tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    bad = exchange / f"{NAME}.1.json"
    bad.write_text("{")
    grown_old(bad)
    note_of(bad).symlink_to(outside)
    assert 1 == len((await transport.collect()).unreadable)
    assert "mine" == outside.read_text()
    assert not note_of(bad).is_symlink()


async def test_a_note_that_cannot_be_written_does_not_keep_the_report_back(transport, exchange):
    bad = exchange / f"{NAME}.1.json"
    bad.write_text("{")
    grown_old(bad)
    note_of(bad).mkdir()
    assert [Flaw.NOT_JSON] == [item.reason for item in (await transport.collect()).unreadable]


async def test_an_unreadable_answer_from_the_future_is_reported(transport, exchange):
    bad = exchange / f"{NAME}.1.json"
    bad.write_text("{")
    grown_old(bad, seconds=-24 * 3600)
    assert 1 == len((await transport.collect()).unreadable)


async def test_an_answer_that_is_no_regular_file_is_reported_and_holds_no_descriptor(transport, exchange):
    os.mkfifo(exchange / f"{NAME}.1.json")
    (exchange / f"{NAME}.2.json").symlink_to("/etc/hostname")
    (exchange / f"{NAME}.done").mkdir()
    for entry in exchange.iterdir():
        grown_old(entry)
    first = await transport.collect()
    assert [Flaw.NOT_ACCESSIBLE] * 3 == [item.reason for item in first.unreadable]
    held = len(list(Path("/proc/self/fd").iterdir()))
    assert first == await transport.collect()
    assert held == len(list(Path("/proc/self/fd").iterdir()))


async def test_err_with_a_long_report_is_still_not_imported(transport, exchange):
    (exchange / f"{NAME}.err").write_bytes(b"at line 1\n" * 20_000)
    (answer,) = (await transport.collect()).answers
    assert AnswerKind.NOT_IMPORTED == answer.kind


@given(data=st.binary(max_size=200))
@settings(max_examples=80, deadline=None)
def test_any_bytes_in_an_answer_file_are_an_answer_or_nothing(data):
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / f"{NAME}.any.json").write_bytes(data)
        assert Collected() == asyncio.run(DirectoryTransport(Path(directory)).collect())


async def test_links_fifos_and_foreign_files_are_not_answers(transport, exchange, tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text('{"id": "1", "kind": "accepted"}')
    (exchange / f"{NAME}.1.json").symlink_to(secret)
    os.mkfifo(exchange / f"{NAME}.2.json")
    (exchange / "notes.txt").write_text("hello")
    (exchange / f"{NAME}.3.json").write_bytes(b"[" * 60_000)
    assert Collected() == await transport.collect()


async def test_settled_answers_do_not_stay_for_ever(transport, exchange):
    (exchange / f"{NAME}.done").touch()
    (answer,) = (await transport.collect()).answers
    await transport.settle(answer)
    kept = exchange / ".amtsbote" / "settled" / f"{NAME}.done"
    old = time.time() - 31 * 24 * 3600
    os.utime(kept, (old, old))
    await transport.collect()
    assert not kept.exists()


REFUSAL = Refusal(german=("Der Code gilt heute nicht.",), english=("The code is not valid today.",))


async def test_a_refused_answer_gets_a_note_that_goes_when_it_is_mended(transport, exchange):
    file = exchange / "01JDTEST.1.json"
    file.write_text(json.dumps({"id": "1", "kind": "accepted"}), encoding="utf-8")
    (answer,) = (await transport.collect()).answers
    await transport.refuse(answer, REFUSAL)
    again = await transport.collect()
    told = note_of(file).read_text(encoding="utf-8")

    assert ((answer,), ()) == (again.answers, again.unreadable)
    assert "Der Code gilt heute nicht." in told
    assert "The code is not valid today." in told
    assert "DIESE ANTWORT IST NICHT ANGEKOMMEN" in told

    file.write_text(json.dumps({"id": "1", "kind": "rejected"}), encoding="utf-8")
    await transport.collect()

    assert not note_of(file).exists()


async def test_the_note_of_a_refused_answer_goes_with_the_answer(transport, exchange):
    file = exchange / "01JDTEST.1.json"
    file.write_text(json.dumps({"id": "1", "kind": "accepted"}), encoding="utf-8")
    (answer,) = (await transport.collect()).answers
    await transport.refuse(answer, REFUSAL)
    await transport.collect()
    file.unlink()
    after = await transport.collect()

    assert ((), ()) == (after.answers, after.unreadable)
    assert [] == list(exchange.glob("*.txt"))


async def test_an_answer_that_is_taken_after_all_leaves_no_note(transport, exchange):
    file = exchange / "01JDTEST.done"
    file.touch()
    (answer,) = (await transport.collect()).answers
    await transport.refuse(answer, REFUSAL)
    await transport.collect()
    await transport.settle(answer)
    await transport.collect()

    assert [] == [path.name for path in exchange.iterdir() if not path.name.startswith(".")]


async def test_refusing_what_was_never_collected_does_nothing(transport, exchange):
    await transport.refuse(Answer(id="9", delivery_id="01JDNONE", kind=AnswerKind.ACCEPTED), REFUSAL)
    await transport.collect()

    assert [] == list(exchange.glob("*.txt"))
