"""Cosines of word vectors against the epoch, over seeds, with the range of random vectors."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from rnnlab.course.cosines import chance
from rnnlab.course.evidence import Course
from rnnlab.course.measure import shown
from rnnlab.course.tables import COLOURS
from rnnlab.reports.blocks import Picture
from rnnlab.reports.records import known_cosines
from rnnlab.reports.style import LINES, RULE, arrange, label, line_style, panels, styled, whole_numbers
from rnnlab.runs import files

Pair = tuple[str, str]


def cosine_picture(course: Course, presets: Sequence[str], pairs: Sequence[Pair]) -> Picture:
    """Returns a panel per pair, a line per preset: mean over seeds, their range as a band."""
    bound = shown(chance(course), "cosine")
    reading = (
        f"Within the grey band, ±{bound}, lie 95 of 100 pairs of random vectors. No line: a vector of zeros, "
        "as both tokens' are before training. A band round a line holds all seeds."
    )
    what = " and ".join(f"{a} – {b}" for a, b in pairs)
    name = "-".join(["cosines", *presets, str(len(pairs))])
    return Picture(
        name, f"Cosine by epoch: {what}", draw_cosines(course, presets, pairs), reading, ("cosine", "logit")
    )


@styled
def draw_cosines(course: Course, presets: Sequence[str], pairs: Sequence[Pair]) -> Figure:
    """Returns the figure of `cosine_picture`."""
    figure, axes = panels(len(pairs))
    for panel, pair in zip(axes, pairs, strict=True):
        panel.axhspan(-chance(course), chance(course), color=RULE, alpha=0.7, linewidth=0)
        for number, preset in enumerate(presets):
            table = _by_seed(course, preset, pair)
            if table.notna().any(axis=None):
                style = line_style(COLOURS[preset], len(table), line=LINES[number % len(LINES)])
                panel.plot(table.index, table.mean(axis=1), label=label(preset), **style)
                low, high = table.min(axis=1), table.max(axis=1)
                panel.fill_between(table.index, low, high, color=style["color"], alpha=0.18, linewidth=0)
        panel.set_ylim(-1.05, 1.05)
        panel.set_title(label(f"cosine of {pair[0]} and {pair[1]}"))
        whole_numbers(panel)
    axes[-1].set_xlabel("epoch")
    return arrange(figure, axes, height=1.6, same_lines=True)


def cosine_points(course: Course, presets: Sequence[str], pairs: Sequence[Pair]) -> Picture:
    """Returns a row of points per pair: the cosine after the training, a point a seed, a colour a preset."""
    bound = shown(chance(course), "cosine")
    reading = f"A point a seed. Within the grey band, ±{bound}, lie 95 of 100 pairs of random vectors."
    name = "-".join(["cosine-points", *presets])
    title = "Cosines of tokens and words after the training"
    return Picture(name, title, draw_points(course, presets, pairs), reading, ("cosine",))


@styled
def draw_points(course: Course, presets: Sequence[str], pairs: Sequence[Pair]) -> Figure:
    """Returns the figure of `cosine_points`."""
    figure, axes = panels(len(pairs))
    for panel, pair in zip(axes, pairs, strict=True):
        panel.axvspan(-chance(course), chance(course), color=RULE, alpha=0.7, linewidth=0)
        for row, preset in enumerate(presets):
            cosine = course.cosine(preset, *pair)
            style = line_style(COLOURS[preset], 1) | {"linestyle": "none", "markersize": 7}
            panel.plot(cosine.known, [-row] * len(cosine.known), label=label(preset), **style)
        panel.set(xlim=(-1.05, 1.05), ylim=(-len(presets) + 0.5, 0.5), yticks=[])
        panel.set_title(label(f"{pair[0]} and {pair[1]}"))
    axes[-1].set_xlabel("cosine")
    return arrange(figure, axes, height=0.2 + 0.2 * len(presets), same_lines=True)


def _by_seed(course: Course, preset: str, pair: Pair) -> pd.DataFrame:
    """Returns a column per seed, a row per epoch."""
    columns = []
    for run in course.runs[preset]:
        table = run.table(files.SIMILARITY)
        table = None if table is None else known_cosines(table)
        if table is not None:
            rows = table[(table["word1"] == pair[0]) & (table["word2"] == pair[1])]
            columns.append(rows.set_index("epoch")["similarity"].astype(float))
    return pd.concat(columns, axis=1) if columns else pd.DataFrame()
