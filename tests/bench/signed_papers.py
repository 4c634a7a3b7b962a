# SPDX-License-Identifier: EUPL-1.2
"""A dossier three of whose PDFs carry signatures of their own (PAdES-B-T), beside what plain library calls cost.

The plain calls are signxml for the container and pyHanko for the three PDFs, revocation asked for, nothing kept.
They do not look into the other seven PDFs, for active content or anything else; we do. What that costs is a figure of its
own, beside pyHanko opening such a PDF and reading every object once, which finds nothing yet.
"""

import io
from functools import partial

from pdfroom import PdfRoom
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from trustroom import NOW

from bench.figures import Figure, timed
from bench.floors import inflate_and_hash, streams
from bench.libraries import by_signxml
from bench.material import dossier, paper, sealed
from bench.scale import Scale
from bench.stopwatch import CPU, interleaved
from gateway.catalogue import data_root
from gateway.demo.bundles import signing_identity
from gateway.examination import Knowledge, examine
from gateway.knowledge import knowledge_of
from gateway.model.source import MemorySource
from gateway.packing import PackedFile
from gateway.policy import Policy
from gateway.stages.dossier import DOSSIER_NAME, write_dossier
from gateway.stages.signature.pdf.pades import judge_pdf

_SIGNED = 3
_AIM = 0.5


def measure(scale: Scale) -> list[Figure]:
    """The whole examination, and the calls."""
    room = PdfRoom()
    identity = signing_identity(room.seal)
    case = dossier(1, NOW)
    papers = {
        document.file: room.sign(paper(document.type, 1), level="B-T")
        if number < _SIGNED
        else paper(document.type, 1)
        for number, document in enumerate(case.documents)
    }
    files = [PackedFile.of(DOSSIER_NAME, "application/xml", write_dossier(case))]
    files += [PackedFile.of(name, "application/pdf", data) for name, data in papers.items()]
    bundle = sealed(files, identity, NOW)
    knowledge = knowledge_of(data_root(), room.full_material(), Policy())
    signed = list(papers.values())[:_SIGNED]

    def plain_calls() -> None:
        by_signxml(bundle, identity)
        for pdf in signed:
            _by_pyhanko(pdf, room)

    times = interleaved(
        {
            "ours": partial(_examine, bundle, knowledge),
            "calls": plain_calls,
            "floor": partial(inflate_and_hash, bundle, streams(bundle)),
        },
        rounds=scale.of(60, 10, 1),
        clock=CPU,
    )
    unsigned = paper(case.documents[-1].type, 1)
    looks = interleaved(
        {"ours": partial(_look, unsigned, knowledge), "calls": partial(_read_all, unsigned)},
        rounds=scale.of(200, 50, 1),
        clock=CPU,
    )
    what = f"dossier with {_SIGNED} PAdES-B-T PDFs: whole examination"
    return [
        timed(what, times["ours"], beside="signxml + pyHanko, no cache", floor=times["calls"], at_most=_AIM),
        timed(what, times["ours"], beside="inflate + SHA-256", floor=times["floor"]),
        timed(
            f"PDF of {len(unsigned) // 1000} KB without signature, looked into",
            looks["ours"],
            beside="pyHanko reads its objects",
            floor=looks["calls"],
        ),
    ]


def _examine(bundle: bytes, knowledge: Knowledge) -> None:
    examination = examine(MemorySource(bundle), knowledge, NOW)
    if examination.dossier is None:
        raise ValueError(f"expected a dossier that passes, got {examination.findings}")


def _look(pdf: bytes, knowledge: Knowledge) -> None:
    judgement = judge_pdf(
        pdf, name="paper.pdf", trust=knowledge.trust, policy=knowledge.signature_policy, moment=NOW
    )
    if judgement.findings:
        raise ValueError(f"expected a harmless PDF, got {judgement.findings}")


def _read_all(pdf: bytes) -> None:
    reader = PdfFileReader(io.BytesIO(pdf), strict=False)
    for reference in reader.xrefs.explicit_refs_in_revision(0):
        reader.get_object(reference)


def _by_pyhanko(pdf: bytes, room: PdfRoom) -> None:
    (embedded,) = PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures
    status = validate_pdf_signature(embedded, room._context(NOW), ts_validation_context=room._context(NOW))
    if not status.bottom_line:
        raise ValueError("expected a PDF that pyHanko takes")
