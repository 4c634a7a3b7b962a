# SPDX-License-Identifier: EUPL-1.2
"""A gateway is stopped, unplugged and started again on the directory it left: it goes on where it was."""

import asyncio
import os
import signal
from pathlib import Path

import gatewayroom
import pytest
from gatewayload import Load, emptied, until
from gatewayroom import WEIMAR, example, faults, seal

pytestmark = pytest.mark.slow

ROLES = ("receive", "verify", "publish", "deliver", "refresh")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with gatewayroom.running(tmp_path_factory.mktemp("gw") / "w") as running:
        yield running


async def test_sigterm_under_load_drains_and_the_next_start_goes_on(site, tmp_path):
    load = await asyncio.to_thread(Load, site, tmp_path / "sent", 10)
    async with load:
        await load.until(0.3)
        status = await asyncio.to_thread(site.stop)
        ends = [event["detail"] for event in site.events() if event["event"] == "role-stopped"]
        promised = {line["dossier_id"] for line in load.ledger}
        recorded = {row[0] for row in site.rows("SELECT id FROM dossier WHERE status = 'accepted'")}
        unpublished = site.rows(
            "SELECT (SELECT max(idx) + 1 FROM log_entry) - (SELECT max(size) FROM checkpoint)"
        )
        unfinished = [path.name for path in (site.world.site / "state/spool").glob("*.part")]
        await asyncio.to_thread(site.start)
    received = await emptied(site, WEIMAR[1], tmp_path)

    assert (0, ["status 0"] * 5) == (status, ends)
    assert (set(), [(0,)], []) == (promised - recorded, unpublished, unfinished)
    assert load.digests(WEIMAR[0]) == received
    assert [] == faults(site, load.ledger)


async def test_pulling_the_plug_under_load_breaks_no_promise(site, tmp_path):
    load = await asyncio.to_thread(Load, site, tmp_path / "sent", 10)
    async with load:
        await load.until(0.3)
        await asyncio.to_thread(site.kill)
        await asyncio.to_thread(site.start)
    received = await emptied(site, WEIMAR[1], tmp_path)

    assert load.digests(WEIMAR[0]) == received
    assert [] == faults(site, load.ledger)


async def test_roles_end_with_a_supervisor_that_is_killed_and_make_room_for_the_next(site, tmp_path):
    family = [*(site.starts(role)[-1] for role in ROLES), *site.workers()]
    os.kill(site.process.pid, signal.SIGKILL)
    await asyncio.to_thread(site.process.wait)
    await asyncio.to_thread(site.start)  # at once, as a service manager would
    await until(lambda: not any(is_alive(pid) for pid in family))
    async with Load(site, tmp_path / "sent", 2) as load:
        pass
    received = await emptied(site, WEIMAR[1], tmp_path)

    assert load.digests(WEIMAR[0]) == received
    assert [] == faults(site, load.ledger)


async def test_after_a_restart_receipts_events_and_inbox_are_what_they_were(site, tmp_path):
    bundle = seal(site.world, example(WEIMAR[0], "DAVOR-1"), tmp_path / "1.asice")
    async with site.client(WEIMAR[0]) as chamber:
        before = await chamber.submit(bundle)
        await asyncio.to_thread(site.settle)
        events = (await chamber.events(limit=200)).events
    stopped = await asyncio.to_thread(site.stop)
    await asyncio.to_thread(site.start)
    async with site.client(WEIMAR[0]) as chamber:
        after = await chamber.submit(bundle)
        again = (await chamber.events(limit=200)).events
    async with site.client(WEIMAR[1]) as authority:
        waiting = [item["dossier_id"] for item in await authority.inbox(limit=200)]
    await emptied(site, WEIMAR[1], tmp_path)  # for the tests after this one

    assert 0 == stopped
    assert (True, before.dossier_id, before.receipt) == (after.repeated, after.dossier_id, after.receipt)
    assert events == again
    assert before.dossier_id in waiting


def is_alive(pid: int) -> bool:
    """Does the process run? A zombie that nobody waits for does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
