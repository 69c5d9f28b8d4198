"""What a training costs against its sizes: a panel per size, a line per contestant, on logarithmic axes."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from rnnlab.reports.style import LINES, MARKERS, QUIET, SERIES, TRAIN, VALID, log_y, styled

ROOM = 0.35  # of a panel's height, for its legend
COLOURS = (TRAIN, VALID, *SERIES)
LABELS = {
    "hidden": ("hidden units", "seconds per batch"),
    "length": ("words of the longest text", "seconds per batch"),
    "batch": ("texts of a batch", "seconds per batch"),
    "texts": ("texts", "seconds per epoch"),
}


@styled
def draw_costs(costs: pd.DataFrame, slopes: pd.DataFrame, rate: float) -> Figure:
    """Returns a figure of `rnnlab.bench.cost.costs`.

    Bars reach from the fastest to the slowest round; each line's slope over the upper half of the sizes
    stands beside its name. Below all lines, the time that the matrix products alone take at `rate` operations
    a second.
    """
    axes_of = list(costs.groupby("axis", sort=False))
    columns = min(len(axes_of), 2)
    rows = -(-len(axes_of) // columns)
    figure = Figure(figsize=(5.2 * columns, 3.6 * rows + 0.5), layout="constrained")
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for panel, (name, of_axis) in zip(panels, axes_of, strict=False):
        _draw(panel, str(name), of_axis, slopes[slopes["axis"] == name], rate)
    for panel in panels[len(axes_of) :]:
        panel.remove()
    return figure


def _draw(panel: Axes, name: str, costs: pd.DataFrame, slopes: pd.DataFrame, rate: float) -> None:
    of_name = slopes.set_index("contestant")["slope"]
    for number, (contestant, rows) in enumerate(costs.groupby("contestant", sort=False)):
        colour = COLOURS[number % len(COLOURS)]
        panel.errorbar(
            rows["value"],
            rows["seconds"],
            yerr=[rows["seconds"] - rows["lowest"], rows["highest"] - rows["seconds"]],
            color=colour,
            linestyle=LINES[number % len(LINES)],
            marker=MARKERS[number % len(MARKERS)],
            markerfacecolor="white",
            capsize=2,
            label=f"{contestant}, slope {of_name[contestant]:.2f}",
        )
    limit = costs.drop_duplicates("value")
    panel.plot(limit["value"], limit["flops"] / rate, color=QUIET, linewidth=1, label="matrix products alone")
    panel.set_xscale("log", base=2)
    values = sorted(costs["value"].unique())
    panel.set_xticks(values, [str(value) for value in values])
    panel.xaxis.set_minor_locator(NullLocator())
    log_y(panel)
    x, y = LABELS[name]
    panel.set(xlabel=x, ylabel=y)
    low, high = panel.get_ylim()
    panel.set_ylim(low, high * (high / low) ** ROOM)
    panel.legend(loc="upper left")
