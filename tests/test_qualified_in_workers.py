# SPDX-License-Identifier: EUPL-1.2
"""A gateway with trusted lists: its confined workers name qualified seals, and new lists reach the next bundle."""

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import gatewayroom
import pytest
from listroom import qc_extension, union
from listxml import WITHDRAWN, Entry
from trustroom import issue, usage
from workerroom import PlainWrap

from gateway.confinement import WorkerLimits
from gateway.demo.bundles import seal_bundle
from gateway.model.examination import Examination
from gateway.spool import Spool
from gateway.workers import RemoteExaminer

DAY = timedelta(days=1)


def write_list(site: gatewayroom.Site, name: str, data: bytes) -> None:
    """As an operator does it: whole or not at all."""
    part = site.world.site / f"lists/.{name}.part"
    part.write_bytes(data)
    part.rename(site.world.site / f"lists/{name}")


def german_list(site: gatewayroom.Site, sequence: int, *entries: Entry) -> bytes:
    """Lists the CA of the demonstration's seals."""
    now = datetime.now(UTC)
    service = union().service(*entries, ca=site.world.seal_ca.identity)
    return union().national(service, sequence=sequence, issued=now - DAY, next_update=now + 90 * DAY)


@pytest.fixture
def site(tmp_path):
    """A gateway that asks for qualified seals, and whose verify role runs."""
    site, now = gatewayroom.Site.founded(tmp_path / "w"), datetime.now(UTC)
    home = site.world.site
    for name in ("lists", "anchors/lotl"):
        (home / name).mkdir()
    write_list(site, "eu.xml", union().lotl(issued=now - DAY, next_update=now + 90 * DAY))
    write_list(site, "de.xml", german_list(site, 5, Entry()))
    (home / "anchors/lotl/oj.pem").write_bytes(union().union.certificate_pem)
    text = site.world.config.read_text().replace('#lists = ""', 'lists = "lists"')
    site.world.config.write_text(text.replace("#require_qualified = false", "require_qualified = true"))
    command = [
        sys.executable,
        "-m",
        "gateway",
        "serve",
        "--role",
        "verify",
        "--config",
        str(site.world.config),
    ]
    with site.log.open("wb") as log, subprocess.Popen(command, stdout=log) as process:
        socket = home / "state/run/verify/sock"
        gatewayroom.eventually(lambda: socket.exists() or process.poll() is not None, "a verify role")
        yield site
        process.terminate()


def examined(site: gatewayroom.Site, data: bytes, folder: Path) -> Examination:
    """What a confined worker says."""
    examiner = RemoteExaminer(path=site.world.site / "state/run/verify/sock", limits=WorkerLimits())
    folder.mkdir(exist_ok=True)
    spool = Spool(folder, PlainWrap(), os.urandom)
    writer = spool.writer(len(data))
    writer.write(data)
    file = writer.commit()
    descriptor = spool.open_descriptor(file.name)
    try:
        key = spool.unwrap(file.name, file.wrapped_key)
        return asyncio.run(examiner.examine(descriptor, key, moment=datetime.now(UTC)))
    finally:
        os.close(descriptor)


def lists_read(site: gatewayroom.Site) -> list[tuple[int, int]]:
    """What the role told each time it had read lists: how many are believed, and how many faults there are."""
    lines = [json.loads(line) for line in site.log.read_text().splitlines() if line.startswith("{")]
    return [(line["believed"], line["faults"]) for line in lines if line["event"] == "trusted-lists.read"]


def status(examination: Examination) -> tuple[str, list[str]]:
    [signature] = examination.report["signatures"]
    codes = [
        finding.code.value for finding in examination.findings if finding.severity in {"error", "unknown"}
    ]
    return signature["qualification"]["status"], codes


def test_new_lists_reach_the_next_bundle_and_old_ones_do_not_come_back(site, tmp_path):
    seal = issue(
        site.world.seal_ca.identity,
        key_usage=usage("content_commitment"),
        extensions=[qc_extension()],
        not_before=gatewayroom.SINCE,
    )
    now = datetime.now(UTC).replace(microsecond=0)
    bundle = seal_bundle(gatewayroom.example(gatewayroom.WEIMAR[0], "LISTE"), seal, now)

    def becomes(expected: str, *codes: str) -> None:
        """Workers that were idle before the change may take one more bundle."""
        wanted = (expected, list(codes))
        gatewayroom.eventually(lambda: status(examined(site, bundle, tmp_path / "spool")) == wanted, expected)

    becomes("qeseal")
    write_list(site, "de.xml", german_list(site, 6, Entry(status=WITHDRAWN, start=now - DAY), Entry()))
    becomes("not-qualified", "not-qualified")
    write_list(site, "de.xml", german_list(site, 5, Entry()))
    becomes("unknown", "trusted-list-invalid")
    write_list(site, "de.xml", german_list(site, 7, Entry()))
    becomes("qeseal")
    assert [(1, 0), (1, 0), (0, 1), (1, 0)] == lists_read(site)
