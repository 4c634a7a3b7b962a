# SPDX-License-Identifier: EUPL-1.2
"""Log entries: one canonical spelling, commitments that others can recompute, and nothing personal in them."""

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from logroom import MOMENT, fact

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.model.evidence import Fact, LogEvent
from gateway.tlog.entry import canonical, commitment, entry_bytes, evidence_bytes, is_entry, read_entry

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


def test_the_entry_is_the_canonical_json_of_its_fixed_fields():
    one = fact(1)
    expected = {
        "c": hashlib.sha256(b"xgw-commit-v1\n" + one.salt + evidence_bytes(one)).hexdigest(),
        "id": json.loads(evidence_bytes(one))["evidence_id"],
        "subj": read_entry(entry_bytes(one)).subject,
        "ts": "2026-11-22T05:04:23Z",
        "type": "submission.accepted",
        "v": 1,
    }
    assert json.dumps(expected, separators=(",", ":"), sort_keys=True).encode() == entry_bytes(one)


def test_an_entry_says_which_entry_it_answers():
    first, second = fact(1), fact(2)
    answering = Fact(**{name: getattr(second, name) for name in Fact.__slots__} | {"prev": first.id})
    assert read_entry(entry_bytes(first)).id == read_entry(entry_bytes(answering)).prev


@given(
    st.sampled_from(LogEvent),
    st.dictionaries(st.text(max_size=8).map(lambda k: f"x{k}"), JSON_VALUES, max_size=4),
)
def test_every_fact_gives_an_entry_that_reads_back_and_holds_nothing_of_the_evidence(event, evidence):
    one = fact(7, event=event, surname="Ðüńýå-Unmistakable", **evidence)
    data = entry_bytes(one)
    entry = read_entry(data)
    assert (event, MOMENT + timedelta(seconds=7)) == (entry.event, entry.moment)
    assert commitment(one.salt, evidence_bytes(one)) == entry.commitment
    assert b"Unmistakable" not in data


def test_time_is_logged_in_utc_seconds():
    local = datetime(2026, 7, 1, 12, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=2)))
    one = fact(1)
    moved = Fact(**{name: getattr(one, name) for name in Fact.__slots__} | {"moment": local})
    assert datetime(2026, 7, 1, 10, tzinfo=UTC) == read_entry(entry_bytes(moved)).moment


def test_evidence_carries_what_every_piece_of_evidence_must_say():
    said = json.loads(evidence_bytes(fact(3, event=LogEvent.HANDOVER)))
    assert "http://uri.etsi.org/19522/Event/ContentHandover" == said["erds_event"]
    assert {"version", "evidence_id", "event", "event_time", "dossier_id", "issuer"} <= said.keys()


def test_evidence_that_contradicts_its_fact_is_refused():
    with pytest.raises(ValueError):
        evidence_bytes(fact(1, event_time="2020-01-01T00:00:00Z"))


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 2**60, b"bytes", {1: "number as a name"}, {"\ud800": 1}]
)
def test_evidence_that_json_cannot_carry_exactly_is_refused(value):
    with pytest.raises(ValueError):
        canonical({"value": value})


def test_two_salts_hide_equal_evidence():
    assert commitment(bytes(32), b"{}") != commitment(bytes(31) + b"1", b"{}")
    with pytest.raises(ValueError):
        commitment(b"short", b"{}")


@given(st.binary(max_size=300))
def test_any_bytes_that_are_no_entry_are_refused(data):
    assert not is_entry(data)
    with pytest.raises(Rejected):
        read_entry(data)


@given(st.data())
def test_the_quick_look_at_an_entry_and_the_reading_of_it_agree_on_every_changed_byte(data):
    changed = bytearray(entry_bytes(fact(1)))
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(0, 255))
    try:
        read_entry(bytes(changed))
    except Rejected:
        assert not is_entry(bytes(changed))
    else:
        assert is_entry(bytes(changed))


@pytest.mark.parametrize(
    "change",
    [
        lambda e: e.replace(b"submission.accepted", b"submission.imagined"),
        lambda e: e.replace(b"2026-11-22", b"2026-02-30"),
        lambda e: e.replace(b'"v":1', b'"v":2'),
        lambda e: e.replace(b'"v":1', b'"v":1,"note":"x"'),
        lambda e: e.replace(b",", b", "),
        lambda e: e + b"\n",
    ],
)
def test_entries_outside_the_schema_are_refused(change):
    assert not is_entry(change(entry_bytes(fact(1))))
    with pytest.raises(Rejected) as refused:
        read_entry(change(entry_bytes(fact(1))))
    assert [Code.LOG_ENTRY_MALFORMED] == [finding.code for finding in refused.value.findings]
