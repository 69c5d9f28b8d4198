"""Sequences with targets from .npz and CSV: every form that is promised, and one line for all others."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnlab.core.errors import InputError
from rnnlab.data.sequences import Targets, read_sequences

N, T, F, O = 5, 4, 3, 2  # noqa: E741


def npz(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "s.npz", **arrays)
    return folder / "s.npz"


def table(folder: Path, *lines: str) -> Path:
    (folder / "s.csv").write_text("".join(f"{line}\n" for line in lines))
    return folder / "s.csv"


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape)


def classes(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(3, size=shape)


@pytest.mark.parametrize(
    ("y", "every_step", "shape"),
    [
        (numbers(N), False, (N, 1)),
        (numbers(N, O), False, (N, O)),
        (numbers(N, T), True, (N, T, 1)),
        (numbers(N, T, O), True, (N, T, O)),
        (classes(N), False, (N,)),
        (classes(N, 1), False, (N,)),
        (classes(N, T), True, (N, T)),
        (classes(N, T, 1), True, (N, T)),
        (np.array(list("abcab")), False, (N,)),
    ],
)
@pytest.mark.parametrize("features", [None, F])
def test_npz(
    y: np.ndarray, every_step: bool, shape: tuple[int, ...], features: int | None, tmp_path: Path
) -> None:
    kind: Targets = "numbers" if y.dtype.kind == "f" else "classes"
    x = numbers(N, T) if features is None else numbers(N, T, features)
    found = read_sequences(npz(tmp_path, x=x, y=y), kind)
    np.testing.assert_array_equal(found.inputs, x.reshape(N, T, -1))
    assert found.lengths.tolist() == [T] * N and found.every_step == every_step
    assert found.targets.shape == shape and abs(found.inputs).sum() > 0
    assert found.targets.ravel().tolist() == y.astype(found.targets.dtype).ravel().tolist()


def test_as_many_outputs_as_steps_are_steps_unless_one_says_otherwise(tmp_path: Path) -> None:
    y = numbers(N, T)
    path = npz(tmp_path, x=numbers(N, T), y=y)
    found = read_sequences(path, "numbers", every_step=False)
    assert not found.every_step and found.targets.tolist() == y.tolist()
    assert read_sequences(path, "numbers").targets[..., 0].tolist() == y.tolist()


GOOD = {"x": numbers(N, T, F), "y": numbers(N)}
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no y": ({"x": GOOD["x"]}, r"expected arrays x and y, found 'x'$"),
    "one more": ({**GOOD, "z": np.ones(1)}, r"found 'x', 'y', 'z'$"),
    "x flat": ({**GOOD, "x": numbers(N)}, r"x: expected numbers \(sequences, time\).* found float64 \(5,\)$"),
    "x texts": ({**GOOD, "x": np.array([["a"] * T] * N)}, r"x: expected numbers"),
    "x empty": ({**GOOD, "x": np.zeros((N, 0))}, r"x: expected numbers.*\(5, 0\)$"),
    "x nan": ({**GOOD, "x": np.full((N, T, F), np.nan)}, r"x\[0, 0, 0\]: expected a finite number$"),
    "y inf": ({**GOOD, "y": np.array([1, 2, np.inf, 4, 5])}, r"y\[2, 0\]: expected a finite number$"),
    "fewer y": ({**GOOD, "y": numbers(N - 1)}, r"y: expected \(5,\).* beside x \(5, 4, 3\), found \(4,\)$"),
    "y too deep": ({**GOOD, "y": numbers(N, T, 1, 1)}, r"y: expected .*found \(5, 4, 1, 1\)$"),
    "y integers": ({**GOOD, "y": classes(N)}, r"which are no numbers; expected task.targets=classes"),
    "objects": ({**GOOD, "y": np.array([{}] * N)}, r"not readable as .npz without pickle"),
}


@pytest.mark.parametrize(("arrays", "message"), BAD.values(), ids=BAD.keys())
def test_a_npz_of_another_form_is_refused(arrays: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read_sequences(npz(tmp_path, **arrays), "numbers")
    assert re.search(message, str(error.value)) and "s.npz: " in str(error.value), error.value


def test_numbers_are_no_classes_and_steps_that_are_not_there_no_steps(tmp_path: Path) -> None:
    path = npz(tmp_path, **GOOD)
    with pytest.raises(InputError, match=r"y holds float64, which are no classes; .*task.targets=numbers"):
        read_sequences(path, "classes")
    with pytest.raises(InputError, match=r"y: expected \(5, 4\) or \(5, 4, outputs\) .*found \(5,\)"):
        read_sequences(path, "numbers", every_step=True)


def test_a_broken_or_missing_npz_is_refused_in_a_line(tmp_path: Path) -> None:
    path = npz(tmp_path, **GOOD)
    path.write_bytes(path.read_bytes()[:200])
    np.save(tmp_path / "one.npy", np.ones(3))
    (tmp_path / "one.npy").rename(tmp_path / "array.npz")
    (tmp_path / "text.npz").write_text("x,y\n")
    for name, message in {
        "s.npz": "expected a .npz file",
        "array.npz": "expected a .npz file",
        "text.npz": "expected a .npz file",
        "z.npz": "no such file",
        ".": "is a folder",
    }.items():
        with pytest.raises(InputError, match=message) as error:
            read_sequences(tmp_path / name, "numbers")
        assert "\n" not in str(error.value)


LAST = ["sequence,step,x1,x2,y", "a,1,1,2,", "a,2,3,4,0.5", "b,1,5,6,7"]


def test_csv_of_different_lengths_with_a_target_at_the_end(tmp_path: Path) -> None:
    found = read_sequences(table(tmp_path, *LAST), "numbers")
    assert found.inputs.tolist() == [[[1, 2], [3, 4]], [[5, 6], [0, 0]]]
    assert found.lengths.tolist() == [2, 1] and found.targets.tolist() == [[0.5], [7]]
    assert not found.every_step


def test_csv_with_a_target_at_some_steps(tmp_path: Path) -> None:
    lines = ["step,sequence,y1,y2,x", "0,a,1,2,9", "1,a,,,8", "2,a,3,4,7", "0,b,5,6,5"]
    found = read_sequences(table(tmp_path, *lines), "numbers")
    assert found.every_step and found.targets.shape == (2, 3, 2)
    nan = np.nan
    expected = [[[1, 2], [nan, nan], [3, 4]], [[5, 6], [nan, nan], [nan, nan]]]
    np.testing.assert_array_equal(found.targets, expected)


def test_csv_of_classes(tmp_path: Path) -> None:
    lines = ["sequence,step,x,y", "1,1,0.5,up", "1,2,1,", "2,1,3,down"]
    found = read_sequences(table(tmp_path, *lines), "classes")
    assert found.targets.tolist() == [["up", ""], ["down", ""]] and found.every_step


BAD_CSV: dict[str, tuple[list[str], str]] = {
    "no y": (["sequence,step,x", "a,1,1"], "line 1: expected columns sequence, step, x"),
    "a name too many": (["sequence,step,x,y,z", "a,1,1,1,1"], "line 1: expected columns"),
    "no names": (["a,1,1,2", "a,2,1,2"], "line 1: expected columns"),
    "nothing": (["sequence,step,x,y"], "holds no steps"),
    "a step missing": ([*LAST, "b,3,1,2,3"], "line 5: expected step 2 of 'b', found '3'"),
    "begins at two": ([*LAST, "c,2,1,2,3"], "line 5: expected step 1 of 'c', found '2'"),
    "in two parts": ([*LAST, "a,3,1,2,3"], "line 5: sequence 'a' goes on"),
    "no number": ([*LAST, "c,1,one,2,3"], "line 5, column x1: expected a number, found 'one'"),
    "no finite target": ([*LAST, "c,1,1,2,inf"], "line 5, column y: expected a number, found 'inf'"),
    "no target": ([*LAST, "c,1,1,2,"], "line 5: sequence 'c' ends without a target"),
    "a cell too few": ([*LAST, "c,1,1,2"], "line 5: expected as many cells as line 1 has, 5, found 4"),
}


@pytest.mark.parametrize(("lines", "message"), BAD_CSV.values(), ids=BAD_CSV.keys())
def test_a_csv_of_another_form_is_refused_by_its_line(lines: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read_sequences(table(tmp_path, *lines), "numbers")
    assert message in str(error.value) and "s.csv" in str(error.value)
