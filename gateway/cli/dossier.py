# SPDX-License-Identifier: EUPL-1.2
"""``amtsbote dossier show``: the operator's view of one dossier, for whoever answers the telephone.

Shows what the gateway did and when, and no content: no names, no file numbers, no messages, no names of files. What a
finding expected or saw stays with the chamber, whose data it is.
"""

import argparse
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from gateway.cli import configuration
from gateway.cli.lines import plain
from gateway.cli.terminal import Exit, Terminal
from gateway.codes import Code
from gateway.config import read_config
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.journal import Journal, answers, deliveries, dossiers, events, log
from gateway.journal.answers import RecordedAnswer
from gateway.journal.deliveries import DeliveryRow
from gateway.journal.dossiers import DossierRow
from gateway.journal.events import ChamberEvent
from gateway.model.evidence import utc_seconds
from gateway.phrasebook import Language
from gateway.stages.delivery import DUE_STATES

_GERMAN = {
    "dossier": "Vorgang",
    "chamber": "Kammer",
    "status": "Stand",
    "received": "eingegangen",
    "bundle": "Bündel",
    "authority": "Behörde",
    "refers to": "bezieht sich auf",
    "content": "Inhalt",
    "erased": "gelöscht",
    "reasons": "Gründe",
    "events": "Ereignisse",
    "deliveries": "Lieferungen",
    "accepted": "angenommen",
    "refused": "abgewiesen",
}


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb and its action."""
    parser = verbs.add_parser("dossier", help="the operator's view of one dossier")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    show = actions.add_parser(
        "show",
        help="state, events, deliveries and receipts of one dossier, without its content",
        description="Shows what the gateway did with a dossier and when. No names, messages or file names: what a dossier "
        "says stays with the chamber and the authority.",
    )
    show.add_argument(
        "dossier", metavar="DOSSIER", help="id of the dossier, as receipts and log lines name it"
    )
    configuration.add_option(show)
    show.add_argument("--json", action="store_true", help="print JSON")
    show.set_defaults(run=run_show)


def run_show(options: argparse.Namespace, terminal: Terminal) -> int:
    """Everything on one page; 1 where there is no such dossier."""
    with (
        closing(Journal.open(read_config(options.config).journal)) as journal,
        journal.reading() as connection,
    ):
        row = dossiers.find(connection, options.dossier)
        if row is None:
            raise Rejected(
                [
                    Finding(
                        code=Code.NOT_FOUND,
                        place="dossier",
                        expected="a dossier of this gateway",
                        got=options.dossier,
                    )
                ]
            )
        sent = [(d, answers.of_delivery(connection, d.id)) for d in deliveries.of_dossier(connection, row.id)]
        happened = events.of_dossier(connection, row.chamber, row.id)
        published = log.published_size(connection)
        proven = {event.entry_idx for event in happened if log.receipt(connection, event.entry_idx)}
    seen = {
        **_dossier(row),
        "events": [_event(event, published, proven) for event in happened],
        "deliveries": [_delivery(delivery, said) for delivery, said in sent],
    }
    if terminal.as_json:
        terminal.data(seen)
    else:
        _print(seen, terminal)
    return Exit.GOOD


def _dossier(row: DossierRow) -> dict[str, Any]:
    reasons = [str(finding.get("code")) for finding in (row.report or {}).get("findings", ())]
    pairs = {
        "dossier": row.id,
        "chamber": row.chamber,
        "status": row.status.value,
        "received": utc_seconds(row.received_at),
        "bundle": {"sha256": row.bundle_sha256, "bytes": row.bundle_size},
        "authority": row.authority,
        "refers_to": row.refers_to,
        "content": "kept" if row.stored else "gone",
        "erased": utc_seconds(row.erased_at) if row.erased_at else None,
        "reasons": list(dict.fromkeys(reasons)),
    }
    return {name: value for name, value in pairs.items() if value is not None}


def _event(event: ChamberEvent, published: int, proven: set[int]) -> dict[str, Any]:
    """``receipt``: there is one; after erasure there is none any more, and before publication none yet."""
    return {
        "seq": event.seq,
        "at": utc_seconds(event.at),
        "type": event.type,
        "entry": event.entry_idx,
        "published": event.entry_idx < published,
        "receipt": event.entry_idx in proven,
    }


def _delivery(row: DeliveryRow, said: tuple[RecordedAnswer, ...]) -> dict[str, Any]:
    pairs = {
        "delivery": row.id,
        "authority": row.authority,
        "state": row.state.value,
        "since": utc_seconds(row.updated_at),
        "attempts": row.attempts,
        "next_attempt": utc_seconds(row.next_at) if row.state in DUE_STATES else None,
        "parked_after": utc_seconds(row.deadline_at) if row.state in DUE_STATES else None,
        "last_code": row.last_code.value if row.last_code else None,
        "answers": [
            {"kind": answer.kind.value, "at": utc_seconds(answer.answered_at), "entry": answer.entry_idx}
            for answer in said
        ],
    }
    return {name: value for name, value in pairs.items() if value is not None}


def _print(seen: Mapping[str, Any], terminal: Terminal) -> None:
    german = terminal.language is Language.DE
    for label, text in _lines(seen, terminal):
        shown = _GERMAN[label] if german and label else label
        terminal.out.print(
            plain(f"{shown:<17} " if shown else " " * 18, "dim").append(plain(text, "default"))
        )


def _lines(seen: Mapping[str, Any], terminal: Terminal) -> Iterator[tuple[str, str]]:
    """Labels and texts; a label stands at the first of its lines only."""
    german = terminal.language is Language.DE
    yield "dossier", seen["dossier"]
    yield "chamber", seen["chamber"]
    yield "status", _GERMAN[seen["status"]] if german else seen["status"]
    yield "received", seen["received"]
    yield "bundle", f"{seen['bundle']['bytes']} Bytes, SHA-256 {seen['bundle']['sha256']}"
    for name in ("authority", "refers_to", "erased"):
        if name in seen:
            yield name.replace("_", " "), seen[name]
    kept = seen["content"] == "kept"
    yield "content", ("wird aufbewahrt" if kept else "ist gelöscht") if german else seen["content"]
    for number, code in enumerate(seen["reasons"]):
        sentence = terminal.phrasebook.phrase(Code(code), terminal.language) if code in set(Code) else None
        yield "" if number else "reasons", f"{code}: {sentence.what}" if sentence else code
    for number, event in enumerate(seen["events"]):
        receipt = "" if event["receipt"] else (", ohne Quittung" if german else ", no receipt")
        entry = f"{'Eintrag' if german else 'entry'} {event['entry']}"
        yield "" if number else "events", f"{event['at']}  {event['type']:<20}  {entry}{receipt}"
    for number, row in enumerate(seen["deliveries"]):
        yield "" if number else "deliveries", "  ".join(_row(row, german=german))
        for answer in row["answers"]:
            yield "", f"  {answer['at']}  {answer['kind']}"


def _row(row: Mapping[str, Any], *, german: bool) -> Iterator[str]:
    yield f"{row['delivery']}  {row['authority']}  {row['state']}"
    yield f"{'seit' if german else 'since'} {row['since']}"
    words = ("Versuch", "Versuche") if german else ("attempt", "attempts")
    yield f"{row['attempts']} {words[row['attempts'] != 1]}"
    if "last_code" in row:
        yield row["last_code"]
    if "next_attempt" in row:
        yield f"{'nächster' if german else 'next'} {row['next_attempt']}"
