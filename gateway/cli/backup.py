# SPDX-License-Identifier: EUPL-1.2
"""``amtsbote backup``: journal and spool of a gateway, while it runs, as a directory that ``restore`` reads."""

import argparse
from pathlib import Path

from gateway.backup import back_up
from gateway.cli import configuration
from gateway.cli.terminal import Exit, Terminal
from gateway.config import read_config


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "backup",
        help="back up journal and spool while the gateway runs",
        description="Writes journal and spool to DIRECTORY, which is made. Configuration and keys are not in it: "
        "keep them in another place. Treat the backup like the gateway's disk.",
    )
    parser.add_argument("directory", type=Path, metavar="DIRECTORY", help="where the backup is made")
    configuration.add_option(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Make it and say what is in it."""
    config = read_config(options.config)
    made = back_up(config.journal, config.spool_directory, options.directory)
    if terminal.as_json:
        terminal.data(
            {"backup": str(options.directory), "bundles": made.bundles, "published": made.published}
        )
    terminal.say(
        f"Sicherung in {options.directory}: {made.bundles} Container, {made.published} Einträge des Protokolls",
        f"backup in {options.directory}: {made.bundles} bundles, {made.published} entries of the log",
    )
    return Exit.GOOD
