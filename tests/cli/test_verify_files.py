# SPDX-License-Identifier: EUPL-1.2
"""What ``verify`` takes, refuses and writes: every file gets its line, nothing is overwritten, nothing is waited for."""

import io
import json
import os
import socket
import sys
from datetime import UTC, datetime

import pytest

from gateway.cli import main
from gateway.cli.kept import read_kept
from gateway.cli.moments import moment_in
from gateway.phrasebook import Language
from gateway.stages.report.etsi import etsi_report


@pytest.fixture
def odd(tmp_path):
    """Things that have a name and are no files."""
    (tmp_path / "dir").mkdir()
    os.mkfifo(tmp_path / "fifo")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.fspath(tmp_path / "socket"))
    yield tmp_path
    listener.close()


# -- what is no file ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["verify", "check"])
@pytest.mark.parametrize(
    ("name", "english", "german"),
    [
        ("dir", "dir is not a file", "dir ist keine Datei"),
        (
            "fifo",
            "fifo: not a regular file; save its content to a file first",
            "fifo: keine gewöhnliche Datei; speichern Sie den Inhalt zuerst in eine Datei",
        ),
        (
            "socket",
            "socket: not a regular file; save its content to a file first",
            "socket: keine gewöhnliche Datei; speichern Sie den Inhalt zuerst in eine Datei",
        ),
    ],
)
def test_what_is_no_file_is_wrong_use_and_is_not_waited_for(amtsbote, odd, command, name, english, german):
    told = [amtsbote(command, odd / name, language=language) for language in ("en", "de")]

    assert [2, 2] == [done.code for done in told]
    assert english in told[0].err
    assert german in told[1].err


def test_standard_input_is_no_file_name(amtsbote):
    done = amtsbote("verify", "-")

    assert (2, True) == (done.code, "-: not a regular file; save its content to a file first" in done.err)


# -- several files -----------------------------------------------------------------------------------------------------


def test_a_missing_file_stops_none_of_the_others(amtsbote, sealed, tmp_path, trusted):
    bad = tmp_path / "bad.asice"
    bad.write_bytes(b"no zip")
    done = amtsbote("verify", sealed, tmp_path / "nix", bad, *trusted, "--json")

    assert (2, [str(sealed), str(tmp_path / "nix"), str(bad)]) == (
        done.code,
        [value["file"] for value in done.values],
    )
    assert f"{tmp_path}/nix: No such file or directory" == done.values[1]["error"]
    assert [False, True, False] == ["error" in value for value in done.values]


def test_several_files_end_with_how_many_are_valid(amtsbote, sealed, tmp_path, trusted):
    files = (sealed, tmp_path / "nix", sealed)
    english, german = (amtsbote("verify", *files, *trusted, language=lang) for lang in ("en", "de"))

    assert "2 of 3 files valid" == english.out.splitlines()[-1]
    assert "2 von 3 Dateien gültig" == german.out.splitlines()[-1]
    assert "nix: Datei oder Verzeichnis nicht vorhanden" in german.err
    assert "files valid" not in amtsbote("verify", sealed, *trusted).out


# -- the XML report ----------------------------------------------------------------------------------------------------


def test_the_file_that_is_judged_is_never_overwritten(amtsbote, sealed, trusted, tmp_path):
    before = sealed.read_bytes()
    (tmp_path / "link").symlink_to(sealed)
    told = [
        amtsbote("verify", sealed, *trusted, "--etsi", target, language=language)
        for target, language in ((sealed, "en"), (tmp_path / "link", "de"))
    ]

    assert [(2, ""), (2, "")] == [(done.code, done.out) for done in told]
    assert "--etsi: will not overwrite the file being verified" in told[0].err
    assert "--etsi: die geprüfte Datei wird nicht überschrieben" in told[1].err
    assert before == sealed.read_bytes()


def test_no_other_file_is_overwritten_either(amtsbote, sealed, trusted, tmp_path):
    (tmp_path / "report.xml").write_text("older")
    done = amtsbote("verify", sealed, *trusted, "--etsi", tmp_path / "report.xml")

    assert (2, "", "older") == (done.code, done.out, (tmp_path / "report.xml").read_text())
    assert "report.xml exists already" in done.err


# -- kept reports ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_kept_report_is_shown_as_it_was_when_it_was_judged(amtsbote, sealed, tmp_path, trusted, language):
    at = "2026-11-22T05:00:00Z"
    bad = tmp_path / "bad.asice"
    bad.write_bytes(sealed.read_bytes()[:-30])
    for path in (sealed, bad):
        kept = tmp_path / "kept.json"
        kept.write_text(amtsbote("verify", path, *trusted, "--at", at, "--json").out)
        judged = amtsbote("verify", path, *trusted, "--at", at, language=language)
        shown = amtsbote("verify", "--show", kept, language=language)

        assert (judged.code, judged.out) == (shown.code, shown.out.replace(str(kept), str(path)))


def test_a_kept_report_gives_the_same_xml(amtsbote, sealed, tmp_path, trusted):
    (value,) = amtsbote("verify", sealed, *trusted, "--etsi", tmp_path / "report.xml", "--json").values
    again = amtsbote("verify", "--show", written(tmp_path / "kept.json", value), "--json").out

    assert etsi_report(read_kept(again.encode())) == (tmp_path / "report.xml").read_bytes()


@pytest.mark.parametrize(
    "kept",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"container": "fine"}',
        pytest.param(b"[" * 100_000, id="nested deep"),
        pytest.param(b'{"scan":' * 600 + b"1" + b"}" * 600, id="nested less deep"),
    ],
)
def test_what_is_no_report_is_not_shown(amtsbote, tmp_path, kept):
    path = tmp_path / "kept.json"
    path.write_bytes(kept)
    done = amtsbote("verify", "--show", path)

    assert (2, "", True) == (
        done.code,
        done.out,
        "kept.json: not a verification report of this version" in done.err,
    )


def test_a_shown_report_names_no_file_in_other_words(amtsbote, sealed, tmp_path, trusted):
    (value,) = amtsbote("verify", sealed, *trusted, "--json").values
    value["documents"][0]["name"] = "path"
    value["findings"] = [{"code": "unsigned-content", "severity": "error", "place": "path"}]

    assert (
        "Stelle: path" in amtsbote("verify", "--show", written(tmp_path / "k.json", value), language="de").out
    )


def test_showing_writes_no_xml(amtsbote, tmp_path):
    done = amtsbote("verify", "--show", tmp_path / "k.json", "--etsi", tmp_path / "x.xml")

    assert (2, True) == (done.code, "--etsi and --show do not go together" in done.err)


def written(path, value):
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


# -- directories that are named ----------------------------------------------------------------------------------------


def test_a_named_directory_with_nothing_in_it_is_told(amtsbote, sealed, tmp_path):
    options = ("--anchors", tmp_path, "--revocation", tmp_path)
    english, german = (amtsbote("verify", sealed, *options, language=lang) for lang in ("en", "de"))

    assert f"{tmp_path} holds no certificate (*.pem, *.crt, *.cer, *.der)" in english.err
    assert f"{tmp_path} holds no revocation list (*.crl)" in english.err
    assert f"In {tmp_path} liegt kein Zertifikat (*.pem, *.crt, *.cer, *.der)" in german.err
    assert f"In {tmp_path} liegt keine Sperrliste (*.crl)" in german.err


@pytest.mark.parametrize("option", ["--anchors", "--tsa-anchors", "--intermediates", "--revocation"])
def test_a_file_in_the_place_of_a_directory_is_not_called_missing(amtsbote, sealed, tmp_path, option):
    (tmp_path / "ca.pem").write_bytes(b"x")
    english, german = (
        amtsbote("verify", sealed, option, tmp_path / "ca.pem", language=lang) for lang in ("en", "de")
    )

    assert [2, 2] == [english.code, german.code]
    assert "ca.pem is not a directory" in english.err
    assert "ca.pem ist kein Verzeichnis" in german.err


@pytest.mark.parametrize(
    ("language", "parts"),
    [
        ("en", ("exit codes: 0 all files valid", "example: amtsbote verify", "✗ not valid")),
        ("de", ("Rückgabewerte: 0 alle Dateien gültig", "Beispiel: amtsbote verify", "✗ ungültig")),
    ],
)
def test_help_has_an_example_the_exit_codes_and_the_marks(amtsbote, language, parts):
    shown = amtsbote("verify", "--help", language=language).out

    assert [] == [part for part in parts if part not in shown]


# -- encodings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "word"), [("ascii", "x ungueltig"), ("latin-1", "x ungültig"), ("utf-8", "✗ ungültig")]
)
def test_any_encoding_of_the_output_will_do(monkeypatch, tmp_path, encoding, word):
    (tmp_path / "kaputt.asice").write_bytes(b"no zip")
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2))
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    code = main(["--language", "de", "verify", str(tmp_path / "kaputt.asice")])
    out.flush()
    told = out.buffer.getvalue().decode(encoding)

    assert (1, True) == (code, "kaputt.asice" in told)
    assert word.split()[1] in told
    assert f"  {word.split()[0]} " in told


def test_json_is_json_in_any_encoding(monkeypatch, tmp_path):
    (tmp_path / "tür.asice").write_bytes(b"no zip")
    out = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    monkeypatch.setattr(sys, "stdout", out)
    main(["verify", "--json", str(tmp_path / "tür.asice")])
    out.flush()

    assert str(tmp_path / "tür.asice") == json.loads(out.buffer.getvalue().decode("ascii"))["file"]


def test_a_file_name_that_is_no_utf_8_is_spelled(amtsbote, tmp_path):
    path = os.fsencode(tmp_path) + b"/latin-\xfc.asice"
    with open(path, "wb") as file:  # noqa: PTH123 - a Path of such a name would be what is tested
        file.write(b"no zip")
    shown = amtsbote("verify", os.fsdecode(path))
    (value,) = amtsbote("verify", "--json", os.fsdecode(path)).values

    assert 1 == shown.code
    assert shown.out.startswith(f"{tmp_path}/latin-\\udcfc.asice: not valid")
    assert f"{tmp_path}/latin-\\xfc.asice" == value["file"]


def test_a_new_line_in_a_file_name_forges_no_verdict(amtsbote, tmp_path):
    path = tmp_path / "x\nok: gültig (TOTAL-PASSED).asice"
    path.write_bytes(b"no zip")
    lines = amtsbote("verify", path, tmp_path / "nix\nok: gültig", language="de")

    assert [] == [line for line in (lines.out + lines.err).splitlines() if line.startswith("ok")]


def test_moments_are_told_in_utc_wherever_they_were_written():
    moment = datetime.fromisoformat("2026-11-22T01:30:59+02:00")

    assert "21.11.2026, 23:30 UTC" == moment_in(Language.DE, moment)
    assert "2026-11-21 23:30 UTC" == moment_in(Language.EN, moment.astimezone(UTC))
