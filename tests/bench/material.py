# SPDX-License-Identifier: EUPL-1.2
"""Dossiers to measure with: real PDFs of about 100 KB that hold a scan, which is what chambers send.

A scan is a JPEG, so deflating gains next to nothing, and no two dossiers hold the same file. Same input, same bytes.
"""

import io
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache

from fpdf import FPDF
from PIL import Image

from gateway.demo import people
from gateway.model.dossier import Dossier
from gateway.packing import PackedFile, SigningIdentity, pack_bundle
from gateway.stages.dossier import DOSSIER_NAME, write_dossier

PDF_BYTES = 100_000
_PRINTED = b"BENCH-000000"  # stands in every PDF where its dossier's reference belongs
_PIXELS = 380  # each way; noise of this size is a JPEG of some 98 KB
_WEIMAR = people.employer("Gasthaus Zum Weißen Schwan GmbH", people.WEIMAR, "Weg", "Käthe Müßiggang")


def reference(number: int) -> str:
    """A reference as long as the printed one."""
    return f"BENCH-{number:06d}"


@cache
def scan(seed: int, pixels: int = _PIXELS) -> bytes:
    """A JPEG of noise."""
    out = io.BytesIO()
    grey = random.Random(seed).randbytes(pixels * pixels)
    Image.frombytes("L", (pixels, pixels), grey).save(out, "JPEG", quality=85)
    return out.getvalue()


@cache
def _printed(kind: str) -> bytes:
    pdf = FPDF(format="A4")
    pdf.set_title(f"{kind} {_PRINTED.decode()}")
    pdf.set_creation_date(datetime(2026, 1, 1, tzinfo=UTC))
    pdf.add_page()
    pdf.set_font("helvetica", size=12)
    pdf.cell(0, 10, kind)
    pdf.image(io.BytesIO(scan(len(kind))), w=150)
    data = bytes(pdf.output())
    if data.count(_PRINTED) != 1:
        raise ValueError("expected the reference once in a printed PDF")
    return data


def paper(kind: str, number: int) -> bytes:
    """A PDF that differs from every other dossier's."""
    return _printed(kind).replace(_PRINTED, reference(number).encode())


def dossier(number: int, moment: datetime) -> Dossier:
    """A complete dossier with ten documents, from Erfurt to Weimar."""
    return people.skilled_dossier(
        reference=reference(number),
        created=moment,
        chamber="ihk-erfurt",
        worker=people.NGUYEN,
        company=_WEIMAR,
        occupation="Köchin",
    )


def dossier_bundle(
    number: int, identity: SigningIdentity, moment: datetime, *, compress: bool = True
) -> bytes:
    """The dossier in a sealed container."""
    case = dossier(number, moment)
    files = [PackedFile.of(DOSSIER_NAME, "application/xml", write_dossier(case))]
    files += [
        PackedFile.of(d.file, d.media_type, paper(d.type, number), compress=compress) for d in case.documents
    ]
    return sealed(files, identity, moment)


def many_files(count: int, identity: SigningIdentity, moment: datetime) -> bytes:
    """``count`` files of 1 KB in a sealed container; no dossier."""
    noise = random.Random(count)
    files = [
        PackedFile.of(f"f/{number:05d}.pdf", "application/pdf", b"%PDF-1.7\n" + noise.randbytes(1000))
        for number in range(count)
    ]
    return sealed(files, identity, moment)


def sealed(files: Sequence[PackedFile], identity: SigningIdentity, moment: datetime) -> bytes:
    """A container in memory."""
    out = io.BytesIO()
    pack_bundle(out, files, identity=identity, moment=moment)
    return out.getvalue()


def large_file(name: str, media_type: str, head: bytes, size: int, *, compress: bool) -> PackedFile:
    """A file of any size that cannot be compressed, made while it is read."""
    block = random.Random(size).randbytes(1024 * 1024)  # deflate looks back 32 KiB and sees no repetition

    def chunks() -> Iterator[bytes]:
        yield head
        left = size - len(head)
        while left > 0:
            yield block[:left]
            left -= len(block)

    return PackedFile(name=name, media_type=media_type, chunks=chunks, size=size, compress=compress)
