# SPDX-License-Identifier: EUPL-1.2
"""Options that name trust anchors and revocation data, for the verbs that judge files on this machine."""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from gateway.catalogue import data_root
from gateway.cli.terminal import Terminal, WrongUse
from gateway.errors import ConfigInvalid, TrustStateMissing
from gateway.examination import Knowledge
from gateway.keyring import load_certificates, load_revocation
from gateway.knowledge import InstalledLists, knowledge_of
from gateway.model.trust import TrustMaterial
from gateway.policy import Policy
from gateway.service import system_clock

_Read = TypeVar("_Read")


def add_options(parser: argparse.ArgumentParser) -> None:
    """``--anchors``, ``--intermediates``, ``--revocation``, ``--lists``, ``--lotl-certificates``, ``--at``."""
    group = parser.add_argument_group("trust")
    group.add_argument(
        "--anchors",
        type=Path,
        metavar="DIR",
        help="certificates (PEM or DER) that are trusted; without them nothing is",
    )
    group.add_argument(
        "--tsa-anchors", type=Path, metavar="DIR", help="anchors for time-stamps; default: --anchors"
    )
    group.add_argument(
        "--intermediates", type=Path, metavar="DIR", help="CA certificates that help to build a path"
    )
    group.add_argument(
        "--revocation", type=Path, metavar="DIR", help="revocation lists (*.crl) and OCSP responses (*.ors)"
    )
    group.add_argument(
        "--lists", type=Path, metavar="DIR", help="EU trusted lists (*.xml), to say what is qualified"
    )
    group.add_argument(
        "--lotl-certificates",
        type=Path,
        metavar="DIR",
        help="certificates that sign the EU list of lists, from the Official Journal",
    )
    add_moment(group)


def add_moment(group: "argparse._ActionsContainer") -> None:
    """``--at``."""
    group.add_argument(
        "--at", type=_moment, metavar="TIME", help="judge as of this moment, for example 2026-11-22T05:00:00Z"
    )


def moment(options: argparse.Namespace) -> datetime:
    """``--at`` or now."""
    chosen: datetime | None = options.at
    return chosen or system_clock()


def knowledge(options: argparse.Namespace) -> Knowledge:
    """What the options say, with the rules and limits this version ships."""
    anchors = given(options.anchors, load_certificates) if options.anchors else ()
    tsa = given(options.tsa_anchors, load_certificates) if options.tsa_anchors else anchors
    revocation = given(options.revocation, load_revocation) if options.revocation else None
    material = TrustMaterial(
        signer_anchors=anchors,
        tsa_anchors=tsa,
        intermediates=given(options.intermediates, load_certificates) if options.intermediates else (),
        crls=revocation.crls if revocation else (),
        ocsps=revocation.ocsps if revocation else (),
    )
    if (options.lists is None) != (options.lotl_certificates is None):
        raise WrongUse(["--lists and --lotl-certificates belong together"])
    if options.lists is None:
        return knowledge_of(data_root(), material, Policy())
    lists = InstalledLists(options.lists, options.lotl_certificates)
    return given(options.lists, lambda _: knowledge_of(data_root(), material, Policy(), lists))


def given(directory: Path, load: Callable[[Path], _Read]) -> _Read:
    """What lies in a directory that an option names. Raises ``WrongUse``."""
    if directory.exists() and not directory.is_dir():
        raise WrongUse(
            [f"{directory} is not a directory"], hint="put the file into a directory and name that"
        )
    try:
        return load(directory)
    except ConfigInvalid as fault:
        raise WrongUse(fault.problems, hint=fault.hint) from fault
    except TrustStateMissing as fault:
        raise WrongUse([fault.detail], hint="name a directory that exists") from fault


def warn_of_nothing(options: argparse.Namespace, terminal: Terminal) -> None:
    """A directory that was named and holds nothing of what it is for: the wrong one, or files under other names."""
    for directory in filter(None, (options.anchors, options.tsa_anchors)):
        if not load_certificates(directory):
            terminal.note(f"{directory} holds no certificate (*.pem, *.crt, *.cer, *.der)")
    if options.revocation is not None:
        lists = load_revocation(options.revocation)
        if not lists.crls:
            terminal.note(f"{options.revocation} holds no revocation list (*.crl)")


def remind(options: argparse.Namespace, terminal: Terminal) -> None:
    """Nothing is trusted without ``--anchors``; the finding itself speaks to a gateway's operator."""
    if options.anchors is None and not terminal.as_json:
        terminal.hint(
            "name the CAs you trust with --anchors DIR, their revocation lists with --revocation DIR"
        )


def _moment(text: str) -> datetime:
    try:
        value = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"expected a moment like 2026-11-22T05:00:00Z, got {text!r}"
        ) from error
    return value if value.tzinfo else value.replace(tzinfo=UTC)
