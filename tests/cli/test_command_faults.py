# SPDX-License-Identifier: EUPL-1.2
"""What a person mistypes or leaves out: the exit code, one sentence, and what helps; never a traceback."""

import json

import pytest
from gatewayroom import WEIMAR

from gateway.tlog.note import NoteSigner

VKEY = NoteSigner("example.org/log", bytes(32)).verifier.vkey


@pytest.mark.parametrize(
    "command",
    [
        ("submit", "{bundle}"),
        ("events",),
        ("inbox", "list"),
        ("audit", "mirror", "{tmp}/log"),
    ],
)
def test_a_command_without_a_gateway_says_how_to_name_one(amtsbote, sealed, tmp_path, monkeypatch, command):
    monkeypatch.delenv("AMTSBOTE_PROFILE", raising=False)
    done = amtsbote(*(word.format(bundle=sealed, tmp=tmp_path) for word in command))

    assert (2, "") == (done.code, done.out)
    assert "--gateway is missing" in done.err
    assert "hint: name a profile with --profile, or all four options" in done.err


def test_a_profile_that_is_not_there_is_named(amtsbote, tmp_path):
    done = amtsbote("events", "--profile", tmp_path / "none.toml")

    assert (2, True) == (done.code, "none.toml" in done.err)


def test_all_faults_of_a_profile_are_told_at_once(amtsbote, tmp_path):
    (tmp_path / "p.toml").write_text('gatway = "https://localhost:1"\nkey = "tls.key"\n')
    done = amtsbote("events", "--profile", tmp_path / "p.toml")

    assert 2 == done.code
    for told in ("unknown key gatway", "--gateway is missing", "--certificate is missing", "--ca is missing"):
        assert told in done.err


def test_a_profile_whose_key_is_gone_says_so(amtsbote, tmp_path, world):
    text = world.chambers[WEIMAR[0]].profile.read_text(encoding="utf-8")
    (tmp_path / "p.toml").write_text(text, encoding="utf-8")
    done = amtsbote("events", "--profile", tmp_path / "p.toml")

    assert (2, 3) == (done.code, done.err.count("No such file or directory"))


def test_a_bundle_that_is_no_file_is_wrong_use(amtsbote, tmp_path, world):
    done = amtsbote("submit", tmp_path / "x.asice", "--profile", world.chambers[WEIMAR[0]].profile)

    assert (2, "") == (done.code, done.out)
    assert "hint: make a bundle with: amtsbote pack" in done.err


def test_a_log_that_is_not_there_is_not_proven(amtsbote, tmp_path):
    done = amtsbote("audit", "verify", tmp_path, "--vkey", VKEY, "--json")

    assert (1, False) == (done.code, done.values[0]["proven"])


@pytest.mark.parametrize(
    ("vkey", "told"),
    [("no.vkey", "no.vkey: No such file"), ("a+b+c", "--vkey: "), ("+", "--vkey: "), ("", "Is a directory")],
)
def test_a_key_that_is_none_is_told_as_such(amtsbote, tmp_path, vkey, told):
    done = amtsbote("audit", "verify", tmp_path, "--vkey", vkey)

    assert (2, "") == (done.code, done.out)
    assert told in done.err
    assert "unexpected" not in done.err


def test_a_receipt_that_is_not_there_is_named(amtsbote, tmp_path):
    done = amtsbote("audit", "verify", tmp_path, tmp_path / "none.receipt.json", "--vkey", VKEY)

    assert (2, True) == (done.code, "none.receipt.json: No such file or directory" in done.err)


@pytest.mark.parametrize("text", ["", "{}", "[1]", "\x00", '{"format": "amtsbote-receipt/1"}'])
def test_what_is_no_receipt_is_not_unpacked(amtsbote, tmp_path, text):
    (tmp_path / "r.json").write_text(text)
    done = amtsbote("audit", "unpack", tmp_path / "r.json", tmp_path / "out")

    assert (1, "") == (done.code, done.err)
    assert "[receipt-malformed]" in done.out


@pytest.mark.parametrize("command", ["list", "resume 01ARZ3NDEKTSV4RRFFQ69G5FAV"])
def test_operators_without_a_gateway_are_told_how_to_make_one(amtsbote, tmp_path, command):
    done = amtsbote("deliveries", *command.split(), "--config", tmp_path / "amtsbote.toml")

    assert (3, "") == (done.code, done.out)
    assert "hint: make one with: amtsbote init" in done.err


def test_a_delivery_that_is_not_parked_is_not_resumed(amtsbote, world):
    command = ("deliveries", "resume", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--config", world.config, "--json")
    done = amtsbote(*command)

    assert (1, ["not-found"]) == (done.code, [f["code"] for f in json.loads(done.out)["findings"]])


def test_anchors_that_are_not_there_are_not_an_empty_set(amtsbote, sealed, tmp_path):
    done = amtsbote("verify", sealed, "--anchors", tmp_path / "none")

    assert 0 != done.code
    assert "unexpected" not in done.err


def test_a_demo_never_replaces_a_directory_that_is_not_its_own(amtsbote, tmp_path):
    (tmp_path / "letter.txt").write_text("keep me")
    done = amtsbote("demo", "--directory", tmp_path, "--replace")

    assert (2, "keep me") == (done.code, (tmp_path / "letter.txt").read_text())
    assert "was not made by a demo" in done.err
