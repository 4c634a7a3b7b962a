# SPDX-License-Identifier: EUPL-1.2
"""``dossier show``: what an operator sees of one dossier, and what not."""

import shutil
from datetime import UTC, datetime

import pytest

from gateway.journal import Journal, answers, deliveries, dossiers, events, log
from gateway.journal.dossiers import DossierRow, DossierStatus
from gateway.model.delivery import Answer, AnswerKind
from gateway.model.evidence import Fact, LogEvent
from gateway.stages.delivery import DeliveryEvent

DOSSIER, DELIVERY = "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW"
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
PRIVATE = ("Nguyễn", "Łucja.pdf", "EF-2026-4711", "Bitte nachreichen", "33.2-4711")


def happened(connection, event: LogEvent, number: int) -> int:
    fact = Fact(
        event=event,
        id=bytes([number] * 16),
        salt=bytes(32),
        subject=bytes(16),
        moment=NOW,
        evidence={"name": "Nguyễn"},
        dossier_id=DOSSIER,
    )
    index = log.append(connection, fact)
    events.append_event(
        connection,
        chamber="ihk-erfurt",
        dossier_id=DOSSIER,
        type=event.value,
        moment=NOW,
        entry_idx=index,
        body={"reference": "EF-2026-4711"},
    )
    return index


@pytest.fixture
def config(world, tmp_path):
    """A gateway with one accepted dossier that was answered, and one finding about it."""
    site = shutil.copytree(world.site, tmp_path / "site")
    journal = Journal.open(site / "state/journal.db")
    finding = {"code": "document-advisable", "severity": "warning", "place": "Łucja.pdf", "got": "Nguyễn"}
    with journal.transaction() as connection:
        row = DossierRow(
            id=DOSSIER,
            chamber="ihk-erfurt",
            status=DossierStatus.ACCEPTED,
            received_at=NOW,
            bundle_sha256="ab" * 32,
            bundle_size=4711,
            subject=bytes(16),
            authority="stadt-weimar",
            report={"findings": [finding, finding, {"code": "of-a-newer-version"}]},
        )
        dossiers.insert(connection, row)
        happened(connection, LogEvent.SUBMISSION_ACCEPTED, 1)
        deliveries.enqueue(
            connection,
            delivery_id=DELIVERY,
            dossier_id=DOSSIER,
            authority="stadt-weimar",
            moment=NOW,
            deadline_seconds=3600,
        )
        claimed = deliveries.claim(connection, DELIVERY, moment=NOW, attempt_seconds=60)
        deliveries.move(connection, claimed, DeliveryEvent.CONSIGNED, moment=NOW)
        index = happened(connection, LogEvent.DOCUMENTS_REQUESTED, 2)
        asked = Answer(
            id="1",
            delivery_id=DELIVERY,
            kind=AnswerKind.DOCUMENTS_REQUESTED,
            message="Bitte nachreichen",
            reference="33.2-4711",
            requested_documents=("PASS",),
        )
        answers.record(connection, asked, entry_idx=index, moment=NOW)
    journal.close()
    return site / "amtsbote.toml"


def test_state_events_deliveries_and_receipts_are_shown(amtsbote, config):
    (seen,) = amtsbote("dossier", "show", DOSSIER, "--config", config, "--json").values
    (delivery,) = seen["deliveries"]

    assert ("accepted", "stadt-weimar", "gone") == (seen["status"], seen["authority"], seen["content"])
    assert ["document-advisable", "of-a-newer-version"] == seen["reasons"]
    assert ["submission.accepted", "documents.requested"] == [event["type"] for event in seen["events"]]
    assert [(False, False)] * 2 == [(event["published"], event["receipt"]) for event in seen["events"]]
    assert (DELIVERY, "consigned", 1) == (delivery["delivery"], delivery["state"], delivery["attempts"])
    assert ["documents-requested"] == [answer["kind"] for answer in delivery["answers"]]


@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.parametrize("language", ["de", "en"])
def test_what_the_dossier_says_is_not_shown(amtsbote, config, language, options):
    done = amtsbote("dossier", "show", DOSSIER, "--config", config, *options, language=language)

    assert (0, "") == (done.code, done.err)
    assert [] == [text for text in PRIVATE if text in done.out]


def test_the_page_speaks_german(amtsbote, config):
    shown = amtsbote("dossier", "show", DOSSIER, "--config", config, language="de").out
    lines = [line.strip() for line in shown.splitlines()]

    assert "Stand             angenommen" in lines
    assert "Inhalt            ist gelöscht" in lines
    assert any(
        line.startswith("Gründe            document-advisable: Ein Dokument liegt nicht bei")
        for line in lines
    )
    assert any(line.endswith("Eintrag 1, ohne Quittung") for line in lines)


def test_a_dossier_nobody_sent_is_told(amtsbote, config):
    done = amtsbote("dossier", "show", DELIVERY, "--config", config)

    assert 1 == done.code
    assert "[not-found]" in done.out


def test_after_erasure_the_events_stay_and_nothing_else(amtsbote, config):
    journal = Journal.open(config.parent / "state/journal.db")
    with journal.transaction() as connection:
        dossiers.erase(connection, DOSSIER, moment=NOW)
    journal.close()
    (seen,) = amtsbote("dossier", "show", DOSSIER, "--config", config, "--json").values

    assert ("erased", [], []) == (seen["status"], seen["deliveries"], seen["reasons"])
    assert ["submission.accepted", "documents.requested"] == [event["type"] for event in seen["events"]]
    assert 0 == amtsbote("dossier", "show", DOSSIER, "--config", config, language="de").code
