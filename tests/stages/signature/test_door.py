# SPDX-License-Identifier: EUPL-1.2
"""The door to what may be believed: each of its conditions alone keeps it shut."""

from dataclasses import replace
from itertools import pairwise

import pytest
from signed_bundles import FILES, judged_with_digests, packed

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding, Severity
from gateway.model.signature import (
    ContainerState,
    Indication,
    Integrity,
    SubIndication,
    Trust,
)
from gateway.stages.signature import verified
from gateway.stages.signature.door import _signer
from gateway.stages.signature.faults import (
    _FAILED,
    _MEANING,
    _OPEN,
    Fault,
    breaks_integrity,
    faults_of,
    judge_faults,
    worst_integrity,
)


def good():
    """A report and the content it is about; everything in it is as it should be."""
    return judged_with_digests(packed())


def shut(report, digested=None):
    with pytest.raises(Rejected) as caught:
        verified(report, digested or good()[1])
    return [(finding.code, finding.severity) for finding in caught.value.findings]


NOT_PROVEN = [(Code.VERIFICATION_FAILED, Severity.UNKNOWN)]


def test_the_good_report_opens_the_door():
    report, digested = good()
    value = verified(report, digested)
    assert (report, digested) == (value.report, value.digested)
    (signer,) = value.signers
    summary = report.signatures[0].signer
    assert (summary.sha256, summary.subject, summary.issuer, summary.serial) == (
        signer.certificate_sha256,
        signer.subject,
        signer.issuer,
        signer.serial,
    )


ALONE = {
    "container refused": {"container": ContainerState.REFUSED},
    **{f"integrity {state}": {"integrity": state} for state in Integrity if state is not Integrity.INTACT},
    "indeterminate": {"indication": Indication.INDETERMINATE},
    "failed": {"indication": Indication.TOTAL_FAILED},
    "trust unknown": {"trust": Trust.UNKNOWN},
    "untrusted": {"trust": Trust.UNTRUSTED},
    "no signature": {"signatures": ()},
}


@pytest.mark.parametrize("case", ALONE)
def test_one_thing_that_is_not_as_it_should_be_shuts_it_though_no_finding_says_so(case):
    assert shut(replace(good()[0], **ALONE[case])) == NOT_PROVEN


def test_the_refusal_says_what_the_report_came_to():
    with pytest.raises(Rejected) as caught:
        verified(replace(good()[0], trust=Trust.UNKNOWN), good()[1])
    (finding,) = caught.value.findings
    assert ("a passed signature over all content", "TOTAL-PASSED, intact, unknown") == (
        finding.expected,
        finding.got,
    )


SIGNATURES = {
    "not passed": {"indication": Indication.INDETERMINATE},
    "without a signer": {"signer": None},
    "over nothing": {"covers": ()},
    "over a part": {"covers": tuple(FILES)[1:]},
    "over other names": {"covers": tuple(f"{name}x" for name in FILES)},
}


@pytest.mark.parametrize("case", SIGNATURES)
def test_a_signature_that_does_not_carry_everything_opens_nothing(case):
    report, _ = good()
    only = replace(report.signatures[0], **SIGNATURES[case])
    assert shut(replace(report, signatures=(only,))) == NOT_PROVEN


def test_two_signatures_over_a_half_each_do_not_add_up():
    report, _ = good()
    names = tuple(FILES)
    halves = tuple(replace(report.signatures[0], covers=covers) for covers in (names[:1], names[1:]))
    assert shut(replace(report, signatures=halves)) == NOT_PROVEN


def test_one_whole_signature_beside_a_partial_one_is_enough_and_both_signers_are_named_once():
    report, digested = good()
    partial = replace(report.signatures[0], covers=())
    both = replace(report, signatures=(partial, report.signatures[0]))
    assert len(verified(both, digested).signers) == 1


def test_a_container_without_content_opens_nothing():
    report, digested = good()
    opened = digested.opened
    empty = replace(opened, entries=tuple(e for e in opened.entries if e.name not in FILES))
    assert shut(report, replace(digested, opened=empty)) == NOT_PROVEN


@pytest.mark.parametrize("severity", [Severity.ERROR, Severity.UNKNOWN])
def test_a_blocking_finding_shuts_it_whatever_the_verdict_says(severity):
    finding = Finding(code=Code.PDF_ENCRYPTED, severity=severity, place="pass.pdf")
    assert shut(replace(good()[0], findings=(finding,))) == [(Code.PDF_ENCRYPTED, severity)]


@pytest.mark.parametrize("severity", [Severity.INFO, Severity.WARNING])
def test_a_finding_that_does_not_block_does_not_shut_it(severity):
    finding = Finding(code=Code.CONTAINER_MIMETYPE_RULE, severity=severity)
    verified(replace(good()[0], findings=(finding,)), good()[1])


def test_nobody_is_no_signer():
    with pytest.raises(Rejected) as caught:
        _signer(replace(good()[0].signatures[0], signer=None, place="META-INF/x.xml"))
    (finding,) = caught.value.findings
    assert (*NOT_PROVEN, "META-INF/x.xml") == ((finding.code, finding.severity), finding.place)


def test_a_name_of_content_counts_and_so_does_its_bytes_but_not_its_place():
    report, digested = good()
    renamed = {{"pass.pdf": "Pass.pdf"}.get(name, name): values for name, values in digested.digests.items()}
    entries = tuple(
        e._replace(name="Pass.pdf") if e.name == "pass.pdf" else e for e in digested.opened.entries
    )
    other = replace(digested, opened=replace(digested.opened, entries=entries), digests=renamed)
    signature = replace(report.signatures[0], covers=tuple(e.name for e in other.opened.payload))
    one = verified(report, digested).content_digest
    turned = replace(digested, opened=replace(digested.opened, entries=digested.opened.entries[::-1]))
    assert one != verified(replace(report, signatures=(signature,)), other).content_digest
    assert one == verified(report, turned).content_digest


# -- from faults to an indication


def fault(means):
    return Fault(finding=Finding(code=Code.SIGNATURE_MISSING), means=means)


def test_every_sub_indication_has_its_rank():
    assert set(SubIndication) == {*_FAILED, *_OPEN}


@pytest.mark.parametrize("means", SubIndication)
def test_no_fault_is_ever_a_pass(means):
    expected = Indication.TOTAL_FAILED if means in _FAILED else Indication.INDETERMINATE
    assert judge_faults([fault(means)]) == (expected, means)


def test_the_gravest_fault_speaks():
    ranked = [*_FAILED, *_OPEN]
    for grave, light in pairwise(ranked):
        assert judge_faults([fault(light), fault(grave)])[1] is grave


def test_only_nothing_passes():
    assert judge_faults([]) == (Indication.TOTAL_PASSED, None)


@pytest.mark.parametrize("code", Code)
def test_every_blocking_finding_is_a_fault_with_the_meaning_of_its_code(code):
    for severity in Severity:
        found = faults_of([Finding(code=code, severity=severity)])
        blocks = severity in {Severity.ERROR, Severity.UNKNOWN}
        means = _MEANING.get(code, SubIndication.SIG_CONSTRAINTS_FAILURE)
        assert [means] * blocks == [each.means for each in found]


def test_what_breaks_integrity_does_so_only_where_it_blocks():
    for severity in Severity:
        finding = Finding(code=Code.SIGNATURE_DIGEST_MISMATCH, severity=severity)
        assert breaks_integrity([finding]) == (severity in {Severity.ERROR, Severity.UNKNOWN})
    assert not breaks_integrity([Finding(code=Code.CERTIFICATE_REVOKED)])


@pytest.mark.parametrize(
    ("states", "worst"),
    [
        ((), Integrity.UNSIGNED),
        ((Integrity.INTACT,), Integrity.INTACT),
        ((Integrity.INTACT, Integrity.UNSIGNED), Integrity.UNSIGNED),
        ((Integrity.UNSIGNED, Integrity.UNCHECKED), Integrity.UNCHECKED),
        ((Integrity.UNCHECKED, Integrity.BROKEN), Integrity.BROKEN),
        (tuple(Integrity), Integrity.BROKEN),
    ],
)
def test_the_worst_signature_speaks_for_the_whole(states, worst):
    assert worst_integrity(iter(states)) is worst
