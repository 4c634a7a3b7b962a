# SPDX-License-Identifier: EUPL-1.2
"""``amtsbote deliveries``: what the operator sees of the way out, and how a parked delivery goes on."""

import argparse

from gateway.cli import configuration
from gateway.cli.terminal import Exit, Terminal
from gateway.codes import Code
from gateway.config import Config, read_config
from gateway.doorbell import Role, ring
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.journal import Journal, deliveries
from gateway.journal.deliveries import DeliveryRow
from gateway.model.evidence import utc_seconds
from gateway.service import system_clock


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb and its actions."""
    parser = verbs.add_parser(
        "deliveries", help="the operator's view of deliveries: list what is parked, resume it"
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser(
        "list", help="how many deliveries stand in which state, and every parked one"
    )
    listing.set_defaults(run=run_list)
    resume = actions.add_parser("resume", help="try a parked delivery again, with a new deadline")
    resume.add_argument("delivery", metavar="DELIVERY", help="id of the delivery, as the list shows it")
    resume.set_defaults(run=run_resume)
    for action in (listing, resume):
        configuration.add_option(action)
        action.add_argument("--json", action="store_true", help="print JSON")


def run_list(options: argparse.Namespace, terminal: Terminal) -> int:
    """Counts, then one line per parked delivery. 1 where something is parked, so a monitor can use it."""
    journal = Journal.open(read_config(options.config).journal)
    with journal.reading() as connection:
        counts, parked = deliveries.counts(connection), deliveries.parked(connection)
    journal.close()
    if terminal.as_json:
        terminal.data(
            {
                "states": {state.value: number for state, number in counts.items()},
                "parked": [_json(row) for row in parked],
            }
        )
    else:
        terminal.out.print(
            "  ".join(f"{state} {number}" for state, number in counts.items() if number) or "0"
        )
        for row in parked:
            terminal.out.print("  ".join(str(value) for value in _json(row).values()), markup=False)
    return Exit.REFUSED if parked else Exit.GOOD


def run_resume(options: argparse.Namespace, terminal: Terminal) -> int:
    """Put it back into the queue and wake the deliverer."""
    config = read_config(options.config)
    state = _resume(config, options.delivery)
    if state is None:
        raise Rejected(
            [
                Finding(
                    code=Code.NOT_FOUND, place="delivery", expected="a parked delivery", got=options.delivery
                )
            ]
        )
    ring(config.run, Role.DELIVER)
    if terminal.as_json:
        terminal.data({"delivery": options.delivery, "state": state})
    terminal.say(f"{options.delivery} wird wieder versucht.", f"{options.delivery} is tried again")
    return Exit.GOOD


def _resume(config: Config, delivery_id: str) -> str | None:
    journal = Journal.open(config.journal)
    try:
        with journal.transaction() as connection:
            deadline = config.policy.retry.deadline_seconds
            return deliveries.resume(
                connection, delivery_id, moment=system_clock(), deadline_seconds=deadline
            )
    finally:
        journal.close()


def _json(row: DeliveryRow) -> dict[str, str | int]:
    return {
        "delivery": row.id,
        "authority": row.authority,
        "since": utc_seconds(row.updated_at),
        "attempts": row.attempts,
        "code": row.last_code.value if row.last_code else "",
    }
