# SPDX-License-Identifier: EUPL-1.2
"""``amtsbote restore``: journal, spool and log from a backup, where the log can go on from it."""

import argparse
from pathlib import Path

from gateway.cli import configuration
from gateway.cli.terminal import Exit, Terminal, WrongUse
from gateway.restoring import Places, restore
from gateway.service import Service


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "restore",
        help="put a backup in place of a gateway's lost state",
        description="Puts the journal and spool of BACKUP where the configuration says, and builds the log's files "
        "from them. Nothing is overwritten. A backup that is older than what was signed is refused.",
    )
    parser.add_argument("backup", type=Path, metavar="BACKUP", help="what amtsbote backup made")
    configuration.add_option(parser)
    parser.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FILE",
        help="newest checkpoint of the log that somebody else keeps; needed where the guard file is lost",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Restore and say what is there."""
    service = Service.load(options.config, credentials=None)
    config = service.config
    places = Places(
        journal=config.journal, spool=config.spool_directory, log=config.log_directory, guard=config.log.guard
    )
    try:
        known = options.checkpoint.read_bytes() if options.checkpoint else None
        done = restore(options.backup, places, service.signer().verifier, known)
    except FileNotFoundError as missing:
        raise WrongUse([f"{missing.filename} is not there"]) from missing
    if terminal.as_json:
        terminal.data({"bundles": done.bundles, "published": done.published})
    terminal.say(
        f"Wiederhergestellt: {done.bundles} Container, {done.published} Einträge des Protokolls. "
        "Weiter mit: amtsbote serve",
        f"restored: {done.bundles} bundles, {done.published} entries of the log. next: amtsbote serve",
    )
    return Exit.GOOD
