# SPDX-License-Identifier: EUPL-1.2
"""Days and validity: which row holds when, in Germany."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.rules import Dated, german_day


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2025-12-31T22:59:59Z", "2025-12-31"),
        ("2025-12-31T23:00:00Z", "2026-01-01"),
        ("2026-01-01T00:00:00+14:00", "2025-12-31"),
        ("2026-06-30T21:59:59Z", "2026-06-30"),
        ("2026-06-30T22:00:00Z", "2026-07-01"),
        ("2026-03-29T22:30:00Z", "2026-03-30"),
        ("2026-10-25T22:30:00Z", "2026-10-25"),
    ],
)
def test_a_day_begins_at_midnight_in_germany(moment, day):
    assert date.fromisoformat(day) == german_day(datetime.fromisoformat(moment))


@pytest.mark.foreign
@given(st.datetimes(datetime(1997, 1, 1), datetime(2037, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_the_days_are_those_of_the_time_zone_database(moment):
    try:
        berlin = ZoneInfo("Europe/Berlin")
    except ZoneInfoNotFoundError:
        pytest.skip("no time-zone database on this machine (tzdata)")
    assert moment.astimezone(berlin).date() == german_day(moment)


DAYS = st.dates(date(2020, 1, 1), date(2020, 2, 15))


@st.composite
def rows(draw):
    start = draw(DAYS)
    length = draw(st.none() | st.integers(0, 20))
    end = None if length is None else start + timedelta(days=length)
    return Dated(valid_from=start, valid_until=end, source="s")


@given(rows(), rows())
def test_rows_overlap_exactly_if_both_hold_on_some_day(one, other):
    days = [date(2020, 1, 1) + timedelta(days=n) for n in range(80)]
    both = any(one.in_force(day) and other.in_force(day) for day in days)
    assert both == one.overlaps(other) == other.overlaps(one)
