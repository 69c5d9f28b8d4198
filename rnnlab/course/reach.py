"""How far back the nets' states reach, read from what the probe through time saw."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from rnnlab.course.evidence import Course
from rnnlab.course.measure import Measured
from rnnlab.course.reach_figure import Reach, draw_both_ends, draw_reach
from rnnlab.course.tables import COLOURS, GAP, cell, over_seeds
from rnnlab.reports.blocks import Picture, Table
from rnnlab.reports.records import Records
from rnnlab.runs import files

FARTHEST = 50  # words back at most where nets are compared
NEAR_AN_END = 30  # words from either end that are drawn


class Way(NamedTuple):
    """One way back through time in a preset's nets, untrained or trained."""

    preset: str
    path: str = "hidden"
    direction: str = "forward"
    trained: bool = True

    @property
    def name(self) -> str:
        """What tables and legends call it."""
        parts = [self.preset, {"hidden": "", "cell": "cell", "cell_only": "forget gates alone"}[self.path]]
        parts += [self.direction if self.preset.startswith("birnn") else ""]
        parts.append("trained" if self.trained else "untrained")
        return ", ".join(filter(None, parts))


def rows_of(run: Records, way: Way) -> pd.DataFrame:
    """Returns the way's rows by distance, none if the run has no such probe."""
    table = run.table(files.probe_log("through_time"))
    if table is None:
        return pd.DataFrame({"distance": [], "examples": []})
    when = table["epoch"].max() if way.trained else 0
    chosen = (table["epoch"] == when) & (table["layer"] == 1)
    chosen &= (table["path"] == way.path) & (table["direction"] == way.direction)
    return table[chosen]


def with_jacobians(rows: pd.DataFrame) -> "pd.Series[int]":
    """Returns of how many texts each row's Jacobians are: of all that are looked at, or of some of them."""
    return rows["jacobian_examples" if "jacobian_examples" in rows else "examples"]


def compared_distance(course: Course, ways: Sequence[Way]) -> int:
    """Returns the farthest distance, up to `FARTHEST`, that all ways have measured on half of their texts."""
    found: set[int] | None = None
    for way in ways:
        for run in course.runs[way.preset]:
            rows = rows_of(run, way)
            if rows.empty:
                return 0
            texts = with_jacobians(rows)
            rows = rows[(texts >= texts.max() / 2) & rows["jacobian_median"].notna()]
            here = set(rows["distance"][rows["distance"] <= FARTHEST].astype(int))
            found = here if found is None else found & here
    return max(found or {0})


def arrives(course: Course, way: Way, distance: int) -> Measured:
    """Returns what arrives of a change so many words before the end of the reading, median over texts."""
    return _figure(course, way, "jacobian_median", distance)


def mean_gate(course: Course, way: Way) -> Measured:
    """Returns the mean over texts, steps and units of what the gates leave of a cell from word to word."""
    return replace(_figure(course, way, "predicted", 1), what=f"mean gate, {way.name}", unit="share")


def _figure(course: Course, way: Way, column: str, distance: int) -> Measured:
    return course.through_time(
        way.preset, column, distance, path=way.path, direction=way.direction, trained=way.trained
    )


def reach_table(course: Course, ways: Sequence[Way], distance: int) -> Table:
    """Returns for each way what arrives over a distance, in how many words it is halved, and the gates."""
    gated = any(way.path == "cell_only" for way in ways)
    rows = []
    for way in ways:
        row = [cell(arrives(course, way, distance)), cell(_figure(course, way, "jacobian_half_life", 0))]
        gate = [cell(mean_gate(course, way)) if way.path == "cell_only" else GAP] if gated else []
        rows.append([way.name, *row, *gate])
    header = ["net", f"what arrives over {distance} words", "half-life in words"]
    texts = with_jacobians(rows_of(course.first(ways[0].preset), ways[0])).max()
    caption = (
        "What arrives: spectral norm of the last state's derivative with respect to an earlier one, median "
        f"over {texts:.0f} texts, 1 where a change arrives as large as it was; half-life: words until that "
        f"is halved; median (lowest to highest){over_seeds(course).removeprefix('; ± standard deviation')}"
    )
    return Table([*header, *(["mean forget gate"] if gated else [])], rows, caption)


def reach_curves(course: Course, ways: Sequence[Way]) -> Picture:
    """Returns what arrives against the distance, a line a way."""
    lines = [
        _line(course, way, way.name, "jacobian_median", dash)
        for way, dash in zip(ways, _dashes(ways), strict=True)
    ]
    figure = draw_reach(
        lines, "what arrives of a change: spectral norm of ∂s_T/∂s_t (no unit)", "distance from the last word"
    )
    return Picture(
        "reach-" + "-".join(dict.fromkeys(way.preset for way in ways)),
        "How much of a change arrives at the end of the text",
        figure,
        "The flatter a line, the longer the net remembers; a band is the range over seeds.",
        ("Jacobian", "half-life"),
    )


def both_ends(course: Course, both_ways: str, one_way: str) -> Picture:
    """Returns the loss's gradient at the first and the last words, of untrained nets, a line a direction."""
    backward = Way(both_ways, direction="backward", trained=False)
    forward, alone = Way(both_ways, trained=False), Way(one_way, trained=False)
    first = [_line(course, backward, f"{both_ways}, backward", "gradient_median", "--", NEAR_AN_END)]
    last = [
        _line(course, forward, f"{both_ways}, forward", "gradient_median", "-", NEAR_AN_END),
        _line(course, alone, f"{one_way}, forward", "gradient_median", ":", NEAR_AN_END),
    ]
    figure = draw_both_ends(
        first, last, "gradient norm at the states of untrained nets (nats per unit of state)"
    )
    return Picture(
        f"both-ends-{both_ways}",
        "Where the loss's gradient gets: the first and the last words of a text",
        figure,
        "Left the texts' first words, right their last; what lies between is not drawn. The forward "
        "direction's reading ends at the last word, the backward one's at the first.",
        ("gradient norm",),
    )


def _dashes(ways: Sequence[Way]) -> list[str]:
    return [
        ":" if not way.trained else {"hidden": "-", "cell": "-", "cell_only": "--"}[way.path] for way in ways
    ]


def _line(course: Course, way: Way, name: str, column: str, dash: str, farthest: int | None = None) -> Reach:
    by_seed = []
    for run in course.runs[way.preset]:
        rows = rows_of(run, way)
        if column in rows:
            values = rows.set_index("distance")[column].dropna()
            by_seed.append(values if farthest is None else values[values.index <= farthest])
    return Reach(name, by_seed, COLOURS[way.preset], dash)
