# SPDX-License-Identifier: EUPL-1.2
"""A PDF: its survey and its signatures. What we call intact is not intact with another byte before the signature."""

from collections.abc import Mapping

import pdfroom
from pdfroom import (
    CATALOGUE,
    PAGE,
    PAGES,
    SCRIPT,
    classic,
    grown,
    pdf_dictionary,
    plain_pdf,
    set_in_catalogue,
    streamed,
    text,
)
from pyhanko.pdf_utils.generic import pdf_name

from fuzz.contract import ACCEPTED, REFUSED, Target, must, nothing_unforeseen
from fuzz.trust import NOW, POLICY, store
from gateway.findings import blocking
from gateway.model.signature import Indication, Integrity, Trust
from gateway.stages.signature.pdf.gaps import find_gaps
from gateway.stages.signature.pdf.pades import PdfJudgement, judge_pdf


def judge(data: bytes) -> str:
    judgement = _judgement(data)
    nothing_unforeseen(judgement.findings)
    if judgement.integrity is Integrity.INTACT:
        must(judgement.signed, "intact without a signature")
        _holds_every_byte(data)
    if judgement.indication is Indication.TOTAL_PASSED:
        passed = (judgement.integrity, judgement.trust, blocking(judgement.findings))
        must(passed == (Integrity.INTACT, Trust.TRUSTED, ()), f"passed with {passed}")
    if judgement.signed:
        return ACCEPTED if judgement.indication is Indication.TOTAL_PASSED else REFUSED
    return REFUSED if blocking(judgement.findings) else ACCEPTED


def _judgement(data: bytes) -> PdfJudgement:
    return judge_pdf(data, name="zeugnis.pdf", trust=store(), policy=POLICY, moment=NOW)


def _holds_every_byte(data: bytes) -> None:
    """Some byte before the first signature, another one each time that the file differs."""
    before = min(gap.byte_range[1] for gap in find_gaps(data))
    at = sum(data) % before
    changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    must(_judgement(changed).integrity is not Integrity.INTACT, f"byte {at} is another, and still intact")


def seeds(room: pdfroom.PdfRoom) -> Mapping[str, bytes]:
    signed = room.sign(plain_pdf(packed=False))
    embedded = pdf_dictionary({"/Type": pdf_name("/Filespec"), "/EF": pdf_dictionary({"/F": text("x")})})
    return {
        "accepted-packed": plain_pdf(),
        "accepted-plain": plain_pdf(packed=False),
        "accepted-grown": grown(plain_pdf(), set_in_catalogue("/Lang", text("de"))),
        "accepted-b-b": signed,
        "accepted-b-b-packed": room.sign(),
        "accepted-b-t": room.sign(level="B-T"),
        "accepted-stamped-later": room.stamp(signed),
        "accepted-twice": room.sign(signed, field="Signature2"),
        "refused-changed-later": grown(signed, set_in_catalogue("/Lang", text("de"))),
        "refused-script": plain_pdf(lambda writer, page: set_in_catalogue("/OpenAction", SCRIPT)(writer)),
        "refused-file": plain_pdf(
            lambda writer, page: set_in_catalogue("/X", embedded)(writer), packed=False
        ),
        "refused-tail": signed + b"%%EOF\n",
        "refused-cut": signed[:-30],
        "refused-empty": b"%PDF-1.7\n%%EOF",
        "refused-entries": streamed(b"/W [1 8 8] /Size 6 /Index [0 10000000]"),
        "refused-entries-of-nothing": streamed(b"/W [0 0 0] /Size 1000000000"),
        "refused-number": classic(CATALOGUE % b"/X 4 0 R", PAGES, PAGE, b"1" * 40_000),
    }


TARGET = Target(
    name="pdf_scan",
    judge=judge,
    seeds=seeds,
    words=(
        *(
            b"/ByteRange [0 ",
            b"/Contents <",
            b"/Type /Sig",
            b"/SubFilter /ETSI.CAdES.detached",
            b"/ETSI.RFC3161",
        ),
        *(
            b" 0 obj\n",
            b"\nendobj\n",
            b"stream\n",
            b"\nendstream",
            b"/ObjStm",
            b"/XRef",
            b"/W [1 2 1]",
            b"/Index [0 9]",
        ),
        *(
            b"/Prev ",
            b"/XRefStm ",
            b"startxref\n",
            b"%%EOF\n",
            b"trailer\n<<",
            b"xref\n0 1\n",
            b"/Root 1 0 R",
            b"/Length ",
        ),
        *(
            b"/Filter /FlateDecode",
            b"/Filter [/ASCIIHexDecode]",
            b"/DecodeParms <<",
            b"/Predictor 12",
            b"/Columns 4",
        ),
        *(
            b"/OpenAction",
            b"/AA <<",
            b"/JS (",
            b"/JavaScript",
            b"/Launch",
            b"/EmbeddedFiles",
            b"/XFA",
            b"/AcroForm",
        ),
        *(
            b"/Fields [",
            b"/Kids [",
            b"/Parent ",
            b"/DSS",
            b"/Perms",
            b"/DocMDP",
            b"/Encrypt",
            b"/FT /Sig",
            b"/V ",
            b"#4a",
        ),
    ),
    neighbours=r"(?s).*",
    max_bytes=48 * 1024,
    seconds=5,
)
