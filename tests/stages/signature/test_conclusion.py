# SPDX-License-Identifier: EUPL-1.2
"""The conclusion on one signature: no fault passes it by itself, and whatever is lacking alone keeps it from passing."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.codes import Code
from gateway.findings import Finding, Severity
from gateway.model.signature import (
    Indication,
    Integrity,
    Revocation,
    SignatureReport,
    SubIndication,
    Trust,
)
from gateway.stages.signature.conclusion import Evidence, conclude
from gateway.stages.signature.faults import Fault
from gateway.stages.signature.judgement import PathJudgement

MOMENT = datetime(2026, 11, 1, tzinfo=UTC)
UNJUDGED = SignatureReport(id="id", place="META-INF/signatures.xml", form="XAdES")
PATH = PathJudgement(
    trust=Trust.TRUSTED,
    revocation=Revocation.GOOD,
    indication=Indication.TOTAL_PASSED,
    sub_indication=None,
    chain=(),
    findings=(),
)
HARMLESS = Finding(code=Code.SIGNATURE_COUNTERSIGNED, severity=Severity.WARNING)


def concluded(*, integrity=Integrity.INTACT, path=PATH, findings=(), faults=(), report=UNJUDGED):
    evidence = Evidence(
        integrity=integrity, certificate=None, path=path, findings=list(findings), faults=faults
    )
    return conclude(report, evidence, require_qualified=False, moment=MOMENT)


def test_a_report_that_nobody_judged_has_not_passed():
    assert (Indication.INDETERMINATE, Integrity.UNCHECKED, Trust.UNKNOWN, Revocation.UNKNOWN) == (
        UNJUDGED.indication,
        UNJUDGED.integrity,
        UNJUDGED.trust,
        UNJUDGED.revocation,
    )


def test_a_signature_with_everything_passes():
    report = concluded(findings=[HARMLESS])
    assert (Indication.TOTAL_PASSED, None, (HARMLESS,)) == (
        report.indication,
        report.sub_indication,
        report.findings,
    )


@pytest.mark.parametrize(
    ("integrity", "path", "findings"),
    [
        *((state, PATH, []) for state in Integrity if state is not Integrity.INTACT),
        (Integrity.INTACT, None, []),
        (Integrity.INTACT, replace(PATH, indication=Indication.INDETERMINATE), []),
        (Integrity.INTACT, replace(PATH, trust=Trust.UNTRUSTED), []),
        (Integrity.INTACT, replace(PATH, trust=Trust.UNKNOWN), []),
        (Integrity.INTACT, replace(PATH, revocation=Revocation.UNKNOWN), []),
        (Integrity.INTACT, replace(PATH, revocation=Revocation.REVOKED), []),
        (Integrity.INTACT, PATH, [Finding(code=Code.TIMESTAMP_ORDER)]),
        (Integrity.INTACT, replace(PATH, findings=(Finding(code=Code.NO_ANCHORS),)), []),
    ],
)
def test_a_signature_that_lacks_one_thing_does_not_pass(integrity, path, findings):
    report = concluded(integrity=integrity, path=path, findings=findings)
    assert Indication.INDETERMINATE is report.indication
    assert report.sub_indication is not None


def test_what_is_wrong_with_the_path_means_what_the_path_says():
    unknown = Finding(code=Code.REVOCATION_UNKNOWN, severity=Severity.UNKNOWN)
    path = replace(
        PATH,
        trust=Trust.UNKNOWN,
        revocation=Revocation.UNKNOWN,
        indication=Indication.INDETERMINATE,
        sub_indication=SubIndication.TRY_LATER,
        findings=(unknown,),
    )
    report = concluded(path=path, findings=[HARMLESS])
    assert (SubIndication.TRY_LATER, Trust.UNKNOWN, Revocation.UNKNOWN, (HARMLESS, unknown)) == (
        report.sub_indication,
        report.trust,
        report.revocation,
        report.findings,
    )


def test_a_fault_with_a_meaning_of_its_own_gets_no_second_one_from_its_code():
    changed = Finding(code=Code.SIGNATURE_DIGEST_MISMATCH)  # its code alone would fail the signature
    fault = Fault(finding=changed, means=SubIndication.SIGNED_DATA_NOT_FOUND)
    report = concluded(findings=[changed], faults=[fault])
    assert (Indication.INDETERMINATE, SubIndication.SIGNED_DATA_NOT_FOUND) == (
        report.indication,
        report.sub_indication,
    )


def test_without_a_path_trust_stays_what_it_is_for_an_unknown_signer():
    assert Trust.UNTRUSTED is concluded(path=None, report=replace(UNJUDGED, trust=Trust.UNTRUSTED)).trust
