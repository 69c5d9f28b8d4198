"""Where the time of a run goes: spans of work, within each other, and what they sum up to.

    profile = Profile()
    with profile.recording():
        work()              # in which stands: with span("model"): …
    profile.rows()

Outside `recording` a span does nothing: it costs a ten-millionth of a second.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

MOST_EVENTS = 200_000  # of a trace, some 20 MB; later spans are summed up only
NOTHING = nullcontext()
OTHER, TOTAL = "other", "total"
T = TypeVar("T")

Moment = tuple[float, float]
"""Seconds by the clock, and of the processor."""
_recording: ContextVar["Profile | None"] = ContextVar("recording", default=None)


def span(name: str) -> AbstractContextManager[None]:
    """Returns a block whose time counts as `name`, within the span that it stands in."""
    profile = _recording.get()
    return NOTHING if profile is None else profile.span(name)


def spans(name: str, values: Iterable[T]) -> Iterable[T]:
    """Returns the values; the time in which each is made counts as `name`."""
    return values if _recording.get() is None else _timed(name, values)


def mark(name: str) -> None:
    """Counts the time since the last outermost span as `name`."""
    if (profile := _recording.get()) is not None:
        profile.mark(name)


def _timed(name: str, values: Iterable[T]) -> Iterator[T]:
    waiting = iter(values)
    while True:
        with span(name):
            try:
                value = next(waiting)
            except StopIteration:
                return
        yield value


@dataclass
class Sum:
    """All spans of a name within those they stand in: how many, and their seconds by clock and processor."""

    calls: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0


@dataclass(frozen=True)
class Row:
    """A line of a profile; part: the names of the spans, outermost first; share: of the whole, 0 to 1."""

    part: str
    calls: int
    seconds: float
    cpu_seconds: float
    share: float


class Profile:
    """Sums of spans, and the spans themselves for a trace.

    begin: when the whole began, by `time.perf_counter`; cpu_begin: the time of the processor that had been
    used by then.
    """

    def __init__(self, begin: float | None = None, cpu_begin: float | None = None) -> None:
        self._begin = time.perf_counter() if begin is None else begin
        self._cpu_begin = time.process_time() if cpu_begin is None else cpu_begin
        self._last = self._end = self._begin, self._cpu_begin
        self._sums: dict[tuple[str, ...], Sum] = {}
        self._place: tuple[str, ...] = ()
        self._events: list[tuple[str, float, float]] = []
        self._left_out = 0

    @contextmanager
    def recording(self) -> Iterator["Profile"]:
        """Within it all spans are recorded; the whole lasts from `begin` to its end."""
        token = _recording.set(self)
        try:
            yield self
        finally:
            _recording.reset(token)
            self._end = _now()

    @contextmanager
    def span(self, name: str) -> Iterator[None]:
        """Within it the time counts as `name`."""
        outside, self._place = self._place, (*self._place, name)
        # Now, so that the rows stand in the order in which their work began.
        self._sums.setdefault(self._place, Sum())
        begin = _now()
        try:
            yield
        finally:
            self._add(begin)
            self._place = outside

    def mark(self, name: str) -> None:
        """Counts the time since the last outermost span, or since the beginning, as `name`."""
        assert not self._place
        self._place = (name,)
        self._add(self._last)
        self._place = ()

    def _add(self, begin: Moment) -> None:
        end = _now()
        found = self._sums.setdefault(self._place, Sum())
        found.calls += 1
        found.seconds += end[0] - begin[0]
        found.cpu_seconds += end[1] - begin[1]
        if len(self._place) == 1:
            self._last = end
        if len(self._events) < MOST_EVENTS:
            self._events.append((self._place[-1], begin[0], end[0]))
        else:
            self._left_out += 1

    def rows(self) -> list[Row]:
        """Returns the parts, each before those within it, and at last the total.

        The outermost parts sum up to the total, and those within a part to that part: what no span has
        counted is `other`.
        """
        whole = Sum(1, self._end[0] - self._begin, self._end[1] - self._cpu_begin)
        rows = self._within((), whole, whole.seconds)
        return [*rows, _row((TOTAL,), whole, whole.seconds)]

    def _within(self, place: tuple[str, ...], of_place: Sum, whole: float) -> list[Row]:
        inside = {part: found for part, found in self._sums.items() if part[:-1] == place}
        rows: list[Row] = []
        for part, found in inside.items():
            rows += [_row(part, found, whole), *self._within(part, found, whole)]
        if inside:
            rest = Sum(
                1,
                of_place.seconds - sum(found.seconds for found in inside.values()),
                of_place.cpu_seconds - sum(found.cpu_seconds for found in inside.values()),
            )
            rows.append(_row((*place, OTHER), rest, whole))
        return rows

    def trace(self) -> str:
        """Returns the spans as a trace of events in Chrome's JSON format, which browsers' viewers open.

        Times are microseconds since the beginning; a note says if the trace left out later spans.
        """
        events = [
            {
                "name": name,
                "ph": "X",
                "ts": round((begin - self._begin) * 1e6, 1),
                "dur": round((end - begin) * 1e6, 1),
                "pid": 1,
                "tid": 1,
            }
            for name, begin, end in self._events
        ]
        facts = {"displayTimeUnit": "ms", "otherData": {"spans left out": self._left_out}}
        return json.dumps({"traceEvents": events, **facts})


def _now() -> Moment:
    return time.perf_counter(), time.process_time()


def _row(part: tuple[str, ...], found: Sum, whole: float) -> Row:
    share = found.seconds / whole if whole else 0.0
    return Row("/".join(part), found.calls, found.seconds, found.cpu_seconds, share)


def begin_of_process() -> float:
    """Returns when this process began, by `time.perf_counter`.

    Where the system does not say, that is taken to be as long ago as the processor has worked for it.
    """
    try:
        words = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks = int(words[19])  # since the machine began: field 22 of proc(5), of which two are cut off
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):
        age = time.process_time()
    return time.perf_counter() - age
