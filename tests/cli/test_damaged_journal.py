# SPDX-License-Identifier: EUPL-1.2
"""A damaged or too new journal is found when the gateway starts: by ``serve`` once for all, by the receiver under systemd."""

import contextlib
import os
import shutil
import sqlite3

import pytest

from gateway.errors import JournalDamaged
from gateway.roles.readiness import require_whole_journal
from gateway.service import Service


@pytest.fixture
def site(world, tmp_path):
    return shutil.copytree(world.site, tmp_path / "s")


@pytest.fixture
def damaged(site):
    """A journal that opens, with one page that a disk made noise of."""
    path = site / "state" / "journal.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'answer'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(os.urandom(size))
    return site


@pytest.mark.parametrize("words", [(), ("--role", "receive")])
def test_a_damaged_journal_keeps_the_gateway_and_its_receiver_from_starting(amtsbote, damaged, words):
    done = amtsbote("serve", *words, "--config", damaged / "amtsbote.toml")

    assert (3, "") == (done.code, done.out)
    assert "fails its integrity check" in done.err


def test_a_role_that_opens_the_journal_does_not_read_all_of_it(damaged):
    service = Service.load(damaged / "amtsbote.toml", credentials=None)
    service.journal().close()
    with pytest.raises(JournalDamaged, match="fails its integrity check"):
        require_whole_journal(service)


def test_a_supervised_receiver_does_not_ask_what_its_supervisor_asked(amtsbote, damaged, monkeypatch):
    monkeypatch.setenv("AMTSBOTE_SUPERVISED", "1")
    monkeypatch.setattr(
        "gateway.cli.serve.die_with_parent", lambda: None
    )  # this process is no child of a gateway
    asked = []
    monkeypatch.setattr("gateway.cli.serve.run_role", lambda _service, role: asked.append(role.value))
    done = amtsbote("serve", "--role", "receive", "--config", damaged / "amtsbote.toml")

    assert (0, ["receive"]) == (done.code, asked)


def test_a_journal_of_a_newer_version_is_told_with_the_way_on(amtsbote, site):
    with contextlib.closing(sqlite3.connect(site / "state" / "journal.db")) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('amtsbote', 'm900_new', 'x')"
        )
        connection.commit()
    done = amtsbote("serve", "--config", site / "amtsbote.toml")

    assert 3 == done.code
    assert "the journal was written by a newer version (it has m900_new)" in done.err
    assert "restore the backup from before the change" in done.err
    told = amtsbote("serve", "--config", site / "amtsbote.toml", language="de").err
    assert "von einer neueren Fassung geschrieben" in told
