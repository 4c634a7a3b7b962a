# SPDX-License-Identifier: EUPL-1.2
"""``inbox report`` and ``events --report``: what a gateway kept is stored twice and shown once."""

import json

import pytest
from screenroom import FAILED, document, report, terminal

from gateway.cli.foreign import names_in, with_names
from gateway.cli.reports import store_report
from gateway.cli.terminal import WrongUse
from gateway.codes import Code
from gateway.demo.bundles import with_doubled_name
from gateway.findings import Finding, Foreign
from gateway.model.wire import dump

KEPT = json.dumps(
    dump(
        report(
            FAILED,
            documents=(document("path"),),
            findings=(Finding(code=Code.UNSIGNED_CONTENT, place="path"),),
        )
    )
).encode()


def gateway_with(kept: bytes):
    async def fetch(own_id: str, /, *, etsi: bool) -> bytes:
        return b"<report/>" if etsi else kept

    return fetch


@pytest.mark.parametrize(
    ("language", "verdict", "place"),
    [
        ("de", "D1: ungültig (TOTAL-FAILED / HASH_FAILURE)", "Stelle: path"),
        ("en", "D1: not valid", "place: path"),
    ],
)
async def test_a_report_is_stored_and_shown(tmp_path, language, verdict, place):
    screen = terminal(language)
    code = await store_report(gateway_with(KEPT), "D1", tmp_path / "new", screen)
    told = screen.out.file.getvalue()

    assert (0, KEPT, b"<report/>") == (
        code,
        (tmp_path / "new/D1.report.json").read_bytes(),
        (tmp_path / "new/D1.report.xml").read_bytes(),
    )
    assert f"{tmp_path}/new/D1.report.json\n{tmp_path}/new/D1.report.xml\n\n{verdict}" in told
    assert f"      {place}" in told.splitlines()


async def test_the_same_report_may_be_fetched_again_and_another_never_replaces_it(tmp_path):
    screen = terminal("en")
    await store_report(gateway_with(KEPT), "D1", tmp_path, screen)
    await store_report(gateway_with(KEPT), "D1", tmp_path, screen)
    with pytest.raises(WrongUse, match=r"D1\.report\.json exists already"):
        await store_report(gateway_with(b"{}"), "D1", tmp_path, screen)

    assert (tmp_path / "D1.report.json").read_bytes() == KEPT


async def test_a_report_of_a_newer_gateway_is_stored_all_the_same(tmp_path):
    screen = terminal("en")
    await store_report(gateway_with(b'{"new": 1}'), "D1", tmp_path, screen)

    assert (tmp_path / "D1.report.json").read_bytes() == b'{"new": 1}'
    assert "this version cannot show it" in screen.err.file.getvalue()


def test_names_of_a_bundle_are_known_even_where_it_is_refused(sealed, tmp_path):
    doubled = tmp_path / "doubled.asice"
    doubled.write_bytes(with_doubled_name(sealed.read_bytes()))

    assert {"dossier.xml", "dokumente/pass.pdf"} <= names_in(sealed)
    assert names_in(doubled)
    assert not names_in(tmp_path / "nix")
    assert not names_in(None)


def test_a_finding_from_json_gets_its_names_back():
    finding = with_names(
        Finding(code=Code.UNSIGNED_CONTENT, place="path", expected="one", got="path"), {"path"}
    )

    assert [Foreign, str, Foreign] == [type(text) for text in (finding.place, finding.expected, finding.got)]
