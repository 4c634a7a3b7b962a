# SPDX-License-Identifier: EUPL-1.2
"""``amtsbote audit``: prove the log and receipts without trusting the gateway, and unpack receipts for public tools."""

import argparse
from pathlib import Path

from rich.progress import Progress

from gateway.audit import Audited, audit_log, directory_fetch
from gateway.cli import connection
from gateway.cli import knowledge as trust
from gateway.cli.lines import plain
from gateway.cli.terminal import Exit, Terminal, WrongUse
from gateway.client import GatewayClient
from gateway.keyring import load_certificates
from gateway.mirror import mirror_log
from gateway.phrasebook import Language
from gateway.seal import seal_check
from gateway.stages.receipt import SealState, unpack_receipt

_GERMAN_SEALS = {
    SealState.VALID: "gültig",
    SealState.INVALID: "ungültig",
    SealState.UNCHECKED: "nicht geprüft",
    SealState.ABSENT: "keines",
}


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb and its actions."""
    parser = verbs.add_parser("audit", help="prove the log and receipts, offline")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    verify = actions.add_parser(
        "verify",
        help="re-derive the whole log and hold receipts and earlier checkpoints to it",
        description="Needs the log's files and its public key, nothing of the gateway, no network. Every entry is hashed "
        "again, every tile compared, the signature of the checkpoint checked, every receipt proven.",
    )
    verify.add_argument("log", type=Path, metavar="LOG", help="directory with checkpoint and tile/")
    verify.add_argument(
        "receipts", type=Path, nargs="*", metavar="RECEIPT", help="receipts (JSON), or directories of them"
    )
    verify.add_argument(
        "--vkey", required=True, metavar="KEY", help="the log's public key, or a file that holds it"
    )
    verify.add_argument(
        "--checkpoint", type=Path, action="append", default=[], metavar="FILE", help="an earlier checkpoint"
    )
    verify.add_argument(
        "--seal-anchors", type=Path, metavar="DIR", help="CA certificates of the gateway's seal"
    )
    verify.add_argument("--json", action="store_true", help="print the verdict as JSON")
    verify.set_defaults(run=run_verify)
    mirror = actions.add_parser(
        "mirror", help="copy the log from a gateway into a directory, to be verified there"
    )
    mirror.add_argument(
        "directory",
        type=Path,
        metavar="DIRECTORY",
        help="where the copy lies; what is there already is not fetched again",
    )
    mirror.add_argument("--json", action="store_true", help="print the result as JSON")
    connection.add_options(mirror)
    mirror.set_defaults(run=run_mirror)
    unpack = actions.add_parser(
        "unpack", help="a receipt's parts as files for sha256sum, openssl and log tools"
    )
    unpack.add_argument("receipt", type=Path, metavar="RECEIPT", help="the receipt (JSON)")
    unpack.add_argument("directory", type=Path, metavar="DIRECTORY", help="where the parts go")
    unpack.add_argument("--json", action="store_true", help="print the result as JSON")
    unpack.set_defaults(run=run_unpack)


def run_verify(options: argparse.Namespace, terminal: Terminal) -> int:
    """0 if everything is proven, else 1."""
    check = seal_check(trust.given(options.seal_anchors, load_certificates)) if options.seal_anchors else None
    with Progress(console=terminal.err, transient=True, disable=terminal.as_json) as bars:
        task = bars.add_task("log", total=None)
        try:
            audited = audit_log(
                directory_fetch(options.log),
                _vkey(options.vkey),
                receipts={str(path): _read(path) for path in _receipts(options.receipts)},
                checkpoints={str(path): _read(path) for path in options.checkpoint},
                seal_check=check,
                progress=lambda done, total: bars.update(task, completed=done, total=total),
            )
        except ValueError as error:
            raise WrongUse([f"--vkey: {error}"]) from error
    if terminal.as_json:
        terminal.data(_json(audited))
    else:
        _print(audited, terminal)
    return Exit.GOOD if audited.proven else Exit.REFUSED


def run_mirror(options: argparse.Namespace, terminal: Terminal) -> int:
    """Copy what is new."""

    async def work(gateway: GatewayClient) -> int:
        with Progress(console=terminal.err, transient=True, disable=terminal.as_json) as bars:
            task = bars.add_task("log", total=None)
            size = await mirror_log(
                gateway,
                options.directory,
                progress=lambda done, total: bars.update(task, completed=done, total=total),
            )
        if terminal.as_json:
            terminal.data({"directory": str(options.directory), "size": size})
        terminal.say(
            f"{options.directory}: Protokoll mit {size} Einträgen",
            f"{options.directory}: log with {size} entries",
        )
        return Exit.GOOD

    return connection.talk(options, terminal, work)


def run_unpack(options: argparse.Namespace, terminal: Terminal) -> int:
    """Write the parts."""
    parts = unpack_receipt(_read(options.receipt))
    options.directory.mkdir(parents=True, exist_ok=True)
    for name, data in parts.items():
        (options.directory / name).write_bytes(data)
        terminal.say(str(options.directory / name), str(options.directory / name))
    if terminal.as_json:
        terminal.data({"directory": str(options.directory), "files": list(parts)})
    return Exit.GOOD


def _print(audited: Audited, terminal: Terminal) -> None:
    for receipt in audited.receipts:
        event = receipt.entry.event if receipt.entry else "?"
        mark, colour = ("✓", "green") if receipt.proven else ("✗", "red")
        line = plain(f"{mark} ", colour)
        terminal.out.print(
            line.append(plain(f"{receipt.place}  {event}  ({_seal(receipt.seal, terminal)})", "default"))
        )
        terminal.findings(receipt.findings)
    terminal.findings(audited.findings)
    size = audited.checkpoint.size if audited.checkpoint else 0
    good = sum(receipt.proven for receipt in audited.receipts)
    german = f"{audited.entries} von {size} Einträgen neu gerechnet, {good} von {len(audited.receipts)} Quittungen bewiesen"
    english = (
        f"{audited.entries} of {size} entries re-derived, {good} of {len(audited.receipts)} receipts proven"
    )
    if audited.proven:
        terminal.say(f"Bewiesen: {german}.", f"proven: {english}", style="bold green")
    else:
        terminal.say(f"Nicht bewiesen: {german}.", f"NOT proven: {english}", style="bold red")


def _seal(state: SealState, terminal: Terminal) -> str:
    return f"Siegel: {_GERMAN_SEALS[state]}" if terminal.language is Language.DE else f"seal: {state}"


def _json(audited: Audited) -> dict[str, object]:
    return {
        "proven": audited.proven,
        "size": audited.checkpoint.size if audited.checkpoint else None,
        "root": audited.checkpoint.root.hex() if audited.checkpoint else None,
        "entries": audited.entries,
        "receipts": [
            {
                "receipt": receipt.place,
                "proven": receipt.proven,
                "event": receipt.entry.event.value if receipt.entry else None,
                "seal": receipt.seal.value,
                "findings": [finding.to_json() for finding in receipt.findings],
            }
            for receipt in audited.receipts
        ],
        "findings": [finding.to_json() for finding in audited.findings],
    }


def _receipts(paths: list[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        found += sorted(path.rglob("*.receipt.json")) if path.is_dir() else [path]
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WrongUse([f"{path}: {error.strerror}"]) from error


def _vkey(text: str) -> str:
    path = Path(text)
    return _read(path).decode("utf-8", "replace").strip() if "+" not in text or path.is_file() else text
