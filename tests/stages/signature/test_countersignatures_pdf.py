# SPDX-License-Identifier: EUPL-1.2
"""A counter-signature in the CMS of a PDF's signature: judged like every other, and it weighs for the PDF."""

from dataclasses import replace

import pytest
from asn1crypto import cms
from counterroom import counter_signer, respliced, with_counters
from pdfroom import SIGNED_AT, room
from signed_bundles import judged, packed
from trustroom import NOW, POLICY

from gateway.codes import Code
from gateway.demo import pki
from gateway.findings import blocking
from gateway.model.signature import Indication, Integrity
from gateway.model.trust import Untrusted
from gateway.stages.signature.pdf.gaps import contents, find_gaps
from gateway.stages.signature.pdf.report import report_of_pdf, with_pdfs

LENIENT = replace(POLICY, untrusted_counter_signatures=Untrusted.WARNING)
STRANGER = pki.root("Unbekannte Wurzel").seal("Unbekannte Kammer")


@pytest.fixture(scope="module")
def pdf():
    """Signed, with room in its gap; the stamp is what reserves it."""
    return room().sign(level="B-T")


def countersigned(pdf: bytes, identity: pki.Identity, *, over: bytes | None = None) -> bytes:
    """With a counter-signature in place of the time-stamp, over its own value unless it is said which."""
    (gap,) = find_gaps(pdf)
    der = contents(pdf, gap)
    before = _signer(der)
    signer = before.copy()
    signer["unsigned_attrs"] = None
    counter = counter_signer(identity, over or signer["signature"].native)
    made = respliced(der, before.dump(), with_counters(signer.dump(force=True), counter.dump()))
    digits = gap.end - gap.start - 2
    assert 2 * len(made) <= digits
    return pdf[: gap.start + 1] + made.hex().encode().ljust(digits, b"0") + pdf[gap.end - 1 :]


def _signer(der: bytes) -> cms.SignerInfo:
    return cms.ContentInfo.load(der)["content"]["signer_infos"][0]


def test_a_good_one_is_reported_and_passes(pdf):
    judgement = room().judge(countersigned(pdf, room().seal))
    (signature,) = judgement.signatures
    (counter,) = signature.counter_signatures
    assert [Indication.TOTAL_PASSED] * 3 == [s.indication for s in (judgement, signature, counter)]
    assert ((judgement.name,), ()) == (signature.covers, counter.covers)


def test_a_time_stamp_of_the_document_proves_it_too(pdf):
    judgement = room().judge(room().stamp(countersigned(pdf, room().seal), moment=SIGNED_AT))
    signature = next(s for s in judgement.signatures if s.counter_signatures)
    (counter,) = signature.counter_signatures
    assert (Indication.TOTAL_PASSED, SIGNED_AT) == (counter.indication, counter.best_signature_time)
    assert Indication.TOTAL_PASSED is judgement.indication


def test_one_of_nobody_we_know_leaves_the_pdf_open_and_not_its_signature(pdf):
    judgement = room().judge(countersigned(pdf, STRANGER))
    assert (Indication.INDETERMINATE, Integrity.INTACT) == (judgement.indication, judgement.integrity)
    assert Indication.TOTAL_PASSED is judgement.signatures[0].indication
    assert Code.COUNTER_SIGNATURE_INVALID in {f.code for f in blocking(judgement.findings)}


@pytest.mark.parametrize("policy", [POLICY, LENIENT])
def test_one_over_another_value_leaves_the_pdf_open_whatever_the_operator_says(pdf, policy):
    other = room().sign(field="Other")
    value = _signer(contents(other, find_gaps(other)[0]))["signature"].native
    judgement = room().judge(countersigned(pdf, room().seal, over=value), policy=policy)
    report = report_of_pdf(judgement, size=1, sha256="", moment=NOW)
    assert (Indication.INDETERMINATE, Integrity.INTACT) == (report.indication, report.integrity)
    assert Indication.TOTAL_PASSED is report.signatures[0].indication
    assert Code.COUNTER_SIGNATURE_INVALID in {f.code for f in blocking(report.findings)}


@pytest.mark.parametrize("over", [None, b"another value"], ids=["not known", "broken"])
def test_in_a_bundle_that_tolerates_untrusted_pdf_signatures_it_refuses_all_the_same(pdf, over):
    policy = replace(POLICY, untrusted_pdf_signatures=Untrusted.WARNING)
    judgement = room().judge(countersigned(pdf, STRANGER, over=over), policy=policy)
    report = with_pdfs(judged(packed()), {judgement.name: judgement}, policy=policy)
    assert (Indication.INDETERMINATE, Integrity.INTACT) == (report.indication, report.integrity)
    assert Code.COUNTER_SIGNATURE_INVALID in {f.code for f in blocking(report.findings)}
