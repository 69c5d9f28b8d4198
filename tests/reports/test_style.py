"""How figures look: lines told apart without colour, powers of ten as text."""

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from rnnlab.reports.style import STYLE, label, line_style, log_y


def axis_labels(low: float, high: float) -> list[str]:
    with matplotlib.rc_context(STYLE):
        figure = Figure()
        axes = figure.subplots()
        axes.plot([0, 1], [low, high])
        log_y(axes)
        figure.draw_without_rendering()
        return [text.get_text() for text in axes.get_yticklabels(which="both") if text.get_text()]


def test_lines_differ_without_colour() -> None:
    styles = [line_style(number, 5) for number in range(30)]
    assert len({(str(style["linestyle"]), style["marker"]) for style in styles}) == 30


def test_a_logarithmic_axis_says_powers_of_ten_in_plain_text() -> None:
    assert {"10⁻⁶", "10⁰"} <= set(axis_labels(1e-7, 2.0))


def test_a_logarithmic_axis_of_less_than_a_decade_is_labelled_within() -> None:
    assert {"2·10⁻³", "6·10⁻³"} <= set(axis_labels(2e-3, 7e-3))


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan])
def test_an_axis_with_nothing_positive_stays_linear(value: float) -> None:
    with matplotlib.rc_context(STYLE):
        axes = Figure().subplots()
        axes.plot([0, 1], [value, value])
        log_y(axes)
    assert axes.get_yscale() == "linear"


def test_a_long_word_is_cut() -> None:
    assert len(label("x" * 1000)) == 60
