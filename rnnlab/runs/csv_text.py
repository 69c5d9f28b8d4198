"""A CSV table that grows while a net trains, as text: what is read back and written again stays the same."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import pandas as pd


@dataclass(frozen=True)
class CsvText:
    """A header and rows, each the text of a record without its end."""

    header: str
    rows: tuple[str, ...]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Self:
        """Returns a frame's rows; NaN is an empty cell."""
        return cls.read(frame.to_csv(index=False, lineterminator="\n"))

    @classmethod
    def read(cls, text: str) -> Self:
        """Returns a table from the text of its file; raises ValueError for one without a header."""
        records: list[str] = []
        for line in text.split("\n")[:-1]:
            # Within quotes, of which a record has an even number, a line may end.
            if records and records[-1].count('"') % 2:
                records[-1] += "\n" + line
            else:
                records.append(line)
        if not records or text[-1:] != "\n":
            raise ValueError("expected a line of column names and whole rows")
        return cls(records[0], tuple(records[1:]))

    def cells(self) -> list[list[str]]:
        """Returns the cells, the names of the columns first; raises ValueError for what is no CSV."""
        try:
            return list(csv.reader(io.StringIO(str(self), newline="")))
        except csv.Error as error:
            raise ValueError(str(error)) from None

    def filtered(self, keep: Callable[[str], bool]) -> Self:
        """Returns the rows whose first cell `keep` wants."""
        return type(self)(self.header, tuple(row for row in self.rows if keep(row.partition(",")[0])))

    def followed_by(self, other: Self) -> Self:
        """Returns the rows of both, under the columns of both, those of the other at the end."""
        if self.header == other.header:
            return type(self)(self.header, self.rows + other.rows)
        # As text: a number that is whole in one of them stays so.
        frames = [pd.DataFrame(rows, columns=names) for names, *rows in (self.cells(), other.cells())]
        return self.of(pd.concat(frames, ignore_index=True))

    def __str__(self) -> str:
        return "".join(f"{record}\n" for record in (self.header, *self.rows))
