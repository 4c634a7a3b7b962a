# SPDX-License-Identifier: EUPL-1.2
"""Options that name trust anchors and revocation data, for the verbs that judge files on this machine."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from gateway.catalogue import data_root
from gateway.examination import Knowledge
from gateway.keyring import load_certificates, load_revocation
from gateway.knowledge import knowledge_of
from gateway.model.trust import TrustMaterial
from gateway.policy import Policy
from gateway.service import system_clock


def add_options(parser: argparse.ArgumentParser) -> None:
    """``--anchors``, ``--intermediates``, ``--revocation``, ``--at``."""
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
        "--at", type=_moment, metavar="TIME", help="judge as of this moment, for example 2026-11-22T05:00:00Z"
    )


def moment(options: argparse.Namespace) -> datetime:
    """``--at`` or now."""
    chosen: datetime | None = options.at
    return chosen or system_clock()


def knowledge(options: argparse.Namespace) -> Knowledge:
    """What the options say, with the rules and limits this version ships."""
    anchors = load_certificates(options.anchors) if options.anchors else ()
    tsa = load_certificates(options.tsa_anchors) if options.tsa_anchors else anchors
    revocation = load_revocation(options.revocation) if options.revocation else None
    material = TrustMaterial(
        signer_anchors=anchors,
        tsa_anchors=tsa,
        intermediates=load_certificates(options.intermediates) if options.intermediates else (),
        crls=revocation.crls if revocation else (),
        ocsps=revocation.ocsps if revocation else (),
    )
    return knowledge_of(data_root(), material, Policy())


def _moment(text: str) -> datetime:
    try:
        value = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"expected a moment like 2026-11-22T05:00:00Z, got {text!r}"
        ) from error
    return value if value.tzinfo else value.replace(tzinfo=UTC)
