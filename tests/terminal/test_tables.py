"""Rows as tables, CSV and JSON lines."""

import json

import pandas as pd
import pytest
from rich.text import Text

from rnnlab.terminal.tables import print_frame, print_rows

ROWS = pd.DataFrame({"word": ["[bold]a", "\x1b[2Jb"], "share": [0.123456, float("nan")], "count": [12345, 2]})


def lines_of(out: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip("│┃").split(line[0])]
        for line in out.splitlines()
        if line[0] in "│┃"
    ]


def test_cells_are_text_and_never_markup_or_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS)
    header, first, second = lines_of(capsys.readouterr().out)
    assert header == ["word", "share", "count"]
    assert first == ["[bold]a", "0.1235", "12,345"]
    assert second == ["\\x1b[2Jb", "-", "2"]


def test_a_column_may_have_a_format_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, {"share": ".1f", "count": lambda count: f"<{count}>"}, missing="")
    _, first, second = lines_of(capsys.readouterr().out)
    assert (first[1:], second[1:]) == (["0.1", "<12345>"], ["", "<2>"])


def test_a_text_with_a_style_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(pd.DataFrame({"": [Text("  indented", style="red")]}), plain=True)
    assert "  indented" in capsys.readouterr().out


def test_groups_are_parted_by_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(pd.DataFrame({"model": ["a", "a", "b"], "x": [1, 2, 3]}), group="model")
    assert [line[0] for line in capsys.readouterr().out.splitlines()] == list("┏┃┡││├│└")


def test_programs_get_texts_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    print_frame(ROWS, "csv")
    assert capsys.readouterr().out == ROWS.to_csv(index=False)
    print_frame(ROWS, "jsonl")
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {"word": "[bold]a", "share": 0.123456, "count": 12345}
    assert second == {"word": "\x1b[2Jb", "share": None, "count": 2}
