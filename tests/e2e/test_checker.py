# SPDX-License-Identifier: EUPL-1.2
"""The checker finds what it is there to find: each promise is broken once, in a copy of a good directory."""

import shutil
import sqlite3

import pytest
from gatewayload import Load, emptied
from gatewayroom import WEIMAR, faults

ACCEPTED = "(SELECT id FROM dossier WHERE status = 'accepted' LIMIT 1)"


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """Somewhere to put a copy of a directory in use, its ledger beside it."""
    return {"home": tmp_path_factory.mktemp("used"), "ledger": []}


@pytest.fixture
async def copy(gateway, used, tmp_path):
    """A copy of the gateway's directory after some work, taken once nothing is under way."""
    if not used["ledger"]:
        load = Load(gateway, used["home"] / "sent", 2)
        async with load:
            pass
        await emptied(gateway, WEIMAR[1], tmp_path)
        used["ledger"] = load.ledger
        used["folder"] = gateway.world.hot_folder
        source = sqlite3.connect(gateway.journal)
        shutil.copytree(
            gateway.world.site, used["home"] / "site", ignore=shutil.ignore_patterns("journal.db*", "run")
        )
        with sqlite3.connect(used["home"] / "site/state/journal.db") as target:
            source.backup(target)
        source.close()
    shutil.copytree(used["home"] / "site", tmp_path / "site")
    return tmp_path / "site"


def sql(statement: str):
    def change(site, _used):
        with sqlite3.connect(site / "state/journal.db") as journal:
            journal.execute(statement)
        journal.close()

    return change


def flipped(pattern: str):
    def change(site, _used):
        for path in (path for path in site.glob(pattern) if path.is_file()):
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)

    return change


def a_spool_file_less(site, _used):
    next((site / "state/spool").iterdir()).unlink()


def a_part_left(site, _used):
    (site / "state/spool/0123.part").touch()


def another_promise(_site, used):
    used["ledger"][0] = {**used["ledger"][0], "dossier_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}


def other_bytes_promised(_site, used):
    used["ledger"][0] = {**used["ledger"][0], "sha256": "00" * 32}


def a_forged_receipt(_site, used):
    receipt = used["ledger"][0]["receipt"]
    evidence = {**receipt["evidence"], "submission_time": "2020-01-01T00:00:00Z"}
    used["ledger"][0] = {**used["ledger"][0], "receipt": {**receipt, "evidence": evidence}}


BREACHES = {
    "dossier lost": (sql(f"DELETE FROM dossier WHERE id = {ACCEPTED}"), "that is not there"),
    "promise lost": (another_promise, "is lost"),
    "other bytes": (other_bytes_promised, "another one"),
    "forged receipt": (a_forged_receipt, "does not fit its entry"),
    "receipt missing": (sql("UPDATE log_entry SET receipt = NULL WHERE idx = 2"), "has no receipt"),
    "evidence changed": (sql("UPDATE log_entry SET evidence = x'7b7d' WHERE idx = 2"), "commitment"),
    "entry missing": (sql("DELETE FROM log_entry WHERE idx = 2"), "there is a gap"),
    "entry changed": (
        sql("UPDATE log_entry SET entry = cast(entry || ' ' AS BLOB) WHERE idx = 2"),
        "another root",
    ),
    "entry unpublished": (
        sql("DELETE FROM checkpoint WHERE size = (SELECT max(size) FROM checkpoint)"),
        "not the newest checkpoint",
    ),
    "logged twice": (
        sql(f"UPDATE log_entry SET event = 'submission.accepted' WHERE dossier_id = {ACCEPTED}"),
        "expected one submission.accepted",
    ),
    "not recognised again": (sql("DELETE FROM dedupe WHERE scope = 'content'"), "would not be recognised"),
    "accepted twice": (
        sql("UPDATE dossier SET content_digest = 'a' WHERE status = 'accepted'"),
        "was accepted",
    ),
    "delivery missing": (sql("DELETE FROM delivery WHERE authority LIKE 'landrat%'"), "has 0 deliveries"),
    "delivery stuck": (sql("UPDATE delivery SET state = 'waiting'"), "is still waiting"),
    "delivery never placed": (
        sql("UPDATE delivery SET state = 'parked'"),
        "is parked and the log does not say so",
    ),
    "told twice": (
        sql(
            "INSERT INTO event (chamber, dossier_id, type, at, entry_idx) SELECT chamber, dossier_id, type, at, 2 FROM event"
        ),
        "is told",
    ),
    "tile changed": (flipped("state/log/tile/0/*/*"), "tile 0/"),
    "checkpoint changed": (flipped("state/log/checkpoint"), "public checkpoint"),
    "guard changed": (flipped("guard/log.guard"), "guard"),
    "bundle changed": (flipped("state/spool/*"), "cannot be read"),
    "bundle missing": (a_spool_file_less, "cannot be read"),
    "part left": (a_part_left, "was left behind"),
}


async def test_a_good_directory_has_no_fault(gateway, copy, used):
    assert [] == faults(gateway, used["ledger"], directory=copy)


@pytest.mark.parametrize("breach", BREACHES)
async def test_the_checker_finds(gateway, copy, used, breach):
    break_it, expected = BREACHES[breach]
    used = {**used, "ledger": list(used["ledger"])}
    break_it(copy, used)
    found = faults(gateway, used["ledger"], directory=copy)

    assert expected in "\n".join(found)


async def test_the_checker_finds_a_delivery_that_came_twice_into_a_folder(gateway, copy, used):
    double = used["folder"] / "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    double.mkdir()
    found = faults(gateway, used["ledger"], directory=copy)
    double.rmdir()

    assert [
        "landratsamt-ludwigsburg: a folder 01ARZ3NDEKTSV4RRFFQ69G5FAV that belongs to no delivery"
    ] == found
