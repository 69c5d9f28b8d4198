"""By how much one run is ahead of another, epoch by epoch, and from which epoch for good."""

import math

import pandas as pd

from rnnlab.course.evidence import METRICS, Course
from rnnlab.course.measure import Measured, Unit, compare
from rnnlab.course.question import Sentence, choose, say
from rnnlab.course.tables import cell
from rnnlab.reports.blocks import Table
from rnnlab.reports.records import Records
from rnnlab.runs import files


def smoothing(course: Course, preset: str) -> int:
    """Returns over how many epochs a gain is averaged: a tenth of them."""
    return max(1, course.epochs(preset) // 10)


def gain(run: Records, other: Records, name: str, window: int) -> pd.Series:
    """Returns by how much a run is better than another, by epoch, the mean of `window` epochs up to it.

    Higher accuracy is better, and lower loss. Both runs begin with the same net: epoch 0 is left out.
    """
    ours, theirs = (each.metrics[each.metrics["epoch"] > 0].set_index("epoch")[name] for each in (run, other))
    ahead = ours - theirs if name.endswith("acc") else theirs - ours
    return ahead.dropna().rolling(window, min_periods=1).mean()


def overtaking_epoch(run: Records, other: Records, name: str, window: int) -> float:
    """Returns the first epoch from which the gain stays above zero to the end; NaN if there is none."""
    ahead = gain(run, other, name, window)
    behind = ahead.index[~(ahead > 0)]
    after = ahead.index[ahead.index > behind[-1]] if len(behind) else ahead.index
    return float(after[0]) if len(after) else math.nan


def overtaking(course: Course, preset: str, other: str, name: str) -> Measured:
    """Returns each seed's epoch from which `preset` is ahead of `other` for good."""
    window = smoothing(course, preset)
    pairs = zip(course.runs[preset], course.runs[other], strict=True)
    values = tuple(overtaking_epoch(run, its, name, window) for run, its in pairs)
    return Measured(preset, f"epoch from which {METRICS[name]} is better for good", values, "epoch")


def says_when(course: Course, preset: str, other: str, name: str) -> Sentence:
    """Returns the sentence on the epoch from which `preset` is ahead of `other` for good."""
    epochs, window = overtaking(course, preset, other, name), smoothing(course, preset)
    seeds, better = len(epochs.values), "higher" if name.endswith("acc") else "lower"
    mean = f"averaged over {window} epochs, " if window > 1 else ""
    what = f"{METRICS[name].capitalize()}, {mean}is {better} with fine-tuning"
    if not epochs.known:
        which = f"none of {seeds} seeds" if seeds > 1 else "no stretch that lasts to the end"
        return Sentence(f"{what} in {which}.", figures=(epochs,))
    counted = f" in {len(epochs.known)} of {seeds} seeds" if seeds > 1 else ""
    never = "; in the others it never is for good" if len(epochs.known) < seeds else ""
    return Sentence(f"{what} from epoch {epochs} on to the end{counted}{never}.", figures=(epochs,))


def pace(course: Course, preset: str, other: str, name: str) -> list[Sentence]:
    """Returns whether a gain comes fast: within the first fifth of the epochs."""
    fifth, epochs = course.window(preset), overtaking(course, preset, other, name)
    metric = METRICS[name]
    early, late = gains(course, preset, other, name)
    when = choose(
        compare(epochs, float(fifth), "a fifth of the epochs"),
        higher=f"Where the gain in {metric} lasts, it is slow to come: from epoch {epochs} on, later than "
        f"the first fifth of the epochs ({fifth}).",
        lower=f"Where the gain in {metric} lasts, it is fast to come: from epoch {epochs} on, within the "
        f"first fifth of the epochs ({fifth}).",
        open=f"Whether a gain in {metric} that lasts is fast or slow to come is not shown.",
    )
    more = say(
        f"The {late.what}",
        compare(late, early),
        f"the {early.what}",
        "larger",
        "smaller",
    )
    return [when, more]


def gains(course: Course, preset: str, other: str, name: str) -> tuple[Measured, Measured]:
    """Returns the mean gain over the first fifth of the epochs and over the last."""
    last = course.window(preset)
    pairs = list(zip(course.runs[preset], course.runs[other], strict=True))
    by_seed = [gain(run, its, name, 1) for run, its in pairs]
    unit: Unit = "share" if name.endswith("acc") else "number"
    epochs = f"{last} epochs" if last > 1 else "epoch"
    early = tuple(float(ahead.head(last).mean()) for ahead in by_seed)
    late = tuple(float(ahead.tail(last).mean()) for ahead in by_seed)
    return (
        Measured(preset, f"gain in {METRICS[name]} over the first {epochs}", early, unit),
        Measured(preset, f"gain in {METRICS[name]} over the last {epochs}", late, unit),
    )


def gain_by_seed(course: Course, preset: str, other: str) -> Table:
    """Returns each seed's mean gain over the last fifth of the epochs."""
    last, rows = course.window(preset), []
    for name, metric in METRICS.items():
        pairs = zip(course.runs[preset], course.runs[other], strict=True)
        values = [float(gain(run, its, name, 1).tail(last).mean()) for run, its in pairs]
        rows.append([metric, *(f"{value:+.3f}".replace("-", "−") for value in values)])
    header = ["gain in", *(f"seed {seed}" for seed in range(1, course.seeds + 1))]
    epochs = f"the last {last} epochs" if last > 1 else "the last epoch"
    caption = f"{preset} beside {other}, {epochs}, seed by seed: above 0 where {preset} is better"
    return Table(header, rows, caption)


def gain_by_epoch(course: Course, preset: str, other: str) -> list[list[str]]:
    """Returns a row per epoch in which the probe of health looked: gains, and what the probes saw."""
    window = smoothing(course, preset)
    pairs = list(zip(course.runs[preset], course.runs[other], strict=True))
    rows = []
    for epoch in _looked(course, preset):
        row = [f"{epoch}"]
        for name in ("valid_acc", "train_after_acc"):
            values = tuple(float(gain(run, its, name, window).get(epoch, 0.0)) for run, its in pairs)
            row.append(cell(Measured(preset, "gain", values, "share")))
        row.append(cell(course.half_life(preset, when=epoch)))
        for column in ("gradient_norm", "update_ratio"):
            row.append(cell(course.health(preset, "embedding.weight", column, when=epoch)))
        rows.append(row)
    return rows


def _looked(course: Course, preset: str) -> list[int]:
    table = course.first(preset).table(files.probe_log("health"))
    return [] if table is None else [int(epoch) for epoch in dict.fromkeys(table["epoch"])]
