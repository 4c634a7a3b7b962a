# SPDX-License-Identifier: EUPL-1.2
"""Log and receipts before tools that are not ours: aics-tlog and openssl, with the commands we give to auditors."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from logroom import ORIGIN, SIGNER, VERIFIER, LogRoom, publish_all, seal_root

from gateway.stages.receipt import unpack_receipt
from gateway.tlog.batch import grow
from gateway.tlog.checkpoint import sign_checkpoint
from gateway.tlog.tiles import Edge

pytestmark = pytest.mark.foreign

AICS = os.environ.get("AMTSBOTE_AICS_TLOG") or shutil.which("aics-tlog")
OPENSSL = shutil.which("openssl")
needs_aics = pytest.mark.skipif(
    AICS is None, reason="aics-tlog is not installed (requirements/foreign.in; name it in AMTSBOTE_AICS_TLOG)"
)
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")

# Sizes where tiles, levels and the split of the tree change.
SIZES = [*range(20), 255, 256, 257, 511, 512, 513, 600, 65_535, 65_536, 65_537]

_AUDIT = """
import base64, sys
from aics_tlog import DirectoryTileStore, audit_tiles
for directory in sys.argv[1:]:
    _, size, root, *_ = open(directory + "/checkpoint").read().split("\\n")
    print(audit_tiles(DirectoryTileStore(directory), int(size), base64.b64decode(root)).size)
"""


def run(*command, directory=None, stdin=None):
    return subprocess.run(
        [str(part) for part in command],
        cwd=directory,
        input=stdin,
        capture_output=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """What an auditor holds: the log, its key, an old checkpoint, the seal's root, one receipt in files."""
    place = tmp_path_factory.mktemp("auditor")
    room = LogRoom(place / "gateway", sealed=True).open()
    publisher = room.publisher()
    room.append(300)
    publish_all(publisher)
    shutil.copy(room.log / "checkpoint", place / "old.note")
    room.append(77)
    publish_all(publisher)
    shutil.copytree(room.log, place / "log")
    (place / "log.vkey").write_text(VERIFIER.vkey + "\n")
    (place / "seal-ca.pem").write_bytes(seal_root().pem)
    for name, data in unpack_receipt(room.receipt(310)).items():
        (place / name).write_bytes(data)
    (place / "cp.note").write_bytes((place / "r.tlog-proof").read_bytes().partition(b"\n\n")[2])
    return place


@pytest.fixture
def copied(files, tmp_path):
    shutil.copytree(files, tmp_path / "copied")
    return tmp_path / "copied"


def aics(directory, *arguments):
    done = run(AICS, *arguments, directory=directory)
    return done.returncode, json.loads(done.stdout or "{}")


@needs_aics
def test_aics_accepts_the_checkpoint(files):
    code, said = aics(files, "verify-checkpoint", "--tiles", "log", "--vkey-file", "log.vkey")
    assert (0, True, ORIGIN, 378) == (code, said["tiles_ok"], said["origin"], said["size"])


@needs_aics
def test_aics_sees_that_the_log_only_grew(files):
    code, said = aics(
        files,
        "verify-consistency",
        "--tiles",
        "log",
        "--vkey-file",
        "log.vkey",
        "--old-checkpoint",
        "old.note",
    )
    assert (0, 301, 378) == (code, said["old_size"], said["new_size"])


@needs_aics
def test_aics_finds_the_receipts_entry_in_the_log(files, tmp_path):
    out = tmp_path / "entry"
    code, _ = aics(
        files,
        "verify-inclusion",
        "--tiles",
        "log",
        "--vkey-file",
        "log.vkey",
        "--index",
        310,
        "--entry-out",
        out,
    )
    assert (0, (files / "entry.json").read_bytes()) == (code, out.read_bytes())


@needs_aics
def test_aics_accepts_the_receipts_proof_offline(files, tmp_path):
    _, index, *hashes = (files / "r.tlog-proof").read_text().partition("\n\n")[0].split("\n")
    (tmp_path / "p.b64").write_text("".join(f"{value}\n" for value in hashes))
    _, size, root = (files / "cp.note").read_text().split("\n")[:3]
    arguments = ["--index", index.split()[1], "--size", size, "--root", root, "--proof", tmp_path / "p.b64"]
    assert 0 == aics(files, "verify-inclusion", "--leaf", "entry.json", *arguments)[0]
    assert 0 != aics(files, "verify-inclusion", "--leaf", "evidence.json", *arguments)[0]


@needs_aics
def test_aics_audits_logs_of_every_interesting_size(tmp_path):
    interpreter = Path(AICS).resolve().parent / "python"
    if not interpreter.exists():
        pytest.skip("aics-tlog is not in an environment of its own with its interpreter beside it")
    for size in SIZES[1:]:
        batch = grow(Edge(), (), (f"entry {i}".encode() for i in range(size)))
        note = sign_checkpoint(size, batch.edge.root, SIGNER)
        for path, data in (*batch.files, ("checkpoint", note)):
            target = tmp_path / str(size) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    done = run(interpreter, "-c", _AUDIT, *(tmp_path / str(size) for size in SIZES[1:]))
    assert SIZES[1:] == [int(line) for line in done.stdout.split()], done.stderr.decode()


@needs_aics
@pytest.mark.parametrize("path", ["checkpoint", "tile/0/001.p/122", "tile/1/000.p/1"])
def test_aics_refuses_what_we_refuse(copied, path):
    target = copied / "log" / path
    data = bytearray(target.read_bytes())
    data[len(data) // 2] ^= 1
    target.write_bytes(bytes(data))
    assert 0 != aics(copied, "verify-checkpoint", "--tiles", "log", "--vkey-file", "log.vkey")[0]


def split_note(directory):
    """The signed body, the signature and the public key as openssl wants them, out of the C2SP texts."""
    text, _, lines = (directory / "cp.note").read_text().partition("\n\n")
    (directory / "body").write_text(text + "\n")
    (directory / "sig").write_bytes(base64.b64decode(lines.split(" ")[2])[4:])
    key = base64.b64decode((directory / "log.vkey").read_text().split("+", 2)[2])[1:]
    (directory / "pub.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + key)


@needs_openssl
def test_openssl_accepts_the_checkpoints_signature_and_refuses_a_changed_one(copied):
    split_note(copied)
    command = [
        "pkeyutl",
        "-verify",
        "-pubin",
        "-keyform",
        "DER",
        "-inkey",
        "pub.der",
        "-rawin",
        "-in",
        "body",
        "-sigfile",
        "sig",
    ]
    assert 0 == run(OPENSSL, *command, directory=copied).returncode
    (copied / "body").write_text((copied / "body").read_text().replace("378", "379"))
    assert 0 != run(OPENSSL, *command, directory=copied).returncode


@needs_openssl
def test_openssl_accepts_the_seal_and_refuses_changed_evidence(copied):
    command = [
        "cms",
        "-verify",
        "-binary",
        "-cades",
        "-inform",
        "DER",
        "-in",
        "evidence.p7s",
        "-content",
        "evidence.json",
        "-CAfile",
        "seal-ca.pem",
        "-purpose",
        "any",
        "-out",
        "/dev/null",
    ]
    assert 0 == run(OPENSSL, *command, directory=copied).returncode
    (copied / "evidence.json").write_bytes(
        (copied / "evidence.json").read_bytes().replace(b"Gateway", b"Gatewax")
    )
    assert 0 != run(OPENSSL, *command, directory=copied).returncode


def test_sha256sum_opens_the_commitment(files):
    data = b"xgw-commit-v1\n" + (files / "salt.bin").read_bytes() + (files / "evidence.json").read_bytes()
    done = run("sha256sum", stdin=data)
    assert json.loads((files / "entry.json").read_bytes())["c"] == done.stdout.split()[0].decode()
    assert hashlib.sha256(data).hexdigest() == done.stdout.split()[0].decode()
