# SPDX-License-Identifier: EUPL-1.2
"""The operator's procedure from SECURITY.md, played against a real gateway: back up, lose the disk, restore, go on."""

import asyncio
import shutil
import subprocess
import sys

import gatewayroom
import pytest
from gatewayroom import WEIMAR, example, faults, seal

from gateway.config import read_config

pytestmark = pytest.mark.slow


@pytest.fixture
def site(tmp_path):
    site = gatewayroom.Site.founded(tmp_path / "w")
    yield site
    site.kill()


def amtsbote(site, *words) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "gateway", "--language", "en", *map(str, words)]
    return subprocess.run(
        [*command, "--config", site.world.config], capture_output=True, text=True, check=False, timeout=120
    )


def lose_the_disk(site) -> None:
    """Journal, spool and log are gone; directories, configuration, keys and the guard file are there."""
    config = read_config(site.world.config)
    for path in (*config.spool_directory.iterdir(), *config.log_directory.iterdir()):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in config.journal.parent.glob("journal.db*"):
        path.unlink()


async def test_a_gateway_whose_disk_was_lost_goes_on_from_its_newest_backup_and_from_no_older_one(
    site, tmp_path
):
    await asyncio.to_thread(site.start)
    bundles = [seal(site.world, example(WEIMAR[0], f"S-{n}"), tmp_path / f"{n}.asice") for n in range(3)]
    async with site.client(WEIMAR[0]) as chamber:
        first = await chamber.submit(bundles[0])
        early = await asyncio.to_thread(amtsbote, site, "backup", tmp_path / "early")
        second = await chamber.submit(bundles[1])
        await asyncio.to_thread(site.settle)
        late = await asyncio.to_thread(amtsbote, site, "backup", tmp_path / "late")
    assert [(0, ""), (0, "")] == [(done.returncode, done.stderr) for done in (early, late)]
    await asyncio.to_thread(site.stop)
    lose_the_disk(site)

    lost = amtsbote(site, "serve")
    old = amtsbote(site, "restore", tmp_path / "early")
    assert 3 == lost.returncode
    assert "no journal at" in lost.stderr
    assert 3 == old.returncode
    assert "the guard file has" in old.stderr
    assert "SECURITY.md says how a new gateway takes over" in old.stderr

    new = amtsbote(site, "restore", tmp_path / "late")
    assert (0, "") == (new.returncode, new.stderr)
    await asyncio.to_thread(site.start)
    async with site.client(WEIMAR[0]) as chamber:
        again = [await chamber.submit(bundle) for bundle in bundles]
    assert [first.receipt, second.receipt] == [submission.receipt for submission in again[:2]]
    assert [True, True, False] == [submission.repeated for submission in again]
    async with site.client(WEIMAR[1]) as authority:
        waiting = {item["dossier_id"] for item in await authority.inbox(limit=200)}
    assert {first.dossier_id, second.dossier_id} <= waiting
    await asyncio.to_thread(site.settle)
    assert [] == faults(site)


def test_a_second_restore_and_a_second_backup_overwrite_nothing(site, tmp_path):
    assert 0 == amtsbote(site, "backup", tmp_path / "one").returncode
    for done in (amtsbote(site, "backup", tmp_path / "one"), amtsbote(site, "restore", tmp_path / "one")):
        assert 3 == done.returncode
        assert "is there already; nothing is overwritten" in done.stderr
    lose_the_disk(site)
    assert 2 == amtsbote(site, "restore", tmp_path / "nowhere").returncode
