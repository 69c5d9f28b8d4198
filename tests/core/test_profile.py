"""Spans of work: what they sum up to, and the trace of them."""

import json
import time

import pytest

from rnnlab.core import profile as module
from rnnlab.core.profile import NOTHING, OTHER, TOTAL, Profile, Row, begin_of_process, mark, span, spans


def recorded() -> Profile:
    profile = Profile()
    with profile.recording():
        time.sleep(0.002)
        mark("before")
        for _ in range(3):
            with span("outer"):
                with span("inner"):
                    time.sleep(0.001)
                assert list(spans("values", range(2))) == [0, 1]
        time.sleep(0.002)
    return profile


def by_part(profile: Profile) -> dict[str, Row]:
    return {row.part: row for row in profile.rows()}


def test_parts_stand_before_what_they_consist_of_and_the_total_comes_last() -> None:
    parts = ["before", "outer", "outer/inner", "outer/values", f"outer/{OTHER}", OTHER, TOTAL]
    assert list(by_part(recorded())) == parts


def test_the_outermost_parts_sum_up_to_the_total_and_inner_ones_to_their_part() -> None:
    rows = by_part(recorded())
    for whole, parts in (
        (TOTAL, ["before", "outer", OTHER]),
        ("outer", ["outer/inner", "outer/values", f"outer/{OTHER}"]),
    ):
        for measure in ("seconds", "cpu_seconds", "share"):
            found = sum(getattr(rows[part], measure) for part in parts)
            assert found == pytest.approx(getattr(rows[whole], measure), abs=1e-9)
    assert rows[TOTAL].share == 1


def test_calls_are_counted_and_times_are_those_of_the_clock() -> None:
    rows = by_part(recorded())
    assert {part: row.calls for part, row in rows.items() if OTHER not in part} == {
        "before": 1,
        "outer": 3,
        "outer/inner": 3,
        "outer/values": 9,  # twice a value, and once the end
        TOTAL: 1,
    }
    assert rows["before"].seconds >= 0.002
    assert rows["outer/inner"].seconds >= 0.003
    assert rows["outer/inner"].cpu_seconds < rows["outer/inner"].seconds  # it slept
    assert rows[OTHER].seconds >= 0.002


def test_without_a_recording_nothing_is_done() -> None:
    values = [1, 2]
    assert span("anything") is NOTHING
    assert spans("anything", values) is values
    mark("anything")


def test_a_span_ends_with_an_error_too() -> None:
    profile = Profile()
    with pytest.raises(ValueError, match="mine"), profile.recording():
        with pytest.raises(KeyError), span("failed"):
            raise KeyError
        with span("later"):
            raise ValueError("mine")
    assert list(by_part(profile)) == ["failed", "later", OTHER, TOTAL]
    assert span("anything") is NOTHING


def test_a_trace_has_an_event_for_every_span_within_those_it_stood_in() -> None:
    trace = json.loads(recorded().trace())
    events = trace["traceEvents"]
    assert {event["ph"] for event in events} == {"X"}
    assert [event["name"] for event in events].count(["outer", "inner"][1]) == 3
    outer, inner = ([event for event in events if event["name"] == name] for name in ("outer", "inner"))
    for o, i in zip(outer, inner, strict=True):
        assert o["ts"] <= i["ts"] and i["ts"] + i["dur"] <= o["ts"] + o["dur"] + 0.2  # µs, rounded
    assert events[0]["name"] == "before" and events[0]["ts"] == 0 and events[0]["dur"] >= 2000
    assert trace["otherData"] == {"spans left out": 0}


def test_a_long_run_is_summed_up_whole_and_traced_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_EVENTS", 4)
    profile = recorded()
    trace = json.loads(profile.trace())
    assert len(trace["traceEvents"]) == 4
    assert trace["otherData"] == {"spans left out": 12}
    assert by_part(profile)["outer"].calls == 3


def test_the_process_began_before_this_test(monkeypatch: pytest.MonkeyPatch) -> None:
    used = time.process_time()
    begin = begin_of_process()
    assert time.perf_counter() - begin > used * 0.9
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)
    begin = begin_of_process()  # first: the processor may be another's between two looks at the clock
    assert time.perf_counter() - begin >= used
