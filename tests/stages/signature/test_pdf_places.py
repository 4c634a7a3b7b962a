# SPDX-License-Identifier: EUPL-1.2
"""Findings on a PDF's signature name the file and the signature, and a cure that can help whoever holds the file."""

import pytest
from pdfroom import NAME, PdfRoom, room

from gateway.codes import Code
from gateway.findings import Finding
from gateway.model.signature import SignatureReport
from gateway.stages.signature.pdf.places import placed_in


def found(code: Code, judgement) -> list[Finding]:
    return [finding for finding in judgement.findings if finding.code is code]


def test_a_signer_nobody_vouches_for_is_named_with_the_file():
    (finding,) = found(Code.CERTIFICATE_UNTRUSTED, room().judge(PdfRoom().sign()))

    assert f"{NAME}, signature 1 by IHK Prüfstadt Siegel" == finding.place


def test_the_report_of_the_signature_has_the_same_findings_as_the_whole():
    judgement = room().judge(PdfRoom().sign())

    assert set(judgement.signatures[0].findings) <= set(judgement.findings)


def test_of_two_signatures_the_one_is_named_that_is_meant():
    both = PdfRoom().sign(room().sign(), field="Signature2")
    (finding,) = found(Code.CERTIFICATE_UNTRUSTED, room().judge(both))

    assert finding.place.startswith(f"{NAME}, signature 2 by ")


def test_a_changed_byte_is_no_matter_of_sealing_again():
    signed = room().sign()
    at = signed.index(b"/MediaBox")
    judgement = room().judge(signed[:at] + b"/mediaBox" + signed[at + 9 :])

    assert [] == found(Code.SIGNATURE_DIGEST_MISMATCH, judgement)
    assert [f"{NAME}, signature 1 by IHK Prüfstadt Siegel"] == [
        finding.place for finding in found(Code.PDF_SIGNATURE_INVALID, judgement)
    ]


def test_a_field_with_an_end_of_line_in_its_name_is_that_field():
    finding = Finding(code=Code.CMS_STRUCTURE, place="a\nb.pdf, Feld\nb, time-stamp 1")
    report = SignatureReport(id="", place="", form="PAdES", findings=(finding,))
    (placed,) = placed_in("a\nb.pdf", report, number=1, field="Feld\nb").findings

    assert r"a\nb.pdf, signature 1, time-stamp 1" == placed.place


@pytest.mark.parametrize(
    ("place", "form", "told"),
    [
        ("", "PAdES", "a.pdf, signature 2"),
        ("a.pdf", "PAdES", "a.pdf"),
        ("a.pdf, Sig", "PAdES", "a.pdf, signature 2"),
        ("a.pdf, Sig, time-stamp 1", "PAdES", "a.pdf, signature 2, time-stamp 1"),
        ("CN=CA, serial number 1", "PAdES", "a.pdf, signature 2: CN=CA, serial number 1"),
        ("CN=TSU, serial number 1", "timestamp", "a.pdf, time-stamp 2: CN=TSU, serial number 1"),
    ],
)
def test_every_place_leads_to_the_file(place, form, told):
    finding = Finding(code=Code.CERTIFICATE_EXPIRED, place=place)
    report = SignatureReport(id="a.pdf#2 Sig", place="", form=form, findings=(finding,))
    placed = placed_in("a.pdf", report, number=2, field="Sig")

    assert ("a.pdf", told) == (placed.place, placed.findings[0].place)
