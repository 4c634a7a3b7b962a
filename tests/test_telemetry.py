# SPDX-License-Identifier: EUPL-1.2
"""Log lines that cannot be forged and metrics in the Prometheus text format."""

import io
import json
import logging
from datetime import UTC, datetime
from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.telemetry import EventLog, LibraryLines, Metrics, bound


def clock():
    return datetime(2026, 11, 22, 6, tzinfo=UTC)


@given(st.text())
def test_any_value_stays_within_one_line_of_bounded_ascii(value):
    out = io.StringIO()
    EventLog(out, clock, role="receive").info("seen", value=value)
    (line,) = out.getvalue().splitlines()
    assert line.isascii()
    assert len(json.loads(line)["value"]) <= 256


def test_bound_ids_stand_in_every_line_inside_and_in_none_after():
    out = io.StringIO()
    events = EventLog(out, clock, role="receive")
    with bound(request_id="r"), bound(partner="p"):
        events.info("inside")
    events.info("after")
    inside, after = (json.loads(line) for line in out.getvalue().splitlines())
    assert ("r", "p") == (inside["request_id"], inside["partner"])
    assert {"time", "level", "role", "event"} == set(after)


def test_a_failure_is_told_by_type_and_place_and_never_by_its_text():
    out = io.StringIO()
    try:
        raise ValueError("Erika Mustermann")
    except ValueError as error:
        EventLog(out, clock, role="receive").failure("broken", error)
    assert "Mustermann" not in out.getvalue()
    line = json.loads(out.getvalue())
    assert ("ValueError", True) == (line["error"], line["at"].startswith("test_telemetry.py:"))


def test_lines_of_libraries_come_without_their_text():
    out = io.StringIO()
    handler = LibraryLines(EventLog(out, clock, role="receive"))
    handler.handle(
        logging.makeLogRecord({"name": "asyncio", "msg": "Erika %s", "args": ("x",), "levelno": 40})
    )
    assert "Erika" not in out.getvalue()
    assert "asyncio" == json.loads(out.getvalue())["logger"]


def test_counters_gauges_and_histograms_are_written_as_prometheus_reads_them():
    metrics = Metrics()
    metrics.counter("a_total", "A.", "kind")('x"\n')
    metrics.gauge("b", "B.", lambda: 2.5)
    observe = metrics.histogram("c_seconds", "C.", buckets=(0.1, 1))
    observe(0.5)
    lines = metrics.exposition().splitlines()
    assert 'a_total{kind="x\\"\\n"} 1' in lines
    assert "b 2.5" in lines
    assert {
        'c_seconds_bucket{le="0.1"} 0',
        'c_seconds_bucket{le="1"} 1',
        'c_seconds_bucket{le="+Inf"} 1',
    } <= set(lines)
    assert {"c_seconds_sum 0.5", "c_seconds_count 1"} <= set(lines)


def test_a_gauge_that_waits_holds_up_nobody_who_counts():
    metrics = Metrics()
    count = metrics.counter("a_total", "A.")
    counted = Event()

    def slow() -> float:
        Thread(target=lambda: (count(), counted.set()), daemon=True).start()
        return float(counted.wait(5))

    metrics.gauge("b", "B.", slow)
    assert {"a_total 1", "b 1"} <= set(metrics.exposition().splitlines())


def test_a_metric_is_declared_once_and_cannot_grow_without_end():
    metrics = Metrics()
    add = metrics.counter("a_total", "A.", "kind")
    with pytest.raises(ValueError, match="twice"):
        metrics.counter("a_total", "A.")
    for number in range(3000):
        add(str(number))
    assert 1002 == len(metrics.exposition().splitlines())
