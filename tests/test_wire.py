# SPDX-License-Identifier: EUPL-1.2
"""Values survive the way through JSON."""

import json
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.codes import Code
from gateway.findings import Finding, Severity
from gateway.model.dossier import Job, Person
from gateway.model.examination import Examination
from gateway.model.wire import dump, load

text = st.text(max_size=20)
people = st.builds(
    Person,
    given_names=text,
    surname=text,
    date_of_birth=st.dates(),
    place_of_birth=text,
    nationality=text,
    passport_valid_until=st.none() | st.dates(),
    address=st.none(),
)


@given(people)
def test_what_is_written_is_read_back(person):
    assert person == load(Person, json.loads(json.dumps(dump(person))))


def test_numbers_with_a_point_stay_exact():
    job = Job(
        occupation="Koch", place="Weimar", gross_monthly_pay=Decimal("3150.10"), start=date(2026, 12, 1)
    )

    assert job == load(Job, json.loads(json.dumps(dump(job))))


def test_findings_and_mappings_survive():
    examination = Examination(
        findings=(Finding(code=Code.CONTAINER_NOT_ZIP, severity=Severity.ERROR, got="x"),),
        report={"container": "refused", "signatures": [{"id": "a"}]},
        examined_on=date(2026, 11, 22),
    )

    assert examination == load(Examination, json.loads(json.dumps(dump(examination))))


def test_an_empty_field_is_written_and_an_empty_word_of_a_finding_is_not():
    job = dump(Job(occupation="Koch", place="Weimar"))

    assert {field.name for field in fields(Job)} == set(job)
    assert {"code": "container-not-zip", "severity": "error"} == dump(Finding(code=Code.CONTAINER_NOT_ZIP))


@pytest.mark.parametrize(
    "data",
    [
        [],
        {"occupation": 3, "place": "x"},
        {"occupation": "a", "place": "b", "more": "c"},
        {"occupation": "a"},
        {"occupation": "a", "place": "b", "weekly_hours": "many"},
        None,
        "x",
    ],
)
def test_other_shapes_are_refused(data):
    with pytest.raises(ValueError):
        load(Job, data)


def test_a_float_is_refused_because_it_would_not_come_back_the_same():
    with pytest.raises(TypeError):
        dump(1.5)


def test_moments_keep_their_zone():
    moment = datetime(2026, 11, 22, 5, 4, 22, tzinfo=UTC)

    assert moment == load(datetime, dump(moment))
