import gzip
import math
from pathlib import Path

import numpy as np
import pytest

from rnnlab.core.errors import InputError
from rnnlab.data.series import read_series, sine, windows


def write(folder: Path, text: str, name: str = "bad.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_columns_are_read_by_name_and_in_the_order_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, "day,temperature , wind\nMon,1.5,2\nTue,-1e1,3\n\n")
    series = read_series(path, ("wind", "temperature"))
    assert series.names == ("wind", "temperature")
    np.testing.assert_array_equal(series.values, [[2, 1.5], [3, -10]])


def test_tabs_and_compression_are_told_by_the_name(tmp_path: Path) -> None:
    expected = read_series(write(tmp_path, "a,b\n1,2\n", "x.csv"))
    assert expected.values.tolist() == [[1, 2]]
    (tmp_path / "x.tsv.gz").write_bytes(gzip.compress(b"\xef\xbb\xbfa\tb\r\n1\t2\r\n"))
    found = read_series(tmp_path / "x.tsv.gz")
    assert found.names == expected.names
    np.testing.assert_array_equal(found.values, expected.values)


BAD = {
    "gap": ("a,b\n1,2\n3,\n", None, ["line 3", "column 'b'", "an empty cell"]),
    "gap of spaces": ("a,b\n1,  \n", None, ["line 2", "column 'b'", "an empty cell"]),
    "text": ("a,b\n1,2\nx,4\n", None, ["line 3", "column 'a'", "expected a number", "'x'"]),
    "NaN": ("a\n1\nnan\n", None, ["line 3", "column 'a'", "'nan'"]),
    "infinite": ("a\n1\n-inf\n", None, ["line 3", "column 'a'", "'-inf'"]),
    "too large": ("a\n1e999\n", None, ["line 2", "column 'a'", "'1e999'"]),
    "decimal comma": ('a\n"1,5"\n', None, ["line 2", "column 'a'", "'1,5'"]),
    "too few cells": ("a,b\n1,2\n3\n", None, ["line 3", "cells", "has, 2, found 1"]),
    "too many cells": ("a,b\n1,2,3\n", None, ["line 2", "cells", "has, 2, found 3"]),
    "blank line": ("a,b\n1,2\n\n3,4\n", None, ["line 3", "cells", "has, 2, found 0"]),
    "column twice": ("a,a\n1,2\n", None, ["line 1", "distinct", "'a,a'"]),
    "unknown column": ("wind,rain\n1,2\n", ("wnd",), ["line 1", "'wnd'", "'wind'", "wind, rain"]),
    "no rows": ("a,b\n", None, ["no rows"]),
    "nothing": ("", None, ["line 1", "names of the columns"]),
    "no header": ("1,2\n3,4\n", None, ["line 1", "no numbers", "'1,2'"]),
    "column without a name": (",x\n0,1\n", None, ["line 1", "',x'"]),
    "open quote": ('a,b\n1,"2\n3,4\n', None, ["line 2", "not a row of a CSV"]),
    "name over two lines": ('"a\nb",c\n1,x\n', None, ["column 'c'", "'x'"]),
    "endless cell": (f"a\n{'1' * 200_000}\n", None, ["line 2", "expected a number"]),
}


@pytest.mark.parametrize(("text", "wanted", "parts"), BAD.values(), ids=BAD.keys())
def test_what_is_no_number_is_told_with_line_and_column(
    text: str, wanted: tuple[str, ...] | None, parts: list[str], tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        read_series(write(tmp_path, text), wanted)
    message = str(caught.value)
    assert "\n" not in message and "bad.csv" in message
    for part in parts:
        assert part in message


def test_a_sine_without_noise_is_exact_and_its_noise_is_of_the_stated_size() -> None:
    series = sine(2000, period=25, noise=0, rng=np.random.default_rng(0))
    values = series.values[:, 0]
    # sin(x + d) = 2 cos d sin x − sin(x − d): any two rows give the next.
    next_ = 2 * math.cos(2 * math.pi / 25) * values[1:-1] - values[:-2]
    assert np.abs(values).max() > 0.99
    np.testing.assert_allclose(values[2:], next_, atol=1e-12)
    noisy = sine(2000, period=25, noise=0.3, rng=np.random.default_rng(0)).values[:, 0]
    assert (noisy - values).std() == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize("horizon", [1, 3])
@pytest.mark.parametrize("every_step", [False, True], ids=["many to one", "many to many"])
def test_windows_are_all_there_are_and_targets_lie_a_horizon_ahead(every_step: bool, horizon: int) -> None:
    rows = np.arange(20, dtype=float)
    inputs, targets = windows(
        rows[:, None], 100 + rows[:, None], 4, horizon=horizon, every_step=every_step, name="data.train"
    )
    assert inputs[:, 0, 0].tolist() == list(range(20 - 4 - horizon + 1))
    for window, wanted in zip(inputs, targets, strict=True):
        assert np.diff(window[:, 0]).tolist() == [1, 1, 1]
        expected = 100 + window + horizon if every_step else 100 + window[-1] + horizon
        np.testing.assert_array_equal(wanted, expected)
    assert targets.max() == 119


def test_rows_too_few_for_a_window_are_told() -> None:
    rows = np.zeros((6, 1))
    assert len(windows(rows, rows, 5, horizon=1, every_step=False, name="x")[0]) == 1
    with pytest.raises(InputError, match=r"^data.valid: 6 rows; .* task.window \+ task.horizon = 7$"):
        windows(rows, rows, 5, horizon=2, every_step=False, name="data.valid")
