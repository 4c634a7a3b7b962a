# SPDX-License-Identifier: EUPL-1.2
"""Published trusted lists, where somebody keeps some: a directory with the list of lists, its pivots and national lists
(``*.xml``) and certificates that sign the list of lists (PEM or DER), named by AMTSBOTE_LISTS.

They are nobody's to ship with this repository, so these tests may be skipped anywhere.
"""

import os
from pathlib import Path

import pytest
import xmlsec
from lxml import etree

from gateway.catalogue import data_root, load_rules
from gateway.keyring import load_certificates
from gateway.knowledge import load_lists
from gateway.policy import XmlPolicy
from gateway.stages.signature.qualified.lists import ListFile, TrustedLists, read_trusted_lists

_DS = "{http://www.w3.org/2000/09/xmldsig#}"


@pytest.fixture(scope="module")
def directory() -> Path:
    place = Path(os.environ.get("AMTSBOTE_LISTS", ""))
    if not os.environ.get("AMTSBOTE_LISTS") or not place.is_dir():
        pytest.skip("no published trusted lists here (name a directory of them with AMTSBOTE_LISTS)")
    return place


@pytest.fixture(scope="module")
def files(directory) -> tuple[ListFile, ...]:
    return load_lists(directory)


@pytest.fixture(scope="module")
def read(directory):
    algorithms = load_rules(data_root() / "rules").algorithms

    def lists(files) -> TrustedLists:
        anchors = load_certificates(directory)
        return read_trusted_lists(files, anchors, algorithms=algorithms, limits=XmlPolicy())

    return lists


def test_every_published_list_is_believed(read, files):
    lists = read(files)

    assert () == lists.findings
    assert lists.union is not None
    assert lists.editions


def test_every_service_has_a_certificate_by_which_it_is_found_and_no_entry_is_left_unread(read, files):
    listed = {id(one.service): one.service for found in read(files).by_subject.values() for one in found}

    assert listed
    assert [] == [
        (service.name, entry.start)
        for service in listed.values()
        for entry in service.entries
        if not entry.understood
    ]


def test_libxmlsec_finds_the_same_signatures_good(files):
    for file in files:
        root = etree.fromstring(file.data)
        signature = root.find(f"{_DS}Signature")
        xmlsec.tree.add_ids(root, ["Id"])
        manager = xmlsec.SignatureContext()
        der = signature.find(f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate").text
        pem = f"-----BEGIN CERTIFICATE-----\n{der.strip()}\n-----END CERTIFICATE-----\n"
        manager.key = xmlsec.Key.from_memory(pem.encode(), xmlsec.constants.KeyDataFormatCertPem)
        manager.verify(signature)


def test_an_altered_list_is_not_believed(read, files):
    newest = read(files)
    for edition in newest.editions:
        altered = [
            ListFile(name=file.name, data=file.data.replace(b"Svcstatus/withdrawn", b"Svcstatus/granted", 1))
            if file.name == edition.file
            else file
            for file in files
        ]
        found = {one.territory: one.file for one in read(altered).editions}
        assert edition.file != found.get(edition.territory)
