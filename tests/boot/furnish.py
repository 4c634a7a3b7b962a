# SPDX-License-Identifier: EUPL-1.2
"""Puts a gateway, its partners and sealed dossiers into the tree of a machine to be; run by ``systemd/boot-test.sh``."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import gatewayroom

ROOT = Path(sys.argv[1])


def furnish() -> None:
    """Below ``/srv/world``, with every path as it will be seen from inside."""
    site = gatewayroom.Site.founded(ROOT / "srv/world")
    world = site.world
    chamber, _ = gatewayroom.WEIMAR
    for number in (1, 2):
        dossier = gatewayroom.example(chamber, f"BOOT-{number}")
        gatewayroom.seal(world, dossier, world.directory / f"{number}.asice")
    pushed = gatewayroom.example(gatewayroom.LUDWIGSBURG[0], "BOOT-3")
    gatewayroom.seal(world, pushed, world.directory / "3.asice")
    for path in (*world.directory.rglob("*.toml"),):
        text = path.read_text(encoding="utf-8").replace(str(ROOT), "")
        path.write_text(text.replace(f":{world.port}", ":8443"), encoding="utf-8")
    (world.directory / "founded").write_text(datetime.now(UTC).isoformat(), encoding="utf-8")


furnish()
