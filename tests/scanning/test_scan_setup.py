# SPDX-License-Identifier: EUPL-1.2
"""What the operator is told to set is what makes the scanner fit for service, with the limits that hold by default."""

import asyncio
import random
import re
from datetime import timedelta
from pathlib import Path

import pytest
from clamroom import Lines, needs_clamd, real_clamd, receiver_of

from gateway.config import ScannerKind, read_config
from gateway.errors import ConfigInvalid
from gateway.model.scan import Suspect
from gateway.policy import MIB
from gateway.roles.scanning import watch
from gateway.scanning import ClamdScreen

REPOSITORY = Path(__file__).resolve().parent.parent.parent
MARKS = {"@id@": "amtsbote.example", "@name@": "Probe", "@origin@": "amtsbote.example/log/2026"}


def configured(folder: Path, *lines: str):
    """The shipped configuration with these lines under ``[scan]``."""
    for name in ("amtsbote.toml", "partners.toml"):
        text = (REPOSITORY / "schemas/config" / name).read_text()
        for mark, value in MARKS.items():
            text = text.replace(mark, value)
        (folder / name).write_text(text.replace("[scan]\n", "\n".join(["[scan]", *lines, ""])))
    return read_config(folder / "amtsbote.toml").scan


def test_nothing_is_scanned_unless_somebody_says_so(tmp_path):
    scan = configured(tmp_path)

    assert (ScannerKind.NONE, 32 * MIB) == (scan.scanner, scan.max_file_bytes)
    assert timedelta(days=7) == scan.max_database_age


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('scanner = "clamav"', "scan.scanner: expected one of none, clamd, got 'clamav'"),
        ("seconds = 0", "scan.seconds: expected a number from 1 to 3600, got 0"),
        ("max_file_mib = 2048", "scan.max_file_mib: expected a number from 1 to 2047, got 2048"),
        ("max_age = 1", "scan.max_age: unknown key"),
    ],
)
def test_a_fault_under_scan_is_told(tmp_path, line, problem):
    with pytest.raises(ConfigInvalid) as caught:
        configured(tmp_path, line)

    assert problem in caught.value.problems


def documented() -> dict[str, str]:
    """The values for clamd.conf in the installation guide."""
    (block,) = re.findall(r"```conf\n(.*?)```", (REPOSITORY / "systemd/README.md").read_text(), re.DOTALL)
    return dict(line.split() for line in block.splitlines() if line.strip())


@pytest.mark.foreign
@needs_clamd
async def test_the_documented_values_take_the_largest_file_that_is_sent(tmp_path):
    scan = configured(tmp_path)
    largest = random.Random(1).randbytes(scan.max_file_bytes)
    with real_clamd(tmp_path / "c", **documented()) as daemon:
        opened = await receiver_of(daemon.socket, max_file_bytes=scan.max_file_bytes).open()
        with opened.connection:
            files = [Suspect(name="scan.jpg", size=len(largest), chunks=(largest,))]
            result = ClamdScreen(opened.connection, opened.terms).screen(files)

    assert ((), 1) == (result.findings, result.files)


async def test_a_scanner_that_is_not_there_is_told_at_the_start_and_does_not_keep_the_role_from_ending(
    tmp_path,
):
    lines, stop = Lines(), asyncio.Event()
    watching = asyncio.create_task(watch(receiver_of(tmp_path / "nobody", lines=lines), stop))
    while not lines.reasons():
        await asyncio.sleep(0)
    stop.set()
    await asyncio.wait_for(watching, 10)

    assert ["not-reachable"] == lines.reasons()
