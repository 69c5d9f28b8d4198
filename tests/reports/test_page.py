import re

import pandas as pd
import pytest

from rnnlab.reports.blocks import Chart, Grid, Heatmap, Paragraph, Section, Series
from rnnlab.reports.page import render
from rnnlab.reports.scales import Scale

EVIL = '<script>alert("1")</script>'


def test_foreign_text_is_escaped_wherever_it_stands():
    chart = Chart(EVIL, EVIL, EVIL, [Series(EVIL, [0, 1], [0.5, 1.0])])
    heatmap = Heatmap(EVIL, EVIL, EVIL, [0.0, 1.0], [0.0], [[1.0, 2.0]])
    grid = Grid([EVIL], [[EVIL]], EVIL)
    blocks = [chart, heatmap, grid, Paragraph(EVIL), Paragraph(EVIL, code=True)]
    page = render(EVIL, [Section(EVIL, blocks), Section(EVIL, blocks, folded=True)])
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 20


def test_a_page_needs_no_network():
    page = render("t", [Section("s", [Paragraph("p")])])
    assert not re.search(r"(src|href)\s*=|url\(|@import", page)


def test_every_point_of_a_line_shows_its_value_when_pointed_at():
    page = render(
        "t", [Section("s", [Chart("c", "epoch", "loss", [Series("valid", [0, 1, 2], [0.7, 0.5, 0.25])])])]
    )
    assert re.findall(r"<title>(valid.*?)</title>", page) == [
        "valid: 0.7 at epoch 0",
        "valid: 0.5 at epoch 1",
        "valid: 0.25 at epoch 2",
    ]


def test_gaps_and_values_without_a_place_are_left_out_of_a_line():
    chart = Chart("c", "x", "y", [Series("a", [0, 1, 2, 3], [1.0, float("nan"), 0.0, 10.0])], log_y=True)
    assert [(x, y) for _, _, x, y in chart.points(chart.series[0])] == [(0, 1.0), (3, 10.0)]


@pytest.mark.parametrize("values", [[], [float("nan")], [0.0], [3.0, 3.0]])
@pytest.mark.parametrize("log", [False, True])
def test_a_scale_without_extent_still_draws(values: list[float], log: bool):
    scale = Scale.around(values, 0.0, 100.0, log=log)
    assert scale.low < scale.high
    assert all(-1e-6 <= scale(tick) <= 100 + 1e-6 for tick in scale.ticks)


def test_a_logarithmic_scale_gives_every_decade_the_same_room():
    scale = Scale.around([1e-4, 1.0], 0.0, 100.0, log=True)
    assert [round(scale(10.0**power), 6) for power in range(-4, 1)] == [0, 25, 50, 75, 100]


def test_gaps_of_a_table_are_empty_cells():
    grid = Grid.of(pd.DataFrame({"a": [1.0, float("nan")], "b": ["x", None]}))
    assert grid.rows == [["1", "x"], ["", ""]]


def test_control_characters_of_foreign_text_do_not_reach_the_page() -> None:
    page = render("a\x1b[31mb", [Section("s", [Paragraph("tab\tstays\nnbsp\xa0too \x00\x9b")])])
    assert not any(character in page for character in "\x1b\x00\x9b")
    assert "a\ufffd[31mb" in page and "tab\tstays\nnbsp\xa0too" in page
