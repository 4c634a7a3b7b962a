# SPDX-License-Identifier: EUPL-1.2
"""What operators see: one JSON line per outcome on standard output, and counters for the metrics page.

Ids, codes, sizes and durations only; never a payload, a name, a subject, a key or an address: logs are read by more people than dossiers.
Event names are constants of ours. A value that came from outside is escaped and cut, so it cannot forge a line.
Exceptions are logged by type and place: their texts may quote what a person sent.
"""

import json
import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import PurePath
from threading import Lock
from typing import TextIO

from gateway.model.evidence import Clock

Field = str | int | float | bool | None

_VALUE_LIMIT = 256  # characters of one field
_FRAMES = 6  # of a traceback, innermost last
_SERIES_LIMIT = 1_000  # label combinations of one metric; more is a fault of ours, not a reason to grow

_bound: ContextVar[Mapping[str, Field]] = ContextVar("amtsbote_log_ids")


@contextmanager
def bound(**ids: Field) -> Iterator[None]:
    """Every line written inside carries these ids (per task, by contextvars)."""
    token = _bound.set({**_bound.get({}), **ids})
    try:
        yield
    finally:
        _bound.reset(token)


class EventLog:
    """Writes JSON lines. Safe to use from several threads of a role."""

    def __init__(self, out: TextIO, clock: Clock, *, role: str) -> None:
        self._out, self._clock, self._role = out, clock, role
        self._lock = Lock()  # owns _out: half lines of two threads must not mix

    def info(self, event: str, **ids: Field) -> None:
        """A normal outcome."""
        self._write("info", event, ids)

    def warning(self, event: str, **ids: Field) -> None:
        """Worth a look."""
        self._write("warning", event, ids)

    def error(self, event: str, **ids: Field) -> None:
        """We must act."""
        self._write("error", event, ids)

    def failure(self, event: str, error: BaseException, **ids: Field) -> None:
        """An exception nobody expected: its type and where it came from, not its text."""
        self._write("error", event, {**ids, "error": type(error).__name__, "at": _places(error)})

    def _write(self, level: str, event: str, ids: Mapping[str, Field]) -> None:
        fields = {**_bound.get({}), **ids}
        line = json.dumps(
            {
                "time": self._clock().isoformat(timespec="milliseconds"),
                "level": level,
                "role": self._role,
                "event": event,
                **{name: _cut(value) for name, value in fields.items()},
            },
            ensure_ascii=True,  # escapes control characters, U+2028 and bidi marks alike
            separators=(",", ":"),
        )
        with self._lock:
            self._out.write(line + "\n")
            self._out.flush()


class LibraryLines(logging.Handler):
    """Brings the libraries' own log records into our lines: who and where, never the text (it quotes requests)."""

    def __init__(self, events: EventLog) -> None:
        super().__init__(logging.WARNING)
        self._events = events

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        error = record.exc_info[1] if record.exc_info else None
        self._events.warning(
            "library",
            logger=record.name,
            severity=record.levelname,
            place=f"{PurePath(record.pathname).name}:{record.lineno}",
            error=type(error).__name__ if error else None,
        )


@dataclass(slots=True)
class _Series:
    kind: str
    help: str
    labels: tuple[str, ...]
    values: dict[tuple[str, ...], float] = field(default_factory=dict)
    buckets: tuple[float, ...] = ()
    read: Callable[[], Mapping[str, float]] | None = None


class Metrics:
    """Counters, gauges and histograms of one role, in the Prometheus text format (version 0.0.4)."""

    MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self) -> None:
        self._series: dict[str, _Series] = {}
        self._lock = Lock()  # owns _series and all values

    def counter(self, name: str, text: str, *labels: str) -> Callable[..., None]:
        """A function that adds: ``add(*label_values, by=1)``."""
        series = self._declare(name, _Series("counter", text, labels))
        with self._lock:
            if not labels:
                series.values.setdefault((), 0)

        def add(*values: str, by: float = 1) -> None:
            with self._lock:
                _add(series, values, by)

        return add

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        """A value that is looked up when the page is read."""
        self._declare(name, _Series("gauge", text, (), read=lambda: {"": read()}))

    def gauges(self, name: str, text: str, label: str, read: Callable[[], Mapping[str, float]]) -> None:
        """Values of one kind, by the label's value, looked up together when the page is read."""
        self._declare(name, _Series("gauge", text, (label,), read=read))

    def histogram(
        self, name: str, text: str, *labels: str, buckets: tuple[float, ...]
    ) -> Callable[..., None]:
        """A function that observes: ``observe(value, *label_values)``."""
        series = self._declare(name, _Series("histogram", text, labels, buckets=buckets))

        def observe(value: float, *values: str) -> None:
            with self._lock:
                for edge in buckets:
                    _add(series, (*values, "le", f"{edge:g}"), 1 if value <= edge else 0)
                _add(series, (*values, "le", "+Inf"), 1)
                _add(series, (*values, "sum", ""), value)
                _add(series, (*values, "count", ""), 1)

        return observe

    def exposition(self) -> str:
        """The page."""
        with self._lock:
            gauges = {name: series.read for name, series in self._series.items() if series.read is not None}
        # Read outside of the lock: a gauge may wait for the journal, and who counts a request must not wait with it.
        read = {name: ask() for name, ask in gauges.items()}
        with self._lock:
            lines = [
                line
                for name, series in sorted(self._series.items())
                for line in _lines(name, series, read.get(name))
            ]
        return "\n".join(lines) + "\n"

    def _declare(self, name: str, series: _Series) -> _Series:
        with self._lock:
            if name in self._series:
                raise ValueError(f"metric {name} is declared twice")
            self._series[name] = series
        return series


def _add(series: _Series, values: tuple[str, ...], by: float) -> None:
    if values in series.values or len(series.values) < _SERIES_LIMIT:
        series.values[values] = series.values.get(values, 0) + by


def _lines(name: str, series: _Series, read: Mapping[str, float] | None) -> Iterator[str]:
    yield f"# HELP {name} {_help(series.help)}"
    yield f"# TYPE {name} {series.kind}"
    looked_up = {(value,) * len(series.labels): number for value, number in (read or {}).items()}
    for values, number in (series.values | looked_up).items():
        own, part = values[: len(series.labels)], values[len(series.labels) :]
        pairs = list(zip(series.labels, own, strict=True))
        suffix = ""
        if part:
            suffix = "_bucket" if part[0] == "le" else f"_{part[0]}"
            pairs += [("le", part[1])] if part[0] == "le" else []
        inside = ",".join(f'{label}="{_label(value)}"' for label, value in pairs)
        value = repr(number + 0)  # whole, and a number where a gauge says True
        yield f"{name}{suffix}{{{inside}}} {value}" if inside else f"{name}{suffix} {value}"


def _help(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _label(value: str) -> str:
    return value[:_VALUE_LIMIT].replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _cut(value: Field) -> Field:
    if not isinstance(value, str) or len(value) <= _VALUE_LIMIT:
        return value
    return value[: _VALUE_LIMIT - 1] + "…"


def _places(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return " < ".join(f"{PurePath(f.filename).name}:{f.lineno}" for f in reversed(frames))
