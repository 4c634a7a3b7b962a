# SPDX-License-Identifier: EUPL-1.2
"""``amtsbote lists``: which of the installed EU trusted lists can be believed, and what is wrong with the others."""

import argparse
from datetime import datetime
from typing import Any

from gateway.catalogue import data_root, load_rules
from gateway.cli import configuration
from gateway.cli import knowledge as trust
from gateway.cli.lines import plain
from gateway.cli.terminal import Exit, Terminal, WrongUse
from gateway.config import read_config
from gateway.knowledge import InstalledLists
from gateway.phrasebook import Language
from gateway.stages.signature.certificates.instants import Instant
from gateway.stages.signature.qualified.lists import Edition, TrustedLists


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "lists",
        help="show which EU trusted lists are installed and can be believed",
        description="Verifies the list of lists, its pivots and every national list as the gateway would, and "
        "shows number and dates of each. Opens no network connection.",
    )
    configuration.add_option(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    trust.add_moment(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """1 where a list cannot be believed or is not current, so a monitor can use it."""
    config = read_config(options.config)
    if config.trust.lists is None:
        raise WrongUse(["trust.lists names no directory"], hint="name one in amtsbote.toml")
    installed = InstalledLists(config.trust.lists, config.trust.lotl_certificates)
    lists = installed.read(load_rules(data_root() / "rules"), config.policy)
    now = trust.moment(options)
    every = (lists.union, *lists.editions) if lists.union else lists.editions
    if terminal.as_json:
        findings = [finding.to_json() for finding in lists.findings]
        terminal.data({"lists": [_json(edition, now) for edition in every], "findings": findings})
    else:
        for edition in every:
            _print(edition, now, terminal)
        terminal.findings(lists.findings)
    return Exit.GOOD if _whole(lists) and all(_current(edition, now) for edition in every) else Exit.REFUSED


def _whole(lists: TrustedLists) -> bool:
    return lists.union is not None and bool(lists.editions) and not lists.findings


def _current(edition: Edition, now: datetime) -> bool:
    return edition.current(Instant(value=now))


def _json(edition: Edition, now: datetime) -> dict[str, Any]:
    until = edition.next_update
    last = edition.until
    return {
        "territory": edition.territory,
        "sequence": edition.sequence,
        "issued": edition.issued.isoformat(),
        "next_update": until.isoformat() if until else None,
        "until": last.isoformat() if last else None,
        "current": _current(edition, now),
        "signer": edition.signer,
        "file": edition.file,
    }


def _print(edition: Edition, now: datetime, terminal: Terminal) -> None:
    until = f"{edition.until:%Y-%m-%d}" if edition.until else "-"
    current = _current(edition, now)
    facts = (
        f"{edition.territory}  {edition.sequence:>4}  {edition.issued:%Y-%m-%d}  {until}  {edition.file}  "
    )
    states = ("aktuell", "nicht aktuell") if terminal.language is Language.DE else ("current", "not current")
    word = plain(states[0], "green") if current else plain(states[1], "red")
    terminal.out.print(plain(facts).append(word))
