"""What a report page is made of: plain data, drawn by `templates/report.html`."""

import re
from dataclasses import dataclass, field

import pandas as pd
from matplotlib.figure import Figure

MOST_ROWS, MOST_COLUMNS = 40, 60  # of a table in a page
NARROW = 54  # characters
NUMBER = re.compile(r"[-−+\d.,e ±…]*|inf|nan")


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of plain text, or preformatted with `code`."""

    text: str
    code: bool = False
    kind: str = field(default="paragraph", init=False)


@dataclass(frozen=True)
class Table:
    """A table; cells are text already formatted. A folded one opens when asked."""

    header: list[str]
    rows: list[list[str]]
    caption: str = ""
    folded: bool = False
    kind: str = field(default="table", init=False)

    @property
    def texts(self) -> list[bool]:
        """For each column whether it holds text, to be read from the left, rather than numbers."""
        return [not all(NUMBER.fullmatch(cell) for cell in column) for column in self._columns]

    @property
    def narrow(self) -> bool:
        """Whether the table needs no more room than a figure, its header broken into words."""
        columns = zip(self.header, self._columns, strict=True)
        widths = [max(map(len, [*name.split(), *cells]), default=0) + 2 for name, cells in columns]
        return sum(widths) <= NARROW

    @property
    def _columns(self) -> list[tuple[str, ...]]:
        return list(zip(*self.rows, strict=True)) if self.rows else [()] * len(self.header)

    @classmethod
    def of(cls, frame: pd.DataFrame, caption: str = "", *, digits: int = 4, folded: bool = False) -> "Table":
        """Returns a table of a DataFrame, numbers with `digits` significant digits, gaps for NaN.

        Of a large one the first and last rows are shown; the caption says how many there are.
        """
        half, notes = MOST_ROWS // 2, [caption] if caption else []
        shown = frame.iloc[:, :MOST_COLUMNS]
        if len(frame.columns) > MOST_COLUMNS:
            notes.append(f"the first {MOST_COLUMNS} of {len(frame.columns):,} columns")
        large = len(frame) > MOST_ROWS
        if large:
            notes.append(f"the first and the last {half} of {len(frame):,} rows")
            shown = pd.concat([shown.iloc[:half], shown.iloc[-half:]])
        rows = [[_cell(value, digits) for value in row] for row in shown.itertuples(index=False, name=None)]
        if large:
            rows.insert(half, ["…"] * len(shown.columns))
        # A name with a space in it is written for people, and may hold a label.
        header = [name if " " in name else name.replace("_", " ") for name in map(str, shown)]
        return cls(header, rows, "; ".join(notes), folded)


@dataclass(frozen=True)
class Picture:
    """A figure; `name` is that of its PNG file, without the ending."""

    name: str
    title: str
    figure: Figure
    kind: str = field(default="picture", init=False)


Block = Paragraph | Table | Picture


@dataclass(frozen=True)
class Section:
    """A part of the page; a folded one opens when asked."""

    title: str
    blocks: list[Block]
    folded: bool = False


def _cell(value: object, digits: int) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and pd.isna(value)):
        return ""
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)
