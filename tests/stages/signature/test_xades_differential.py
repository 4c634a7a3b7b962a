# SPDX-License-Identifier: EUPL-1.2
"""Every XAdES signature of the corpus, judged by libxmlsec too: there is no disagreement."""

import csv

import agreement
import pytest
from foreign_xmldsig import libxmlsec_accepts
from signed_bundles import judged, opened

from gateway.errors import Rejected
from gateway.model.trust import TrustMaterial
from gateway.policy import XmlPolicy
from gateway.stages.container import read_entry
from gateway.stages.signature import read_signatures
from gateway.stages.signature.trust import TrustStore
from gateway.stages.signature.xades import XadesSignature
from gateway.stages.signature.xades_signer import check_signer

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def _opinions(data: bytes):
    """(place, ours, theirs) for every signature with a readable certificate."""
    box = opened(data)
    entries = {e.name: b"".join(read_entry(box.source, e)) for e in box.entries}
    read = read_signatures(box, xml=XmlPolicy(), policy=agreement.ANYTHING)
    report = judged(data, store=TrustStore(TrustMaterial()), policy=agreement.ANYTHING)
    for signature, ours in zip(read.xades, report.signatures, strict=False):
        if not isinstance(signature, XadesSignature):
            continue
        certificate = check_signer(signature).certificate
        if certificate is not None:
            theirs = libxmlsec_accepts(signature.element, entries, certificate.der)
            yield signature.place, ours.integrity == "intact", theirs


def test_libxmlsec_and_we_agree_on_every_signature_of_the_corpus(shared):
    disagreements = []
    compared = 0
    with (shared / "corpus/containers.tsv").open(encoding="utf-8", newline="") as table:
        for line in csv.DictReader(table, delimiter="\t"):
            try:
                opinions = list(_opinions((shared / "corpus" / line["file"]).read_bytes()))
            except Rejected:
                continue
            compared += len(opinions)
            disagreements += [
                (line["file"].split("/")[1][:8], place, ours, theirs)
                for place, ours, theirs in opinions
                if ours != theirs
            ]
    assert compared > 50
    assert [] == disagreements
