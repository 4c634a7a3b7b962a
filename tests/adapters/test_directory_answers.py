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
from gateway.model.delivery import AnswerKind

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
    (first,) = await transport.collect()
    (again,) = await transport.collect()
    assert first == again
    assert (NAME, AnswerKind.ACKNOWLEDGED) == (first.delivery_id, first.kind)
    await transport.settle(first)
    assert () == await transport.collect()
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
    (answer,) = await transport.collect()
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
        (answer,) = await transport.collect()
        assert (AnswerKind.NOT_IMPORTED, "Schema fehlt \ufffd") == (answer.kind, answer.message)
        await transport.settle(answer)
        assert {} == seen(exchange)
        marks.append(answer.id)
    assert 2 == len(set(marks))
    await transport.hand_over(package())
    assert {NAME: CONTENT} == seen(exchange)


async def test_an_unreadable_answer_waits_a_while_and_then_goes_aside_without_blocking_others(
    transport, exchange
):
    bad = exchange / f"{NAME}.x.json"
    bad.write_text('{"id": "2026')
    (exchange / f"{NAME}.done").touch()
    assert [AnswerKind.ACKNOWLEDGED] == [answer.kind for answer in await transport.collect()]
    assert bad.exists()
    old = time.time() - 3600
    os.utime(bad, (old, old))
    await transport.collect()
    assert not bad.exists()
    assert [bad.name] == [f.name for f in (exchange / ".amtsbote" / "unreadable").iterdir()]


@given(data=st.binary(max_size=200))
@settings(max_examples=80, deadline=None)
def test_any_bytes_in_an_answer_file_are_an_answer_or_nothing(data):
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / f"{NAME}.any.json").write_bytes(data)
        assert () == asyncio.run(DirectoryTransport(Path(directory)).collect())


async def test_links_fifos_and_foreign_files_are_not_answers(transport, exchange, tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text('{"id": "1", "kind": "accepted"}')
    (exchange / f"{NAME}.1.json").symlink_to(secret)
    os.mkfifo(exchange / f"{NAME}.2.json")
    (exchange / "notes.txt").write_text("hello")
    (exchange / f"{NAME}.3.json").write_bytes(b"[" * 60_000)
    assert () == await transport.collect()


async def test_settled_answers_do_not_stay_for_ever(transport, exchange):
    (exchange / f"{NAME}.done").touch()
    (answer,) = await transport.collect()
    await transport.settle(answer)
    kept = exchange / ".amtsbote" / "settled" / f"{NAME}.done"
    old = time.time() - 31 * 24 * 3600
    os.utime(kept, (old, old))
    await transport.collect()
    assert not kept.exists()
