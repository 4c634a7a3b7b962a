# SPDX-License-Identifier: EUPL-1.2
"""``amtsbote demo``: play the three cooperations against a real gateway on this machine."""

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from gateway.cli.terminal import Exit, Terminal, WrongUse
from gateway.demo.stage import Stage
from gateway.demo.world import build_world
from gateway.errors import ConfigInvalid

_SINCE = datetime(2025, 1, 1, tzinfo=UTC)  # the demo's certificates are valid from here
_MARK = ".amtsbote-demo"
_WIDTH = 110  # columns


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "demo",
        help="play the three cooperations against a real gateway on this machine",
        description="Makes throw-away CAs, chambers, authorities and a gateway in DIRECTORY, runs the gateway's real roles on "
        "loopback, and plays dossiers, refusals, answers and the audit. No network, no containers.",
    )
    parser.add_argument(
        "--directory",
        type=Path,
        default=Path("demo"),
        metavar="DIRECTORY",
        help="where the demo is made; default: demo",
    )
    parser.add_argument("--replace", action="store_true", help="remove an earlier demo in DIRECTORY first")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Play; 0 if everything went as the script says."""
    try:
        from gateway.demo.play import Play  # noqa: PLC0415 - its libraries come with the extra "demo" only
    except ImportError as error:
        raise ConfigInvalid(
            [f"{error}"], hint="install what the demo needs: pip install 'amtsbote[demo]'"
        ) from error
    started = time.monotonic()
    directory = options.directory.resolve()
    _make_room(directory, replace=options.replace)
    now = datetime.now(UTC)
    stage = Stage(console=_console(), language=terminal.language, speak=terminal.worded)
    stage.scene("Vorbereitung", "Preparation")
    world = build_world(directory, now=now, since=_SINCE)
    stage.done(
        f"{len(world.chambers)} Kammern, {len(world.authorities)} Behörden, eine Revision, drei CAs, ein Gateway in {options.directory}",
        f"{len(world.chambers)} chambers, {len(world.authorities)} authorities, an auditor, three CAs, a gateway in {options.directory}",
    )
    asyncio.run(Play(world, stage, now).perform())
    program = _program()
    command = _audit_command(program, options.directory)
    stage.say(f"$ {' '.join(command)}", f"$ {' '.join(command)}")
    proven = _audit(command, stage)
    stage.scene("Was geschah", "What happened")
    stage.console.print(stage.table())
    _print_places(stage, program, options.directory, time.monotonic() - started)
    return Exit.GOOD if stage.as_expected and proven else Exit.REFUSED


def _audit(command: list[str], stage: Stage) -> bool:
    """Run the auditor's command as the auditor would; its last line is the verdict."""
    result = subprocess.run(
        [sys.executable, "-m", "gateway", "--language", stage.language.value, *command[1:]],
        check=False,
        capture_output=True,
        text=True,
    )
    verdict = result.stdout.splitlines()[-1:] or result.stderr.splitlines()[-1:] or [""]
    if result.returncode == 0:
        stage.done(verdict[0], verdict[0])
    else:
        stage.failed(verdict[0], verdict[0])
    return result.returncode == 0


def _console() -> Console:
    """As wide as the terminal; wide enough for the table where the output goes into a file."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH)


def _program() -> str:
    """The command as this person has to type it."""
    name = Path(sys.argv[0])
    if shutil.which("amtsbote") or name.name != "amtsbote":
        return "amtsbote"
    return os.path.relpath(name)


def _make_room(directory: Path, *, replace: bool) -> None:
    """Only a directory that an earlier demo made is ever removed."""
    if directory.exists() and any(directory.iterdir()):
        if not (directory / _MARK).exists():
            raise WrongUse(
                [f"{directory} is not empty and was not made by a demo"], hint="choose another --directory"
            )
        if not replace:
            raise WrongUse([f"{directory} holds an earlier demo"], hint="use --replace to make it anew")
        shutil.rmtree(directory)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / _MARK).touch()


def _audit_command(program: str, directory: Path) -> list[str]:
    return [
        program, "audit", "verify", f"{directory}/auditor/log", f"{directory}/chambers",
        "--vkey", f"{directory}/gateway/keys/log.vkey", "--seal-anchors", f"{directory}/gateway/anchors/signers",
    ]  # fmt: skip


def _print_places(stage: Stage, program: str, directory: Path, seconds: float) -> None:
    stage.scene("Wo alles liegt", "Where everything is")
    for path, german, english in (
        ("chambers/*/bundles/", "was die Kammern schickten", "what the chambers sent"),
        ("chambers/*/receipts/", "ihre Quittungen", "their receipts"),
        ("authorities/*/inbox/", "was die Behörden abholten", "what the authorities fetched"),
        (
            "authorities/landratsamt-ludwigsburg/eingang/",
            "der Ordner des Landratsamts",
            "the Landratsamt's folder",
        ),
        ("auditor/log/", "das Protokoll, wie es die Revision prüft", "the log as the auditor proves it"),
        (
            "gateway/",
            "Konfiguration, Schlüssel, Journal und Spool des Gateways",
            "configuration, keys, journal and spool of the gateway",
        ),
        ("gateway.log", "was das Gateway selbst notierte", "what the gateway itself wrote down"),
    ):
        stage.say(f"{directory}/{path:<46} {german}", f"{directory}/{path:<46} {english}")
    stage.console.print()
    stage.say(
        f"In {seconds:.0f} Sekunden. Das Gateway läuft weiter mit:",
        f"Done in {seconds:.0f} seconds. The gateway goes on with:",
    )
    stage.say(
        f"  $ {program} serve --config {directory}/gateway/amtsbote.toml",
        f"  $ {program} serve --config {directory}/gateway/amtsbote.toml",
    )
    profile = f"{directory}/chambers/ihk-erfurt/profile.toml"
    stage.say(f"  $ {program} events --profile {profile}", f"  $ {program} events --profile {profile}")
