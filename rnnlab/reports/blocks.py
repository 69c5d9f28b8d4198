"""What a report page is made of: plain data, drawn by `templates/report.html`."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
from matplotlib.figure import Figure

MOST_ROWS, MOST_COLUMNS = 40, 60  # of a table in a page
NARROW = 54  # characters
MOST_DECIMALS = 7
NUMBER = re.compile(r"[-−+\d.,e ±…]*|inf|nan")


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of plain text, or preformatted with `code`; terms: see `rnnlab.reports.definitions`."""

    text: str
    code: bool = False
    terms: tuple[str, ...] = ()
    kind: str = field(default="paragraph", init=False)


@dataclass(frozen=True)
class Finding:
    """A sentence made of measured figures.

    sure: how sure it is, in a few words, if that is to be said; see: the anchor of the section that shows it.
    """

    text: str
    sure: str = ""
    see: str = ""


@dataclass(frozen=True)
class Findings:
    """Sentences that answer, one below the other."""

    items: list[Finding]
    terms: tuple[str, ...] = ()
    kind: str = field(default="findings", init=False)


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
    def of(
        cls,
        frame: pd.DataFrame,
        caption: str = "",
        *,
        digits: int = 4,
        decimals: Mapping[str, int] | None = None,
        folded: bool = False,
    ) -> "Table":
        """Returns a table of a DataFrame, gaps for NaN.

        The numbers of a column have equally many decimals, so that its largest one has `digits` significant
        digits, or as many as `decimals` says; where that would hide small ones, each has its own.
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
        given = decimals or {}
        columns = [_cells(shown.iloc[:, i], digits, given.get(str(name))) for i, name in enumerate(shown)]
        rows = [list(row) for row in zip(*columns, strict=True)]
        if large:
            rows.insert(half, ["…"] * len(shown.columns))
        # A name with a space in it is written for people, and may hold a label.
        header = [name if " " in name else name.replace("_", " ") for name in map(str, shown)]
        return cls(header, rows, "; ".join(notes), folded)


@dataclass(frozen=True)
class Picture:
    """A figure.

    name: that of its PNG file, without the ending; reading: one line on how to read it; terms: what of it
    the page defines (see `rnnlab.reports.definitions`).
    """

    name: str
    title: str
    figure: Figure
    reading: str = ""
    terms: tuple[str, ...] = ()
    kind: str = field(default="picture", init=False)


Block = Paragraph | Findings | Table | Picture


@dataclass(frozen=True)
class Section:
    """A part of the page.

    folded: opens when asked; short: what the contents call it, else its title; sections: parts of the part,
    which the contents list in one line; anchor: what links to it say behind the `#`, else made of the title.
    """

    title: str
    blocks: list[Block]
    folded: bool = False
    short: str = ""
    sections: list["Section"] = field(default_factory=list)
    anchor: str = ""

    def __post_init__(self) -> None:
        if not self.anchor:
            object.__setattr__(self, "anchor", anchor_of(self.title))


def anchor_of(text: str) -> str:
    """Returns text as the name of a place in a page: small letters, digits and hyphens."""
    return "-".join(re.findall("[a-z0-9]+", text.lower())) or "section"


def _cells(column: pd.Series, digits: int, decimals: int | None) -> list[str]:
    """Returns a column as text; see `Table.of`."""
    numbers = [value for value in column if isinstance(value, float) and math.isfinite(value)]
    if decimals is None:
        decimals = _decimals(numbers, digits)
    return [_cell(value, digits, decimals) for value in column]


def _decimals(numbers: Sequence[float], digits: int) -> int | None:
    """Returns how many decimals suit all numbers; None where some are too small or too large for the same."""
    sizes = [abs(number) for number in numbers if number]
    if not sizes or all(number.is_integer() for number in numbers):
        return 0 if numbers else None
    decimals = digits - 1 - math.floor(math.log10(max(sizes)))
    # What only nearly is 1 must not look like it: a cosine, a probability.
    while decimals < MOST_DECIMALS and any(size != 1 and round(size, decimals) == 1 for size in sizes):
        decimals += 1
    return decimals if 0 <= decimals <= MOST_DECIMALS and min(sizes) >= 10.0**-decimals else None


def _cell(value: object, digits: int, decimals: int | None) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and pd.isna(value)):
        return ""
    if not isinstance(value, float):
        return str(value)
    if decimals is not None and math.isfinite(value):
        return f"{value:.{decimals}f}"
    shown = f"{value:.{digits}g}"
    return f"{value:.{MOST_DECIMALS}g}" if shown in ("1", "-1") else shown
