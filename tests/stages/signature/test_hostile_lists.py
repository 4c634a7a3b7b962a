# SPDX-License-Identifier: EUPL-1.2
"""Files that are no trusted lists, and lists with any byte changed: named, and nothing else is believed for them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from listroom import union
from listxml import WITHDRAWN, Entry
from standingroom import faults, numbers, states

TSL = "{http://uri.etsi.org/02231/v2#}"


@pytest.fixture(scope="module")
def room():
    return union()


HOSTILE = {
    "nothing": b"",
    "no XML": b"%PDF-1.7",
    "another root": b"<list/>",
    "UTF-16": "<a/>".encode("utf-16"),
    "a document type": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "laughs": b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><a>&b;</a>',
    "an abyss": b"<a>" * 5_000 + b"</a>" * 5_000,
    "a crowd": b"<a>" + b"<b/>" * 600_000 + b"</a>",
    "a giant": b"<a>" + b" " * (65 * 1024 * 1024) + b"</a>",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_named_and_the_others_are_read(room, data):
    lists = room.read(data, room.lotl(), room.national())

    assert {"EU": 10, "DE": 5} == numbers(lists)
    assert ["0.xml"] == [place for place, _, _ in faults(lists)]


def test_more_files_than_any_union_has_are_not_looked_at(room):
    lists = room.read(room.lotl(), room.national(), *[b"<a/>"] * 300)

    assert {"EU": 10, "DE": 5} == numbers(lists)
    assert ("", "at most 256 files", "302") == faults(lists)[-1]


@settings(max_examples=60)
@given(data=st.data())
def test_any_byte_may_be_changed_and_nothing_else_is_believed_than_what_was_signed(data):
    room = union()
    good = room.national(room.service(Entry(status=WITHDRAWN)))
    at = data.draw(st.integers(0, len(good) - 1))
    bad = good[:at] + data.draw(st.binary(min_size=1, max_size=3)) + good[at + 1 :]
    lists = room.read(room.lotl(), bad)

    assert states(lists) <= {WITHDRAWN}
    assert numbers(lists) in ({"EU": 10}, {"EU": 10, "DE": 5})


@given(st.binary(max_size=200))
@settings(max_examples=50)
def test_any_bytes_at_all_are_a_finding(data):
    lists = union().read(data)

    assert ({}, True) == (numbers(lists), bool(lists.findings))
