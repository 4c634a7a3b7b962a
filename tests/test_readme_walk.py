# SPDX-License-Identifier: EUPL-1.2
"""A stranger plays the demo, starts its gateway, and types what the README says: every block works as it stands there."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path

import pytest

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
AICS = os.environ.get("AMTSBOTE_AICS_TLOG") or shutil.which("aics-tlog")
BIN = Path(sys.executable).parent

pytestmark = [pytest.mark.foreign, pytest.mark.slow, pytest.mark.timeout(600)]


def blocks(section: str) -> list[str]:
    """The shell blocks below a heading, up to the next heading of its level."""
    level = section.split(" ", maxsplit=1)[0]
    part = re.split(rf"^{level} ", README.partition(f"\n{section}\n")[2], flags=re.MULTILINE)[0]
    return re.findall(r"^```sh\n(.*?)^```$", part, re.DOTALL | re.MULTILINE)


def environment() -> dict[str, str]:
    places = [str(BIN), *([str(Path(AICS).parent)] if AICS else []), "/usr/bin", "/bin"]
    return {"PATH": ":".join(places), "HOME": "/nonexistent", "LANG": "C.UTF-8"}


def shell(script: str, place: Path) -> str:
    """What a person at ``place`` sees of the script; the first command that fails ends the test."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=place,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert 0 == done.returncode, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A directory with a played demo whose gateway goes on."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    place = tmp_path_factory.mktemp("stranger")
    shell("amtsbote demo --directory demo", place)
    serving = subprocess.Popen(
        [BIN / "amtsbote", "serve", "--config", "demo/gateway/amtsbote.toml"],
        cwd=place,
        env=environment(),
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until_ready(place / "demo/gateway/amtsbote.toml")
        yield place
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.wait(60)


def wait_until_ready(config: Path) -> None:
    port = tomllib.loads(config.read_text())["listen"]["health_port"]
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
                assert "ready" == json.load(answer)["status"]
                return
        except OSError:
            time.sleep(0.1)  # another process starts; nothing here can be told when it is there
    pytest.fail("the gateway of the demo did not become ready")


@pytest.fixture(scope="module")
def seen(place):
    """Everything the README's blocks print, from the chamber to the auditor's public tools."""
    chamber = [block for block in blocks("## A chamber sends") if "amtsbote serve" not in block]
    auditor = blocks("## An auditor proves")
    tools = [block for block in auditor if AICS or "aics-tlog" not in block]
    steps = [*chamber, *blocks("## An authority receives"), *tools, *blocks("## An operator runs it")[1:]]
    return shell("\n".join(steps), place)


def test_the_chambers_bundle_is_packed_checked_and_accepted(seen):
    assert "11 files" in seen
    assert "nothing stands against this bundle → stadt-weimar" in seen
    assert re.search(r"^accepted: dossier [0-9A-Z]{26}, receipt in probe/antrag", seen, re.MULTILINE)


def test_the_authority_gets_the_very_bytes_and_answers(place, seen):
    assert (place / "probe/antrag.asice").read_bytes() == (place / "probe/eingang.asice").read_bytes()
    assert "probe/eingang.asice: valid (TOTAL-PASSED)" in seen
    assert "the answer is recorded" in seen


def test_the_auditor_proves_log_and_receipts(seen):
    (entries, log, good, receipts) = re.search(
        r"proven: (\d+) of (\d+) entries re-derived, (\d+) of (\d+) receipts proven", seen
    ).groups()
    assert (entries, good) == (log, receipts)


def test_public_tools_say_the_same(place, seen):
    commitment = json.loads((place / "probe/teile/entry.json").read_text())["c"]
    assert re.search(rf"^{commitment}  -$", seen, re.MULTILINE)
    assert "CAdES Verification successful" in seen
    assert "Signature Verified Successfully" in seen


@pytest.mark.skipif(AICS is None, reason="aics-tlog is not installed (requirements/foreign.in)")
def test_a_foreign_log_tool_says_the_same(seen):
    said = [json.loads(line) for line in seen.splitlines() if line.startswith('{"cmd"')]
    assert [("verify-inclusion", True), ("verify-checkpoint", True), ("verify-consistency", True)] == [
        (answer["cmd"], answer["ok"]) for answer in said
    ]
