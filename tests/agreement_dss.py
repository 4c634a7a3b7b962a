# SPDX-License-Identifier: EUPL-1.2
"""Asks EU DSS about every container and PDF of the shared corpus and writes where we differ (``tests/vectors/AGREEMENT-DSS.md``).

Run ``python tests/agreement_dss.py`` after a change of judgement (needs Java and Maven). What is compared is what lies in
the bytes: digests and signature values, without any anchor on either side. DSS leaves much to its caller that we refuse
ourselves (files that nothing signs, a reading of a zip that is not the only one, changes after a signature in a PDF);
so a difference is expected in one direction, is listed by name with its reason, and never goes the other way.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import agreement
import agreement_pdf
from agreement import MOMENT, REPOSITORY, SHARED
from javaroom import instant, programs

TABLE = REPOSITORY / "tests/vectors/AGREEMENT-DSS.md"
_KEY = "the certificate has an RSA key with a negative modulus, which is not read"
_LEFT_OUT = "a file that the signature does not cover"
_NO_SIGNER = "the signer's certificate is missing: DSS calls that broken, we call it not checked"
_LATER = "the file was changed after the signature; DSS tells that apart from the signature's own integrity"
_UNBOUND = "nothing binds the signature to its certificate (no signed attributes)"
_ZIP = "the zip can be read in more than one way, or a name in it is not to be trusted: nothing in it is looked at"
# Why we differ, by file digest.
DIFFERENCES = {
    "14811a44": "its manifest names no file, so no file is signed",
    "17b3fc13": "one signature uses an XPath transform, which is refused whatever it selects",
    "1616ad2f": "ASiC-S with its file not in the root, and a signature without the XAdESSignatures around it",
    "0bdb2b03": f"ASiC-S with several files: {_LEFT_OUT}",
    "59504e41": "no reference to SignedProperties, so they are not signed",
    "0986246f": "ASiC-S with an ASiCManifest; in ASiC-S the signature is over the file, and that digest differs",
    "0b4dbb75": f"{_KEY}; {_LEFT_OUT}",
    "4e868386": "a media type that is none in the signed properties, and another one in the manifest",
    "060fc697": "one Id is used twice, so a reference to it means two elements",
    "168d51e6": "a space written as plus in the reference, which means a file of another name (RFC 3986)",
    "21d65de9": _LEFT_OUT,
    "56749c0c": _LEFT_OUT,
    "0e032809": "references start with a slash; X-Road's scheme, not an entry name of ASiC",
    "0becfc63": "references start with a slash; X-Road's scheme, not an entry name of ASiC",
    "4e6935b5": _ZIP,
    "4b4b7ac5": _NO_SIGNER,
    "12d6b61f": _NO_SIGNER,
    "5ddf35d7": _NO_SIGNER,
    "0003dcb3": "its certificate has QcStatements that are not well-formed, so it is not read",
    "4e44d57a": _UNBOUND,
    "1d18f3a4": _UNBOUND,
    "1e1ec1d3": f"{_KEY}; {_LATER}",
    "1804be7a": _KEY,
    "369bd30a": _KEY,
    "1d7aa7f1": _KEY,
    "39a4966c": _KEY,
    "3846cf92": _KEY,
    "0c6f0352": _KEY,
    "086219be": _LATER,
    "37247bb9": _LATER,
    "4e98c47e": _LATER,
    "415020db": _LATER,
    "19a1582c": _LATER,
    "467573be": _LATER,
    "1222ac6d": _LATER,
    "4e194bb1": f"{_UNBOUND}; {_LATER}",
    "14b7f31c": "signature wrapping: the dictionary that is shown stands outside the signed bytes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One file and what both say of the bytes."""

    file: str
    expected: str
    ours: str  # refused, unsigned, unchecked, broken, intact
    dss: str  # error, unsigned, broken, intact

    @property
    def key(self) -> str:
        """The digest that starts the file's name."""
        return Path(self.file).name[:8]

    @property
    def differs(self) -> bool:
        """At least one of the two looked at a signature, and they do not say the same."""
        states = {self.ours, self.dss}
        return len(states) == 2 and ("intact" in states or states == {"unchecked", "broken"})


def rows(shared: Path = SHARED) -> list[Row]:
    """Judge the corpus twice."""
    ours = list(_ours(shared))
    with TemporaryDirectory() as nothing:  # no anchors, no revocation lists
        said = programs("dss").run(
            "Validate", nothing, nothing, instant(MOMENT), lines=[shared / "corpus" / row[0] for row in ours]
        )
    return [
        Row(file=file, expected=expected, ours=verdict, dss=_state(answer))
        for (file, expected, verdict), answer in zip(ours, said, strict=True)
    ]


def _ours(shared: Path) -> Iterator[tuple[str, str, str]]:
    for container in agreement.rows(shared):
        yield container.file, container.expected, container.verdict
    for pdf in agreement_pdf.rows(shared):
        yield pdf.file, pdf.expected, pdf.integrity


def _state(answer: dict[str, Any]) -> str:
    if "error" in answer:
        return "error"
    signatures = answer["signatures"]
    if all(s["counter"] for s in signatures):
        return "unsigned"
    return "intact" if all(s["data_intact"] and s["signature_intact"] for s in signatures) else "broken"


def let_in(judged: list[Row]) -> list[Row]:
    """What is intact here and not there: must be none."""
    return [row for row in judged if row.ours == "intact" and row.dss != "intact"]


def differences(judged: list[Row]) -> list[Row]:
    """What is not the same on both sides."""
    return [row for row in judged if row.differs]


def render(judged: list[Row]) -> str:
    """The table; the same corpus gives the same bytes."""
    counts = Counter((row.ours, row.dss) for row in judged)
    columns = sorted({row.dss for row in judged})
    lines = [
        "# Agreement with EU DSS on the corpus",
        "",
        "Written by `python tests/agreement_dss.py`; `tests/interop/test_corpus_before_dss.py` holds it to the rules.",
        "Both sides judge the same bytes without any anchor: are the digests and the signature values right?",
        "",
        "| here, down; DSS, across | " + " | ".join(columns) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    for ours in sorted({row.ours for row in judged}):
        cells = " | ".join(str(counts[ours, dss] or "") for dss in columns)
        lines.append(f"| {ours} | {cells} |")
    lines += [
        "",
        "*Unchecked* and unsigned there: time-stamp or evidence record alone, which no signature is.",
        "",
    ]
    lines += ["## Where we differ, and why", "", "| file | its project expects | here | DSS | reason |"]
    lines += ["|---|---|---|---|---|"]
    lines += [
        f"| {row.file} | {row.expected} | {row.ours} | {row.dss} | {DIFFERENCES.get(row.key, '**unexplained**')} |"
        for row in sorted(differences(judged), key=lambda row: row.file)
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the table."""
    TABLE.write_text(render(rows()), encoding="utf-8")


if __name__ == "__main__":
    main()
