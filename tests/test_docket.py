# SPDX-License-Identifier: EUPL-1.2
"""What a chamber may read: its own dossiers, accepted and refused ones, and nothing of them once they are erased."""

from hashlib import sha256

import pytest
from intakebundles import ERFURT, KASSEL, bundle
from intakeroom import IntakeRoom, submit

from gateway.docket import Docket
from gateway.doorbell import Doorbell, Role
from gateway.intake import Accepted, Refused
from gateway.retention import ErasureReason


@pytest.fixture
def room(tmp_path):
    room = IntakeRoom(tmp_path)
    yield room
    room.close()


@pytest.fixture
def docket(room):
    return Docket(journal=room.journal, doorbell=Doorbell(room.directory, Role.RECEIVE))


async def read(docket, chamber, dossier_id) -> list:
    return [
        await docket.summary(chamber, dossier_id),
        await docket.receipt(chamber, dossier_id),
        await docket.report(chamber, dossier_id),
        await docket.evidence(chamber, dossier_id),
    ]


async def test_a_chamber_reads_the_report_on_its_accepted_dossier_as_it_was_kept(room, docket):
    async with room.running() as intake:
        accepted = await submit(intake, bundle())
    assert isinstance(accepted, Accepted)
    report = await docket.report(ERFURT.id, accepted.dossier_id)
    judged = {"container": "ok", "place": "Arbeitsvertrag Ánh.pdf", "findings": []}
    about = {"dossier": accepted.dossier_id, "sha256": sha256(bundle()).hexdigest(), "size": len(bundle())}
    assert judged | about == report


async def test_a_chamber_reads_the_report_on_its_refused_dossier_with_all_findings(room, docket):
    async with room.running() as intake:
        refused = await submit(intake, b"noise")
    assert isinstance(refused, Refused)
    report = await docket.report(ERFURT.id, refused.dossier_id)
    assert ["container-not-zip"] == [finding["code"] for finding in report["findings"]]


async def test_other_chambers_and_unknown_ids_find_nothing(room, docket):
    async with room.running() as intake:
        accepted = await submit(intake, bundle())
    assert [None] * 4 == await read(docket, KASSEL.id, accepted.dossier_id)
    assert [None] * 4 == await read(docket, ERFURT.id, "0" * 26)


async def test_after_erasure_there_is_no_report_and_no_receipt(room, docket):
    async with room.running() as intake:
        accepted = await submit(intake, bundle())
        assert await docket.report(ERFURT.id, accepted.dossier_id)
        assert room.retention().erase(accepted.dossier_id, ErasureReason.REQUEST)
    summary, receipt, report, evidence = await read(docket, ERFURT.id, accepted.dossier_id)
    assert ("erased", None, None, ()) == (summary["status"], receipt, report, evidence)
