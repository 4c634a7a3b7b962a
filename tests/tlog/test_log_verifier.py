# SPDX-License-Identifier: EUPL-1.2
"""The full audit: a good log is proven, and every changed byte, lost file and rewritten past is found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from logroom import SIGNER, VERIFIER, fact

from gateway.codes import Code
from gateway.tlog.batch import grow
from gateway.tlog.checkpoint import sign_checkpoint
from gateway.tlog.entry import entry_bytes
from gateway.tlog.tiles import Edge
from gateway.tlog.tree import leaf_hash
from gateway.tlog.verifier import Claim, audit, claim_of


def build_log(entries):
    batch = grow(Edge(), (), entries)
    return dict(batch.files) | {"checkpoint": sign_checkpoint(len(entries), batch.edge.root, SIGNER)}


ENTRIES = [entry_bytes(fact(number)) for number in range(600)]
LOG = build_log(ENTRIES)


def codes(report):
    return {finding.code for finding in report.findings}


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 600])
def test_a_good_log_is_proven_to_its_last_entry(size):
    report = audit(build_log(ENTRIES[:size]).get, VERIFIER)
    assert (True, size, ()) == (report.proven, report.entries, report.findings)


@given(st.sampled_from(sorted(LOG)), st.data())
def test_any_changed_byte_of_any_file_is_found(path, data):
    changed = bytearray(LOG[path])
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    assert not audit((LOG | {path: bytes(changed)}).get, VERIFIER).proven


@given(st.sampled_from(sorted(LOG)), st.data())
def test_any_cut_file_is_found(path, data):
    cut = LOG[path][: data.draw(st.integers(0, len(LOG[path]) - 1))]
    assert not audit((LOG | {path: cut}).get, VERIFIER).proven


@pytest.mark.parametrize("path", sorted(LOG))
def test_any_missing_file_is_found_and_named(path):
    report = audit({name: data for name, data in LOG.items() if name != path}.get, VERIFIER)
    assert not report.proven
    assert path in {finding.place for finding in report.findings if finding.code == Code.LOG_TILE_MISSING}


def test_one_damaged_file_does_not_hide_another():
    damaged = {"tile/entries/000": b"", "tile/entries/001": LOG["tile/entries/001"][:-1] + b"x"}
    report = audit((LOG | damaged).get, VERIFIER)
    places = " ".join(finding.place for finding in report.findings)
    assert "tile/entries/000" in places
    assert "entry 511" in places
    assert Code.LOG_ROOT_MISMATCH in codes(report)


def test_a_consistently_rewritten_past_is_found_by_who_holds_an_old_checkpoint():
    old = claim_of(build_log(ENTRIES[:300])["checkpoint"], VERIFIER, place="old checkpoint")
    assert audit(LOG.get, VERIFIER, claims=[old]).proven
    rewritten = build_log([entry_bytes(fact(9999)), *ENTRIES[1:]])
    assert audit(rewritten.get, VERIFIER).proven
    report = audit(rewritten.get, VERIFIER, claims=[old])
    assert {Code.LOG_INCONSISTENT} == codes(report)
    assert ["old checkpoint"] == [finding.place for finding in report.findings]


def test_a_shortened_log_is_found_by_who_holds_a_newer_checkpoint():
    newer = claim_of(LOG["checkpoint"], VERIFIER, place="newer")
    assert {Code.LOG_INCONSISTENT} == codes(audit(build_log(ENTRIES[:599]).get, VERIFIER, claims=[newer]))


def test_a_leaf_that_somebody_was_told_of_must_be_where_it_was():
    claim = {"place": "receipt", "size": 600, "root": claim_of(LOG["checkpoint"], VERIFIER, place="").root}
    good = Claim(index=17, leaf=leaf_hash(ENTRIES[17]), **claim)
    bad = Claim(index=17, leaf=leaf_hash(ENTRIES[18]), **claim)
    assert audit(LOG.get, VERIFIER, claims=[good]).proven
    assert {Code.LOG_INCONSISTENT} == codes(audit(LOG.get, VERIFIER, claims=[bad]))


def test_entries_outside_the_schema_are_found_even_when_signed():
    assert {Code.LOG_ENTRY_MALFORMED} == codes(audit(build_log([b'{"name":"Erika"}']).get, VERIFIER))


def test_an_empty_place_is_no_log():
    report = audit({}.get, VERIFIER)
    assert (False, None) == (report.proven, report.checkpoint)


def test_progress_ends_at_the_size_of_the_log():
    steps = []
    audit(LOG.get, VERIFIER, progress=lambda done, total: steps.append((done, total)))
    assert [(256, 600), (512, 600), (600, 600)] == steps
