# SPDX-License-Identifier: EUPL-1.2
"""Dossiers on their whole way through a real gateway: chamber, gateway, authority, and the proof of it all."""

import asyncio
import hashlib
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import gatewayroom
import pytest
from gatewayload import until
from gatewayroom import LUDWIGSBURG, WEIMAR, example, faults, paper, promise, seal

from gateway.audit import audit_log, directory_fetch
from gateway.cli import main
from gateway.client import ProblemAnswered
from gateway.demo import people
from gateway.demo.bundles import with_changed_document
from gateway.keyring import load_certificates
from gateway.mirror import mirror_log
from gateway.seal import seal_check
from gateway.stages.dossier import write_dossier
from gateway.stages.receipt import SealState

CHAMBER, AUTHORITY = WEIMAR


async def waiting(gateway, dossier_id: str, authority: str = AUTHORITY) -> dict:
    """The inbox item of this dossier."""
    async with asyncio.timeout(gatewayroom.PATIENCE), gateway.client(authority) as inbox:
        while True:
            for item in await inbox.inbox(wait=1, limit=200):
                if item["dossier_id"] == dossier_id:
                    return item


async def until_event(client, dossier_id: str, kind: str) -> list[str]:
    """The chamber's events about this dossier up to the one of this kind."""
    types, after = [], 0
    async with asyncio.timeout(gatewayroom.PATIENCE):
        while kind not in types:
            page = await client.events(after=after, wait=5)
            types += [event["type"] for event in page.events if event["dossier_id"] == dossier_id]
            after = page.next
    return types


async def audited(gateway, directory, receipts: dict[str, bytes]):
    """The auditor's own copy of the log, proven together with these receipts."""
    async with gateway.client("revision") as client:
        await mirror_log(client, directory, progress=lambda _done, _total: None)
    return await asyncio.to_thread(
        audit_log,
        directory_fetch(directory),
        (gateway.world.site / "keys/log.vkey").read_text().strip(),
        receipts=receipts,
        seal_check=seal_check(load_certificates(gateway.world.site / "anchors/signers")),
    )


def packed_by_hand(gateway, directory) -> str:
    """What an integrator does: dossier.xml and papers in a directory, then ``amtsbote pack``."""
    dossier = example(CHAMBER, "HAND-1")
    (directory / "dokumente").mkdir()
    (directory / "dossier.xml").write_bytes(write_dossier(dossier))
    for document in dossier.documents:
        (directory / document.file).write_bytes(paper(document.type))
    party, out = gateway.world.chambers[CHAMBER].directory, directory / "hand.asice"
    command = ["pack", str(directory), "--out", str(out)]
    assert 0 == main([*command, "--key", f"{party}/seal.key", "--certificate", f"{party}/seal.crt"])
    return out


async def test_a_dossier_goes_from_a_chambers_folder_to_an_authoritys_answer_and_everything_is_proven(
    gateway, tmp_path
):
    sealed = await asyncio.to_thread(packed_by_hand, gateway, tmp_path)
    async with gateway.client(CHAMBER) as chamber, gateway.client(AUTHORITY) as authority:
        submission = await chamber.submit(sealed)
        item = await waiting(gateway, submission.dossier_id)
        sha256 = await authority.download(item["id"], tmp_path / "fetched.asice")
        await authority.acknowledge(item["id"], sha256=sha256)
        await authority.answer(
            item["id"], answer_id="1", kind="accepted", reference="33.2-1", message="Eröffnet."
        )
        types = await until_event(chamber, submission.dossier_id, "acceptance")
        evidence = await chamber.evidence(submission.dossier_id)
        summary = await chamber.dossier(submission.dossier_id)
    names = {f"{n}": json.dumps(receipt).encode() for n, receipt in enumerate(evidence["receipts"])}
    verdict = await audited(gateway, tmp_path / "log", names)

    assert sealed.read_bytes() == (tmp_path / "fetched.asice").read_bytes()
    assert ("HAND-1", CHAMBER) == (item["reference"], item["chamber"]["id"])
    assert ["submission.accepted", "consignment", "handover", "acknowledgement", "acceptance"] == types
    assert types == [receipt["evidence"]["event"] for receipt in evidence["receipts"]]
    assert ["accepted", "acknowledged"] == sorted(a["kind"] for a in summary["deliveries"][0]["answers"])
    assert (True, [True] * 5) == (verdict.proven, [r.proven for r in verdict.receipts])
    assert [SealState.VALID] * 5 == [r.seal for r in verdict.receipts]


async def test_an_acknowledged_delivery_never_comes_back(gateway, bundle, tmp_path):
    async with gateway.client(CHAMBER) as chamber, gateway.client(AUTHORITY) as authority:
        submission = await chamber.submit(bundle())
        item = await waiting(gateway, submission.dossier_id)
        sha256 = await authority.download(item["id"], tmp_path / "1")
        first = await authority.acknowledge(item["id"], sha256=sha256)
        again = await authority.acknowledge(item["id"], sha256=sha256)
        left = await authority.inbox(limit=200)

    assert first == again
    assert [] == [found for found in left if found["id"] == item["id"]]


async def test_a_hot_folder_gets_documents_index_and_original_and_its_done_file_is_an_acknowledgement(
    gateway, bundle
):
    sealed = bundle(LUDWIGSBURG[0])
    async with gateway.client(LUDWIGSBURG[0]) as chamber:
        submission = await chamber.submit(sealed)
        await until_event(chamber, submission.dossier_id, "handover")
        summary = await chamber.dossier(submission.dossier_id)
        name = summary["deliveries"][0]["delivery_id"]
        folder = gateway.world.hot_folder / name
        index = ET.parse(folder / "index.xml").getroot()
        listed = {
            file.text: sha.text
            for element in index.iter()
            for file, sha in [(element.find("{*}file"), element.find("{*}sha256"))]
            if sha is not None
        }
        held = {
            p.name: hashlib.sha256(p.read_bytes()).hexdigest()
            for p in folder.iterdir()
            if p.suffix != ".xml" or p.stem != "index"
        }
        (folder.parent / f"{name}.done").touch()
        types = await until_event(chamber, submission.dossier_id, "acknowledgement")

    assert sealed.read_bytes() == (folder / "bundle.asice").read_bytes()
    assert listed == held
    assert ["submission.accepted", "handover", "acknowledgement"] == types


async def test_a_hot_folder_that_was_away_gets_what_it_missed_once(gateway, bundle):
    folder = gateway.world.hot_folder
    away = folder.rename(folder.with_name("weg"))
    try:
        async with gateway.client(LUDWIGSBURG[0]) as chamber:
            submission = await chamber.submit(bundle(LUDWIGSBURG[0]))
            await until(
                lambda: (
                    gateway.rows("SELECT last_code FROM delivery WHERE state = 'waiting'")
                    == [("recipient-unreachable",)]
                )
            )
            away.rename(folder)
            types = await until_event(chamber, submission.dossier_id, "handover")
    finally:
        if away.exists():
            away.rename(folder)
    await asyncio.to_thread(gateway.settle)

    assert ["submission.accepted", "handover"] == types
    assert [] == faults(gateway)


async def test_a_supplement_follows_its_first_dossier(gateway, bundle, tmp_path):
    async with gateway.client(CHAMBER) as chamber:
        first = await chamber.submit(bundle())
        more = people.supplement(
            example(CHAMBER, "N-0"),
            dossier_id=first.dossier_id,
            reference="N-1",
            created=datetime.now(UTC).replace(microsecond=0),
            kinds=("ARBEITSZEUGNISSE",),
        )
        second = await chamber.submit(seal(gateway.world, more, tmp_path / "n.asice"))
        item = await waiting(gateway, second.dossier_id)

    assert ("supplement", first.dossier_id) == (item["kind"], item["refers_to"])


async def test_a_supplement_to_somebody_elses_dossier_is_refused(gateway, bundle, tmp_path):
    async with gateway.client(LUDWIGSBURG[0]) as other:
        foreign = await other.submit(bundle(LUDWIGSBURG[0]))
    dossier = replace(example(CHAMBER, "N-2"), kind="supplement", refers_to=foreign.dossier_id)
    async with gateway.client(CHAMBER) as chamber:
        with pytest.raises(ProblemAnswered) as refused:
            await chamber.submit(seal(gateway.world, dossier, tmp_path / "n.asice"))

    assert "dossier-refers-to-unknown" == refused.value.code


async def test_a_refusal_tells_everything_is_logged_and_its_receipt_is_proven(gateway, bundle, tmp_path):
    sealed = bundle(without=("PASS", "LEBENSLAUF"))
    sealed.write_bytes(with_changed_document(sealed.read_bytes()))
    async with gateway.client(CHAMBER) as chamber:
        with pytest.raises(ProblemAnswered) as refused:
            await chamber.submit(sealed)
        problem = refused.value.problem
        types = await until_event(chamber, problem["dossier_id"], "submission.rejected")
        summary = await chamber.dossier(problem["dossier_id"])
    verdict = await audited(gateway, tmp_path / "log", {"r": json.dumps(problem["receipt"]).encode()})
    codes = Counter(finding["code"] for finding in problem["findings"])

    assert (1, 2) == (codes["signature-digest-mismatch"], codes["document-missing"])
    assert ("refused", len(problem["findings"])) == (summary["status"], len(summary["findings"]))
    assert ["submission.rejected"] == types
    assert (True, True) == (verdict.proven, verdict.receipts[0].proven)
    assert sorted(codes) == sorted(problem["receipt"]["evidence"]["reasons"])


async def test_the_same_bundle_again_gives_the_first_receipt(gateway, bundle):
    sealed = bundle()
    async with gateway.client(CHAMBER) as chamber:
        first = await chamber.submit(sealed)
        again = await chamber.submit(sealed)

    assert (False, True) == (first.repeated, again.repeated)
    assert (first.dossier_id, first.receipt) == (again.dossier_id, again.receipt)


async def test_the_same_content_in_another_container_is_no_second_dossier(gateway, bundle, tmp_path):
    dossier = example(CHAMBER, "INHALT-1")
    async with gateway.client(CHAMBER) as chamber:
        first = await chamber.submit(seal(gateway.world, dossier, tmp_path / "1"))
        with pytest.raises(ProblemAnswered) as refused:
            await chamber.submit(seal(gateway.world, dossier, tmp_path / "2"))

    assert ("duplicate-dossier", first.dossier_id) == (refused.value.code, refused.value.findings[0]["got"])


async def test_of_fifty_equal_uploads_at_once_one_is_accepted_and_all_have_its_receipt(gateway, bundle):
    sealed = bundle()
    async with gateway.client(CHAMBER) as chamber:
        outcomes = await asyncio.gather(*(chamber.submit(sealed) for _ in range(50)))

    assert 1 == sum(not outcome.repeated for outcome in outcomes)
    assert 1 == len({json.dumps(outcome.receipt, sort_keys=True) for outcome in outcomes})


async def test_two_bundles_under_one_key_are_not_taken_for_one(gateway, bundle):
    first, second = bundle(), bundle()
    async with gateway.client(CHAMBER) as chamber:
        await chamber.submit(first, idempotency_key="einer-fuer-zwei")
        with pytest.raises(ProblemAnswered) as refused:
            await chamber.submit(second, idempotency_key="einer-fuer-zwei")
        after = await chamber.submit(second)

    assert "idempotency-key-reused" == refused.value.code
    assert not after.repeated


async def test_a_dossier_does_not_exist_for_other_chambers_and_authorities(gateway, bundle, tmp_path):
    async with gateway.client(CHAMBER) as chamber:
        submission = await chamber.submit(bundle())
    item = await waiting(gateway, submission.dossier_id)
    codes = []
    for party, ask in (
        ("hwk-hannover", lambda client: client.dossier(submission.dossier_id)),
        ("hwk-hannover", lambda client: client.evidence(submission.dossier_id)),
        ("stadt-kornwestheim", lambda client: client.download(item["id"], tmp_path / "stolen")),
        ("stadt-kornwestheim", lambda client: client.acknowledge(item["id"])),
    ):
        async with gateway.client(party) as client:
            with pytest.raises(ProblemAnswered) as refused:
                await ask(client)
            codes.append(refused.value.code)

    assert ["not-found"] * 4 == codes


async def test_a_directory_in_use_is_without_a_fault_and_every_receipt_holds(gateway, bundle):
    sealed, ledger = [bundle(), bundle(LUDWIGSBURG[0])], []
    for name, path in zip((CHAMBER, LUDWIGSBURG[0]), sealed, strict=True):
        async with gateway.client(name) as chamber:
            submission = await chamber.submit(path)
        ledger.append(promise(name, path, submission))
    await asyncio.to_thread(gateway.settle)

    assert [] == faults(gateway, ledger)
