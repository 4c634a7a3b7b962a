# SPDX-License-Identifier: EUPL-1.2
"""Every command explains itself, and says wrong use with exit code 2."""

import pytest

from gateway import __version__

COMMANDS = [
    "",
    "init",
    "serve",
    "demo",
    "pack",
    "check",
    "submit",
    "events",
    "inbox",
    "inbox list",
    "inbox fetch",
    "inbox acknowledge",
    "inbox answer",
    "verify",
    "audit",
    "audit verify",
    "audit mirror",
    "audit unpack",
    "deliveries",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_there(amtsbote, command):
    done = amtsbote(*command.split(), "--help")

    assert (0, "") == (done.code, done.err)
    assert done.out.startswith(f"usage: {' '.join(['amtsbote', *command.split()])}")


def test_the_overview_names_every_command_with_a_line_of_its_own(amtsbote):
    shown = amtsbote("--help").out
    lines = {line.split()[0]: line.split()[1:] for line in shown.splitlines() if line.startswith("    ")}

    assert [] == [name for name in COMMANDS if name and " " not in name and not lines.get(name)]


def test_the_version_is_that_of_the_package(amtsbote):
    assert f"amtsbote {__version__}\n" == amtsbote("--version").out


@pytest.mark.parametrize(
    "command",
    [
        "",
        "no-such-command",
        "pack",
        "submit",
        "inbox",
        "inbox answer 01ARZ3NDEKTSV4RRFFQ69G5FAV perhaps",
        "audit",
        "audit verify log",
        "serve --role cook",
        "init here",
        "verify",
        "check x.asice --at yesterday",
        "events --after soon",
    ],
)
def test_wrong_use_is_told_on_standard_error(amtsbote, command):
    done = amtsbote(*command.split())

    assert (2, "") == (done.code, done.out)
    assert "usage: amtsbote" in done.err
