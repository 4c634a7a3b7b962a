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
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.parser import text_string_to_metric_families

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


def read_by_prometheus(page: str) -> dict[str, tuple[str, str, dict]]:
    """What the Prometheus project's own parser makes of a page: kind, help and samples of each metric."""
    return {
        family.name: (
            family.type,
            family.documentation,
            {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in family.samples},
        )
        for family in text_string_to_metric_families(page)
    }


def test_counters_gauges_and_histograms_are_read_by_prometheus_as_they_are_meant():
    metrics = Metrics()
    add = metrics.counter("a_total", "A \\ and\na second line.", "kind", "code")
    add("x", "y", by=2)
    metrics.counter("never_total", "Nothing happened.")
    metrics.gauge("b", "B.", lambda: 1_234_567.5)
    metrics.gauges("c", "C.", "state", lambda: {"parked": 1, "queued": 0})
    metrics.gauge("ready", "Ready.", lambda: True)
    observe = metrics.histogram("d_seconds", "D.", "route", buckets=(0.1, 1, 600))
    for value in (0.05, 0.5, 7000):
        observe(value, "/v1/dossiers")
    route = ("route", "/v1/dossiers")

    def bucket(le):
        return ("d_seconds_bucket", (("le", le), route))

    assert {
        "a": ("counter", "A \\ and\na second line.", {("a_total", (("code", "y"), ("kind", "x"))): 2}),
        "never": ("counter", "Nothing happened.", {("never_total", ()): 0}),
        "b": ("gauge", "B.", {("b", ()): 1_234_567.5}),
        "c": ("gauge", "C.", {("c", (("state", "parked"),)): 1, ("c", (("state", "queued"),)): 0}),
        "ready": ("gauge", "Ready.", {("ready", ()): 1}),
        "d_seconds": (
            "histogram",
            "D.",
            {
                bucket("0.1"): 1,
                bucket("1"): 2,
                bucket("600"): 2,
                bucket("+Inf"): 3,
                ("d_seconds_sum", (route,)): 7000.55,
                ("d_seconds_count", (route,)): 3,
            },
        ),
    } == read_by_prometheus(metrics.exposition())
    assert CONTENT_TYPE_PLAIN_0_0_4 == Metrics.MEDIA_TYPE


@given(st.text(max_size=300))
def test_any_label_is_read_by_prometheus_as_it_was_written(value):
    metrics = Metrics()
    metrics.counter("a_total", "A.", "kind")(value)
    assert {("a_total", (("kind", value[:256]),)): 1} == read_by_prometheus(metrics.exposition())["a"][2]


def test_a_gauge_that_waits_holds_up_nobody_who_counts():
    metrics = Metrics()
    count = metrics.counter("a_total", "A.")
    counted = Event()

    def slow() -> float:
        Thread(target=lambda: (count(), counted.set()), daemon=True).start()
        return float(counted.wait(5))

    metrics.gauge("b", "B.", slow)
    assert {"a_total 1", "b 1.0"} <= set(metrics.exposition().splitlines())


def test_a_metric_is_declared_once_and_cannot_grow_without_end():
    metrics = Metrics()
    add = metrics.counter("a_total", "A.", "kind")
    with pytest.raises(ValueError, match="twice"):
        metrics.counter("a_total", "A.")
    for number in range(3000):
        add(str(number))
    assert 1002 == len(metrics.exposition().splitlines())
