# SPDX-License-Identifier: EUPL-1.2
"""Particulars of trusted lists: what is told of one that does not fit, and small print that must not be misread."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from listroom import operator, signed, union
from listxml import URI, Entry, head, qualification
from lxml import etree
from signed_bundles import POLICY, judged, packed
from standingroom import QESEAL, faults, listed, numbers, standing
from trustroom import DAY, NOW

from gateway.codes import Code
from gateway.findings import Severity
from gateway.stages.signature.qualified.lists.services import read_services


@pytest.fixture(scope="module")
def room():
    return union()


def test_a_list_of_another_type_is_told_by_it(room):
    lists = room.read(room.lotl(), room.national(kind="urn:other"))
    assert ("1.xml", "a list of a Member State", "urn:other") in faults(lists)
    assert {"EU": 10} == numbers(lists)


def test_an_older_edition_than_one_already_seen_is_told_with_both_numbers(room):
    lists = room.read(room.lotl(), room.national(), seen={"DE": 6})
    assert ("DE", "sequence number 6 or more", "5") in faults(lists)
    assert {"EU": 10} == numbers(lists)
    older = room.read(room.lotl(), room.national(), seen={"EU": 11})
    assert ("EU", "sequence number 11 or more", "10") in faults(older)
    assert {} == numbers(older)


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [(0, 9, {"EU": 10, "DE": 5}), (-9, 0, {"EU": 10, "DE": 5}), (1, 9, {"EU": 10}), (-9, -1, {"EU": 10})],
)
def test_a_list_is_issued_while_its_operators_certificate_is_valid(room, first, last, found):
    issued = datetime(2026, 5, 30, tzinfo=UTC)
    second = timedelta(seconds=1)
    brief = operator("Brief", not_before=issued + first * second, not_after=issued + last * second)
    lists = room.read(
        room.lotl(pointers={"DE": [brief]}), room.national(signer=brief, issued=issued, next_update=NOW + DAY)
    )
    assert found == numbers(lists)


def test_further_information_beside_the_use_of_a_service_changes_nothing(room):
    further = (
        '<Extension Critical="true"><AdditionalServiceInformation><URI xml:lang="en">'
        f"{URI}/TrustedList/SvcInfoExt/ForeSeals</URI><InformationValue>x</InformationValue>"
        "</AdditionalServiceInformation></Extension>"
    )
    service = room.service(Entry(uses=(), further=further))
    assert QESEAL is standing(room, service).status


def test_a_qualifier_nobody_knows_makes_its_entry_unclear_and_not_the_list(room):
    found = standing(room, listed(room, qualification("QCUnheardOf")))
    assert QESEAL is not found.status
    assert ("entry-not-understood",) == found.reasons


def test_where_qualified_seals_are_asked_for_without_lists_the_question_is_open():
    report = judged(packed(), policy=replace(POLICY, require_qualified=True))
    (finding,) = (f for f in report.findings if f.code is Code.TRUSTED_LIST_INVALID)
    assert (Severity.UNKNOWN, "trusted lists, because qualified signatures are asked for", "none") == (
        finding.severity,
        finding.expected,
        finding.got,
    )
    assert "INDETERMINATE" == report.indication


@pytest.mark.parametrize("sequence", ["five", "-5", "\u0665", "5.0"])
def test_a_sequence_that_is_no_number_is_told_although_its_operator_signed_it(room, sequence):
    lists = room.read(room.lotl(), room.national(sequence=sequence))
    assert [("1.xml", "a sequence number", sequence)] == faults(lists)
    assert {"EU": 10} == numbers(lists)


def test_more_pointers_than_any_union_has_are_told_with_their_number(room):
    crowd = {f"X{number}": [] for number in range(300)}
    places = faults(room.read(room.lotl(pointers=crowd), room.national()))
    assert ("0.xml", "301") in [(place, got) for place, _, got in places]


def test_a_list_changed_after_signing_is_told_at_its_file(room):
    bad = room.national().replace(b"Trust GmbH", b"Trust AG")
    told = faults(room.read(room.lotl(), bad))
    assert [("1.xml", "the list as it was signed", "another digest")] == told


def test_a_list_that_cannot_be_canonicalised_is_told(room):
    void = b'<TSLVersionIdentifier xmlns:x="./relative" x:a="1">'
    bad = room.national().replace(b"<TSLVersionIdentifier>", void)
    (fault,) = faults(room.read(room.lotl(), bad))
    assert ("1.xml", "XML to canonicalise") == fault[:2]
    assert fault[2] not in {"", "None"}


def test_a_provider_without_a_name_is_read_without_one(room):
    root = etree.fromstring(room.national().replace(b'<Name xml:lang="en">Trust GmbH</Name>', b""))
    (service,) = read_services(root, "here")
    assert ("", "Seal service") == (service.provider, service.name)


def test_comments_are_never_part_of_a_signed_list_whatever_its_transform_says(room):
    """XML Signature 1.1 clause 4.4.3.3: the empty URI stands for the document without its comments."""

    def with_comments(template):
        plain = '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>'
        return template.replace(plain, plain.replace('#"/>', '#WithComments"/>'), 1)

    commented = head(pointers="<!-- nothing -->")
    sound = signed(commented, room.union, ask=with_comments)
    assert {"EU": 4} == numbers(room.read(sound))
    assert {"EU": 4} == numbers(room.read(sound.replace(b"<!-- nothing -->", b"<!-- something -->")))
