# SPDX-License-Identifier: EUPL-1.2
"""``amtsbote serve``: all roles under one supervisor, or one role (as the systemd units do)."""

import argparse
import os
import sys
from pathlib import Path

from gateway.cli import configuration
from gateway.cli.terminal import Exit, Terminal
from gateway.confinement import die_with_parent
from gateway.doorbell import Role
from gateway.roles import run_role
from gateway.roles.readiness import require_all, require_whole_journal
from gateway.service import Service, supervise

_SUPERVISED = "AMTSBOTE_SUPERVISED"  # set by the supervisor for its children


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "serve",
        help="run the gateway",
        description="Runs all roles, each in a process of its own, and restarts what dies. SIGTERM drains and stops. "
        "With --role only that one runs, for systemd. Every outcome is one JSON line on standard output.",
    )
    configuration.add_option(parser)
    parser.add_argument(
        "--role",
        type=Role,
        choices=list(Role),
        metavar="ROLE",
        help="one of receive, verify, publish, deliver, refresh",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, _terminal: Terminal) -> int:
    """Serve until told to stop."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    service = Service.load(options.config, credentials=Path(credentials) if credentials else None)
    if options.role is not None:
        if os.environ.get(_SUPERVISED):
            die_with_parent()
        elif options.role is Role.RECEIVE:
            require_whole_journal(service)
        run_role(service, options.role)
        return Exit.GOOD
    require_all(service)
    os.environ[_SUPERVISED] = "1"
    supervise(
        service,
        lambda role: [
            sys.executable,
            "-m",
            "gateway",
            "serve",
            "--role",
            role,
            "--config",
            str(options.config),
        ],
    )
    return Exit.GOOD
