# SPDX-License-Identifier: EUPL-1.2
"""``amtsbote submit``: send a bundle and keep the receipt."""

import argparse
import json
from pathlib import Path

from gateway.cli import connection
from gateway.cli.terminal import Exit, Terminal
from gateway.client import GatewayClient


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "submit",
        help="send a bundle to the gateway and keep the receipt",
        description="Sends BUNDLE; after a lost connection it is sent again under the same key, so it arrives once. "
        "The receipt is written beside the bundle.",
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="the bundle to send")
    parser.add_argument(
        "--receipt", type=Path, metavar="FILE", help="where the receipt goes; default: BUNDLE.receipt.json"
    )
    parser.add_argument("--idempotency-key", metavar="TEXT", help="your own key for this submission")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    connection.add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Send, store the receipt, report."""
    if not options.bundle.is_file():
        terminal.error(f"{options.bundle} is not a file", hint="make a bundle with: amtsbote pack")
        return Exit.USAGE
    target = options.receipt or options.bundle.with_name(options.bundle.name + ".receipt.json")

    async def work(gateway: GatewayClient) -> int:
        submission = await gateway.submit(options.bundle, idempotency_key=options.idempotency_key)
        target.write_text(
            json.dumps(submission.receipt, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
        if terminal.as_json:
            terminal.data(
                {"dossier_id": submission.dossier_id, "repeated": submission.repeated, "receipt": str(target)}
            )
        known = (
            " (war schon da)" if submission.repeated else "",
            " (was there already)" if submission.repeated else "",
        )
        terminal.say(
            f"Angenommen{known[0]}: Vorgang {submission.dossier_id}, Quittung in {target}",
            f"accepted{known[1]}: dossier {submission.dossier_id}, receipt in {target}",
        )
        return Exit.GOOD

    return connection.talk(options, terminal, work)
