# SPDX-License-Identifier: EUPL-1.2
"""Brings PDFs before the judge, from a container or bare, with no more of them in memory than the policy has room for.

Leaves out every judgement (``gateway.stages.signature.pdf``) and what it means for the container (its ``report``).
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from hashlib import sha256

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.model.bundle import ByteSource, Digested, Entry
from gateway.model.signature import VerificationReport
from gateway.model.trust import SignaturePolicy
from gateway.policy import MIB
from gateway.stages.container import read_entry
from gateway.stages.dossier import DOSSIER_NAME
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.pdf.document import MAGIC, MAX_PDF_BYTES
from gateway.stages.signature.pdf.pades import PdfJudgement, judge_pdf, too_large, unexamined
from gateway.stages.signature.pdf.report import report_of_pdf

_KEPT_DOSSIER_BYTES = 16 * MIB
# Of all PDFs of a bundle together; what is over is inflated once more, one file at a time.
_KEPT_PDF_BYTES = 8 * MIB

# What the PDF library logs quotes the document (names of fields, objects, paths): personal data reaches no log.
for _library in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_library).addHandler(logging.NullHandler())
    logging.getLogger(_library).propagate = False

_Judge = Callable[..., PdfJudgement]


def judge_pdfs(
    digested: Digested, *, trust: TrustStore, policy: SignaturePolicy, moment: datetime
) -> Mapping[str, PdfJudgement]:
    """Every PDF of a container, by entry name."""
    judge = partial(judge_pdf, trust=trust, policy=policy, moment=moment)
    return {
        entry.name: _judge_entry(entry, digested, judge)
        for entry in digested.opened.payload
        if entry.name in digested.digests and _is_pdf(entry, digested.heads[entry.name])
    }


def judge_pdf_file(
    source: ByteSource, *, name: str, trust: TrustStore, policy: SignaturePolicy, moment: datetime
) -> VerificationReport:
    """A bare PDF. ``name`` is what the report calls it."""
    if source.size > MAX_PDF_BYTES:
        judgement = unexamined(name, (too_large(name, source.size),))
        return report_of_pdf(judgement, size=source.size, sha256="", moment=moment)
    data = source.read_at(0, source.size)
    judgement = judge_pdf(data, name=name, trust=trust, policy=policy, moment=moment)
    return report_of_pdf(judgement, size=len(data), sha256=sha256(data).hexdigest(), moment=moment)


def keeper() -> Callable[[Entry], bool]:
    """Which entries stay in memory, asked once for each: the dossier, and PDFs as long as they are small together."""
    left = _KEPT_PDF_BYTES

    def keep(entry: Entry) -> bool:
        nonlocal left
        if entry.name == DOSSIER_NAME:
            return entry.size <= _KEPT_DOSSIER_BYTES
        if not entry.name.lower().endswith(".pdf") or entry.size > left:
            return False
        left -= entry.size
        return True

    return keep


def _is_pdf(entry: Entry, head: bytes) -> bool:
    """Viewers open by name or by content; whatever either of them takes for a PDF is judged as one."""
    return entry.name.lower().endswith(".pdf") or MAGIC in head


def _judge_entry(entry: Entry, digested: Digested, judge: _Judge) -> PdfJudgement:
    """What was not kept is read a second time, one file at a time: it must be the bytes that signatures cover."""
    kept = digested.kept.get(entry.name)
    if kept is not None:
        return judge(kept, name=entry.name)
    if entry.size > MAX_PDF_BYTES:
        return unexamined(entry.name, (too_large(entry.name, entry.size),))
    try:
        data = b"".join(read_entry(digested.opened.source, entry))
    except Rejected as rejected:
        return unexamined(entry.name, rejected.findings)
    expected, got = digested.digests[entry.name]["sha256"], sha256(data).digest()
    if got != expected:
        finding = Finding(
            code=Code.SIGNATURE_DIGEST_MISMATCH,
            place=entry.name,
            expected=f"SHA-256 {expected.hex()}",
            got=f"SHA-256 {got.hex()}",
        )
        return unexamined(entry.name, (finding,))
    return judge(data, name=entry.name)
