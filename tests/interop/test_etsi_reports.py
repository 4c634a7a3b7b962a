# SPDX-License-Identifier: EUPL-1.2
"""Our reports after ETSI TS 119 102-2, read by EU DSS with its own schemas, and beside those DSS makes of the same files."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from counterparts import JUDGED, SIGNED, SMALL, Shop
from javaroom import instant, programs
from signed_bundles import packed, repacked, signing_identity, unpacked

from gateway.model.signature import VerificationReport
from gateway.stages.report.etsi import etsi_report
from gateway.stages.signature.pdf.report import report_of_pdf

pytestmark = [pytest.mark.foreign, pytest.mark.slow]

# Which process was run is not compared: DSS runs the one for archives on everything.
SAME = (
    "value",
    "digest",
    "algorithm",
    "indication",
    "sub_indications",
    "validated",
    "best",
    "chain",
    "crypto",
)


def told(shop: Shop, files: Mapping[str, bytes]) -> dict[str, list[dict]]:
    """What the reports say, by file: those of DSS for signed files, ours for ``.xml``."""
    folder = shop.folder / f"reports-{len(list(shop.folder.iterdir()))}"
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    arguments = (shop.folder / "anchors", shop.folder / "crls", instant(JUDGED))
    said = programs("dss").run("Report", *arguments, lines=[folder / name for name in files])
    return {Path(one["file"]).name: one["signatures"] for one in said}


def judged_here(shop: Shop, name: str, data: bytes) -> VerificationReport:
    if not name.endswith(".pdf"):
        return shop.ours(data)
    return report_of_pdf(shop.ours_of_pdf(data), size=len(data), sha256="ab" * 32, moment=JUDGED)


def both(shop: Shop, files: Mapping[str, bytes]) -> tuple[dict[str, list[dict]], dict[str, list[dict]]]:
    mine = {f"{name}.xml": etsi_report(judged_here(shop, name, data)) for name, data in files.items()}
    said = told(shop, {**files, **mine})
    return (
        {name: [_common(s) for s in said[f"{name}.xml"]] for name in files},
        {name: [_common(s) for s in said[name]] for name in files},
    )


def _common(signature: dict) -> dict:
    return {name: signature.get(name) for name in SAME}


def test_dss_reads_our_reports_and_says_the_same_of_what_we_pack(shop: Shop, ours: dict[str, bytes]) -> None:
    mine, theirs = both(shop, ours)
    assert theirs == mine


def test_dss_reads_our_reports_and_says_the_same_of_what_it_signs(
    shop: Shop, theirs: dict[str, bytes]
) -> None:
    mine, said = both(shop, theirs)
    assert said == mine


def test_dss_reads_our_report_on_a_changed_file_and_says_the_same(shop: Shop, ours: dict[str, bytes]) -> None:
    changed = repacked(unpacked(ours["p256-b.asice"]) | {"pass.pdf": b"%PDF-1.7 other"})
    mine, said = both(shop, {"changed.asice": changed})
    names = ("value", "digest", "indication", "sub_indications")
    assert [[s[name] for name in names] for s in said["changed.asice"]] == [
        [s[name] for name in names] for s in mine["changed.asice"]
    ]


def test_dss_reads_our_report_on_a_revoked_seal(shop: Shop) -> None:
    container = packed(SMALL, identity=signing_identity(shop.revoked), moment=SIGNED)
    (signature,) = told(shop, {"revoked.xml": etsi_report(shop.ours(container))})["revoked.xml"]
    assert ("INDETERMINATE", ["REVOKED_NO_POE"]) == (signature["indication"], signature["sub_indications"])


def test_dss_reads_our_report_on_a_file_without_signatures(shop: Shop) -> None:
    entries = {name: data for name, data in unpacked(packed()).items() if "signatures" not in name}
    (signature,) = told(shop, {"none.xml": etsi_report(shop.ours(repacked(entries)))})["none.xml"]
    assert ("TOTAL_FAILED", ["FORMAT_FAILURE"]) == (signature["indication"], signature["sub_indications"])
