# SPDX-License-Identifier: EUPL-1.2
"""``amtsbote init``: make a new gateway in an empty directory."""

import argparse
import shlex
from pathlib import Path

from gateway.catalogue import data_root
from gateway.cli.terminal import Exit, Terminal, WrongUse
from gateway.errors import ConfigInvalid
from gateway.founding import Founding, found
from gateway.service import system_clock, system_entropy

_NEXT = (
    (
        "CA-Zertifikate nach anchors/ und Sperrlisten nach revocation/ legen",
        "put CA certificates into anchors/ and revocation lists into revocation/",
    ),
    ("Partner in partners.toml eintragen", "enter the partners into partners.toml"),
    (
        "keys/tls.* und keys/seal.* durch Zertifikate einer CA ersetzen",
        "replace keys/tls.* and keys/seal.* by certificates of a CA",
    ),
)


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "init",
        help="make a new gateway: configuration with comments, keys, journal, empty log",
        description="Makes a new gateway in DIRECTORY. Nothing that exists is ever overwritten.",
    )
    parser.add_argument("directory", type=Path, metavar="DIRECTORY", help="where the gateway is made")
    parser.add_argument(
        "--id",
        required=True,
        metavar="ID",
        help="name in the log and in receipts, for example amtsbote.example.de",
    )
    parser.add_argument(
        "--name",
        required=True,
        metavar="NAME",
        help='name that people read, for example "Amtsbote der IHK Erfurt"',
    )
    parser.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="HOST",
        help="host name in the server certificate (may be repeated)",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Make it and say what comes next."""
    founding = Founding(
        gateway_id=options.id,
        name=options.name,
        hosts=tuple(options.host) or (options.id, "localhost"),
        templates=data_root() / "config",
    )
    before = _files(options.directory)
    try:
        config = found(options.directory, founding, clock=system_clock, entropy=system_entropy)
    except ConfigInvalid as fault:
        raise WrongUse(fault.problems, hint=fault.hint) from fault
    vkey = (config.keys / "log.vkey").read_text().strip()
    serve = shlex.join(["amtsbote", "serve", "--config", str(options.directory / "amtsbote.toml")])
    if terminal.as_json:
        made = sorted(_files(options.directory) - before)
        terminal.data({"gateway": str(options.directory), "vkey": vkey, "files": made, "next": serve})
    terminal.say(
        f"Das Gateway liegt in {options.directory}.", f"The gateway is in {options.directory}.", style="bold"
    )
    terminal.say(f"Prüfschlüssel des Protokolls: {vkey}", f"verification key of the log: {vkey}")
    terminal.say("Nächste Schritte:", "next steps:")
    for number, (german, english) in enumerate((*_NEXT, (serve, serve)), 1):
        terminal.say(f"  {number}. {german}", f"  {number}. {english}")
    return Exit.GOOD


def _files(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}
