# SPDX-License-Identifier: EUPL-1.2
"""How a command reaches a gateway: four options, or a profile file that holds them."""

import argparse
import asyncio
import os
import tomllib
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from gateway.cli.findings import Told
from gateway.cli.foreign import names_in, recognised
from gateway.cli.lines import plain
from gateway.cli.terminal import Exit, Terminal, WrongUse
from gateway.client import (
    CertificateRefused,
    GatewayClient,
    GatewayUnreachable,
    ProblemAnswered,
    TransferDamaged,
    client_context,
)
from gateway.findings import Severity
from gateway.phrasebook import Language

_KEYS = ("gateway", "certificate", "key", "ca")


def add_options(parser: argparse.ArgumentParser) -> None:
    """``--profile``, ``--gateway``, ``--certificate``, ``--key``, ``--ca``."""
    group = parser.add_argument_group("connection", "an option goes before the profile")
    profile = os.environ.get("AMTSBOTE_PROFILE")
    group.add_argument(
        "--profile",
        type=Path,
        default=Path(profile) if profile else None,
        metavar="TOML",
        help="file with the keys gateway, certificate, key, ca; default: $AMTSBOTE_PROFILE",
    )
    group.add_argument("--gateway", metavar="URL", help="for example https://amtsbote.example.de:8443")
    group.add_argument("--certificate", type=Path, metavar="PEM", help="your TLS client certificate")
    group.add_argument("--key", type=Path, metavar="PEM", help="its private key")
    group.add_argument("--ca", type=Path, metavar="PEM", help="the CA of the gateway's certificate")


def talk(
    options: argparse.Namespace, terminal: Terminal, work: Callable[[GatewayClient], Awaitable[int]]
) -> int:
    """Run ``work`` with a connection; a refusal is printed with its findings and gives exit code 1."""
    url, certificate, key, ca = _settings(options)
    if unreadable := [fault for path in (certificate, key, ca) if (fault := _fault(path))]:
        raise WrongUse(unreadable)
    try:
        context = client_context(certificate, key, ca)
    except OSError as error:
        fault = "the certificate and the key do not belong together, or are not PEM"
        raise WrongUse([f"certificate, key or ca cannot be used: {fault}"]) from error

    async def run() -> int:
        async with GatewayClient(url, context, language=terminal.language.value) as gateway:
            return await work(gateway)

    try:
        return asyncio.run(run())
    except ProblemAnswered as problem:
        _print_problem(problem, terminal, names_in(getattr(options, "bundle", None)))
        return Exit.REFUSED
    except CertificateRefused as refusal:
        terminal.error(
            f"the TLS handshake failed: {refusal}",
            hint="is your certificate registered, valid and not revoked?",
        )
        return Exit.REFUSED
    except (GatewayUnreachable, TransferDamaged) as fault:
        terminal.error(str(fault), hint=f"is the gateway running at {url}?")
        return Exit.FAULT


def _settings(options: argparse.Namespace) -> tuple[str, Path, Path, Path]:
    profile: dict[str, Any] = {}
    base = Path()
    if options.profile is not None:
        base = options.profile.parent
        try:
            profile = tomllib.loads(options.profile.read_text(encoding="utf-8"))
        except OSError as error:
            raise WrongUse([f"{options.profile}: {os.strerror(error.errno or 0)}"]) from error
        except ValueError as error:  # neither UTF-8 nor TOML
            raise WrongUse([f"{options.profile}: {error}"]) from error
    problems = [f"{options.profile}: unknown key {key}" for key in profile if key not in _KEYS]
    values = {key: getattr(options, key) or profile.get(key) for key in _KEYS}
    problems += [f"--{key} is missing" for key, value in values.items() if not value]
    if problems:
        raise WrongUse(problems, hint="name a profile with --profile, or all four options")
    certificate, key, ca = (_path(options, profile, base, name) for name in _KEYS[1:])
    return str(values["gateway"]), certificate, key, ca


def _fault(path: Path) -> str:
    try:
        with path.open("rb"):
            return ""
    except OSError as error:
        return f"{path}: {os.strerror(error.errno or 0)}"


def _path(options: argparse.Namespace, profile: Mapping[str, Any], base: Path, name: str) -> Path:
    """A path from an option is relative to where one stands, one from a profile to the profile."""
    chosen: Path | None = getattr(options, name)
    return chosen or base / str(profile[name])


def _told(finding: Mapping[str, Any], names: Collection[str]) -> Told:
    """A finding of a gateway that may be newer than this program: its codes are words like any other."""
    code, what, fix, place, expected, got = (
        str(finding.get(name, "")) for name in ("code", "what", "fix", "place", "expected", "got")
    )
    severity = finding.get("severity")
    return Told(
        code=code,
        severity=Severity(severity) if severity in set(Severity) else Severity.ERROR,
        what=what,
        fix=fix,
        details=(recognised(place, names), recognised(expected, names), recognised(got, names)),
    )


def _print_problem(problem: ProblemAnswered, terminal: Terminal, names: Collection[str]) -> None:
    if terminal.as_json:
        terminal.data(dict(problem.problem))
        return
    terminal.error(f"{problem.problem.get('title', 'refused')} ({problem.status} {problem.code})")
    terminal.blocks(terminal.err, (_told(finding, names) for finding in problem.findings))
    if dossier := problem.problem.get("dossier_id"):
        # A refusal is evidence too: the chamber may have to show that it tried in time.
        proof = f"amtsbote events --evidence {dossier}"
        terminal.err.print(
            plain(
                f"Die Abweisung ist als Vorgang {dossier} aufgezeichnet; die Quittung holt: {proof}"
                if terminal.language is Language.DE
                else f"this refusal is recorded as dossier {dossier}; its receipt comes with: {proof}"
            )
        )
