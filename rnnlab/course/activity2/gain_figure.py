"""By how much one run is ahead of another, against the epoch."""

import pandas as pd
from matplotlib.figure import Figure

from rnnlab.course.activity2.gain import gain, smoothing
from rnnlab.course.evidence import METRICS, Course
from rnnlab.course.tables import COLOURS
from rnnlab.reports.blocks import Picture
from rnnlab.reports.style import (
    LINES,
    MARKERS,
    QUIET,
    arrange,
    label,
    line_style,
    panels,
    styled,
    whole_numbers,
)

TERMS = ("accuracy", "loss", "gradient norm", "half-life", "update ratio")


def gain_picture(course: Course, preset: str, other: str) -> Picture:
    """Returns a panel per metric: what `preset` is better by than `other`, by seed."""
    window = smoothing(course, preset)
    reading = (
        f"Above zero {preset} is better: its accuracy is higher, its loss lower. Each point is the mean of "
        f"{window} epochs up to it; a line a seed."
    )
    title = f"Gain of {preset} over {other} by epoch"
    return Picture(f"gain-{preset}-{other}", title, draw_gain(course, preset, other), reading, TERMS)


@styled
def draw_gain(course: Course, preset: str, other: str) -> Figure:
    """Returns the figure of `gain_picture`."""
    figure, axes = panels(len(METRICS))
    window = smoothing(course, preset)
    for panel, (name, metric) in zip(axes, METRICS.items(), strict=True):
        pairs = zip(course.runs[preset], course.runs[other], strict=True)
        by_seed = {seed: gain(run, its, name, window) for seed, (run, its) in enumerate(pairs, start=1)}
        table = pd.DataFrame(by_seed)
        panel.axhline(0, color=QUIET, linewidth=0.8)
        for number, seed in enumerate(table.columns):
            style = line_style(COLOURS[preset], len(table), line=LINES[number % len(LINES)])
            style |= {"marker": MARKERS[number % len(MARKERS)]}
            panel.plot(table.index, table[seed], label=label(f"seed {seed}"), **style)
        panel.set_title(label(f"gain in {metric}"))
        whole_numbers(panel)
    axes[-1].set_xlabel("epoch")
    return arrange(figure, axes, height=1.5, same_lines=True)
