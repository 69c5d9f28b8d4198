"""The health of a training: what happens to every parameter, over its epochs or steps."""

import pandas as pd
from matplotlib.figure import Figure

from rnnlab.reports.records import step_column
from rnnlab.reports.style import arrange, label, line_style, log_y, panels, positive, styled, whole_numbers

MEASURES = {
    "gradient_norm": "gradient norm of every parameter",
    "update_ratio": "update / weight of every parameter",
}


@styled
def draw_health(table: pd.DataFrame) -> Figure:
    """Returns a figure of rows `epoch` or `step`, `parameter`, `gradient_norm`, `update_ratio`.

    A panel per measure, a line per parameter; logarithmic, so zeros and what was not measured are left out.
    """
    figure, axes = panels(len(MEASURES))
    when = step_column(table)
    for panel, (column, title) in zip(axes, MEASURES.items(), strict=True):
        for number, (parameter, rows) in enumerate(table.groupby("parameter", sort=False)):
            values = positive(rows[column].astype(float))
            if values.notna().any():
                panel.plot(rows[when], values, label=label(parameter), **line_style(number, len(rows)))
        log_y(panel)
        panel.set_title(title)
        whole_numbers(panel)
    axes[-1].set_xlabel(when)
    return arrange(figure, axes, same_lines=True)
