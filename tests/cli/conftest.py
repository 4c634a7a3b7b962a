# SPDX-License-Identifier: EUPL-1.2
"""Commands run in this process, and the parties of a world in which no gateway runs."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import gatewayroom
import pytest

from gateway.cli import main
from gateway.demo.world import build_world


@dataclass(frozen=True)
class Done:
    """What a shell sees of a command."""

    code: int
    out: str
    err: str

    @property
    def values(self) -> list:
        """Standard output read as one JSON value a line."""
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def amtsbote(capsys, monkeypatch):
    # ``serve`` marks its process for the roles it starts; another test's mark must not be taken for ours.
    monkeypatch.delenv("AMTSBOTE_SUPERVISED", raising=False)

    def run(*words: object, language: str = "en") -> Done:
        capsys.readouterr()
        try:
            code = main(["--language", language, *(str(word) for word in words)])
        except SystemExit as end:
            code = end.code
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Done(code, out, err)

    return run


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    now = datetime.now(UTC)
    world = build_world(tmp_path_factory.mktemp("world") / "w", now=now, since=gatewayroom.SINCE)
    world.write_crls(now - timedelta(hours=1), now + timedelta(days=60))
    return world


@pytest.fixture
def trusted(world):
    """Options that name whom to trust."""
    site = world.site
    return ("--anchors", site / "anchors/signers", "--revocation", site / "revocation/signers")


@pytest.fixture(scope="session")
def sealed(world, tmp_path_factory):
    """A good bundle; not to be changed."""
    target = tmp_path_factory.mktemp("sealed") / "gut.asice"
    return gatewayroom.seal(world, gatewayroom.example(gatewayroom.WEIMAR[0], "KOMMANDO-1"), target)
