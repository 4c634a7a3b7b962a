# SPDX-License-Identifier: EUPL-1.2
"""The foreign libraries as counterparties of one PKI, and the files that both sides sign."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from fpdf import FPDF
from javaroom import instant, programs
from signed_bundles import POLICY, judged

from gateway.demo import pki
from gateway.model.signature import VerificationReport
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.pdf.pades import PdfJudgement, judge_pdf

# Both libraries look at the clock of the machine when they sign or extend, so the tests live in the present.
SIGNED = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
JUDGED = SIGNED + timedelta(minutes=5)
PASSWORD = b"interop"
SMALL = {"dossier.xml": b"<dossier>Test</dossier>", "pass.pdf": b"%PDF-1.7 pass"}
NAMES = {
    "dossier.xml": b"<dossier/>",
    "Führungszeugnis für Łucja.pdf": b"%PDF-1.7 a",
    "a+b.pdf": b"%PDF-1.7 b",
    "100 % sicher.pdf": b"%PDF-1.7 c",
    "schon%20kodiert.pdf": b"%PDF-1.7 d",
    "unterlagen/anlage 1 & mehr!.pdf": b"%PDF-1.7 e",
    "leer.pdf": b"",
}
# DSS writes a hash sign bare into the reference, where it begins a fragment (RFC 3986 3.5); we write %23, which it reads.
OURS_ONLY = {"anlage #2.pdf": b"%PDF-1.7 f"}
HUNDRED = {f"anlagen/{n:03}.pdf": b"%PDF-1.7 " + str(n).encode() * n for n in range(100)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """One PKI for both sides, and a folder both can read."""

    folder: Path
    root: pki.Authority
    issuing: pki.Authority
    unit: pki.Identity
    revoked: pki.Identity
    store: TrustStore

    def seal(self, key: pki.PrivateKey | None = None) -> pki.Identity:
        return self.issuing.seal("IHK Erfurt", key=key)

    def dss(self, files: Mapping[str, bytes]) -> dict[str, dict]:
        """What DSS says of each."""
        return self._asked("dss", files, self.folder / "anchors", self.folder / "crls", instant(JUDGED))

    def digidoc4j(self, files: Mapping[str, bytes]) -> dict[str, dict]:
        """What digidoc4j says of each."""
        return self._asked("digidoc4j", files, self.folder / "anchors")

    def _asked(self, project: str, files: Mapping[str, bytes], *arguments: str | Path) -> dict[str, dict]:
        asked = self.folder / f"asked-{project}-{len(list(self.folder.iterdir()))}"
        asked.mkdir()
        for name, data in files.items():
            (asked / name).write_bytes(data)
        said = programs(project).run("Validate", *arguments, lines=[asked / name for name in files])
        return {Path(one["file"]).name: one for one in said}

    def ours(self, container: bytes) -> VerificationReport:
        return judged(container, store=self.store, policy=POLICY, moment=JUDGED)

    def ours_of_pdf(self, pdf: bytes) -> PdfJudgement:
        return judge_pdf(pdf, name="paper.pdf", trust=self.store, policy=POLICY, moment=JUDGED)


def in_pkcs12(identity: pki.Identity) -> bytes:
    return pkcs12.serialize_key_and_certificates(
        b"key",
        identity.key,
        identity.certificate,
        identity.chain,
        serialization.BestAvailableEncryption(PASSWORD),
    )


def paper() -> bytes:
    sheet = FPDF()
    sheet.set_creation_date(SIGNED)
    sheet.add_page()
    sheet.set_font("Helvetica", size=12)
    sheet.cell(text="Interop")
    return bytes(sheet.output())


def passed_by_dss(report: dict) -> bool:
    """At least one signature, and every one of them passed."""
    return bool(report["signatures"]) and all(s["indication"] == "TOTAL_PASSED" for s in report["signatures"])
