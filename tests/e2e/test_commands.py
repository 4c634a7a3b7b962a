# SPDX-License-Identifier: EUPL-1.2
"""The commands of a chamber, an authority and an auditor against the real gateway, with nothing but their profiles."""

import hashlib
import json
import re
import shutil
import subprocess

import pytest
from gatewayroom import WEIMAR, eventually

from gateway.cli import main
from gateway.demo.bundles import with_unsigned_file


@pytest.fixture
def amtsbote(gateway, capsys):
    """Run a command as one of the parties; exit code, standard output, standard error."""
    world = gateway.world
    parties = {**world.chambers, **world.authorities, "revision": world.auditor, "stranger": world.stranger}

    def run(party: str, *words: object, language: str = "en"):
        capsys.readouterr()
        profile = ["--profile", str(parties[party].profile)] if party else []
        code = main(["--language", language, *(str(word) for word in words), *profile])
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def delivered(amtsbote, bundle):
    """A bundle that was submitted, and its delivery as the inbox lists it."""
    path = bundle()
    receipt = path.with_name(f"{path.name}.receipt.json")
    _, out, _ = amtsbote(WEIMAR[0], "submit", path, "--json")
    told = json.loads(out)

    def listed():
        _, out, _ = amtsbote(WEIMAR[1], "inbox", "list", "--wait", 1, "--json")
        items = map(json.loads, out.splitlines())
        return next((item for item in items if item["dossier_id"] == told["dossier_id"]), None)

    assert {**told, "receipt": str(receipt), "repeated": False} == told
    return path, receipt, eventually(listed, "the delivery")


def test_submit_keeps_the_receipt_and_tells_a_person_where(amtsbote, bundle):
    path = bundle()
    code, out, err = amtsbote(WEIMAR[0], "submit", path, language="de")
    receipt = json.loads(path.with_name(f"{path.name}.receipt.json").read_text(encoding="utf-8"))

    assert (0, "") == (code, err)
    assert f"Angenommen: Vorgang {receipt['evidence']['dossier_id']}, Quittung in {path}.receipt.json" in out
    assert "accepted (was there already)" in amtsbote(WEIMAR[0], "submit", path)[1]


def test_a_refusal_is_told_with_every_finding_and_exit_code_1(amtsbote, bundle):
    path = bundle(without=("PASS",))
    path.write_bytes(with_unsigned_file(path.read_bytes()))
    german, machine = (
        amtsbote(WEIMAR[0], "submit", path, language="de"),
        amtsbote(WEIMAR[0], "submit", path, "--json"),
    )
    findings = {finding["code"] for finding in json.loads(machine[1])["findings"]}

    assert (1, 1) == (german[0], machine[0])
    assert {"unsigned-content", "document-missing"} <= findings
    assert all(f"[{code}]" in german[2] for code in findings)
    assert not path.with_name(f"{path.name}.receipt.json").exists()


def test_the_precheck_at_the_gateway_names_the_authority(amtsbote, bundle):
    path = bundle()
    code, out, _ = amtsbote(WEIMAR[0], "check", path, "--json")

    assert (0, True, WEIMAR[1]) == (code, json.loads(out)["passed"], json.loads(out)["authority"])
    assert f"nothing stands against this bundle → {WEIMAR[1]}" in amtsbote(WEIMAR[0], "check", path)[1]


def test_an_authority_lists_fetches_acknowledges_and_answers(amtsbote, delivered, tmp_path):
    path, _, item = delivered
    lines = amtsbote(WEIMAR[1], "inbox", "list")[1]
    fetched = amtsbote(
        WEIMAR[1], "inbox", "fetch", item["id"], "--out", tmp_path / "x", "--acknowledge", "--json"
    )
    again = amtsbote(WEIMAR[1], "inbox", "acknowledge", item["id"])
    refused = amtsbote(WEIMAR[1], "inbox", "answer", item["id"], "documents-requested", "--document", "NOPE")
    answered = amtsbote(
        *(WEIMAR[1], "inbox", "answer", item["id"], "documents-requested", "--message", "Bitte nachreichen."),
        *("--document", "ARBEITSZEUGNISSE", "--json"),
    )
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()

    assert re.search(rf"^{item['id']}  consigned  {WEIMAR[0]}  E2E-\d+  initial$", lines, re.MULTILINE)
    assert {"file": str(tmp_path / "x"), "sha256": sha256, "acknowledged": True} == json.loads(fetched[1])
    assert path.read_bytes() == (tmp_path / "x").read_bytes()
    assert (0, "receipt is acknowledged\n") == again[:2]
    assert 0 != refused[0]
    assert ["NOPE"] == re.findall(r"NOPE", refused[1] + refused[2])
    assert "schemas/rules/document-types.tsv" in refused[1] + refused[2]
    assert "documents-requested" == json.loads(answered[1])["kind"]


def test_both_sides_store_the_same_report_in_both_forms(amtsbote, delivered, tmp_path):
    _, _, item = delivered
    by_chamber = amtsbote(WEIMAR[0], "events", "--report", item["dossier_id"], "--directory", tmp_path / "c")
    by_authority = amtsbote(WEIMAR[1], "inbox", "report", item["id"], "--directory", tmp_path / "a", "--json")
    names = [f"{item['id']}.report.{form}" for form in ("json", "xml")]
    stored = [(tmp_path / "a" / name).read_bytes() for name in names]

    assert (0, 0) == (by_chamber[0], by_authority[0])
    assert [{"report": str(tmp_path / "a" / name)} for name in names] == [
        json.loads(line) for line in by_authority[1].splitlines()
    ]
    assert stored == [path.read_bytes() for path in sorted((tmp_path / "c").iterdir())]
    assert "TOTAL-PASSED" == json.loads(stored[0])["indication"]
    assert b"urn:etsi:019102:mainindication:total-passed" in stored[1]


def test_a_chamber_reads_its_events_and_an_auditor_proves_its_receipts(
    amtsbote, gateway, delivered, tmp_path
):
    _, receipt, item = delivered
    gateway.settle()
    code, out, _ = amtsbote(WEIMAR[0], "events", "--json")
    events = [json.loads(line) for line in out.splitlines()]
    stored = amtsbote(
        WEIMAR[0], "events", "--evidence", item["dossier_id"], "--directory", tmp_path / "e", "--json"
    )
    mirrored = amtsbote("revision", "audit", "mirror", tmp_path / "log", "--json")
    proof = (
        "audit",
        "verify",
        tmp_path / "log",
        receipt,
        tmp_path / "e",
        "--vkey",
        gateway.world.site / "keys/log.vkey",
    )
    proven = amtsbote("", *proof, "--seal-anchors", gateway.world.site / "anchors/signers", "--json")
    verdict = json.loads(proven[1])

    assert (0, sorted(e["seq"] for e in events)) == (code, [e["seq"] for e in events])
    assert ["submission.accepted", "consignment"] == [
        e["type"] for e in events if e["dossier_id"] == item["dossier_id"]
    ]
    assert 2 == len(stored[1].splitlines()) == len(list((tmp_path / "e").iterdir()))
    assert (0, True, json.loads(mirrored[1])["size"]) == (proven[0], verdict["proven"], verdict["size"])
    assert ["valid"] * 3 == [told["seal"] for told in verdict["receipts"]]
    assert "Bewiesen:" in amtsbote("", *proof, language="de")[1]
    assert "proven:" in amtsbote("", *proof)[1]


def test_an_altered_log_and_an_altered_receipt_are_not_proven(amtsbote, gateway, delivered, tmp_path):
    _, receipt, _ = delivered
    gateway.settle()
    amtsbote("revision", "audit", "mirror", tmp_path / "log")
    shutil.copytree(tmp_path / "log", tmp_path / "bad")
    bundle = next(path for path in (tmp_path / "bad/tile/entries").rglob("*") if path.is_file())
    bundle.write_bytes(bundle.read_bytes().replace(b'"v":1', b'"v":2', 1))
    forged = tmp_path / "forged.receipt.json"
    forged.write_text(
        receipt.read_text(encoding="utf-8").replace(WEIMAR[0], "ihk-anderswo"), encoding="utf-8"
    )
    vkey = ("--vkey", gateway.world.site / "keys/log.vkey")
    log = amtsbote("", "audit", "verify", tmp_path / "bad", *vkey)
    claim = amtsbote("", "audit", "verify", tmp_path / "log", forged, *vkey, "--json")

    assert (1, True) == (log[0], "NOT proven" in log[1])
    assert (1, ["receipt-mismatch"]) == (
        claim[0],
        [f["code"] for f in json.loads(claim[1])["receipts"][0]["findings"] if f["severity"] == "error"],
    )


def test_an_unpacked_receipt_holds_what_public_tools_check(amtsbote, delivered, tmp_path):
    _, receipt, _ = delivered
    code, _, _ = amtsbote("", "audit", "unpack", receipt, tmp_path / "r")
    salt, evidence = (tmp_path / "r/salt.bin").read_bytes(), (tmp_path / "r/evidence.json").read_bytes()
    committed = hashlib.sha256(b"xgw-commit-v1\n" + salt + evidence).hexdigest()
    parts = ["entry.json", "evidence.json", "evidence.p7s", "r.tlog-proof", "salt.bin"]

    assert (0, parts) == (code, sorted(path.name for path in (tmp_path / "r").iterdir()))
    assert committed == json.loads((tmp_path / "r/entry.json").read_bytes())["c"]


@pytest.mark.foreign
def test_openssl_verifies_the_seal_of_an_unpacked_receipt(amtsbote, gateway, delivered, tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    _, receipt, _ = delivered
    amtsbote("", "audit", "unpack", receipt, tmp_path / "r")
    command = [
        "openssl",
        "cms",
        "-verify",
        "-binary",
        "-inform",
        "DER",
        "-in",
        "evidence.p7s",
        "-content",
        "evidence.json",
    ]
    ca = gateway.world.site / "anchors/signers/ca.pem"
    done = subprocess.run(
        [*command, "-CAfile", ca, "-purpose", "any", "-out", "said.json"],
        cwd=tmp_path / "r", capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert 0 == done.returncode, done.stderr
    assert (tmp_path / "r/evidence.json").read_bytes() == (tmp_path / "r/said.json").read_bytes()


def test_a_stranger_is_refused_and_told_so(amtsbote, bundle):
    code, _, err = amtsbote("stranger", "submit", bundle())

    assert 1 == code
    assert "sender-not-registered" in err


def test_operators_see_the_states_of_deliveries(amtsbote, gateway, delivered):
    code, out, _ = amtsbote("", "deliveries", "list", "--config", gateway.world.config, "--json")
    told = json.loads(out)

    assert (0, []) == (code, told["parked"])
    assert told["states"]["consigned"] >= 1


def test_another_vkey_proves_nothing(amtsbote, gateway, tmp_path):
    amtsbote("revision", "audit", "mirror", tmp_path / "log")
    name, _, rest = (gateway.world.site / "keys/log.vkey").read_text().partition("+")
    code, _, err = amtsbote("", "audit", "verify", tmp_path / "log", "--vkey", f"{name}+00000000+{rest[9:]}")

    assert (2, True) == (code, "--vkey" in err)
