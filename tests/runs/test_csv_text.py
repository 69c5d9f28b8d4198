"""Tables that grow while a net trains: read back and added to, they are what they would have been."""

import math

import pandas as pd
import pytest

from rnnlab.runs.csv_text import CsvText

FRAME = pd.DataFrame(
    {"epoch": [0, 0, 1], "word": ["a,b", 'say "no"', "two\nlines\r"], "x": [0.1 + 0.2, math.nan, 1e-300]}
)


def test_text_that_is_read_and_written_stays_the_same() -> None:
    table = CsvText.of(FRAME)
    assert len(table.rows) == 3 and str(table) == FRAME.to_csv(index=False, lineterminator="\n")
    assert CsvText.read(str(table)) == table
    assert table.cells()[2:] == [["0", 'say "no"', ""], ["1", "two\nlines\r", "1e-300"]]


def test_rows_of_the_same_columns_follow_as_in_one_frame() -> None:
    parts = CsvText.of(FRAME[:1]).followed_by(CsvText.of(FRAME[1:]))
    assert str(parts) == str(CsvText.of(FRAME))


def test_rows_of_other_columns_leave_numbers_as_they_were_written() -> None:
    both = CsvText.of(FRAME[["epoch", "x"]]).followed_by(CsvText.of(FRAME[["epoch", "word"]]))
    assert both.header == "epoch,x,word"
    assert both.rows[0] == "0,0.30000000000000004," and both.rows[-1].startswith("1,,")


def test_rows_are_chosen_by_their_first_cell() -> None:
    assert CsvText.of(FRAME).filtered(lambda cell: cell == "1").cells()[1:] == [
        ["1", "two\nlines\r", "1e-300"]
    ]


@pytest.mark.parametrize("text", ["", "a,b", "a,b\n1,2\n3"])
def test_half_a_file_is_no_table(text: str) -> None:
    with pytest.raises(ValueError, match="whole rows"):
        CsvText.read(text)
