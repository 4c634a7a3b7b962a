# SPDX-License-Identifier: EUPL-1.2
"""A ring is heard, a lost ring costs only patience, and nobody fails because nobody listens."""

import asyncio

import pytest

from gateway.doorbell import Doorbell, Role, ring


@pytest.fixture
async def bells(tmp_path):
    made = [Doorbell(tmp_path, role) for role in (Role.PUBLISH, Role.RECEIVE)]
    for bell in made:
        await bell.listen()
    yield made
    for bell in made:
        bell.close()


async def test_a_ring_wakes_the_one_it_is_for(bells):
    publish, receive = bells
    seen, other = publish.count, receive.count
    receive.ring(Role.PUBLISH)

    assert await publish.wait(30, seen=seen) > seen
    assert other == receive.count


async def test_a_ring_between_look_and_wait_is_not_missed(bells):
    publish, receive = bells
    seen = publish.count
    receive.ring(Role.PUBLISH)
    while publish.count == seen:
        await asyncio.sleep(0)

    assert await publish.wait(30, seen=seen) > seen


async def test_without_a_ring_patience_ends_the_wait(bells):
    publish, _ = bells
    seen = publish.count

    assert seen == await publish.wait(0.01, seen=seen)


async def test_everybody_who_waits_is_woken(bells):
    publish, receive = bells
    seen = publish.count
    waiting = [asyncio.create_task(publish.wait(30, seen=seen)) for _ in range(20)]
    await asyncio.sleep(0)
    receive.ring(Role.PUBLISH)

    assert all(count > seen for count in await asyncio.gather(*waiting))


async def test_a_thousand_rings_are_no_error_and_are_heard(bells):
    publish, receive = bells
    seen = publish.count
    for _ in range(1000):
        receive.ring(Role.PUBLISH)

    assert await publish.wait(30, seen=seen) > seen


async def test_ringing_where_nobody_listens_is_no_error(tmp_path):
    ring(tmp_path, Role.DELIVER)
    ring(tmp_path / "absent", Role.DELIVER)


async def test_a_bell_replaces_what_a_dead_predecessor_left(tmp_path):
    first = Doorbell(tmp_path, Role.DELIVER)
    await first.listen()
    second = Doorbell(tmp_path, Role.DELIVER)
    await second.listen()
    seen = second.count
    ring(tmp_path, Role.DELIVER)

    assert await second.wait(30, seen=seen) > seen
    second.close()
    first.close()


async def test_a_role_that_ends_slowly_leaves_its_successor_the_bell(tmp_path):
    slow, successor = Doorbell(tmp_path, Role.PUBLISH), Doorbell(tmp_path, Role.PUBLISH)
    await slow.listen()
    await successor.listen()
    slow.close()

    assert (tmp_path / "publish/bell").is_socket()
    successor.close()
    assert not (tmp_path / "publish/bell").exists()
