# SPDX-License-Identifier: EUPL-1.2
"""What senders are told about XAdES signatures that break a rule, kept in ``tests/vectors/findings/xades.tsv``.

Codes are asserted where each rule is tested; here place, expectation and what stood there are, for all of them at once.
After a change of words: ``PYTHONPATH=.:tests python tests/xades_findings.py``, and read the difference.
"""

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from lxml import etree
from signed_bundles import POLICY, changed, first, judged, packed
from xades_cases import CASES

from gateway.findings import Finding
from gateway.model.signature import VerificationReport
from gateway.stages.signature.xmldsig.names import ds, xades

TABLE = Path(__file__).parent / "vectors" / "findings" / "xades.tsv"
_HEAD = ("case", "indication", "sub-indication", "integrity", "severity", "code", "place", "expected", "got")
_MADE_ANEW = re.compile(
    r"\b(?=[0-9a-f]*\d)[0-9a-f]{16,}\b"
)  # digests and serial numbers of throw-away certificates


def _without(tag: str, attribute: str = "") -> Callable[[etree._Element], None]:
    def change(root: etree._Element) -> None:
        element = first(root, tag)
        parent = element.getparent()
        if attribute:
            del element.attrib[attribute]
        elif parent is not None:
            parent.remove(element)

    return change


def _with(tag: str, text: str) -> Callable[[etree._Element], None]:
    """One child more, at the end."""

    def change(root: etree._Element) -> None:
        namespaces = f'xmlns:ds="{ds("")[1:-1]}" xmlns:xades="{xades("")[1:-1]}"'
        first(root, tag).append(etree.fromstring(f"<x {namespaces}>{text}</x>")[0])

    return change


def _value(text: str) -> Callable[[etree._Element], None]:
    def change(root: etree._Element) -> None:
        first(root, ds("SignatureValue")).text = text

    return change


def _no_references(root: etree._Element) -> None:
    info = first(root, ds("SignedInfo"))
    for reference in info.findall(ds("Reference")):
        info.remove(reference)


def _elsewhere(root: etree._Element) -> None:
    first(root, ds("Reference")).set("URI", "#nothing")


_REFERENCE = (
    '<ds:Reference URI="{}"><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
    "<ds:DigestValue>AAAA</ds:DigestValue></ds:Reference>"
)
# What nobody signed again.
DAMAGED: dict[str, Callable[[etree._Element], None]] = {
    "no reference": _no_references,
    "more references than policy allows": _with(ds("SignedInfo"), _REFERENCE.format("x.pdf")),
    "a reference into nothing": _elsewhere,
    "no Id": _without(ds("Signature"), "Id"),
    "no Target": _without(xades("QualifyingProperties"), "Target"),
    "no properties": _without(ds("Object")),
    "no signed properties": _without(xades("SignedProperties")),
    "properties elsewhere": _with(
        xades("QualifyingProperties"), '<xades:QualifyingPropertiesReference URI="#x"/>'
    ),
    "no signature value": _without(ds("SignatureValue")),
    "no method": _without(ds("SignatureMethod")),
    "certificate elsewhere": _with(ds("KeyInfo"), '<ds:RetrievalMethod URI="http://127.0.0.1/"/>'),
    "certificate that is none": _with(ds("X509Data"), "<ds:X509Certificate>!</ds:X509Certificate>"),
    "value of zeros": _value("A" * 86 + "=="),
    "value of another length": _value("AAAA"),
    "value that is none": _value("!"),
    "an element too many": _with(ds("Signature"), "<ds:Manifest/>"),
}


def table() -> str:
    """The table as text, one finding a line."""
    return "\n".join("\t".join(row) for row in (_HEAD, *_rows())) + "\n"


def _rows() -> Iterator[tuple[str, ...]]:
    for case, (change, _) in CASES.items():
        yield from _of(case, judged(changed(packed(), change, sign_again=True)))
    few = replace(POLICY, max_references=4)
    for case, damage in DAMAGED.items():
        yield from _of(f"damaged: {case}", judged(changed(packed(), damage), policy=few))


def _of(case: str, report: VerificationReport) -> Iterator[tuple[str, ...]]:
    for signature in report.signatures:
        verdict = (signature.indication, signature.sub_indication, signature.integrity)
        for finding in signature.findings:
            yield (case, *(_cell(value) for value in (*verdict, *_told(finding))))


def _told(finding: Finding) -> tuple[str, ...]:
    return finding.severity, finding.code, finding.place, finding.expected, finding.got


def _cell(value: object) -> str:
    return _MADE_ANEW.sub("...", ascii(str(value))[1:-1])


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="ascii")
    sys.stdout.write(f"{TABLE.name}: {table().count(chr(10)) - 1} findings\n")
