# SPDX-License-Identifier: EUPL-1.2
"""Findings on one of a PDF's signatures say which file and which signature they are about.

A finding on a certificate names the certificate only, and one of a CMS speaks as if a container had been sealed: among
the files of a bundle nobody could tell whose signature is meant, or mend it by sealing again.
"""

from dataclasses import replace

from gateway.codes import Code
from gateway.findings import Finding, escaped
from gateway.model.signature import SignatureReport
from gateway.model.subject import spoken

_OF_CMS = frozenset({Code.SIGNATURE_DIGEST_MISMATCH, Code.SIGNATURE_VALUE_INVALID})


def placed_in(name: str, report: SignatureReport, *, number: int, field: str) -> SignatureReport:
    """The report with findings of the ``number``-th signature of the PDF ``name``, which stands in ``field``."""
    kind = "time-stamp" if report.form == "timestamp" else "signature"
    place = f"{name}, {kind} {number}"
    if report.signer is not None:
        place += f" by {spoken(report.signer.subject)}"
    signer = report.signer.place if report.signer is not None else ""

    def placed(finding: Finding) -> Finding:
        code = Code.PDF_SIGNATURE_INVALID if finding.code in _OF_CMS else finding.code
        own = escaped(f"{name}, {field}")  # as findings have it
        if finding.place.startswith(own):
            return replace(finding, code=code, place=f"{place}{finding.place.removeprefix(own)}")
        if finding.place.startswith(escaped(name)):
            return replace(finding, code=code)
        # A certificate that is not the signer's own is named as well: the fault may be its issuer's.
        beside = "" if finding.place in {"", signer} else f": {finding.place}"
        return replace(finding, code=code, place=f"{place}{beside}")

    return replace(report, place=name, findings=tuple(map(placed, report.findings)))
