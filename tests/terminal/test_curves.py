"""Curves of characters are drawn of whatever stands in a table, whose figures may be a stranger's."""

import math
import os

import pytest

from rnnlab.terminal.curves import Curve, print_curves

VALUES = [0.5, 1e308, -1e308, 5e-324, math.inf, -math.inf, math.nan, 1e15]
CURVES = [
    Curve([0, 1, 2], [0.5, a, b], marker) for a in VALUES for b in VALUES for marker in ("braille", "·")
]
CURVES += [Curve([*x], [0.5] * len(x), "·") for x in ([], [0], [0, 2**62], [-(2**62), 2**62], [3, 1, 1])]


@pytest.mark.parametrize("limits", [None, (0, 1)])
def test_no_figure_ends_the_process(limits: tuple[float, float] | None) -> None:
    child = os.fork()  # plotext's library, written in C, would take all tests along
    if not child:
        code = 1
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            for curve in CURVES:
                print_curves([curve], x_label="epoch", height=12, limits=limits)
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_what_is_not_finite_is_left_out_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    print_curves([Curve([0, 1, 2, 3], [0.5, math.inf, math.nan, 0.2], "·", "loss")], x_label="", height=12)
    assert "loss (2 not finite)" in capsys.readouterr().out
