# SPDX-License-Identifier: EUPL-1.2
"""The published JSON Schema of reports: it says what the model says, and every judgement on the corpus fits it."""

import csv
import json
from dataclasses import fields
from hashlib import sha256

import jsonschema_rs
import pytest
import report_schema
from agreement import MOMENT
from hypothesis import given, settings
from reportroom import REPORTS
from signed_bundles import judged, packed

from gateway.catalogue import data_root
from gateway.cli import main
from gateway.examination import judge_file
from gateway.knowledge import knowledge_of
from gateway.model.signature import VerificationReport
from gateway.model.source import MemorySource
from gateway.model.trust import TrustMaterial
from gateway.model.wire import dump
from gateway.policy import Policy

SCHEMA = json.loads(report_schema.FILE.read_text(encoding="utf-8"))
VALIDATOR = jsonschema_rs.validator_for(SCHEMA, validate_formats=True)


def faults(report):
    """What the schema holds against a report, after it was written and read."""
    told = json.loads(json.dumps(dump(report) if isinstance(report, VerificationReport) else report))
    return [f"{error.instance_path}: {error.message}" for error in VALIDATOR.iter_errors(told)]


def test_the_published_schema_is_that_of_the_types():
    assert report_schema.text() == report_schema.FILE.read_text(encoding="utf-8")
    assert jsonschema_rs.meta.is_valid(SCHEMA)


def test_every_field_has_a_sentence_and_every_sentence_a_field():
    types = {name: getattr(report_schema.model, name, None) for name in report_schema.SENTENCES}
    types["Finding"] = report_schema.Finding
    said = {name: set(sentences) for name, sentences in report_schema.SENTENCES.items()}
    assert {name: {field.name for field in fields(kind)} for name, kind in types.items()} == said


@settings(max_examples=60, deadline=None)
@given(report=REPORTS)
def test_any_report_fits_the_schema(report):
    assert [] == faults(report)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("indication", "PASSED"),
        ("sub_indication", "REVOKED_TOO_MUCH"),
        ("moment", "yesterday"),
        ("sha256", "AB"),
        ("size", "12"),
        ("signatures", None),
        ("findings", [{"code": "not-found"}]),
        ("documents", [{}]),
    ],
)
def test_what_no_report_says_does_not_fit(name, value):
    told = dump(judged(packed()))
    assert [] == faults(told)
    assert [] != faults({**told, name: value})
    del told[name]
    assert [] != faults(told)


@pytest.mark.parametrize("table", ["containers.tsv", "pdf.tsv"])
def test_every_verdict_on_the_corpus_fits_the_schema(shared, table):
    knowledge = knowledge_of(data_root(), TrustMaterial(), Policy())
    with (shared / "corpus" / table).open(encoding="utf-8", newline="") as lines:
        files = [line["file"] for line in csv.DictReader(lines, delimiter="\t")]
    for file in files:
        source = MemorySource((shared / "corpus" / file).read_bytes())
        assert [] == faults(judge_file(source, knowledge, MOMENT, name=file)), file


def test_the_command_tells_reports_that_fit_and_findings_with_their_sentences(tmp_path, capsys):
    path, container = tmp_path / "antrag.asice", packed()
    path.write_bytes(container)
    assert 1 == main(["--language", "en", "verify", "--json", str(path)])
    (told,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert ([], str(path), sha256(container).hexdigest()) == (faults(told), told["file"], told["sha256"])
    assert all(finding["what"] and finding["fix"] for finding in told["findings"])
