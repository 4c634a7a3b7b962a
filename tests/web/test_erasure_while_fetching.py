# SPDX-License-Identifier: EUPL-1.2
"""A dossier is erased while its authority fetches it: nothing goes out any more, and nobody has a part for the whole."""

import asyncio
from random import Random

import pytest
from apiroom import request_bytes, running_api
from deliveryroom import Room
from webroom import Answer

from adapters.formats.asice import AsiceFormat
from adapters.transports.inbox import InboxTransport
from gateway.retention import ErasureReason, Retention

MANY = 24_000_000  # bytes; more than the kernel keeps between two ends of a connection


@pytest.fixture
def room(tmp_path):
    (tmp_path / "room").mkdir()
    room = Room(tmp_path / "room")
    room.couple("weimar", AsiceFormat(), InboxTransport())
    yield room
    room.close()


def erase(room: Room, delivery: str) -> None:
    retention = Retention(
        journal=room.journal,
        spool=room.spool,
        issuer={"id": "amtsbote.test"},
        clock=room.time,
        entropy=room.entropy,
        keep_delivered=None,
        keep_undelivered=None,
    )
    assert retention.erase(room.row(delivery).dossier_id, ErasureReason.REQUEST)


async def consigned(room: Room, size: int) -> str:
    delivery = room.accept(to="weimar", files={"dossier.xml": b"<x/>", "a.pdf": Random(1).randbytes(size)})
    await room.courier("weimar").round()
    return delivery


@pytest.mark.parametrize(("headers", "status"), [((), 200), (("Range: bytes=10-",), 206)])
async def test_a_download_is_cut_where_it_stands_and_cannot_be_gone_on_with(
    world, tmp_path, room, headers, status
):
    delivery = await consigned(room, MANY)
    path = f"/v1/inbox/{delivery}/package"
    async with running_api(world, tmp_path, inbox=room.inbox()) as api:
        wire = await api.open(world.authority)
        await wire.send(request_bytes("GET", path, *headers))
        head = Answer(await wire.head())
        assert status == head.status
        await asyncio.to_thread(erase, room, delivery)  # nobody reads: the rest still lies with the gateway
        got = await wire.rest()
        assert len(got) < int(head.headers["content-length"])

        again = await api.get(path, world.authority, "Range: bytes=100-")
        assert (404, "not-found") == (again.status, again.code)
        assert ["answer-broken-off"] == [line["event"] for line in api.lines if line["level"] != "info"]
    assert "handover" not in room.logged()


async def test_a_download_that_was_whole_before_the_erasure_stays_whole(world, tmp_path, room):
    delivery = await consigned(room, 1000)
    inbox, path = room.inbox(), f"/v1/inbox/{delivery}/package"
    record = inbox.record_access

    async def erased_just_before(*arguments, **named):
        await asyncio.to_thread(erase, room, delivery)
        return await record(*arguments, **named)

    inbox.record_access = erased_just_before
    async with running_api(world, tmp_path, inbox=inbox) as api:
        answer = await api.get(path, world.authority)
        assert (200, int(answer.headers["content-length"])) == (answer.status, len(answer.body))
        assert [] == [line for line in api.lines if line["level"] != "info"]


async def test_a_package_that_is_erased_while_it_is_opened_is_not_found(world, tmp_path, room):
    delivery = await consigned(room, 1000)
    inbox = room.inbox()
    opened = room.consignments.opened

    class Late:
        """Consignments, asked just after an erasure."""

        def opened(self, row, coupling):
            erase(room, delivery)
            return opened(row, coupling)

    inbox._consignments = Late()
    async with running_api(world, tmp_path, inbox=inbox) as api:
        answer = await api.get(f"/v1/inbox/{delivery}/package", world.authority)
    assert (404, "not-found") == (answer.status, answer.code)
