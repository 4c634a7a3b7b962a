# SPDX-License-Identifier: EUPL-1.2
"""PDFs that DSS signs, from B-B to B-LTA, before DSS and before us; what is tampered with, nobody accepts."""

import pytest
from counterparts import Shop, passed_by_dss
from pdfroom import grown
from pyhanko.pdf_utils.generic import StreamObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from gateway.codes import Code
from gateway.findings import blocking
from gateway.model.signature import Indication, Integrity

pytestmark = [pytest.mark.foreign, pytest.mark.slow]


@pytest.fixture(scope="module")
def pdfs(theirs: dict[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in theirs.items() if name.endswith(".pdf")}


def _level(name: str) -> str:
    """``pades-lt.pdf`` -> ``B-LT``"""
    level = name.removeprefix("pades-").removesuffix(".pdf").upper()
    return "B-B" if level == "B" else f"B-{level}"


def _wider(pdf: bytes) -> bytes:
    """The page is a hair wider than the one that was signed."""
    assert b"595.28" in pdf
    return pdf.replace(b"595.28", b"595.29")


def _repaint(writer: IncrementalPdfFileWriter) -> None:
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Contents"] = writer.add_object(StreamObject(stream_data=b"BT /F1 12 Tf 72 720 Td (Other) Tj ET"))
    writer.update_container(page)


def test_every_level_that_dss_makes_passes_here(shop: Shop, pdfs: dict[str, bytes]) -> None:
    judged = {name: shop.ours_of_pdf(pdf) for name, pdf in pdfs.items()}
    assert {"pades-b.pdf", "pades-t.pdf", "pades-lt.pdf", "pades-lta.pdf"} == set(judged)
    assert {name: (Indication.TOTAL_PASSED, Integrity.INTACT, _level(name), ()) for name in pdfs} == {
        name: (one.indication, one.integrity, one.level, blocking(one.findings))
        for name, one in judged.items()
    }


def test_nobody_accepts_a_changed_byte(shop: Shop, pdfs: dict[str, bytes]) -> None:
    changed = {name: _wider(pdf) for name, pdf in pdfs.items()}
    said = shop.dss(changed)
    assert {name for name in changed if passed_by_dss(said[name])} == set()
    assert dict.fromkeys(changed, Integrity.BROKEN) == {
        name: shop.ours_of_pdf(pdf).integrity for name, pdf in changed.items()
    }


def test_dss_warns_of_a_page_painted_anew_after_the_signature_and_we_refuse_it(
    shop: Shop, pdfs: dict[str, bytes]
) -> None:
    """A disagreement on purpose: the bytes that were signed are still there, but no reader shows them."""
    painted = {name: grown(pdf, _repaint) for name, pdf in pdfs.items()}
    said = shop.dss(painted)
    assert dict.fromkeys(painted, True) == {
        name: all(s["signature_intact"] for s in said[name]["signatures"]) for name in painted
    }
    judged = {name: shop.ours_of_pdf(pdf) for name, pdf in painted.items()}
    assert dict.fromkeys(painted, Integrity.BROKEN) == {name: one.integrity for name, one in judged.items()}
    assert all(Code.PDF_MODIFIED_AFTER_SIGNING in {f.code for f in one.findings} for one in judged.values())
