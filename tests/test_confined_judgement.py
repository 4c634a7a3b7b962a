# SPDX-License-Identifier: EUPL-1.2
"""A confined worker judges as anybody else does: no judgement needs a file, a socket or a module that is not there yet.

The verify role itself is asked, as the receiver asks it, about all files that others collected and about dossiers of
the demonstration; the same judgement in this process, which may open what it likes, is the expectation.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import gatewayroom
import pytest
from confinedroom import examined, unconfined, verifying
from pdfroom import room

from gateway.demo import pki
from gateway.demo.bundles import (
    seal_bundle,
    signing_identity,
    with_changed_document,
    with_doubled_name,
    with_unsigned_file,
)
from gateway.demo.timestamping import timestamper
from gateway.findings import blocking
from gateway.model.dossier import Dossier
from gateway.packing import PackedFile, pack_bundle
from gateway.stages.dossier import DOSSIER_NAME, write_dossier


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[gatewayroom.Site]:
    site = gatewayroom.Site.founded(tmp_path_factory.mktemp("confined") / "w")
    with verifying(site):
        yield site


@pytest.fixture(scope="module")
def dossiers(site: gatewayroom.Site) -> dict[str, bytes]:
    """Good ones, also with time-stamps and with signed documents, and what somebody made of them."""
    moment, world = datetime.now(UTC).replace(microsecond=0), site.world
    weimar, ludwigsburg = (
        gatewayroom.example(c, "CONFINED") for c, _ in (gatewayroom.WEIMAR, gatewayroom.LUDWIGSBURG)
    )
    seal, under = (world.chambers[dossier.chamber].seal for dossier in (weimar, ludwigsburg))
    good = seal_bundle(weimar, seal, moment)
    return {
        "good": good,
        "under-authority": seal_bundle(ludwigsburg, under, moment),
        "stamped": seal_bundle(weimar, seal, moment, timestamper=timestamper(world.timestamping, moment)),
        "signed documents": packed(weimar, seal, moment, paper=room().sign(level="B-LTA")),
        "no documents": packed(replace(weimar, documents=()), seal, moment),
        "no dossier": packed(
            weimar, seal, moment, xml='<?xml version="1.0" encoding="windows-1252"?><ä/>'.encode("cp1252")
        ),
        "changed": with_changed_document(good),
        "unsigned": with_unsigned_file(good),
        "doubled": with_doubled_name(good),
    }


def packed(
    dossier: Dossier, seal: pki.Identity, moment: datetime, *, paper: bytes = b"", xml: bytes = b""
) -> bytes:
    """A dossier with this paper as each of its documents, or with something else in its place."""
    files = [PackedFile.of(DOSSIER_NAME, "application/xml", xml or write_dossier(dossier))]
    files += [
        PackedFile.of(d.file, d.media_type, paper or gatewayroom.paper(d.type)) for d in dossier.documents
    ]
    out = io.BytesIO()
    pack_bundle(out, files, identity=signing_identity(seal), moment=moment)
    return out.getvalue()


def collected(shared: Path) -> dict[str, bytes]:
    """The containers, PDF files and ZIP files of other projects."""
    found = {}
    for name in ("containers", "pdf", "zip"):
        with (shared / f"corpus/{name}.tsv").open(encoding="utf-8", newline="") as table:
            for row in csv.DictReader(table, delimiter="\t"):
                found[row["file"]] = (shared / "corpus" / row["file"]).read_bytes()
    return found


async def test_dossiers_are_judged_alike_in_and_out_of_confinement(site, dossiers, tmp_path):
    moment = datetime.now(UTC)
    confined = await examined(site, dossiers, tmp_path, moment)

    assert unconfined(site, dossiers, moment) == confined
    assert {"good", "under-authority", "stamped"} <= {
        n for n, e in confined.items() if not blocking(e.findings)
    }


@pytest.mark.slow
async def test_all_files_that_others_collected_are_judged_alike(site, shared, tmp_path):
    moment, bundles = datetime(2026, 11, 1, tzinfo=UTC), collected(shared)

    assert unconfined(site, bundles, moment) == await examined(site, bundles, tmp_path, moment)
