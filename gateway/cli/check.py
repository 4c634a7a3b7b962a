# SPDX-License-Identifier: EUPL-1.2
"""``amtsbote check``: the pre-check (Vorprüfung), at the gateway or on this machine. Nothing is recorded."""

import argparse
from pathlib import Path

from gateway.cli import connection
from gateway.cli import knowledge as trust
from gateway.cli.files import FileSource
from gateway.cli.foreign import names_in, with_names
from gateway.cli.terminal import Exit, Terminal
from gateway.client import GatewayClient
from gateway.examination import examine
from gateway.findings import Finding


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "check",
        help="pre-check a bundle: everything a submission would meet, nothing recorded",
        description="With a gateway (--gateway or --profile) the gateway checks, routing and sender included. Without, the "
        "bundle is checked on this machine: container, signatures, dossier, completeness.",
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="the bundle to check")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    connection.add_options(parser)
    trust.add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Check; 0 if nothing stands against the bundle, else 1."""
    if options.gateway or options.profile:
        return connection.talk(options, terminal, lambda gateway: _remote(gateway, options.bundle, terminal))
    knowledge, moment = trust.knowledge(options), trust.moment(options)
    trust.warn_of_nothing(options, terminal)
    with FileSource(options.bundle) as source:
        examination = examine(source, knowledge, moment)
    if terminal.as_json:
        findings = terminal.told(examination.findings)
        terminal.data(
            {"passed": examination.passed, "findings": findings, "report": dict(examination.report)}
        )
    else:
        terminal.findings(examination.findings)
        _verdict(terminal, passed=examination.passed, authority="")
        trust.remind(options, terminal)
    return Exit.GOOD if examination.passed else Exit.REFUSED


async def _remote(gateway: GatewayClient, bundle: Path, terminal: Terminal) -> int:
    result = await gateway.check(bundle)
    passed = bool(result["passed"])
    if terminal.as_json:
        terminal.data(dict(result))
    else:
        names = names_in(bundle)
        terminal.findings(with_names(Finding.from_json(finding), names) for finding in result["findings"])
        _verdict(terminal, passed=passed, authority=str(result.get("authority") or ""))
    return Exit.GOOD if passed else Exit.REFUSED


def _verdict(terminal: Terminal, *, passed: bool, authority: str) -> None:
    where = f" → {authority}" if authority else ""
    if passed:
        terminal.say(
            f"Nichts spricht gegen dieses Bündel{where}.",
            f"nothing stands against this bundle{where}",
            style="green",
        )
    else:
        terminal.say("Dieses Bündel würde abgewiesen.", "this bundle would be refused", style="red")
