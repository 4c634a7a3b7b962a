# SPDX-License-Identifier: EUPL-1.2
"""From single signatures to the verdict on the container: the worst one speaks, and silence is no consent."""

from dataclasses import replace

import pytest
from signed_bundles import FILES, NOW, POLICY, judged_with_digests, opened, packed, world

from gateway.codes import Code
from gateway.findings import Finding, Severity
from gateway.model.bundle import Digested
from gateway.model.signature import ContainerState, Indication, Integrity, SubIndication, Trust
from gateway.policy import XmlPolicy
from gateway.stages.signature import read_signatures
from gateway.stages.signature.coverage import Contents
from gateway.stages.signature.situation import Situation
from gateway.stages.signature.verdict import _aggregate, _distinct_ids

LENIENT = replace(POLICY, require_all_signatures=False)
WHOLE = tuple(FILES)


def good():
    """Signatures as read, content as digested, and the one report on them."""
    report, digested = judged_with_digests(packed())
    signatures = read_signatures(opened(packed()), xml=XmlPolicy(), policy=POLICY)
    return signatures, digested, report.signatures[0]


def verdict(*reports, policy=POLICY, **changes):
    signatures, digested, _ = good()
    opened_changes = {name[7:]: value for name, value in changes.items() if name.startswith("opened_")}
    digested = replace(digested, opened=replace(digested.opened, **opened_changes))
    if "damaged" in changes:
        digested = replace(digested, findings=changes["damaged"])
    if "of_signatures" in changes:
        signatures = replace(signatures, findings=changes["of_signatures"])
    situation = Situation(
        contents=Contents.of(digested, None), store=world().store(), policy=policy, moment=NOW
    )
    return _aggregate(signatures, digested, reports, situation)


def one(**changes):
    return replace(good()[2], **changes)


FAILED = {"indication": Indication.TOTAL_FAILED, "sub_indication": SubIndication.HASH_FAILURE}
OPEN = {"indication": Indication.INDETERMINATE, "sub_indication": SubIndication.TRY_LATER}


def test_one_good_signature_over_everything_passes():
    report = verdict(one())
    assert (
        ContainerState.OK,
        Integrity.INTACT,
        Trust.TRUSTED,
        Indication.TOTAL_PASSED,
        None,
        "B-B",
        NOW,
    ) == (
        report.container,
        report.integrity,
        report.trust,
        report.indication,
        report.sub_indication,
        report.level,
        report.moment,
    )


def test_no_signature_is_unsigned_and_not_passed():
    report = verdict()
    assert (Integrity.UNSIGNED, Trust.UNKNOWN, Indication.TOTAL_FAILED, SubIndication.FORMAT_FAILURE, "") == (
        report.integrity,
        report.trust,
        report.indication,
        report.sub_indication,
        report.level,
    )
    (finding,) = [f for f in report.findings if f.code is Code.SIGNATURE_MISSING]
    assert ("META-INF", "at least one signature", "none") == (finding.place, finding.expected, finding.got)


@pytest.mark.parametrize("code", [Code.EVIDENCE_RECORD_UNCHECKED, Code.SIGNATURE_FORM_NOT_SUPPORTED])
def test_a_proof_that_is_no_signature_leaves_integrity_unchecked(code):
    found = (Finding(code=code, severity=Severity.UNKNOWN, place="META-INF/x"),)
    assert verdict(of_signatures=found).integrity is Integrity.UNCHECKED


@pytest.mark.parametrize(("worse", "indication"), [(FAILED, "TOTAL-FAILED"), (OPEN, "INDETERMINATE")])
@pytest.mark.parametrize("turned", [False, True])
def test_the_worse_of_two_signatures_speaks(worse, indication, turned):
    both = [one(), one(id="other", **worse)]
    report = verdict(*(both[::-1] if turned else both))
    assert (indication, worse["sub_indication"]) == (report.indication, report.sub_indication)


def test_failed_speaks_before_open():
    report = verdict(one(**OPEN), one(id="other", **FAILED))
    assert ("TOTAL-FAILED", SubIndication.HASH_FAILURE) == (report.indication, report.sub_indication)


def test_a_fault_of_the_container_speaks_before_an_open_signature():
    found = (Finding(code=Code.SIGNATURE_STRUCTURE),)
    report = verdict(one(**OPEN), of_signatures=found)
    assert ("TOTAL-FAILED", SubIndication.FORMAT_FAILURE, Integrity.BROKEN) == (
        report.indication,
        report.sub_indication,
        report.integrity,
    )


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((Trust.TRUSTED, Trust.TRUSTED), Trust.TRUSTED),
        ((Trust.TRUSTED, Trust.UNKNOWN), Trust.UNKNOWN),
        ((Trust.UNKNOWN, Trust.UNTRUSTED), Trust.UNTRUSTED),
        ((Trust.UNTRUSTED, Trust.TRUSTED), Trust.UNTRUSTED),
    ],
)
def test_the_least_trusted_signer_speaks(states, expected):
    assert verdict(*(one(id=f"s{n}", trust=t) for n, t in enumerate(states))).trust is expected


def test_a_file_that_no_signature_covers_breaks_integrity():
    report = verdict(one(covers=WHOLE[:-1]))
    assert (Integrity.BROKEN, Indication.INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE) == (
        report.integrity,
        report.indication,
        report.sub_indication,
    )


@pytest.mark.parametrize("state", [s for s in Integrity if s is not Integrity.INTACT])
def test_a_signature_that_is_not_intact_never_passes_the_container(state):
    report = verdict(one(integrity=state))
    assert (state, Indication.INDETERMINATE) == (report.integrity, report.indication)


@pytest.mark.parametrize("severity", Severity)
def test_what_blocks_in_a_signature_blocks_the_container(severity):
    found = (Finding(code=Code.TIMESTAMP_ORDER, severity=severity),)
    passed = severity in {Severity.INFO, Severity.WARNING}
    assert passed == (verdict(one(findings=found)).indication is Indication.TOTAL_PASSED)


@pytest.mark.parametrize("where", ["opened_findings", "damaged"])
@pytest.mark.parametrize("severity", Severity)
def test_what_blocks_in_the_container_refuses_it(where, severity):
    found = (Finding(code=Code.CONTAINER_TYPE, severity=severity),)
    report = verdict(one(), **{where: found})
    passed = severity in {Severity.INFO, Severity.WARNING}
    assert (passed, passed) == (
        report.container is ContainerState.OK,
        report.indication is Indication.TOTAL_PASSED,
    )
    assert found[0] in report.findings


def test_an_entry_that_could_not_be_inflated_breaks_integrity():
    found = (Finding(code=Code.CONTAINER_SIZE_MISMATCH, place="pass.pdf"),)
    assert verdict(one(), damaged=found).integrity is Integrity.BROKEN


def test_the_lowest_level_is_the_level_of_the_container():
    assert "B-T" == verdict(one(level="B-LTA"), one(id="other", level="B-T")).level
    assert "" == verdict(one(level="B-LT"), one(id="other", level="")).level


def test_where_policy_allows_it_a_bad_signature_is_set_aside_and_its_findings_become_warnings():
    found = (
        Finding(code=Code.CERTIFICATE_REVOKED),
        Finding(code=Code.SIGNATURE_COUNTERSIGNED, severity=Severity.INFO),
    )
    bad = one(id="other", trust=Trust.UNTRUSTED, findings=found, **OPEN)
    strict, lenient = verdict(one(), bad), verdict(one(), bad, policy=LENIENT)
    assert (Indication.INDETERMINATE, Trust.UNTRUSTED) == (strict.indication, strict.trust)
    assert (Indication.TOTAL_PASSED, Trust.TRUSTED) == (lenient.indication, lenient.trust)
    weights = {f.code: f.severity for f in lenient.findings}
    assert (Severity.WARNING, Severity.INFO) == (
        weights[Code.CERTIFICATE_REVOKED],
        weights[Code.SIGNATURE_COUNTERSIGNED],
    )


def test_where_policy_allows_it_and_none_passed_all_of_them_speak():
    report = verdict(one(**FAILED), one(id="other", **OPEN), policy=LENIENT)
    assert Indication.TOTAL_FAILED is report.indication


def test_documents_name_the_intact_signatures_that_cover_them():
    report = verdict(one(id="a", covers=WHOLE[:1]), one(id="b"), one(id="c", integrity=Integrity.BROKEN))
    assert {name: ("a", "b") if name == WHOLE[0] else ("b",) for name in WHOLE} == {
        document.name: document.covered_by for document in report.documents
    }
    digested: Digested = good()[1]
    assert {(d.name, d.sha256, d.size) for d in report.documents} == {
        (e.name, digested.digests[e.name]["sha256"].hex(), e.size) for e in digested.opened.payload
    }


def test_each_finding_is_told_once_and_manifest_xml_last():
    listed = Finding(code=Code.MANIFEST_MISMATCH, severity=Severity.WARNING, place="META-INF/manifest.xml: a")
    found = (Finding(code=Code.SIGNATURE_COUNTERSIGNED, severity=Severity.INFO),)
    report = verdict(one(findings=found), one(id="other", findings=found), opened_findings=(listed,))
    assert (*found, listed) == report.findings


def test_ids_that_meet_or_are_missing_are_made_distinct():
    reports = [one(id=i, place=p) for i, p in (("S", "x"), ("S", "x"), ("", "y"), ("", "y"), ("T", "x"))]
    assert ["x#S", "x#S#2", "y", "y#4", "T"] == [report.id for report in _distinct_ids(reports)]
