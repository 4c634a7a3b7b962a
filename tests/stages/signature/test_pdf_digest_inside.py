# SPDX-License-Identifier: EUPL-1.2
"""PDF signatures of the old format adbe.pkcs7.sha1, whose CMS has the SHA-1 of the document as its content."""

from datetime import timedelta
from hashlib import sha1

import pytest
from pdfroom import SIGNED_AT, room
from pyhanko.sign.fields import SigSeedSubFilter
from trustroom import sign

from gateway.codes import Code
from gateway.model.signature import Integrity
from gateway.stages.signature.pdf.gaps import find_gaps, signed_ranges

HOUR = timedelta(hours=1)


def with_value(pdf, info):
    """The PDF with another CMS in its gap."""
    (gap,) = find_gaps(pdf)
    value = info.dump(force=True).hex().encode().ljust(gap.end - gap.start - 2, b"0")
    return pdf[: gap.start + 1] + value + pdf[gap.end - 1 :]


def signed_over(content_of=lambda digest: digest, *, claimed=SIGNED_AT):
    """A PDF of the old format; ``content_of`` says what the CMS holds instead of the digest of the document."""
    pdf = room().sign(subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED)
    pdf = pdf.replace(b"/adbe.pkcs7.detached", b"/adbe.pkcs7.sha1".ljust(20))
    (gap,) = find_gaps(pdf)
    digest = sha1(b"".join(signed_ranges(pdf, gap)), usedforsecurity=False).digest()
    return with_value(
        pdf, sign(room().seal, content_of(digest), detached=False, cades=False, claimed=claimed)
    )


def told(judgement, code):
    return [(f.expected, f.got) for f in judgement.findings if f.code is code]


def test_over_the_digest_of_the_document_it_is_intact():
    judgement = room().judge(signed_over())
    assert Integrity.INTACT is judgement.integrity
    assert [] == told(judgement, Code.PDF_SIGNATURE_INVALID)


@pytest.mark.parametrize("content", [b"anderes", bytes(64), bytes(65), bytes(70)])
def test_over_anything_else_it_is_broken_and_the_first_64_bytes_are_told(content):
    judgement = room().judge(signed_over(lambda digest: content))
    assert Integrity.BROKEN is judgement.integrity
    ((expected, got),) = told(judgement, Code.PDF_SIGNATURE_INVALID)
    assert expected.startswith("sha1 ")
    assert content[:64].hex() == got


def test_the_signed_time_goes_before_that_of_the_dictionary():
    (report,) = room().judge(signed_over(claimed=SIGNED_AT - HOUR)).signatures
    assert SIGNED_AT - HOUR == report.claimed_signing_time


def test_without_a_signed_time_that_of_the_dictionary_stands_for_it():
    (report,) = room().judge(signed_over(claimed=None)).signatures
    assert SIGNED_AT == report.claimed_signing_time


def test_a_digest_nobody_computes_is_told_by_name():
    pdf = room().sign()
    info = sign(room().seal, b"")
    info["content"]["signer_infos"][0]["digest_algorithm"] = {"algorithm": "md5"}
    judgement = room().judge(with_value(pdf, info))
    assert ("a SignerInfo after RFC 5652", "digest algorithm md5") in told(judgement, Code.CMS_STRUCTURE)
