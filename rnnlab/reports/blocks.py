"""What a report page is made of: plain data, drawn by `templates/report.html`."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from rnnlab.reports.scales import Scale


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of plain text, or preformatted with `code`."""

    text: str
    code: bool = False
    kind: str = field(default="paragraph", init=False)


@dataclass(frozen=True)
class Grid:
    """A table; cells are text already formatted."""

    header: list[str]
    rows: list[list[str]]
    caption: str = ""
    kind: str = field(default="grid", init=False)

    @classmethod
    def of(cls, frame: pd.DataFrame, caption: str = "", digits: int = 4) -> "Grid":
        """Returns a table of a DataFrame, numbers with `digits` significant digits, gaps for NaN."""
        rows = [[_cell(value, digits) for value in row] for row in frame.itertuples(index=False)]
        return cls([str(name).replace("_", " ") for name in frame.columns], rows, caption)


@dataclass(frozen=True)
class Series:
    """One line of a chart, or with line=False its points alone; NaN leaves a gap.

    band: lower and upper values, drawn as an area.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    band: tuple[Sequence[float], Sequence[float]] | None = None
    line: bool = True


@dataclass(frozen=True)
class Chart:
    """Lines over a common x axis, with values that show when pointed at."""

    title: str
    x_label: str
    y_label: str
    series: list[Series]
    log_y: bool = False
    y_range: tuple[float, float] | None = None
    whole_x: bool = True
    kind: str = field(default="chart", init=False)

    WIDTH, HEIGHT = 640, 300
    LEFT, RIGHT, TOP, BOTTOM = 88, 14, 12, 50

    @property
    def scales(self) -> tuple[Scale, Scale]:
        """The x and y scales, in the units of the drawing."""
        xs = [x for line in self.series for x in line.x]
        ys = [y for line in self.series for y in (*line.y, *(line.band[0] if line.band else ()))]
        ys += [y for line in self.series if line.band for y in line.band[1]]
        return (
            Scale.around(xs, self.LEFT, self.WIDTH - self.RIGHT, whole=self.whole_x),
            Scale.around(ys, self.HEIGHT - self.BOTTOM, self.TOP, log=self.log_y, limits=self.y_range),
        )

    def points(self, line: Series) -> list[tuple[float, float, float, float]]:
        """Returns (drawn x, drawn y, x, y) of the points of a line that can be drawn."""
        across, up = self.scales
        pairs = zip(line.x, line.y, strict=True)
        return [(across(x), up(y), x, y) for x, y in pairs if up.shows(y) and across.shows(x)]

    def area(self, line: Series) -> str:
        """Returns the outline of a line's band as SVG points."""
        across, up = self.scales
        assert line.band is not None
        lower = [(across(x), up(y)) for x, y in zip(line.x, line.band[0], strict=True) if up.shows(y)]
        upper = [(across(x), up(y)) for x, y in zip(line.x, line.band[1], strict=True) if up.shows(y)]
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in [*lower, *reversed(upper)])


@dataclass(frozen=True)
class Heatmap:
    """Values on a grid, darker for larger; log takes their logarithm first. values[row][column]."""

    title: str
    x_label: str
    y_label: str
    columns: list[float]
    rows: list[float]
    values: list[list[float]]
    log: bool = True
    kind: str = field(default="heatmap", init=False)

    @property
    def cells(self) -> list[tuple[int, int, float, float]]:
        """(column number, row number, value, darkness 0 … 1) of every value that can be shown."""
        flat = [value for row in self.values for value in row]
        scale = Scale.around(flat, 0.0, 1.0, log=self.log)
        return [
            (column, number, value, min(max(scale(value), 0.0), 1.0))
            for number, row in enumerate(self.values)
            for column, value in enumerate(row)
            if scale.shows(value)
        ]


@dataclass(frozen=True)
class Section:
    """A part of the page; a folded one opens when asked."""

    title: str
    blocks: list[Paragraph | Grid | Chart | Heatmap]
    folded: bool = False


def _cell(value: object, digits: int) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and pd.isna(value)):
        return ""
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)
