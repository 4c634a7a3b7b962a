# SPDX-License-Identifier: EUPL-1.2
"""Containers and zip files of others, with the verdict their makers' own tests state."""

import csv
import io
import zipfile

from zip_forge import files_of

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import blocking
from gateway.model.source import MemorySource
from gateway.policy import ContainerPolicy
from gateway.stages.container import digest_entries, open_container

POLICY = ContainerPolicy()
# Negatives whose fault lies in names, structure or form: the rest are faults of signatures, trust or time.
FAULTS_OF_CONTAINER = {
    "2-mimetypes.asice": Code.CONTAINER_DUPLICATE_NAME,
    "2-mimetypes.asics": Code.CONTAINER_DUPLICATE_NAME,
    "1xTST-no-data-file.asics": Code.CONTAINER_EMPTY,
    "22902_data_files_with_same_names.bdoc": Code.CONTAINER_DUPLICATE_NAME,
    "CAdES-baseline-lt-for-ASiC-E.asics": Code.CONTAINER_TYPE,
    "no-root-signed-file.asics": Code.CONTAINER_TYPE,
    "onefile-too-much-files.asics": Code.CONTAINER_TYPE,
    "multifiles-wrong-file.asice": Code.MANIFEST_MISMATCH,
    "onefile-wrong-file.asice": Code.MANIFEST_MISMATCH,
    "TwoDataFilesAsics.asics": Code.CONTAINER_TYPE,
    "evidencerecordXmlMixedWithTST.asics": Code.CONTAINER_TYPE,
    "p7sMixedWithTST.asics": Code.CONTAINER_TYPE,
    "dot.asice": Code.CONTAINER_BAD_NAME,
    "pt-empty.asice": Code.MANIFEST_MISMATCH,
    "test-invalid.asics": Code.CONTAINER_TYPE,
    "not-asic.asice": Code.CONTAINER_NOT_ZIP,
    "asic-cades-test-invalid-manifest.asice": Code.CONTAINER_EMPTY,
    "asic-cades-test-invalid-signature.asice": Code.CONTAINER_EMPTY,
    "asic-general-test-invalid-mime.asice": Code.CONTAINER_EMPTY,
    "invalid-hashchain-modified-message.asice": Code.MANIFEST_MISMATCH,
}


def rows(shared, table):
    with (shared / "corpus" / table).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def walk(data):
    """Every blocking finding of structure, rules and content."""
    try:
        opened = open_container(MemorySource(data), policy=POLICY)
    except Rejected as rejected:
        return blocking(rejected.findings)
    digested = digest_entries(
        opened, policy=POLICY, algorithms=frozenset({"sha256"}), keep=lambda entry: False
    )
    return blocking((*opened.findings, *digested.findings))


def test_zip_confusion_files_are_judged_as_their_makers_do(shared):
    verdicts = {}
    for row in rows(shared, "zip.tsv"):
        try:
            files_of((shared / "corpus" / row["file"]).read_bytes())
        except Rejected:
            verdicts[row["file"]] = "reject"
        else:
            verdicts[row["file"]] = "accept"
    assert {row["file"]: row["expected"] for row in rows(shared, "zip.tsv")} == verdicts


def test_every_good_container_opens_without_a_blocking_finding(shared):
    refused = {
        row["file"]: findings
        for row in rows(shared, "containers.tsv")
        if row["expected"] in {"pass", "crypto-pass", "mixed", "er-or-tst-only", "indeterminate"}
        if (findings := walk((shared / "corpus" / row["file"]).read_bytes()))
    }
    assert refused == {}


def test_every_fault_of_a_container_is_caught_here(shared):
    files = {row["original_path"].rsplit("/", 1)[-1]: row["file"] for row in rows(shared, "containers.tsv")}
    missed = {
        name: code
        for name, code in FAULTS_OF_CONTAINER.items()
        if code not in {f.code for f in walk((shared / "corpus" / files[name]).read_bytes())}
    }
    assert missed == {}


def test_whatever_opens_reads_like_the_standard_library_does(shared):
    for row in (*rows(shared, "zip.tsv"), *rows(shared, "containers.tsv")):
        data = (shared / "corpus" / row["file"]).read_bytes()
        try:
            ours = files_of(data)
        except Rejected:
            continue
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert ours == {i.filename: archive.read(i) for i in archive.infolist() if not i.is_dir()}, row[
                "file"
            ]
