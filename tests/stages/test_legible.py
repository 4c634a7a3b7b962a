# SPDX-License-Identifier: EUPL-1.2
"""A dossier that breaks its schema still says enough for the rest of its faults to be told in one go."""

import re

from dossierroom import EXAMPLE, TODAY, XML, example, rules, schema
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.dossier import Dossier, DossierKind
from gateway.stages.completeness import missing
from gateway.stages.dossier import legible_dossier, unknown_codes

TAGS = sorted(set(re.findall(rb"<(\w+)>", EXAMPLE)))


def legible(data: bytes) -> Dossier | None:
    return legible_dossier(data, schema=schema(), xml=XML)


def test_what_is_whole_reads_the_same():
    assert example() == legible(EXAMPLE)


def test_what_is_no_dossier_says_nothing():
    assert [None] * 4 == [legible(data) for data in (b"", b"<a/>", b"<dossier/>", EXAMPLE[:-20])]


def test_an_unreadable_value_hides_no_other():
    broken = EXAMPLE.replace(b">1994-03-08<", b">8.3.1994<").replace(b">initial<", b">first<")
    read = legible(broken)

    assert (example().documents, DossierKind.INITIAL) == (read.documents, read.kind)
    assert example().worker.surname == read.worker.surname


def test_documents_and_codes_are_asked_for_beside_faults_of_the_schema():
    broken = EXAMPLE.replace(b">1994-03-08<", b">8.3.1994<").replace(b"<type>PASS<", b"<type>PASSPORT<")
    read = legible(broken)

    assert ["PASSPORT"] == [finding.got for finding in unknown_codes(read, rules(), TODAY)]
    assert ["PASS"] == [finding.expected.split(" ")[0] for finding in missing(read, rules(), TODAY)]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(TAGS), st.sampled_from([b"", b"x", b"<a/>", b"-1"])), max_size=6))
def test_whatever_is_broken_is_read_without_a_fall(changes):
    data = EXAMPLE
    for tag, value in changes:
        data = re.sub(
            rb"<%s>.*?</%s>" % (tag, tag), b"<%s>%s</%s>" % (tag, value, tag), data, count=1, flags=re.DOTALL
        )
    read = legible(data)

    if read is not None:
        list(unknown_codes(read, rules(), TODAY))
        missing(read, rules(), TODAY)
