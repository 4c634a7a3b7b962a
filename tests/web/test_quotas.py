# SPDX-License-Identifier: EUPL-1.2
"""No partner takes more than its share of the disk: bytes of its uploads under way, announced or not."""

import asyncio
from dataclasses import replace

import pytest
from apiroom import POST, Api, announced, running_api
from hypothesis import given
from hypothesis import strategies as st
from webroom import CLOSE, PATIENT, Wire

from gateway.codes import Code
from gateway.errors import Rejected, Unavailable
from gateway.policy import MIB, TransferPolicy
from gateway.web.quotas import Uploads

QUOTA = 1_000_000  # bytes; also the largest bundle of ``running_api``
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n"


@pytest.fixture
async def narrow(world, tmp_path):
    """A gateway where one partner's uploads may take together what one bundle may."""
    transfer = replace(PATIENT, max_upload_bytes_per_partner=QUOTA)
    async with running_api(world, tmp_path, transfer=transfer) as api:
        yield api


async def begun(api: Api, head: bytes, body: bytes) -> Wire:
    """An upload that has come as far as ``body`` and takes its time with the rest."""
    wire = await api.open()
    await wire.send(head + b"Expect: 100-continue\r\n" + CLOSE)
    assert b"HTTP/1.1 100 Continue\r\n\r\n" == await wire.head()
    await wire.send(body)
    while not api.intake.reading:
        await asyncio.sleep(0.001)
    return wire


async def test_announced_bytes_above_the_quota_are_refused_before_100_continue_and_pass_once_there_is_room(
    narrow,
):
    slow = await begun(narrow, announced(900_000), b"PK")
    answer = await narrow.ask(announced(100_001) + b"Expect: 100-continue\r\n" + CLOSE)
    assert (429, "upload-quota-exceeded") == (answer.status, answer.code)
    assert int(answer.headers["retry-after"]) > 0
    assert b"100 Continue" not in answer.raw

    small = await narrow.ask(announced(100_000) + CLOSE + b"PK" + bytes(99_998))
    assert 201 == small.status

    assert 201 == (await slow.ask(bytes(899_998))).status
    again = await narrow.ask(announced(100_001) + CLOSE + b"PK" + bytes(99_999))
    assert 201 == again.status


async def test_an_upload_that_breaks_off_gives_its_bytes_back(narrow):
    slow = await begun(narrow, announced(QUOTA), b"PK")
    slow.writer.transport.abort()
    while narrow.server.connections:
        await asyncio.sleep(0.001)
    assert 201 == (await narrow.ask(announced(QUOTA) + CLOSE + b"PK" + bytes(QUOTA - 2))).status


async def test_bytes_of_unknown_number_count_as_they_come(narrow):
    slow = await begun(narrow, announced(900_000), b"PK")
    first, second = b"PK" + bytes(40_000), bytes(70_000)
    wire = await narrow.open()
    await wire.send(CHUNKED + CLOSE)
    for piece in (first, second):
        await wire.send(b"%x\r\n" % len(piece) + piece + b"\r\n")
    got = await wire.rest()
    assert b" 429 " in got.split(b"\r\n")[0]
    assert b"/problems/upload-quota-exceeded" in got
    slow.writer.transport.abort()


async def test_a_disk_that_fills_while_a_body_of_unknown_number_comes_is_507(world, tmp_path):
    room = [1 << 40]
    async with running_api(world, tmp_path, free_bytes=lambda: room[0], max_bundle_bytes=20 * MIB) as api:
        wire = await begun(api, CHUNKED, b"2\r\nPK\r\n")
        room[0] = MIB
        for _ in range(9):
            await wire.send(b"100000\r\n" + bytes(MIB) + b"\r\n")
        got = await wire.rest()
    assert b" 507 " in got.split(b"\r\n")[0]
    assert b"/problems/insufficient-storage" in got
    assert {} == api.intake.dossiers


def uploads(*, free: list[int] | None = None, **policy) -> Uploads:
    room = free if free is not None else [1 << 50]
    return Uploads(TransferPolicy(reserve_bytes=0, **policy), lambda: room[0])


async def pieces(*sizes: int):
    for size in sizes:
        yield bytes(size)


def refused(call) -> Code:
    with pytest.raises((Rejected, Unavailable)) as caught:
        call()
    fault = caught.value
    assert fault.retry_after > 0
    return fault.code if isinstance(fault, Unavailable) else fault.findings[0].code


async def test_what_is_promised_and_not_on_disk_yet_is_no_free_space_for_another():
    free = [100]
    ours = uploads(free=free)
    with ours.take("a", 60, largest=100) as claim:
        assert Code.INSUFFICIENT_STORAGE is refused(lambda: ours.require("b", 41, largest=100))
        ours.require("b", 40, largest=100)
        free[0] = 40  # intake has allocated what was announced
        body = ours.counted(pieces(30, 30), claim)
        await anext(body)
        ours.require("b", 40, largest=100)
        assert Code.INSUFFICIENT_STORAGE is refused(lambda: ours.require("b", 41, largest=100))
        await body.aclose()


async def test_a_body_of_unknown_number_claims_in_steps_and_asks_the_disk_each_time():
    free = [50 * MIB]
    ours = uploads(free=free)
    with ours.take("a", None, largest=50 * MIB) as claim:
        body = ours.counted(pieces(*[MIB] * 50), claim)
        await anext(body)
        assert 8 * MIB == claim.size
        came = 1

        async def rest():
            nonlocal came
            async for _ in body:
                came += 1
                free[0] = (20 - came) * MIB  # what came is on the disk

        with pytest.raises(Unavailable, match="no room"):
            await rest()
        assert 16 == came  # two steps of eight: the third did not fit


async def test_the_reserve_stays_free():
    ours = Uploads(TransferPolicy(reserve_bytes=1000), lambda: 1500)
    ours.require("a", 500, largest=500)
    assert Code.INSUFFICIENT_STORAGE is refused(lambda: ours.require("a", 501, largest=501))


def test_one_partners_share_leaves_the_others_theirs():
    ours = uploads(max_upload_bytes_per_partner=100, max_uploads_per_partner=2)
    with ours.take("a", 60, largest=100), ours.take("a", 40, largest=100):
        assert Code.TOO_MANY_REQUESTS is refused(lambda: ours.require("a", 0, largest=100))
        with ours.take("b", 100, largest=100):
            assert Code.UPLOAD_QUOTA_EXCEEDED is refused(lambda: ours.require("b", 1, largest=100))
    ours.require("a", 100, largest=100)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.integers(0, 300)), max_size=40), st.data())
def test_whatever_comes_and_goes_no_partner_holds_more_than_its_quota(asked, data):
    ours = uploads(max_upload_bytes_per_partner=500, max_uploads_per_partner=4)
    held = []
    for partner, length in asked:
        if held and data.draw(st.booleans()):
            held.pop(data.draw(st.integers(0, len(held) - 1))).__exit__(None, None, None)
        place = ours.take(partner, length, largest=300)
        try:
            place.__enter__()
        except Rejected:
            continue
        held.append(place)
        for one in "abc":
            claims = [claim for claim in ours._claims if claim.partner_id == one]
            assert sum(claim.size for claim in claims) <= 500
            assert len(claims) <= 4
    for place in held:
        place.__exit__(None, None, None)
    assert [] == ours._claims
