# SPDX-License-Identifier: EUPL-1.2
"""A bundle before a scanner: every file in it, the signatures' own included, and what the report says of it.

The files are inflated once more for this. The bytes are those that were digested, since the container has one reading;
and the digests do not wait for a scanner.
"""

from collections.abc import Iterator
from dataclasses import replace

from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.model.bundle import Entry, Opened
from gateway.model.scan import Screened, Suspect
from gateway.model.signature import VerificationReport
from gateway.ports import Screen
from gateway.stages.container import read_entry


def screen_bundle(opened: Opened, screen: Screen) -> Screened:
    """The verdict on every file. Raises ``ScannerUnavailable``."""
    damage: list[Finding] = []
    suspects = (
        Suspect(name=entry.name, size=entry.size, chunks=_chunks(opened, entry, damage))
        for entry in opened.entries
    )
    screened = screen.screen(suspects)
    return replace(screened, findings=(*screened.findings, *damage))


def with_scan(report: VerificationReport, screened: Screened) -> VerificationReport:
    """The report with what was found. Signatures are judged by EN 319 102-1, which knows nothing of malware."""
    findings = tuple(dict.fromkeys((*report.findings, *screened.findings)))
    return replace(report, findings=findings, scan=screened.to_json())


def _chunks(opened: Opened, entry: Entry, damage: list[Finding]) -> Iterator[bytes]:
    """What can be read of the file; a damaged one ends early, and its findings keep the bundle out."""
    try:
        yield from read_entry(opened.source, entry)
    except Rejected as rejected:
        damage.extend(rejected.findings)
