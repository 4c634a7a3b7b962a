# SPDX-License-Identifier: EUPL-1.2
"""The JSON report: its fields, complete, and the same value again when read back."""

import json
import subprocess
import sys

from hypothesis import given, settings
from reportroom import REPORTS
from signed_bundles import FILES, codes, judged, packed, repacked, unpacked

from gateway.model.signature import VerificationReport
from gateway.model.wire import dump, load

FIELDS = [
    "container",
    "integrity",
    "trust",
    "indication",
    "sub_indication",
    "level",
    "moment",
    "signatures",
    "documents",
    "findings",
    "scan",
    "sha256",
    "size",
    "dossier",
    "made_by",
]


def test_a_report_has_every_field_of_the_contract_in_order():
    assert FIELDS == list(dump(judged(packed())))


def test_a_passed_report_says_who_signed_what():
    data = dump(judged(packed()))
    signature = data["signatures"][0]
    assert ("ok", "intact", "trusted", "TOTAL-PASSED", None, "B-B") == tuple(
        data[name] for name in FIELDS[:6]
    )
    assert sorted(FILES) == sorted(signature["covers"])
    assert ["S0"] == data["documents"][0]["covered_by"]
    assert 3 == len(signature["chain"])


def test_a_refused_report_survives_json():
    entries = unpacked(packed()) | {"pass.pdf": b"%PDF other"}
    report = judged(repacked(entries))
    assert "signature-digest-mismatch" in codes(report)
    assert report == load(VerificationReport, json.loads(json.dumps(dump(report))))


@settings(max_examples=50, deadline=None)
@given(report=REPORTS)
def test_any_report_is_the_same_after_json(report):
    again = load(VerificationReport, json.loads(json.dumps(dump(report))))
    # Findings escape what cannot be printed, once; a second pass over a backslash must not change them again.
    assert dump(report) == dump(again)


def test_the_process_that_shows_reports_loads_nothing_that_judges():
    """What faces the network needs no reader of signatures, PDFs and ASN.1 in its memory."""
    listing = "import sys, gateway.roles.receive; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True
    ).stdout
    assert "gateway.stages.report.etsi" in loaded.split()
    assert set() == {"asn1crypto", "gateway.stages.signature", "pyhanko"} & set(loaded.split())
