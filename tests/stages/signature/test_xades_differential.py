# SPDX-License-Identifier: EUPL-1.2
"""Every XAdES signature of the corpus, judged by libxmlsec and by signxml too: each disagreement is known by its cause."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import agreement
import pytest
from foreign_signxml import signxml_objection
from foreign_xmldsig import libxmlsec_accepts
from lxml import etree
from signed_bundles import judged, opened

from gateway.errors import Rejected
from gateway.model.trust import TrustMaterial
from gateway.policy import XmlPolicy
from gateway.stages.container import read_entry
from gateway.stages.signature import read_signatures
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.xades.reading import XadesSignature
from gateway.stages.signature.xades.signer import check_signer

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
SCHEMA = {"schema": False}
# Signatures that are intact here and not for signxml, by file digest: its objection, the switch of signxml's that takes
# the objection away, and the cause.
STRICTER_SIGNXML = {
    "5c937a8c": (
        "OCSPValues",
        SCHEMA,
        "an unsigned property is an empty OCSPValues, which the schema forbids; nothing signed hangs on it",
    ),
    "17b3fc13": (
        "is not a valid value of the atomic type 'xs:ID'",
        SCHEMA,
        "the signature's Id starts with a digit; the schema wants a name, the references find it all the same",
    ),
    "3b18b493": (
        "SealingEvidenceRecords",
        SCHEMA,
        "an unsigned property of a later standard (TS 119 132-3), which its schema does not know",
    ),
    "5f265204": (
        "Signature verification failed",
        {"without_empty_namespaces": True},
        "lxml's C14N writes a spurious xmlns='' where an ancestor declares the default namespace; we work around it",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One signature with a readable certificate, and our opinion of it."""

    file: str  # digest
    place: str
    intact: bool
    element: etree._Element
    entries: Mapping[str, bytes]
    certificate: bytes

    def objection(self, **switches: bool) -> str:
        return signxml_objection(self.element, self.entries, self.certificate, **switches)


def _cases(file: str, data: bytes) -> Iterator[Case]:
    try:
        box = opened(data)
        entries = {e.name: b"".join(read_entry(box.source, e)) for e in box.entries}
        read = read_signatures(box, xml=XmlPolicy(), policy=agreement.ANYTHING)
    except Rejected:
        return
    report = judged(data, store=TrustStore(TrustMaterial()), policy=agreement.ANYTHING)
    for signature, ours in zip(read.xades, report.signatures, strict=False):
        if not isinstance(signature, XadesSignature):
            continue
        certificate = check_signer(signature).certificate
        if certificate is not None:
            yield Case(
                file=file,
                place=signature.place,
                intact=ours.integrity == "intact",
                element=signature.element,
                entries=entries,
                certificate=certificate.der,
            )


@pytest.fixture(scope="module")
def cases(shared):
    with (shared / "corpus/containers.tsv").open(encoding="utf-8", newline="") as table:
        found = [
            case
            for line in csv.DictReader(table, delimiter="\t")
            for case in _cases(
                line["file"].split("/")[1][:8], (shared / "corpus" / line["file"]).read_bytes()
            )
        ]
    assert {True, False} == {case.intact for case in found}
    assert len(found) > 50
    return found


def test_libxmlsec_and_we_agree_on_every_signature_of_the_corpus(cases):
    assert [] == [
        (c.file, c.place, c.intact)
        for c in cases
        if c.intact != libxmlsec_accepts(c.element, c.entries, c.certificate)
    ]


def test_what_is_not_intact_here_signxml_does_not_accept_even_without_its_schema(cases):
    assert [] == [(c.file, c.place) for c in cases if not c.intact and not c.objection(schema=False)]


def test_what_is_intact_here_signxml_accepts_too_or_the_cause_is_known(cases):
    objections = {c.file: c.objection() for c in cases if c.intact and c.objection()}

    assert STRICTER_SIGNXML.keys() == objections.keys()
    for file, (words, _switch, _cause) in STRICTER_SIGNXML.items():
        assert words in objections[file]


def test_without_its_known_cause_no_disagreement_is_left(cases):
    for case in cases:
        if case.intact and case.file in STRICTER_SIGNXML:
            _words, switch, _cause = STRICTER_SIGNXML[case.file]
            assert (case.file, "") == (case.file, case.objection(**switch))
