# SPDX-License-Identifier: EUPL-1.2
"""``amtsbote inbox``: what an authority does: list, fetch, acknowledge, answer, read the report."""

import argparse
from pathlib import Path
from uuid import uuid4

from gateway.cli import connection
from gateway.cli.lines import plain
from gateway.cli.reports import store_report
from gateway.cli.terminal import Exit, Terminal
from gateway.client import GatewayClient
from gateway.model.delivery import AnswerKind

_DELIVERY = "id of the delivery, as the list shows it"
_KINDS = "accepted, rejected, documents-requested, decided, not-imported"


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb and its actions."""
    parser = verbs.add_parser("inbox", help="an authority's inbox: list, fetch, acknowledge, answer, report")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="deliveries that are not acknowledged, oldest first")
    listing.add_argument("--wait", type=int, default=0, metavar="SECONDS", help="wait for the first delivery")
    listing.add_argument(
        "--lease", type=int, default=0, metavar="SECONDS", help="hide what is listed from other readers"
    )
    listing.set_defaults(run=run_list)
    fetch = actions.add_parser("fetch", help="download a package, going on where an earlier try broke off")
    fetch.add_argument("delivery", metavar="DELIVERY", help=_DELIVERY)
    fetch.add_argument("--out", type=Path, metavar="FILE", help="default: DELIVERY.asice")
    fetch.add_argument(
        "--acknowledge", action="store_true", help="acknowledge once it is stored and its digest is right"
    )
    fetch.set_defaults(run=run_fetch)
    acknowledge = actions.add_parser("acknowledge", help="say that a package is safely yours")
    acknowledge.add_argument("delivery", metavar="DELIVERY", help=_DELIVERY)
    acknowledge.set_defaults(run=run_acknowledge)
    answer = actions.add_parser("answer", help="answer a delivery")
    answer.add_argument("delivery", metavar="DELIVERY", help=_DELIVERY)
    kinds = [kind.value for kind in AnswerKind if kind is not AnswerKind.ACKNOWLEDGED]
    answer.add_argument("kind", choices=kinds, metavar="KIND", help=_KINDS)
    answer.add_argument("--message", default="", metavar="TEXT", help="what the chamber reads")
    answer.add_argument("--reference", default="", metavar="REFERENCE", help="your file number")
    answer.add_argument(
        "--document",
        action="append",
        default=[],
        metavar="CODE",
        help="a document you ask for, by its code in schemas/rules/document-types.tsv (may be repeated)",
    )
    answer.add_argument(
        "--id", default="", metavar="ID", help="your id for this answer; the same id never counts twice"
    )
    answer.set_defaults(run=run_answer)
    report = actions.add_parser(
        "report", help="store the verification report on a delivery: JSON, and XML after ETSI TS 119 102-2"
    )
    report.add_argument("delivery", metavar="DELIVERY", help=_DELIVERY)
    report.add_argument("--directory", type=Path, default=Path(), metavar="DIR", help="where the report goes")
    report.set_defaults(run=run_report)
    for action in (listing, fetch, acknowledge, answer, report):
        action.add_argument("--json", action="store_true", help="print JSON")
        connection.add_options(action)


def run_list(options: argparse.Namespace, terminal: Terminal) -> int:
    """One line per delivery."""

    async def work(gateway: GatewayClient) -> int:
        deliveries = await gateway.inbox(wait=options.wait, lease=options.lease)
        for delivery in deliveries:
            if terminal.as_json:
                terminal.data(dict(delivery))
            else:
                chamber = delivery["chamber"]["id"]
                columns = (
                    delivery["id"],
                    delivery["state"],
                    chamber,
                    delivery["reference"],
                    delivery["kind"],
                )
                terminal.out.print(plain("  ".join(str(column) for column in columns)))
        if not deliveries:
            terminal.say("Der Posteingang ist leer.", "the inbox is empty")
        return Exit.GOOD

    return connection.talk(options, terminal, work)


def run_fetch(options: argparse.Namespace, terminal: Terminal) -> int:
    """Download, and acknowledge where asked."""
    target = options.out or Path(f"{options.delivery}.asice")

    async def work(gateway: GatewayClient) -> int:
        sha256 = await gateway.download(options.delivery, target)
        if options.acknowledge:
            await gateway.acknowledge(options.delivery, sha256=sha256)
        if terminal.as_json:
            terminal.data({"file": str(target), "sha256": sha256, "acknowledged": options.acknowledge})
        terminal.say(f"{target}: vollständig, SHA-256 {sha256}", f"{target}: whole, SHA-256 {sha256}")
        return Exit.GOOD

    return connection.talk(options, terminal, work)


def run_report(options: argparse.Namespace, terminal: Terminal) -> int:
    """Store both forms of it."""
    return connection.talk(
        options,
        terminal,
        lambda gateway: store_report(gateway.delivery_report, options.delivery, options.directory, terminal),
    )


def run_acknowledge(options: argparse.Namespace, terminal: Terminal) -> int:
    """Acknowledge."""

    async def work(gateway: GatewayClient) -> int:
        result = await gateway.acknowledge(options.delivery)
        if terminal.as_json:
            terminal.data(dict(result))
        terminal.say("Der Empfang ist bestätigt.", "receipt is acknowledged")
        return Exit.GOOD

    return connection.talk(options, terminal, work)


def run_answer(options: argparse.Namespace, terminal: Terminal) -> int:
    """Answer."""

    async def work(gateway: GatewayClient) -> int:
        result = await gateway.answer(
            options.delivery,
            answer_id=options.id or uuid4().hex,
            kind=options.kind,
            message=options.message,
            reference=options.reference,
            requested_documents=tuple(options.document),
        )
        if terminal.as_json:
            terminal.data(dict(result))
        terminal.say(
            "Die Antwort ist aufgenommen; die Kammer wird sie lesen.",
            "the answer is recorded; the chamber will read it",
        )
        return Exit.GOOD

    return connection.talk(options, terminal, work)
