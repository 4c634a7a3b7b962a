# SPDX-License-Identifier: EUPL-1.2
"""``verify`` tells a person of counter-signatures, in both languages, below the signature whose value they sign."""

import pytest
from counterroom import Counter, beside, countersigned, inside
from signed_bundles import NOW, packed, world

from gateway.demo import pki


@pytest.fixture
def options(tmp_path):
    (tmp_path / "anchors").mkdir()
    (tmp_path / "revocation").mkdir()
    (tmp_path / "anchors/root.pem").write_bytes(world().root.pem)
    for number, crl in enumerate(world().material.crls):
        (tmp_path / f"revocation/{number}.crl").write_bytes(crl)
    return "--anchors", tmp_path / "anchors", "--revocation", tmp_path / "revocation", "--at", NOW.isoformat()


def written(tmp_path, *makers):
    path = tmp_path / "countersigned.asice"
    path.write_bytes(countersigned(*makers, container=packed({"dossier.xml": b"<dossier/>"})))
    return path


def test_a_good_one_is_named_below_its_signature(amtsbote, tmp_path, options):
    other = world().issuing.seal("Notarkammer")
    path = written(tmp_path, lambda root: beside(root, Counter(signer=other)))
    english, german = amtsbote("verify", path, *options), amtsbote("verify", path, *options, language="de")
    assert (0, 0) == (english.code, german.code)
    assert "counter-signature by Notarkammer Siegel" in english.out
    assert english.out.index("signature by IHK Erfurt") < english.out.index("counter-signature by")
    assert "Gegenzeichnung von Notarkammer Siegel" in german.out


def test_a_bad_one_refuses_and_says_where_and_why(amtsbote, tmp_path, options):
    stranger = pki.root("Unbekannte Wurzel").seal("Unbekannte Kammer")
    path = written(tmp_path, lambda root: inside(root, Counter(signer=stranger)))
    english, german = amtsbote("verify", path, *options), amtsbote("verify", path, *options, language="de")
    assert (1, 1) == (english.code, german.code)
    assert (
        "counter-signature by Unbekannte Kammer Siegel (Unbekannte Kammer)  [NO_CERTIFICATE_CHAIN_FOUND]"
        in english.out
    )
    assert "[counter-signature-invalid]" in english.out
    assert "Stelle: META-INF/signatures0.xml, Gegenzeichnung C1" in german.out
