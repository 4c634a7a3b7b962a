# SPDX-License-Identifier: EUPL-1.2
"""Where a dossier goes: the three cooperations, both periods of Hannover, the choice in Baden-Württemberg."""

import csv
import os
import shutil
from datetime import date
from pathlib import Path

import pytest
from dossierroom import SLOW, TODAY, changed, dossiers, example, rules
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalogue import data_root, load_rules
from gateway.codes import Code
from gateway.errors import Rejected
from gateway.model.dossier import DossierKind, Job, SubmissionRole
from gateway.model.partner import Authority, Partners
from gateway.stages.routing import route

SHARED = Path(os.environ.get("AMTSBOTE_SHARED", Path(__file__).parents[3] / "shared"))
LAST_OF_2025, FIRST_OF_2026 = date(2025, 12, 31), date(2026, 1, 1)
SLUG = {
    "Stadt Weimar": "stadt-weimar",
    "Landeshauptstadt Hannover": "landeshauptstadt-hannover",
    "Region Hannover": "region-hannover",
    "Landratsamt Ludwigsburg": "landratsamt-ludwigsburg",
    "Stadt Ludwigsburg": "stadt-ludwigsburg",
    "Stadt Bietigheim-Bissingen": "stadt-bietigheim-bissingen",
    "Stadt Ditzingen": "stadt-ditzingen",
    "Stadt Kornwestheim": "stadt-kornwestheim",
    "Stadt Remseck am Neckar": "stadt-remseck",
    "Stadt Vaihingen an der Enz": "stadt-vaihingen",
}


def connected(*without, roles=()):
    return Partners(
        authorities=tuple(
            Authority(
                id=entry.id,
                name=entry.name,
                tls_sha256=frozenset(),
                format="asice",
                transport="inbox",
                required_role=dict(roles).get(entry.id),
            )
            for entry in rules().authorities
            if entry.id not in without
        )
    )


def at(ags, *, requested="", kldb="", **more):
    return changed(
        employer__establishment_ags=ags,
        procedure__requested_authority=requested,
        job=Job(occupation="Koch", place="hier", kldb=kldb),
        **more,
    )


def goes_to(dossier, on=TODAY, partners=None, tables=None, **options):
    return route(dossier, tables or rules(), partners or connected(), on, **options).authority_id


def refused(dossier, on=TODAY, partners=None):
    with pytest.raises(Rejected) as caught:
        route(dossier, rules(), partners or connected(), on)
    (finding,) = caught.value.findings
    return finding


def test_every_row_of_the_collected_facts_is_routed_as_it_says():
    path = SHARED / "formats" / "jurisdiction.tsv"
    if not path.is_file():
        pytest.skip("the collected jurisdiction facts are not at hand (AMTSBOTE_SHARED)")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert len(rows) == 82
    for row in rows:
        name = row["authority_sec81a"]
        expected = "lab-ni" if name.startswith("Zentralstelle") else SLUG[name]
        days = [row["valid_from"], row["valid_until"] or "2026-11-22"]
        assert [expected] * 2 == [goes_to(at(row["ags"]), on=date.fromisoformat(day)) for day in days], row


@pytest.mark.parametrize(
    ("ags", "before"), [("03241001", "landeshauptstadt-hannover"), ("03241021", "region-hannover")]
)
def test_hannover_changes_with_the_year(ags, before):
    assert [before, "lab-ni"] == [goes_to(at(ags), on=day) for day in (LAST_OF_2025, FIRST_OF_2026)]


@pytest.mark.parametrize(
    ("on", "requested", "authority"),
    [
        (date(2025, 6, 30), "lab-ni", None),
        (date(2025, 7, 1), "lab-ni", "lab-ni"),
        (date(2025, 7, 1), "region-hannover", "region-hannover"),
        (LAST_OF_2025, "lab-ni", "lab-ni"),
        (FIRST_OF_2026, "region-hannover", None),
        (FIRST_OF_2026, "lab-ni", "lab-ni"),
    ],
)
def test_the_choice_of_the_second_half_of_2025(on, requested, authority):
    dossier = at("03241005", requested=requested)
    if authority:
        assert authority == goes_to(dossier, on=on)
    else:
        finding = refused(dossier, on)
        assert (Code.ROUTE_AUTHORITY_NOT_ADMISSIBLE, requested) == (finding.code, finding.got)
        assert finding.expected == ("region-hannover" if on < FIRST_OF_2026 else "lab-ni")


@pytest.mark.parametrize(
    ("requested", "kldb", "authority"),
    [
        ("", "81302", "landratsamt-ludwigsburg"),
        ("lzf-stuttgart", "81302", "lzf-stuttgart"),
        ("lzf-stuttgart", "82102", "lzf-stuttgart"),
        ("lzf-karlsruhe", "29302", "lzf-karlsruhe"),
        ("lzf-karlsruhe", "82312", "lzf-karlsruhe"),
        ("landratsamt-ludwigsburg", "", "landratsamt-ludwigsburg"),
    ],
)
def test_baden_wuerttemberg_leaves_a_choice_by_occupation(requested, kldb, authority):
    assert authority == goes_to(at("08118001", requested=requested, kldb=kldb))


@pytest.mark.parametrize(
    ("requested", "kldb", "got"),
    [
        ("lzf-karlsruhe", "81302", "lzf-karlsruhe for occupation 81302"),
        ("lzf-stuttgart", "29302", "lzf-stuttgart for occupation 29302"),
        ("lzf-stuttgart", "", "lzf-stuttgart for occupation not given (job/kldb)"),
        ("stadt-ludwigsburg", "29302", "stadt-ludwigsburg"),
        ("lab-ni", "29302", "lab-ni"),
    ],
)
def test_a_request_the_table_does_not_allow_is_refused_and_never_replaced(requested, kldb, got):
    finding = refused(at("08118001", requested=requested, kldb=kldb))
    assert (Code.ROUTE_AUTHORITY_NOT_ADMISSIBLE, got) == (finding.code, finding.got)
    assert "landratsamt-ludwigsburg" in finding.expected


def test_the_choice_did_not_exist_earlier():
    finding = refused(at("08118001", requested="lzf-stuttgart", kldb="81302"), on=date(2025, 3, 31))
    assert Code.ROUTE_AUTHORITY_NOT_ADMISSIBLE == finding.code


def test_an_unknown_place_is_refused():
    finding = refused(at("09162000"))
    assert (Code.ROUTE_UNKNOWN_PLACE, "/dossier/employer/establishmentAgs", "09162000") == (
        finding.code,
        finding.place,
        finding.got,
    )


def test_a_place_with_a_mere_choice_needs_a_request():
    finding = refused(at("08111000"))
    assert (Code.ROUTE_NO_AUTHORITY, "one of lzf-karlsruhe, lzf-stuttgart requested") == (
        finding.code,
        finding.expected,
    )
    assert "lzf-karlsruhe" == goes_to(at("08111000", requested="lzf-karlsruhe", kldb="29302"))


def test_a_known_place_before_anybody_was_responsible_is_refused():
    assert Code.ROUTE_NO_AUTHORITY == refused(at("16055000"), on=date(2019, 1, 1)).code


def test_an_authority_that_is_not_connected_is_refused_not_replaced():
    finding = refused(example(), partners=connected("stadt-weimar"))
    assert (Code.ROUTE_AUTHORITY_NOT_CONNECTED, "stadt-weimar") == (finding.code, finding.got)


def test_an_authority_may_demand_a_role():
    partners = connected(roles={"landratsamt-ludwigsburg": SubmissionRole.UNTERBEVOLLMAECHTIGTER}.items())
    finding = refused(at("08118001"), partners=partners)
    assert (Code.ROUTE_ROLE_REQUIRED, "unterbevollmaechtigter", "bote") == (
        finding.code,
        finding.expected,
        finding.got,
    )
    dossier = at("08118001", role=SubmissionRole.UNTERBEVOLLMAECHTIGTER)
    assert "landratsamt-ludwigsburg" == goes_to(dossier, partners=partners)


def test_a_supplement_follows_the_first_dossier():
    supplement = at("03241001", kind=DossierKind.SUPPLEMENT, refers_to="d-1")
    assert "landeshauptstadt-hannover" == goes_to(supplement, first_authority="landeshauptstadt-hannover")
    assert "lab-ni" == goes_to(supplement)
    assert "lab-ni" == goes_to(at("03241001"), first_authority="landeshauptstadt-hannover")


def test_the_rule_is_named_with_the_route():
    assert "ihk.de/erfurt" in route(example(), rules(), connected(), TODAY).rule_source


def test_changing_a_row_changes_the_route_without_code(tmp_path):
    shutil.copytree(data_root() / "rules", tmp_path / "rules")
    path = tmp_path / "rules" / "jurisdiction.tsv"
    row = "16\tThüringen\tlandratsamt-ludwigsburg\texclusive\t\t2027-01-01\t\ta made-up ordinance\n"
    path.write_text(path.read_text(encoding="utf-8") + row, encoding="utf-8")
    tables = load_rules(tmp_path / "rules")
    days = (date(2026, 12, 31), date(2027, 1, 1))
    assert ["stadt-weimar", "landratsamt-ludwigsburg"] == [
        goes_to(example(), on=day, tables=tables) for day in days
    ]


@given(dossiers(), st.dates())
@SLOW
def test_any_dossier_on_any_day_is_routed_or_refused(dossier, on):
    try:
        routed = route(dossier, rules(), connected(), on)
    except Rejected as rejected:
        assert len(rejected.findings) == 1  # noqa: PT017 - either outcome is right, both are looked at
    else:
        assert routed.authority_id in {entry.id for entry in rules().authorities}
