"""Turns rotate, the first round is left out, slow contestants sit out, and figures are medians."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

from rnnlab.bench import timing
from rnnlab.bench.child import STATUS
from rnnlab.bench.cost import Axis, slopes
from rnnlab.bench.engines import Sizes
from rnnlab.bench.machine import SIZE, kept_to, matrix_rate
from rnnlab.bench.timing import Times, take_turns


class Clock:
    """A clock that only turns move."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.told = 0.0, list[tuple[str, int]]()
        monkeypatch.setattr(timing.time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(timing.time, "process_time", lambda: self.now / 2)

    def turn(self, name: str, *seconds: float):
        def take(number: int) -> None:
            self.told.append((name, number))
            self.now += seconds[number % len(seconds)]

        return take


def test_medians_leave_the_first_round_out_and_turns_rotate(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    turns = {"a": clock.turn("a", 9.0, 0.2, 0.1, 0.4), "b": clock.turn("b", 9.0, 0.4, 0.4, 0.4)}
    times = take_turns(turns, rounds=3)
    assert clock.told == [(w, n) for n, order in enumerate(["ab", "ba", "ab", "ba"]) for w in order]
    facts = times["a"].facts()
    assert facts == pytest.approx(
        {"seconds": 0.2, "lowest": 0.1, "highest": 0.4, "cpu_seconds": 0.1, "rounds": 3}
    )
    assert times["b"].over(times["a"]) == pytest.approx(2.0)  # of 2, 4 and 1


def test_slow_contestants_take_fewer_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    times = take_turns({"slow": clock.turn("slow", 2.0), "fast": clock.turn("fast", 0.1)}, rounds=8)
    assert len(times["slow"].seconds) == timing.FEWEST and len(times["fast"].seconds) == 8
    assert times["slow"].over(times["fast"]) == pytest.approx(20)


def test_ratios_are_of_common_rounds() -> None:
    one, other = Times({1: 1.0, 2: 2.0, 3: 3.0}, {}), Times({2: 1.0, 3: 1.0, 4: 50.0}, {})
    assert one.over(other) == 2.5


def test_slopes_are_the_exponents_of_a_power() -> None:
    sizes = np.array([8, 16, 32, 64])
    rows = [
        {"axis": "hidden", "value": int(value), "contestant": name, "seconds": 0.1 * float(value) ** power}
        for name, power in (("one", 1.0), ("other", 1.7))
        for value in sizes
    ]
    found = slopes(pd.DataFrame(rows)).set_index("contestant")["slope"]
    assert found.to_dict() == pytest.approx({"one": 1.0, "other": 1.7})


def test_an_axis_varies_its_own_size_and_a_larger_batch_leaves_as_many_batches() -> None:
    sizes = Sizes(batch=32, texts=64)
    assert Axis("hidden", (8,), sizes).at(8) == Sizes(hidden=8, batch=32, texts=64)
    assert Axis("batch", (8,), sizes).at(8) == Sizes(batch=8, texts=16)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux keeps a process to some cores")
def test_a_process_is_kept_to_its_cores_and_let_go_again() -> None:
    before = os.sched_getaffinity(0)
    with kept_to(1) as kept:
        assert kept and len(os.sched_getaffinity(0)) == 1
        torch.ones(8).sum()
    assert os.sched_getaffinity(0) == before


def test_a_matrix_product_counts_two_operations_a_term(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(1000))
    monkeypatch.setattr("rnnlab.bench.machine.time.perf_counter", lambda: float(next(ticks)))
    assert matrix_rate() == 2 * SIZE**3


TAKING = """
import sys
import numpy as np
from rnnlab.bench.child import high_water_mark
assert "torch" not in sys.modules  # which would count as JAX's
print(high_water_mark())
taken = np.ones(2**27, dtype=np.uint8)
del taken
print(high_water_mark())
"""


@pytest.mark.skipif(not STATUS.is_file(), reason="only Linux tells it")
def test_the_peak_of_memory_is_known_after_the_memory_is_gone() -> None:
    done = subprocess.run([sys.executable, "-c", TAKING], capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    assert after - before + 2**22 >= 2**27 and after - before < 2**28
