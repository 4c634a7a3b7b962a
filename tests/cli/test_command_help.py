# SPDX-License-Identifier: EUPL-1.2
"""Every command explains itself, and says wrong use with exit code 2."""

import re

import pytest

from gateway import __version__
from gateway.cli import main

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
    "deliveries list",
    "deliveries resume",
    "dossier",
    "dossier show",
]
# Words of argparse, of our help and of its metavars that are no German ones.
ENGLISH = re.compile(
    r"\b(usage|options|arguments|positional|show|exit|the|and|with|of|your|default|print|where"
    r"|FILE|DIR|DIRECTORY|DELIVERY|BUNDLE|COMMAND|ACTION|TIME|RECEIPT|SECONDS|MESSAGE|REFERENCE|HOST|ID)\b"
)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_there(amtsbote, command):
    done = amtsbote(*command.split(), "--help")

    assert (0, "") == (done.code, done.err)
    assert done.out.startswith(f"usage: {' '.join(['amtsbote', *command.split()])}")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_in_german_holds_no_english(amtsbote, command):
    done = amtsbote(*command.split(), "--help", language="de")
    own = re.sub(r"\S*[-./=]\S*|amtsbote( \w+)*|\{.*?\}|^    \w+", "", done.out, flags=re.MULTILINE)

    assert (0, [], "") == (done.code, ENGLISH.findall(own), done.err)
    assert done.out.startswith("Aufruf: amtsbote")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_argument_is_explained(amtsbote, command):
    shown = amtsbote(*command.split(), "--help").out
    lines = shown.splitlines()
    bare = [
        line
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
        if re.fullmatch(r"  (-\S.*|[A-Z]+)", line)
        and "  " not in line.strip()
        and not after.startswith(" " * 8)
    ]

    assert [] == [line for line in bare if line.strip() not in {"COMMAND", "ACTION"}]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--language=de pack", "es fehlt: VERZEICHNIS"),
        ("pack --language de", "es fehlt: VERZEICHNIS"),
        ("pack --lang de", "es fehlt: VERZEICHNIS"),
        ("pack --lang=en", "required: DIRECTORY"),
        ("--language fr pack", "invalid choice: 'fr'"),
        ("--language", "expected one argument"),
    ],
)
def test_the_language_may_stand_anywhere(capsys, monkeypatch, words, told):
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")

    with pytest.raises(SystemExit) as end:
        main(words.split())

    assert 2 == end.value.code
    assert told in capsys.readouterr().err


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


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("", "es fehlt: BEFEHL"),
        ("no-such-command", "unzulässiger Wert 'no-such-command'"),
        ("inbox answer 01ARZ3NDEKTSV4RRFFQ69G5FAV perhaps", "Argument ART: unzulässiger Wert 'perhaps'"),
        ("serve --role cook", "erwartet eine Rolle"),
        ("check x.asice --at yesterday", "ein Zeitpunkt wie"),
        ("events --after soon", "Argument --after: unzulässiger Wert 'soon'; erwartet eine ganze Zahl"),
        ("verify nowhere.asice", "nowhere.asice: Datei oder Verzeichnis nicht vorhanden"),
        ("submit nowhere.asice", "Hinweis: Ein Bündel entsteht mit: amtsbote pack"),
        ("serve --config nowhere.toml", "keine Konfiguration unter nowhere.toml"),
    ],
)
def test_wrong_use_is_told_in_german(amtsbote, command, told):
    done = amtsbote(*command.split(), language="de")

    assert done.code in {2, 3}
    assert told in done.err
    assert not re.search(r"\b(error|hint|usage|expected|the|is)\b", done.err)
