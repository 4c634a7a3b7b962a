# SPDX-License-Identifier: EUPL-1.2
"""Names of files in findings that came as JSON: they are told from words of ours by the files somebody has at hand.

A finding of this process knows the difference by itself (``gateway.findings.Foreign``). Leaves out names that stand
inside a longer text; the words around them are ours.
"""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from gateway.cli.files import FileSource
from gateway.cli.terminal import WrongUse
from gateway.errors import Rejected
from gateway.findings import Finding, Foreign
from gateway.model.signature import VerificationReport
from gateway.policy import ContainerPolicy
from gateway.stages.container import open_container


def recognised(text: str, names: Collection[str]) -> str:
    """The text, as foreign where it is one of the names."""
    return Foreign(text) if text in names else text


def with_names(finding: Finding, names: Collection[str]) -> Finding:
    """The finding with its names recognised."""
    place, expected, got = (
        recognised(text, names) for text in (finding.place, finding.expected, finding.got)
    )
    return replace(finding, place=place, expected=expected, got=got)


def with_own_names(report: VerificationReport) -> VerificationReport:
    """With names of files told from words of ours, which the report's own list of files does."""
    names = {document.name for document in report.documents} | {s.place for s in report.signatures}
    return replace(report, findings=tuple(with_names(finding, names) for finding in report.findings))


def names_in(bundle: Path | None) -> frozenset[str]:
    """Names of the files in a bundle of the person's own, as far as it can be read."""
    if bundle is None:
        return frozenset()
    try:
        with FileSource(bundle) as source:
            opened = open_container(source, policy=ContainerPolicy())
    except WrongUse:
        return frozenset()
    except Rejected as rejected:
        texts = (text for f in rejected.findings for text in (f.place, f.expected, f.got))
        return frozenset(text for text in texts if isinstance(text, Foreign))
    return frozenset(entry.name for entry in opened.entries)
