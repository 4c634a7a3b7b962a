# SPDX-License-Identifier: EUPL-1.2
"""What a person reads of a refusal, and what a program gets: the same sentences, in the language asked for."""

import io
from argparse import Namespace

import gatewayroom
import pytest
from rich.console import Console

from gateway.catalogue import data_root
from gateway.cli.connection import talk
from gateway.cli.terminal import Terminal
from gateway.client import ProblemAnswered
from gateway.phrasebook import Language, Phrasebook
from gateway.wording import Wording

REFUSAL = {
    "type": "/problems/unsigned-content",
    "title": "Im Container liegt eine Datei, die kein Siegel deckt.",
    "dossier_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "findings": [{"code": "unsigned-content", "place": "a.pdf", "expected": "covered by S0", "what": "w"}],
}


@pytest.mark.parametrize(
    ("language", "label", "record"),
    [
        (Language.DE, "      Stelle: a.pdf", "Die Abweisung ist als Vorgang 01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        (Language.EN, "      place: a.pdf", "this refusal is recorded as dossier 01ARZ3NDEKTSV4RRFFQ69G5FAV"),
    ],
)
def test_a_refusal_by_the_gateway_has_labels_in_the_language_and_names_its_record(
    world, language, label, record
):
    async def refused(_gateway):
        raise ProblemAnswered(422, REFUSAL)

    profile = world.chambers[gatewayroom.WEIMAR[0]].directory / "profile.toml"
    options = Namespace(profile=profile, gateway=None, certificate=None, key=None, ca=None)
    shown = io.StringIO()
    terminal = Terminal(
        phrasebook=Phrasebook.load(data_root()),
        wording=Wording.load(data_root()),
        language=language,
        err=Console(file=shown, highlight=False, soft_wrap=True),
    )

    assert 1 == talk(options, terminal, refused)
    assert label in shown.getvalue().splitlines()
    assert record in shown.getvalue()
    assert "amtsbote events --evidence 01ARZ3NDEKTSV4RRFFQ69G5FAV" in shown.getvalue()


def test_findings_as_json_carry_their_sentences(amtsbote, sealed):
    found = amtsbote("check", sealed, "--json", language="de").values[0]["findings"]

    assert [True] * len(found) == [bool(finding["what"] and finding["fix"]) for finding in found]


def test_without_anchors_a_person_is_told_the_option_that_names_them(amtsbote, sealed, trusted):
    assert "--anchors DIR" in amtsbote("verify", sealed).err
    assert "--anchors DIR" in amtsbote("check", sealed).err
    assert "" == amtsbote("verify", sealed, *trusted).err


def test_a_verdict_in_german_has_no_english_words(amtsbote, sealed, trusted):
    shown = amtsbote("verify", sealed, *trusted, language="de").out

    assert "Container: in Ordnung, Unversehrtheit: unverändert, Vertrauen: gegeben" in shown
