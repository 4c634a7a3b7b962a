# SPDX-License-Identifier: EUPL-1.2
"""The same dossier again, by key, by bytes and by content: one acceptance, one receipt, whoever comes when."""

import asyncio
import json

import pytest
from intakebundles import KASSEL, bundle
from intakeroom import ONE_ACCEPTED, IntakeRoom, codes, submit

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.intake import Accepted, Refused, Repeated


@pytest.mark.parametrize("key", [None, "k1"])
async def test_the_same_bytes_again_give_the_first_receipt_and_do_nothing(room, key):
    async with room.running() as intake:
        first = await submit(intake, bundle(), key="k1")
        before = room.counts()
        again = await submit(intake, bundle(), key=key)
    assert isinstance(again, Repeated)
    assert (first.dossier_id, first.receipt) == (again.dossier_id, again.receipt)
    assert before == room.counts()
    assert [1] == list(room.workers.examined.values())


async def test_repetition_is_recognised_after_a_restart(room, tmp_path):
    async with room.running() as intake:
        first = await submit(intake, bundle())
    second = IntakeRoom(tmp_path)
    async with second.running() as intake:
        again = await submit(intake, bundle())
    second.close()
    assert (first.dossier_id, first.receipt) == (again.dossier_id, again.receipt)


async def test_fifty_identical_uploads_at_once_give_one_acceptance(room):
    async with room.running() as intake:
        outcomes = await asyncio.gather(*(submit(intake, bundle(), key="k") for _ in range(50)))
    kinds = [type(o) for o in outcomes]
    assert (1, 49) == (kinds.count(Accepted), kinds.count(Repeated))
    assert 1 == len({json.dumps(o.receipt, sort_keys=True) for o in outcomes})
    assert [1] == list(room.workers.examined.values())
    assert {**ONE_ACCEPTED, "dedupe": 3} == room.counts()


async def test_two_receivers_with_the_same_bundle_accept_it_once(room, tmp_path):
    other = IntakeRoom(tmp_path)
    async with room.running() as one:
        two = other.intake(one._publication._doorbell)
        outcomes = await asyncio.gather(*(submit(i, bundle()) for i in (one, two, one, two)))
        await two.drain()
    other.close()
    kinds = [type(o) for o in outcomes]
    assert (1, 3) == (kinds.count(Accepted), kinds.count(Repeated))
    assert ONE_ACCEPTED == room.counts()


async def test_a_used_key_with_other_bytes_is_refused_and_not_recorded(room):
    async with room.running() as intake:
        await submit(intake, bundle("one"), key="k")
        before = room.counts()
        with pytest.raises(Rejected) as caught:
            await submit(intake, bundle("two"), key="k")
    assert [Code.IDEMPOTENCY_KEY_REUSED] == codes(caught.value.findings)
    assert before == room.counts()


async def test_two_bundles_under_one_key_at_once_give_one_acceptance(room):
    async with room.running() as intake:
        outcomes = await asyncio.gather(
            submit(intake, bundle("one"), key="k"),
            submit(intake, bundle("two"), key="k"),
            return_exceptions=True,
        )
    assert [Accepted, Rejected] == sorted((type(o) for o in outcomes), key=lambda t: t.__name__)
    assert {**ONE_ACCEPTED, "dedupe": 3} == room.counts()


async def test_two_chambers_may_use_the_same_key(room):
    other = bundle("two", chamber=KASSEL.id, seal="6" * 64)
    async with room.running() as intake:
        assert isinstance(await submit(intake, bundle("one"), key="k"), Accepted)
        assert isinstance(await submit(intake, other, chamber=KASSEL, key="k"), Accepted)


async def test_the_same_content_in_another_container_is_a_duplicate_and_names_the_first(room):
    async with room.running() as intake:
        first = await submit(intake, bundle())
        second = await submit(intake, bundle(padding=1))
    assert isinstance(second, Refused)
    assert [(Code.DUPLICATE_DOSSIER, first.dossier_id)] == [(f.code, f.got) for f in second.findings]
    assert ["duplicate-dossier"] == second.receipt["evidence"]["reasons"]
    assert 1 == room.counts()["delivery"]


async def test_another_chambers_dossier_is_never_named(room):
    async with room.running() as intake:
        first = await submit(intake, bundle())
        stolen = await submit(intake, bundle(), chamber=KASSEL)
        repacked = await submit(intake, bundle(padding=1), chamber=KASSEL)
    for outcome in (stolen, repacked):
        assert isinstance(outcome, Refused)
        assert first.dossier_id not in json.dumps([f.to_json() for f in outcome.findings])
        assert {Code.SENDER_SIGNER_MISMATCH, Code.SENDER_SUBMITTER_MISMATCH, Code.DUPLICATE_DOSSIER} == set(
            codes(outcome.findings)
        )
