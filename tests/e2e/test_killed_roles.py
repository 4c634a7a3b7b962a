# SPDX-License-Identifier: EUPL-1.2
"""Every process of the gateway may die at any moment: nothing that a chamber was promised is lost, nothing doubled."""

import asyncio
import os
import signal

import gatewayroom
import pytest
from gatewayload import Load, emptied, until
from gatewayroom import WEIMAR, faults

pytestmark = pytest.mark.slow

KILLED_AT = (0.2, 0.6)  # shares of the load that were accepted by then


@pytest.fixture(scope="module")
def battered(tmp_path_factory):
    with gatewayroom.running(tmp_path_factory.mktemp("gw") / "w") as site:
        yield site


@pytest.mark.parametrize("victim", ["receive", "verify", "publish", "deliver", "refresh"])
async def test_a_role_killed_under_load_is_started_again_and_no_promise_is_broken(battered, tmp_path, victim):
    load = await asyncio.to_thread(Load, battered, tmp_path / "sent", 10)
    before = len(battered.starts(victim))
    async with load:
        for number, share in enumerate(KILLED_AT, 1):
            await load.until(share)
            os.kill(battered.starts(victim)[-1], signal.SIGKILL)
            await until(lambda goal=before + number: len(battered.starts(victim)) >= goal)
    received = await emptied(battered, WEIMAR[1], tmp_path)

    assert load.digests(WEIMAR[0]) == received
    assert [] == faults(battered, load.ledger)


async def test_a_verification_worker_killed_over_a_bundle_costs_nobody_a_dossier(battered, tmp_path):
    load = await asyncio.to_thread(Load, battered, tmp_path / "sent", 10)
    parents = battered.starts("verify")
    async with load:
        for share in KILLED_AT:
            await load.until(share)
            for worker in battered.workers():
                os.kill(worker, signal.SIGKILL)
    received = await emptied(battered, WEIMAR[1], tmp_path)

    assert load.digests(WEIMAR[0]) == received
    assert [] == faults(battered, load.ledger)
    assert parents == battered.starts("verify")
