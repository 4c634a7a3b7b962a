# SPDX-License-Identifier: EUPL-1.2
"""Trusted lists as files of the operator: read again only where they changed, and never put back to older ones."""

import json
import re

import pytest
from listroom import operator, union
from listxml import WITHDRAWN, Entry
from signed_bundles import packed, signing_identity
from trustroom import DAY, NOW

from gateway.catalogue import data_root, load_rules
from gateway.cli import main
from gateway.config import read_config
from gateway.errors import ConfigInvalid, TrustStateMissing
from gateway.knowledge import InstalledLists, knowledge_of
from gateway.model.trust import TrustMaterial
from gateway.policy import Policy
from gateway.roles import verify
from gateway.service import Service

AT = ("--at", NOW.isoformat())


@pytest.fixture(scope="module")
def room():
    return union()


@pytest.fixture(scope="module")
def rules():
    return load_rules(data_root() / "rules")


@pytest.fixture
def folder(tmp_path, room):
    """A directory of lists and one of certificates."""
    (tmp_path / "lists").mkdir()
    (tmp_path / "lotl").mkdir()
    (tmp_path / "lists/eu.xml").write_bytes(room.lotl())
    (tmp_path / "lists/de.xml").write_bytes(room.national())
    (tmp_path / "lotl/oj.crt").write_bytes(room.union.certificate_pem)
    return tmp_path


@pytest.fixture
def installed(folder):
    return InstalledLists(folder / "lists", folder / "lotl")


@pytest.fixture
def site(folder):
    """A gateway that asks these lists."""
    assert 0 == main(["init", "--id", "lists.example", "--name", "Probe", str(folder / "site")])
    place = folder / "site/amtsbote.toml"
    text = place.read_text().replace('#lists = ""', 'lists = "../lists"')
    place.write_text(text.replace('#lotl_certificates = "anchors/lotl"', 'lotl_certificates = "../lotl"'))
    return place


# -- files ---------------------------------------------------------------------------------------------------------------------


def test_lists_are_verified_once_for_each_change(folder, installed, rules, room):
    first = installed.read(rules, Policy())
    assert installed.read(rules, Policy()) is first
    assert {"EU": 10, "DE": 5} == dict(first.sequences)

    (folder / "lists/de.xml").write_bytes(room.national(sequence=6))
    assert {"EU": 10, "DE": 6} == dict(installed.read(rules, Policy()).sequences)


def test_a_change_of_the_certificates_is_a_change(folder, installed, rules):
    installed.read(rules, Policy())
    (folder / "lotl/oj.crt").write_bytes(operator("Somebody").certificate_pem)

    assert {} == dict(installed.read(rules, Policy()).sequences)


def test_an_older_list_put_back_does_not_bring_back_what_was_withdrawn(folder, installed, rules, room):
    (folder / "lists/de.xml").write_bytes(room.national(room.service(Entry(status=WITHDRAWN)), sequence=6))
    installed.read(rules, Policy())
    (folder / "lists/de.xml").write_bytes(room.national(sequence=5))
    lists = installed.read(rules, Policy())

    assert {"EU": 10} == dict(lists.sequences)
    assert [("sequence number 6 or more", "5")] == [(f.expected, f.got) for f in lists.findings]
    (folder / "lists/de.xml").write_bytes(room.national(sequence=6))
    assert {"EU": 10, "DE": 6} == dict(installed.read(rules, Policy()).sequences)


def test_what_is_no_list_by_its_name_is_not_read(folder, installed, rules):
    (folder / "lists/README.txt").write_text("from the operator")
    (folder / "lists/.fr.xml.part").write_text("half")
    (folder / "lists/old.xml").mkdir()

    assert () == installed.read(rules, Policy()).findings


def test_a_directory_that_is_missing_is_told_and_never_made(tmp_path, rules):
    (tmp_path / "lotl").mkdir()
    with pytest.raises(TrustStateMissing):
        InstalledLists(tmp_path / "lists", tmp_path / "lotl").read(rules, Policy())
    (tmp_path / "lists").mkdir()
    (tmp_path / "lotl").rmdir()
    with pytest.raises(TrustStateMissing):
        InstalledLists(tmp_path / "lists", tmp_path / "lotl").read(rules, Policy())


def test_a_list_too_large_to_be_read_is_named(folder, installed, rules):
    with (folder / "lists/giant.xml").open("wb") as giant:
        giant.truncate(65 * 1024 * 1024)
    lists = installed.read(rules, Policy())

    assert {"EU": 10, "DE": 5} == dict(lists.sequences)
    assert [("giant.xml", "at most 67108864 bytes")] == [(f.place, f.expected) for f in lists.findings]


def test_without_lists_a_store_asks_none(rules):
    assert not knowledge_of(data_root(), TrustMaterial(), Policy()).trust.lists.installed


# -- configuration and roles -----------------------------------------------------------------------------------------------------


def test_qualified_seals_cannot_be_asked_for_without_lists(site):
    assert read_config(site).trust.lists is not None
    site.write_text(site.read_text().replace("#require_qualified = false", "require_qualified = true"))
    assert read_config(site).policy.require_qualified

    site.write_text(site.read_text().replace('lists = "../lists"', ""))
    with pytest.raises(ConfigInvalid) as caught:
        read_config(site)
    assert (
        "verify.require_qualified: expected trusted lists, but trust.lists names none",
    ) == caught.value.problems


def test_what_the_operator_asks_for_reaches_the_judgement(site):
    for policy, asked in ((Policy(), False), (Policy(require_qualified=True), True)):
        assert asked is knowledge_of(data_root(), TrustMaterial(), policy).signature_policy.require_qualified


def test_the_verify_role_tells_once_what_of_the_lists_it_cannot_believe(site, folder, capsys, room):
    service = Service.load(site, credentials=None)
    (folder / "lists/at.xml").write_bytes(room.national(territory="AT"))
    lists = verify.lists_of(service)
    capsys.readouterr()
    verify.prepare(service, lists)
    verify.prepare(service, lists)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert [("trusted-list.refused", "warning"), ("trusted-lists.read", "info")] == [
        (line["event"], line["level"]) for line in lines
    ]
    assert ("at.xml", 1, 1) == (lines[0]["place"], lines[1]["believed"], lines[1]["faults"])


def test_a_new_list_is_a_reason_to_prepare_anew(site, folder, room):
    service = Service.load(site, credentials=None)
    lists = verify.lists_of(service)
    before = verify.fingerprint(service, lists)
    (folder / "lists/at.xml").write_bytes(room.national())

    assert before != verify.fingerprint(service, lists)


# -- commands --------------------------------------------------------------------------------------------------------------------


def shown(capsys, *words):
    capsys.readouterr()
    code = main([str(word) for word in words])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_operator_sees_every_list_with_its_dates(site, capsys):
    for language, word in (("en", "current"), ("de", "aktuell")):
        code, out, _ = shown(capsys, "--language", language, "lists", "--config", site, *AT)
        assert (0, 2) == (code, out.count(word))
    code, out, _ = shown(capsys, "lists", "--config", site, "--json", *AT)
    rows = json.loads(out)["lists"]
    assert [("EU", 10, True, "eu.xml"), ("DE", 5, True, "de.xml")] == [
        (row["territory"], row["sequence"], row["current"], row["file"]) for row in rows
    ]


def test_a_list_that_is_out_of_date_or_cannot_be_believed_is_a_reason_to_look(site, folder, capsys, room):
    later = ("--at", (NOW + 100 * DAY).isoformat())
    code, out, _ = shown(capsys, "--language", "de", "lists", "--config", site, *later)
    assert (1, 2) == (code, out.count("nicht aktuell"))

    (folder / "lists/at.xml").write_bytes(room.national(territory="AT"))
    code, out, _ = shown(capsys, "--language", "en", "lists", "--config", site, *AT)
    assert (1, 1) == (code, out.count("[trusted-list-invalid]"))


def test_without_lists_the_command_says_where_to_name_them(site, capsys):
    site.write_text(site.read_text().replace('lists = "../lists"', ""))
    code, _, err = shown(capsys, "--language", "en", "lists", "--config", site)

    assert (2, True) == (code, "trust.lists" in err)


@pytest.fixture
def bundle(folder, room):
    """A container under a qualified seal, and the options of a trusting reader."""
    place = folder / "bundle.asice"
    seal = signing_identity(room.seal_of())
    place.write_bytes(packed({"dossier.xml": b"<a/>"}, identity=seal, moment=NOW - DAY))
    (folder / "anchors").mkdir()
    (folder / "crls").mkdir()
    (folder / "anchors/root.crt").write_bytes(room.root.pem)
    for number, crl in enumerate(room.crls()):
        (folder / f"crls/{number}.crl").write_bytes(crl)
    return place, "--anchors", folder / "anchors", "--revocation", folder / "crls", *AT


def test_verify_says_what_is_qualified_and_by_which_entry(folder, bundle, capsys):
    words = ("verify", *bundle, "--lists", folder / "lists", "--lotl-certificates", folder / "lotl")
    for language, told in (
        ("de", "qualifiziertes elektronisches Siegel (Vertrauensliste DE Nr. 5: Trust GmbH, Seal service)"),
        ("en", "qualified electronic seal (trusted list of DE no. 5: Trust GmbH, Seal service)"),
    ):
        code, out, _ = shown(capsys, "--language", language, *words)
        assert (0, True) == (code, told in re.sub(r"\s+", " ", out))
    code, out, _ = shown(capsys, *words, "--json")
    assert (0, "qeseal") == (code, json.loads(out)["signatures"][0]["qualification"]["status"])


def test_verify_without_lists_does_not_speak_of_them(bundle, capsys):
    code, out, _ = shown(capsys, "--language", "en", "verify", *bundle)

    assert (0, False) == (code, "qualified" in out)


@pytest.mark.parametrize("option", ["--lists", "--lotl-certificates"])
def test_lists_and_who_signs_them_belong_together(folder, bundle, capsys, option):
    code, _, err = shown(capsys, "--language", "en", "verify", *bundle, option, folder / "lists")

    assert (2, True) == (code, "belong together" in err)
