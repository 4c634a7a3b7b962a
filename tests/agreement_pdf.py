# SPDX-License-Identifier: EUPL-1.2
"""Judges every PDF of the shared corpus; its part of the table of agreement is made here.

Like ``agreement`` for containers: without any anchor, and with everything granted that is not about the bytes (the
certificates that the signature brings as anchors, the claimed time, every known algorithm, active content).
"""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from agreement import ANYTHING, MOMENT, NEGATIVE, POSITIVE, SHARED

from gateway.errors import Rejected
from gateway.findings import blocking
from gateway.model.trust import TrustMaterial
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.cms.signed_data import read_signed_data
from gateway.stages.signature.pdf.gaps import contents, find_gaps
from gateway.stages.signature.pdf.pades import PdfJudgement, judge_pdf

GENEROUS = replace(ANYTHING, active_content_in_pdf=True)
_MODULUS = "its certificate has an RSA key with a negative modulus, which is not read"
# Positives whose integrity is not "intact" here, by file digest: why.
EXCEPTIONS = {
    "08a33cdb": _MODULUS,
    "0003dcb3": "its certificate has QcStatements that are not well-formed, so it is not read",
    "1804be7a": _MODULUS,
    "1e1ec1d3": f"{_MODULUS}; validation data of an earlier signature was rewritten",
    "369bd30a": _MODULUS,
    "1d7aa7f1": _MODULUS,
    "4e194bb1": "one signature has no signed attributes, certificates with negative modulus, content changed in between",
    "1d18f3a4": "no signed attributes: nothing binds the signature to its certificate (EN 319 142-1 clause 6.3)",
    "086219be": "page resources were exchanged in the version that brought the time-stamp",
    "37247bb9": "validation data of an earlier signature was rewritten",
    "4e98c47e": "a version with two cross-reference tables (hybrid) came after the signature",
    "415020db": "shadow attack: content was hidden by a later version, which cannot even be read as a PDF",
    "19a1582c": "shadow attack: a form value was replaced after the last signature",
    "14b7f31c": "signature wrapping: the dictionary that is shown stands outside the signed bytes",
    "1222ac6d": "an object was struck out after the last signature",
}
# Negatives whose signed bytes are intact, by file digest: the fault its project sees, and where it shows here.
INTACT_NEGATIVES = {
    "06138969": "revocation: its OCSP response is almost a day older than the time-stamp; its CMS is refused for its encoding",
    "5bb2ab91": "time: the certificate expired before the time-stamp; its CMS is refused for its encoding",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One PDF and both judgements on it."""

    file: str
    expected: str
    integrity: str
    indication: str
    granted: str
    levels: str
    reasons: tuple[str, ...]

    @property
    def key(self) -> str:
        """The digest that starts the file's name."""
        return Path(self.file).name[:8]


def rows(shared: Path = SHARED) -> Iterator[Row]:
    """Judge the corpus."""
    with (shared / "corpus/pdf.tsv").open(encoding="utf-8", newline="") as table:
        for line in csv.DictReader(table, delimiter="\t"):
            yield _row(line, (shared / "corpus" / line["file"]).read_bytes())


def _row(line: dict[str, str], data: bytes) -> Row:
    plain = _judged(data, TrustStore(TrustMaterial()))
    granted = _granted(data, plain)
    return Row(
        file=line["file"],
        expected=line["expected"],
        integrity=plain.integrity.value,
        indication=plain.indication.value,
        granted=granted.indication.value,
        levels=" ".join(f"{s.form}{f' {s.level}' if s.level else ''}" for s in granted.signatures),
        reasons=tuple(dict.fromkeys(f.code.value for f in blocking(granted.findings))),
    )


def _granted(data: bytes, plain: PdfJudgement) -> PdfJudgement:
    """Trust in every certificate the signatures bring, at the time the last signer claims."""
    brought: list[bytes] = []
    for gap in find_gaps(data):
        try:
            brought += read_signed_data(contents(data, gap), place="").certificates
        except (Rejected, ValueError):
            continue
    claimed = [s.claimed_signing_time for s in plain.signatures if s.claimed_signing_time]
    moment = max(claimed, default=MOMENT) + timedelta(seconds=1)
    material = TrustMaterial(signer_anchors=tuple(brought), tsa_anchors=tuple(brought))
    return judge_pdf(data, name="file.pdf", trust=TrustStore(material), policy=GENEROUS, moment=moment)


def _judged(data: bytes, store: TrustStore) -> PdfJudgement:
    return judge_pdf(data, name="file.pdf", trust=store, policy=GENEROUS, moment=MOMENT)


def exceptions(judged: list[Row]) -> list[Row]:
    """Positives that we do not call intact."""
    return [row for row in judged if row.expected in POSITIVE and row.integrity != "intact"]


def intact_negatives(judged: list[Row]) -> list[Row]:
    """Negatives in whose signed bytes there is no fault."""
    return [row for row in judged if row.expected in NEGATIVE and row.integrity == "intact"]


def render(judged: list[Row]) -> str:
    """The section of the table; the same corpus gives the same bytes."""
    counts = Counter((row.expected, row.integrity) for row in judged)
    states = sorted({row.integrity for row in judged})
    lines = [
        "# Agreement with the corpus of PDFs",
        "",
        "Written by `python tests/agreement_pdf.py`; `tests/stages/signature/test_corpus_pdfs.py` holds it to the rules.",
        "*Granted*: the indication when every certificate in a signature is an anchor, the claimed time is believed, every",
        "known algorithm and active content is allowed; it shows what is left to trust.",
        "",
        "| expected by its project | " + " | ".join(states) + " |",
        "|---|" + "---:|" * len(states),
    ]
    for expected in sorted({row.expected for row in judged}):
        cells = " | ".join(str(counts[expected, state] or "") for state in states)
        lines.append(f"| {expected} | {cells} |")
    lines += ["", "## Positives whose integrity is not intact, and why", ""]
    lines += [f"- `{row.file}`: {EXCEPTIONS.get(row.key, '**unexplained**')}" for row in exceptions(judged)]
    lines += ["", "## Negatives whose integrity is intact, and what is wrong with them", ""]
    lines += [
        f"- `{row.file}` ({row.expected}; granted {row.granted}):"
        f" {INTACT_NEGATIVES.get(row.key, '**unexplained**')}"
        for row in intact_negatives(judged)
    ]
    lines += ["", "## All", ""]
    lines += [
        "| file | expected | integrity | granted | signatures | blocking findings |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.file} | {row.expected} | {row.integrity} | {row.granted} | {row.levels} | {', '.join(row.reasons)} |"
        for row in sorted(judged, key=lambda row: row.file)
    ]
    return "\n".join(lines) + "\n"


TABLE = Path(__file__).resolve().parent / "vectors/AGREEMENT-PDF.md"


def main() -> None:
    """Write the table."""
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    TABLE.write_text(render(list(rows())), encoding="utf-8")


if __name__ == "__main__":
    main()
