# SPDX-License-Identifier: EUPL-1.2
"""``amtsbote pack`` tells every fault of a ``dossier.xml``, those that libxml2 passes over included, each once."""

import re
import subprocess
import sys

import pytest
from dossierroom import EXAMPLE, XML, schema

from gateway.catalogue import data_root
from gateway.cli.proofreading import further_faults
from gateway.errors import Rejected
from gateway.stages.dossier import read_dossier

XSD = (data_root() / "dossier/1.0/dossier.xsd").read_bytes()


def known(data):
    try:
        read_dossier(data, schema=schema(), xml=XML)
    except Rejected as rejected:
        return rejected.findings
    return ()


def further(data):
    return [(f.place, f.expected, f.got) for f in further_faults(data, known(data), schema=XSD, xml=XML)]


def entry(name, value):
    return lambda text: re.sub(rf"<{name}>[^<]*<", f"<{name}>{value}<", text, count=1)


def put(old, new):
    return lambda text: text.replace(old, new, 1)


FAULTS = {
    "enumeration": (
        entry("role", "herold"),
        ("/dossier/role", "one of bote, unterbevollmaechtigter", "herold"),
    ),
    "pattern": (
        entry("dateOfBirth", "8.3.1994"),
        ("/dossier/worker/dateOfBirth", "a value of the pattern [0-9]{4}-[0-9]{2}-[0-9]{2}", "8.3.1994"),
    ),
    "day that is none": (
        entry("dateOfBirth", "1994-02-31"),
        ("/dossier/worker/dateOfBirth", "a day like 2026-01-31", "1994-02-31"),
    ),
    "too long": (
        entry("town", "x" * 251),
        ("/dossier/worker/address/town", "at most 250 characters", "x" * 251),
    ),
    "nothing": (entry("surname", ""), ("/dossier/worker/surname", "at least 1 characters", "")),
    "too much": (entry("weeklyHours", "999"), ("/dossier/job/weeklyHours", "a value not above 168", "999")),
    "no number": (
        entry("grossMonthlyPay", "viel"),
        ("/dossier/job/grossMonthlyPay", "a number like 38.5", "viel"),
    ),
    "decimal places": (
        entry("grossMonthlyPay", "1.234"),
        ("/dossier/job/grossMonthlyPay", "at most 2 decimal places", "1.234"),
    ),
    "unknown element": (
        put("<surname>", "<nickname>A</nickname><surname>"),
        ("/dossier/worker/nickname", "the element surname", "the element nickname"),
    ),
    "nothing inside": (
        lambda text: re.sub("<worker>.*?</worker>", "<worker></worker>", text, count=1, flags=re.DOTALL),
        ("/dossier/worker", "the element givenNames", "none"),
    ),
    "attribute": (
        put("<worker>", '<worker id="1">'),
        ("/dossier/worker", "what the schema allows", "an attribute the schema does not know"),
    ),
    "text": (
        put("<worker>", "<worker>Frau"),
        ("/dossier/worker", "what the schema allows", "text between the elements"),
    ),
    "element in a value": (
        put("<surname>", "<surname><b>A</b>"),
        ("/dossier/worker/surname", "what the schema allows", "elements inside a simple value"),
    ),
}


def misspelt(text):
    return text.replace("reference>", "referenz>")


@pytest.mark.parametrize(("damage", "fault"), FAULTS.values(), ids=FAULTS)
def test_a_fault_behind_a_misspelt_element_is_told(damage, fault):
    data = misspelt(damage(EXAMPLE.decode())).encode()

    assert ["/dossier/referenz"] == [finding.place for finding in known(data)]
    assert fault in further(data)


@pytest.mark.parametrize("damage", [damage for damage, _ in FAULTS.values()], ids=FAULTS)
def test_what_libxml2_told_is_not_told_again(damage):
    data = damage(EXAMPLE.decode()).encode()

    assert known(data)
    assert [] == further(data)


def test_a_flood_of_faults_stays_a_page():
    start, end = EXAMPLE.index(b"<document>"), EXAMPLE.index(b"</documents>")
    flood = b"".join(b"<document><type>%d !</type></document>" % number for number in range(300))
    data = EXAMPLE[:start] + flood + EXAMPLE[end:]

    assert len(further(misspelt(data.decode()).encode())) <= 100


def test_pack_tells_all_at_once(amtsbote, tmp_path):
    text = misspelt(EXAMPLE.decode())
    for damage, _ in (FAULTS["enumeration"], FAULTS["pattern"], FAULTS["too much"]):
        text = damage(text)
    (tmp_path / "dossier.xml").write_text(text, encoding="utf-8")
    (tmp_path / "seal.pem").touch()
    done = amtsbote("pack", tmp_path, "--json", "--out", tmp_path / "x", *(
        "--key", tmp_path / "seal.pem", "--certificate", tmp_path / "seal.pem"))  # fmt: skip
    told = [f["place"] for f in done.values[0]["findings"] if f["code"] == "dossier-schema"]

    assert 1 == done.code
    assert [
        *("/dossier/referenz", "/dossier/role"),
        *("/dossier/worker/dateOfBirth", "/dossier/job/weeklyHours"),
    ] == told


def test_no_role_of_the_gateway_loads_the_second_reader():
    roles = ["deliver", "publish", "receive", "refresh", "verify"]
    listing = (
        f"import sys; import {', '.join(f'gateway.roles.{role}' for role in roles)}; print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True
    ).stdout

    assert "xmlschema" not in loaded.split()
