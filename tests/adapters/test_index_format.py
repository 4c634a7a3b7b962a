# SPDX-License-Identifier: EUPL-1.2
"""The folder with an index: what the authority's document system reads."""

from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from lxml import etree
from sample_dossier import START, sample_dossier

from adapters.formats.asice import AsiceFormat
from adapters.formats.index import NAMESPACE, IndexFormat, schema_bytes
from gateway.codes import Code
from gateway.errors import DeliveryFailed
from gateway.model.delivery import Deliverable, DeliveredFile
from gateway.model.dossier import Document, DossierKind
from gateway.model.source import MemorySource

REPO = Path(__file__).parents[2]
BUNDLE = bytes(range(256)) * 3_000
N = {"i": NAMESPACE}


def deliverable(**changes) -> Deliverable:
    files = {
        "dossier.xml": "application/xml",
        "Arbeitsvertrag Müller.pdf": "application/pdf",
        "pass.pdf": "image/png",
    }
    whole = Deliverable(
        delivery_id="01JDELIVERY0000000000000001",
        dossier_id="01JDOSSIER00000000000000001",
        received_at=START,
        chamber_name="IHK Region Stuttgart",
        authority_id="ludwigsburg",
        authority_name="Landratsamt Ludwigsburg, Ausländerbehörde",
        dossier=sample_dossier(),
        bundle=MemorySource(BUNDLE),
        bundle_sha256=sha256(BUNDLE).hexdigest(),
        files=tuple(
            DeliveredFile(
                name=name,
                size=4,
                sha256=sha256(b"data").hexdigest(),
                media_type=media_type,
                chunks=lambda: iter([b"data"]),
            )
            for name, media_type in files.items()
        ),
    )
    return replace(whole, **changes)


def index_of(made):
    last = made.parts[-1]
    assert "index.xml" == last.name
    return etree.fromstring(b"".join(last.chunks()))


def test_the_schema_in_the_adapter_is_the_published_one():
    assert (REPO / "schemas" / "index" / "1.0" / "index.xsd").read_bytes() == schema_bytes()


def test_files_are_named_by_number_and_type_and_the_index_comes_last():
    made = IndexFormat.configure({}).package(deliverable())
    assert [
        "001-dossier.xml",
        "002-employment-contract.pdf",
        "003-passport.png",
        "bundle.asice",
        "index.xml",
    ] == [part.name for part in made.parts]


def test_the_index_says_who_what_and_which_files_with_every_letter_of_the_names():
    made = IndexFormat.configure({}).package(deliverable())
    root = index_of(made)
    found = {
        name: root.findtext(f".//i:{name}", namespaces=N) for name in ("surname", "givenNames", "employer")
    }
    assert {
        "surname": "Nguyễn-Öztürk",
        "givenNames": "Đặng Thị Ánh",
        "employer": "Mörike & Söhne GmbH",
    } == found
    listed = [
        (e.findtext("i:file", namespaces=N), e.findtext("i:originalName", namespaces=N))
        for e in root.iterfind(".//i:document", N)
    ]
    assert ("002-employment-contract.pdf", "Arbeitsvertrag Müller.pdf") in listed
    assert {part.name: part.sha256 for part in made.parts[:-1]} == {
        e.findtext("i:file", namespaces=N): e.findtext("i:sha256", namespaces=N)
        for e in root.iter(f"{{{NAMESPACE}}}document", f"{{{NAMESPACE}}}bundle")
    }


def test_a_supplement_names_the_dossier_it_belongs_to():
    dossier = sample_dossier(kind=DossierKind.SUPPLEMENT, refers_to="01JDOSSIER00000000000000000")
    root = index_of(IndexFormat.configure({}).package(deliverable(dossier=dossier)))
    assert "01JDOSSIER00000000000000000" == root.findtext("i:refersTo", namespaces=N)


def test_markup_and_control_characters_in_titles_stay_text():
    hostile = Document(
        type="PASSPORT", file="pass.pdf", media_type="image/png", title="</title>\x0b&<x>\ufffe " + "ä" * 900
    )
    root = index_of(
        IndexFormat.configure({}).package(deliverable(dossier=sample_dossier(documents=(hostile,))))
    )
    title = root.findtext(".//i:document/i:title", namespaces=N)
    assert title.startswith("</title>\ufffd&<x>\ufffd ä")
    assert 500 == len(title)


def test_an_index_the_schema_refuses_never_leaves_and_its_values_stay_out_of_the_error():
    broken = sample_dossier()
    broken = replace(broken, worker=replace(broken.worker, surname="", date_of_birth=date(1990, 1, 1)))
    with pytest.raises(DeliveryFailed) as failure:
        IndexFormat.configure({}).package(deliverable(dossier=broken))
    assert (Code.PACKAGE_INVALID, False) == (failure.value.code, failure.value.retry)
    assert "Đặng" not in str(failure.value)


def test_asice_hands_on_the_original_byte_for_byte_and_allows_random_access():
    (part,) = AsiceFormat.configure({}).package(deliverable()).parts
    assert BUNDLE == b"".join(part.chunks())
    assert BUNDLE[1000:1100] == part.source.read_at(1000, 100)
    assert (len(BUNDLE), sha256(BUNDLE).hexdigest()) == (part.size, part.sha256)
