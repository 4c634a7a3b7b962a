# SPDX-License-Identifier: EUPL-1.2
"""``pack``, ``check`` and ``verify`` on files of this machine, as an integrator uses them."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from gatewayroom import WEIMAR, example, paper

from gateway.cli.kept import read_kept
from gateway.demo.bundles import seal_bundle, with_changed_document, with_doubled_name, with_unsigned_file
from gateway.stages.dossier import write_dossier
from gateway.stages.report.etsi import etsi_report


@pytest.fixture
def folder(tmp_path):
    """dossier.xml and its papers, as a chamber's system would lay them out."""

    def fill(dossier):
        (tmp_path / "in/dokumente").mkdir(parents=True)
        (tmp_path / "in/dossier.xml").write_bytes(write_dossier(dossier))
        for document in dossier.documents:
            (tmp_path / "in" / document.file).write_bytes(paper(document.type))
        return tmp_path / "in"

    return fill


@pytest.fixture
def sealing(world):
    party = world.chambers[WEIMAR[0]].directory
    return ("--key", party / "seal.key", "--certificate", party / "seal.crt")


# -- pack --------------------------------------------------------------------------------------------


def test_the_example_is_a_dossier_whose_only_faults_are_the_papers_one_has_to_add(
    amtsbote, tmp_path, sealing
):
    shown = amtsbote("pack", "--example", tmp_path / "new")
    done = amtsbote("pack", tmp_path / "new", "--out", tmp_path / "x.asice", *sealing, "--json")
    codes = {finding["code"] for finding in done.values[0]["findings"]}

    assert (0, "") == (shown.code, shown.err)
    assert (1, {"document-not-in-bundle"}) == (done.code, codes)
    assert not (tmp_path / "x.asice").exists()


def test_an_example_never_overwrites_a_dossier(amtsbote, tmp_path):
    (tmp_path / "dossier.xml").write_text("mine")
    done = amtsbote("pack", "--example", tmp_path)

    assert (2, "mine") == (done.code, (tmp_path / "dossier.xml").read_text())


def test_a_packed_folder_passes_the_precheck_and_verifies(amtsbote, tmp_path, folder, sealing, trusted):
    out = tmp_path / "out.asice"
    packed = amtsbote("pack", folder(example(WEIMAR[0], "PACK-1")), "--out", out, *sealing, "--json")
    checked = amtsbote("check", out, *trusted, "--json")
    verified = amtsbote("verify", out, *trusted, "--json")

    assert [{"bundle": str(out), "files": 11, "bytes": out.stat().st_size}] == packed.values
    assert (0, True) == (checked.code, checked.values[0]["passed"])
    assert (0, "TOTAL-PASSED") == (verified.code, verified.values[0]["indication"])
    assert ["", "", ""] == [packed.err, checked.err, verified.err]


def test_a_bundle_is_never_overwritten(amtsbote, tmp_path, folder, sealing):
    out = tmp_path / "out.asice"
    out.write_bytes(b"older")
    done = amtsbote("pack", folder(example(WEIMAR[0], "PACK-2")), "--out", out, *sealing)

    assert (2, b"older") == (done.code, out.read_bytes())
    assert "hint: choose another name; bundles are never overwritten" in done.err
    assert [out] == [path for path in tmp_path.iterdir() if path.is_file()]


def test_what_is_missing_is_told_at_once_and_may_be_packed_on_purpose(amtsbote, tmp_path, folder, sealing):
    directory = folder(example(WEIMAR[0], "PACK-3", without=("PASS", "LEBENSLAUF")))
    command = ("pack", directory, "--out", tmp_path / "out.asice", *sealing)
    refused = amtsbote(*command)
    packed = amtsbote(*command, "--incomplete")

    assert (1, 1, 2) == (
        refused.code,
        refused.out.count("[document-missing]"),
        refused.out.count("expected: "),
    )
    assert 0 == packed.code
    assert (tmp_path / "out.asice").is_file()


def test_faults_of_the_schema_come_with_everything_else(amtsbote, tmp_path, folder, sealing):
    directory = folder(example(WEIMAR[0], "PACK-7", without=("LEBENSLAUF",)))
    path = directory / "dossier.xml"
    text = path.read_text(encoding="utf-8").replace("<kind>initial<", "<kind>first<")
    path.write_text(text.replace("<type>PASS<", "<type>PASSPORT<"), encoding="utf-8")
    (directory / "dokumente/pass.pdf").unlink()
    refused = amtsbote("pack", directory, "--out", tmp_path / "out.asice", *sealing, "--json")
    codes = {finding["code"] for finding in refused.values[0]["findings"]}

    assert 1 == refused.code
    assert {"dossier-schema", "document-type-unknown", "document-not-in-bundle", "document-missing"} == codes
    assert not (tmp_path / "out.asice").exists()


def test_pack_without_options_says_which_ones(amtsbote, tmp_path):
    done = amtsbote("pack", tmp_path)

    assert (2, "") == (done.code, done.out)
    assert "expected --out, --key, --certificate" in done.err


def test_pack_without_a_dossier_says_where_to_begin(amtsbote, tmp_path, sealing):
    done = amtsbote("pack", tmp_path, "--out", tmp_path / "x", *sealing)

    assert 2 == done.code
    assert "hint: begin with: amtsbote pack --example" in done.err


def test_a_key_of_somebody_else_does_not_seal(amtsbote, tmp_path, world, folder):
    ours, theirs = (world.chambers[name].directory for name in (WEIMAR[0], "ihk-hannover"))
    done = amtsbote(
        *("pack", folder(example(WEIMAR[0], "PACK-4")), "--out", tmp_path / "x"),
        *("--key", ours / "seal.key", "--certificate", theirs / "seal.crt"),
    )

    assert 2 == done.code
    assert "does not belong to the first certificate" in done.err


def test_a_dossier_that_the_schema_refuses_is_not_packed(amtsbote, tmp_path, sealing):
    (tmp_path / "dossier.xml").write_text("<dossier/>")
    done = amtsbote("pack", tmp_path, "--out", tmp_path / "x", *sealing)

    assert (1, "") == (done.code, done.err)
    assert "[dossier-namespace]" in done.out


# -- check and verify --------------------------------------------------------------------------------


def test_a_good_bundle_is_called_good_in_both_languages(amtsbote, sealed, trusted):
    german = amtsbote("verify", sealed, *trusted, language="de")
    english = amtsbote("verify", sealed, *trusted)

    assert "gültig (TOTAL-PASSED)" in german.out
    assert "Unterschrift von" in german.out
    assert "signature by" in english.out
    assert "Nichts spricht gegen dieses Bündel." in amtsbote("check", sealed, *trusted, language="de").out


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (with_changed_document, "signature-digest-mismatch"),
        (with_unsigned_file, "unsigned-content"),
        (with_doubled_name, "container-duplicate-name"),
        (lambda data: data[: len(data) // 2], "container-not-zip"),
        (lambda _: b"", "container-not-zip"),
    ],
)
def test_a_bad_bundle_is_refused_with_its_code_by_both(amtsbote, sealed, trusted, tmp_path, change, code):
    path = tmp_path / "bad.asice"
    path.write_bytes(change(sealed.read_bytes()))
    verified, checked = amtsbote("verify", path, *trusted), amtsbote("check", path, *trusted)

    assert (1, 1) == (verified.code, checked.code)
    assert f"[{code}]" in verified.out
    assert f"[{code}]" in checked.out
    assert "this bundle would be refused" in checked.out


def test_without_anchors_nothing_is_trusted_but_integrity_is_told(amtsbote, sealed):
    done = amtsbote("verify", sealed, "--json")

    assert 1 == done.code
    assert ("intact", "INDETERMINATE") == (done.values[0]["integrity"], done.values[0]["indication"])
    assert "no-anchors" in {finding["code"] for finding in done.values[0]["findings"]}


def test_several_files_give_one_json_value_a_line_and_the_worst_exit_code(
    amtsbote, sealed, trusted, tmp_path
):
    bad = tmp_path / "bad.asice"
    bad.write_bytes(b"no zip")
    done = amtsbote("verify", sealed, bad, sealed, *trusted, "--json")

    assert (1, [str(sealed), str(bad), str(sealed)]) == (done.code, [value["file"] for value in done.values])


def test_the_etsi_report_is_written_beside_the_verdict(amtsbote, sealed, trusted, tmp_path):
    done = amtsbote("verify", sealed, *trusted, "--etsi", tmp_path / "report.xml", "--json")
    written = (tmp_path / "report.xml").read_bytes()

    (told,) = done.values
    assert (0, str(sealed), "TOTAL-PASSED") == (done.code, told["file"], told["indication"])
    assert etsi_report(read_kept(done.out.encode())) == written


def test_an_etsi_report_is_about_one_file_and_needs_a_place(amtsbote, sealed, trusted, tmp_path):
    both = amtsbote("verify", sealed, sealed, *trusted, "--etsi", tmp_path / "report.xml")
    nowhere = amtsbote("verify", sealed, *trusted, "--etsi", tmp_path / "none/report.xml")

    assert [2, 2] == [both.code, nowhere.code]
    assert "--etsi: expected one FILE" in both.err
    assert "none/report.xml: No such file or directory" in nowhere.err
    assert not (tmp_path / "report.xml").exists()


def test_a_moment_before_the_seal_is_judged_as_of_then(amtsbote, sealed, trusted):
    done = amtsbote("verify", sealed, *trusted, "--at", "2024-06-01T00:00:00Z", "--json")

    assert (1, True) == (done.code, done.values[0]["indication"] != "TOTAL-PASSED")


@pytest.mark.parametrize("command", ["verify", "check"])
def test_a_file_that_is_not_there_is_wrong_use_and_is_named(amtsbote, tmp_path, command):
    done = amtsbote(command, tmp_path / "nowhere.asice")

    assert (2, "") == (done.code, done.out)
    assert "nowhere.asice: No such file or directory" in done.err


@pytest.mark.parametrize("words", ["[/bold] GmbH", "[red]rot[/red]", "[link=http://x]y"])
def test_a_name_that_looks_like_markup_is_printed_as_it_is(amtsbote, tmp_path, trusted, world, words):
    done = amtsbote("verify", sealed_by(world, words, tmp_path / "[bold]x.asice"), *trusted)

    assert (0, "") == (done.code, done.err)
    assert "[bold]x.asice: valid (TOTAL-PASSED)" in done.out
    assert f"signature by {words} Siegel ({words})" in done.out


@pytest.mark.parametrize("character", ["\x1b", "\x9b", "\x07", "\r", "\N{RIGHT-TO-LEFT OVERRIDE}"])
def test_a_name_that_would_drive_the_terminal_does_not(amtsbote, tmp_path, trusted, world, character):
    done = amtsbote("verify", sealed_by(world, f"a{character}[31mb", tmp_path / "x.asice"), *trusted)

    assert (0, False) == (done.code, character in done.out)
    escaped = "".join(f"\\{byte:02X}" for byte in character.encode())
    assert f"signature by a{escaped}[31mb Siegel" in done.out


def sealed_by(world, name: str, target: Path) -> Path:
    """A container sealed by somebody of this name."""
    moment = datetime.now(UTC).replace(microsecond=0)
    dossier = replace(example(WEIMAR[0], "NAME"), documents=())
    target.write_bytes(seal_bundle(dossier, world.seal_ca.seal(name), moment))
    return target
