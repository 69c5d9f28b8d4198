"""How sure a net is beside how often it is right."""

import pandas as pd
from matplotlib.figure import Figure

from rnnlab.reports.style import GREEN, INK, QUIET, arrange, panels, styled


@styled
def draw_calibration(table: pd.DataFrame) -> Figure:
    """Returns a reliability diagram with 95 % intervals, and below it how many units each bin has."""
    figure, (axes, counts) = panels(2)
    begin = float(table["above"].min())
    axes.plot([begin, 1], [begin, 1], color=QUIET, linewidth=1, label="as often right as confident")
    reach = [table["right"] - table["low"], table["high"] - table["right"]]
    axes.errorbar(
        table["confidence"], table["right"], reach, fmt="o-", color=INK, capsize=2, label="net, 95 % interval"
    )
    axes.set_title("share that is right")
    axes.set_ylim(-0.02, 1.02)
    width = table["up_to"] - table["above"]
    counts.bar(table["above"], table["count"], width=width, align="edge", color=GREEN, zorder=2)
    counts.set_title("how many")
    counts.set_xlabel("confidence: the probability of the class that is chosen")
    for panel in (axes, counts):
        panel.set_xlim(begin, 1.01)
    return arrange(figure, [axes, counts], height=2.4)
