# SPDX-License-Identifier: EUPL-1.2
"""``amtsbote events``: what happened to a chamber's dossiers, the receipts for it, and the reports on them."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.cli import connection
from gateway.cli.lines import plain
from gateway.cli.reports import store_report
from gateway.cli.terminal import Exit, Terminal
from gateway.client import GatewayClient


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "events",
        help="read the feed of events about your dossiers",
        description="Prints the events after a number, oldest first. With --evidence all receipts of "
        "one dossier are stored, with --report its verification report.",
    )
    parser.add_argument("--after", type=int, default=0, metavar="N", help="go on after this event")
    parser.add_argument("--wait", type=int, default=0, metavar="SECONDS", help="wait for the first event")
    parser.add_argument("--evidence", metavar="DOSSIER", help="store every receipt of this dossier instead")
    parser.add_argument(
        "--report",
        metavar="DOSSIER",
        help="store the verification report of this dossier instead: JSON, and XML after ETSI TS 119 102-2",
    )
    parser.add_argument(
        "--directory", type=Path, default=Path(), metavar="DIR", help="where receipts and reports go"
    )
    parser.add_argument("--json", action="store_true", help="one JSON event a line")
    connection.add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print or store."""
    if options.evidence:
        return connection.talk(
            options, terminal, lambda gateway: _store(gateway, options.evidence, options.directory, terminal)
        )
    if options.report:
        return connection.talk(
            options,
            terminal,
            lambda gateway: store_report(gateway.report, options.report, options.directory, terminal),
        )
    return connection.talk(
        options, terminal, lambda gateway: _print(gateway, options.after, options.wait, terminal)
    )


async def _print(gateway: GatewayClient, after: int, wait: int, terminal: Terminal) -> int:
    while True:
        page = await gateway.events(after=after, wait=wait)
        for event in page.events:
            if terminal.as_json:
                terminal.data(dict(event))
            else:
                terminal.out.print(plain(_line(event)))
        if page.next == after or not page.events:
            return Exit.GOOD
        after, wait = page.next, 0


async def _store(gateway: GatewayClient, dossier_id: str, directory: Path, terminal: Terminal) -> int:
    evidence = await gateway.evidence(dossier_id)
    directory.mkdir(parents=True, exist_ok=True)
    for number, receipt in enumerate(evidence["receipts"], 1):
        target = directory / f"{dossier_id}-{number:02}.receipt.json"
        target.write_text(json.dumps(receipt, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        terminal.say(
            f"{target}: {receipt['evidence'].get('event', '')}",
            f"{target}: {receipt['evidence'].get('event', '')}",
        )
        if terminal.as_json:
            terminal.data({"receipt": str(target)})
    return Exit.GOOD


def _line(event: Mapping[str, Any]) -> str:
    body = event.get("body") or {}
    answer = body.get("answer") or {}
    # What an authority says is the part a person waits for; its ids are for programs (--json).
    told = {**body, **{name: value for name, value in answer.items() if name not in {"id", "kind"}}}
    words = {name: ",".join(value) if isinstance(value, list) else value for name, value in told.items()}
    details = " ".join(f"{name}={value}" for name, value in words.items() if isinstance(value, str) and value)
    return f"{event['seq']:>5}  {event['at']}  {event['type']:<22}  {event['dossier_id']}  {details}".rstrip()
