# SPDX-License-Identifier: EUPL-1.2
"""Verification reports from a gateway, stored in both forms: JSON as it is kept there, XML after ETSI TS 119 102-2."""

from collections.abc import Awaitable
from pathlib import Path
from typing import Protocol

from gateway.cli.files import write_file
from gateway.cli.terminal import Exit, Terminal

_FORMS = {"report.json": False, "report.xml": True}


class FetchReport(Protocol):
    """A call of the client that brings a report."""

    def __call__(self, own_id: str, /, *, etsi: bool) -> Awaitable[bytes]:
        """JSON, or XML with ``etsi``."""
        ...


async def store_report(fetch: FetchReport, own_id: str, directory: Path, terminal: Terminal) -> int:
    """Store ``<id>.report.json`` and ``<id>.report.xml``, and say where."""
    directory.mkdir(parents=True, exist_ok=True)
    for ending, etsi in _FORMS.items():
        target = directory / f"{own_id}.{ending}"
        write_file(target, await fetch(own_id, etsi=etsi))
        terminal.say(str(target), str(target))
        if terminal.as_json:
            terminal.data({"report": str(target)})
    return Exit.GOOD
