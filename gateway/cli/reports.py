# SPDX-License-Identifier: EUPL-1.2
"""Verification reports from a gateway: stored in both forms, and shown to the person who asked for one.

The JSON is as it is kept there, the XML is after ETSI TS 119 102-2.
"""

from collections.abc import Awaitable
from pathlib import Path
from typing import Protocol

from gateway.cli.files import write_new
from gateway.cli.kept import read_kept
from gateway.cli.report_screen import show_report
from gateway.cli.terminal import Exit, Terminal

_JSON, _XML = "report.json", "report.xml"


class FetchReport(Protocol):
    """A call of the client that brings a report."""

    def __call__(self, own_id: str, /, *, etsi: bool) -> Awaitable[bytes]:
        """JSON, or XML with ``etsi``."""
        ...


async def store_report(fetch: FetchReport, own_id: str, directory: Path, terminal: Terminal) -> int:
    """Store ``<id>.report.json`` and ``<id>.report.xml``, say where, and show what they say."""
    directory.mkdir(parents=True, exist_ok=True)
    kept = await fetch(own_id, etsi=False)
    for ending, data in ((_JSON, kept), (_XML, await fetch(own_id, etsi=True))):
        target = directory / f"{own_id}.{ending}"
        if not _is_there(target, data):
            write_new(target, data)
        terminal.say(str(target), str(target))
        if terminal.as_json:
            terminal.data({"report": str(target)})
    if not terminal.as_json:
        _show(own_id, kept, terminal)
    return Exit.GOOD


def _show(own_id: str, kept: bytes, terminal: Terminal) -> None:
    """A gateway may be newer than this program: what it sent is stored all the same."""
    try:
        report = read_kept(kept)
    except ValueError:
        terminal.note("the report is stored, but this version cannot show it")
        return
    terminal.out.print()
    show_report(own_id, report, terminal)


def _is_there(target: Path, data: bytes) -> bool:
    """Fetched once more, the same report is no other one."""
    return target.is_file() and target.read_bytes() == data
