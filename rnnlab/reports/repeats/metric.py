"""Which figure of each run is compared, and what it is."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.core.metrics import TIMES, higher_is_better
from rnnlab.reports.records import step_column
from rnnlab.reports.repeats.run import Repeat

DEFAULT = "valid_acc"
BEST, TEST = "best_", "test_"
SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class Metric:
    """A figure that every run has.

    sentence: what it is and what it is an average over; notes: what to keep in mind with it.
    """

    name: str
    sentence: str
    notes: tuple[str, ...]

    @property
    def higher_is_better(self) -> bool:
        """Whether it should rise."""
        return higher_is_better(self.name)

    @property
    def column(self) -> str:
        """The column of metrics.csv that shows how it came about."""
        name = self.name.removeprefix(BEST)
        return f"valid_{name.removeprefix(TEST)}" if name.startswith(TEST) else name


def figures_of(run: Repeat) -> dict[str, float]:
    """Returns a run's figures: of its last epoch, best_… of its best one, test_… of that on data.test."""
    summary, when = run.records.summary, step_column(run.records.metrics)
    parts = (("", summary.get("final")), (BEST, summary.get("best")), (TEST, summary.get("test")))
    return {
        f"{prefix}{name}": float(value)
        for prefix, figures in parts
        for name, value in (figures or {}).items()
        if isinstance(value, int | float) and name not in ("examples", when)
    }


def choose_metric(runs: Sequence[Repeat], name: str | None = None) -> Metric:
    """Returns the metric of that name, by default valid_acc, or what the runs were to improve.

    Raises InputError for one that a run does not have.
    """
    figures = [figures_of(run) for run in runs]
    name = name or _usual_metric(runs, figures)
    having = sum(name in found for found in figures)
    if not having:
        known = dict.fromkeys(known for found in figures for known in found)
        near = did_you_mean(name, known)
        raise InputError(f"--metric {name}: no run has it{near} (expected one of {', '.join(known)})")
    if having < len(runs):
        lacking = next(run.name for run, found in zip(runs, figures, strict=True) if name not in found)
        raise InputError(f"--metric {name}: {len(runs) - having} of {len(runs)} runs have none, as {lacking}")
    return Metric(name, _sentence(name, runs), tuple(_notes(name, runs)))


def _usual_metric(runs: Sequence[Repeat], figures: Sequence[Mapping[str, float]]) -> str:
    """Returns valid_acc, or what some runs were to improve; raises InputError where not all have it."""
    wanted = [DEFAULT, *(str(run.records.summary.get("monitor")) for run in runs)]
    common = [figure for figure in figures[0] if all(figure in found for found in figures)]
    if found := next((figure for figure in wanted if figure in common), None):
        return found
    for run, own in zip(runs, figures, strict=True):
        if not own:
            raise InputError(f"{run.name}: has no figures to compare; leave it out")
    others = f"name one with --metric ({', '.join(common)})" if common else "nor any other figure"
    raise InputError(f"the runs have no {DEFAULT} in common, nor what they were to improve; {others}")


def value_of(run: Repeat, metric: Metric) -> float:
    """Returns a run's figure."""
    return figures_of(run)[metric.name]


def is_finite(run: Repeat, metric: Metric) -> bool:
    """Returns whether the figure is a number that can be averaged."""
    return math.isfinite(value_of(run, metric))


def _sentence(name: str, runs: Sequence[Repeat]) -> str:
    when = step_column(runs[0].records.metrics)
    better = "higher" if higher_is_better(name) else "lower"
    if name.startswith(BEST):
        monitors = _joined(str(run.records.summary.get("monitor")) for run in runs)
        moment = f"{name.removeprefix(BEST)} at the {when} that {monitors} chose"
    elif name.startswith(TEST):
        moment = f"{name} of the best net, on data.test"
    else:
        moment = f"{name} after the last {when} ({_joined(_last(run) for run in runs)})"
    return f"{moment}{_averaged_over(name, runs)}; {better} is better"


def _averaged_over(name: str, runs: Sequence[Repeat]) -> str:
    words = name.removeprefix(BEST).split("_")
    if words[0] not in SPLITS:
        return ""
    counts = _joined(
        f"{count:,}"
        for run in runs
        if isinstance(count := (run.records.summary.get("examples") or {}).get(words[0]), int)
    )
    units = _joined(str(run.records.summary.get("unit", "texts")) for run in runs)
    running = " while the net changed" if words[0] == "train" and "after" not in words else ""
    return f", of each run a mean over the {words[0]} {units}{running}" + (
        f" ({counts} examples)" if counts else ""
    )


def _notes(name: str, runs: Sequence[Repeat]) -> list[str]:
    notes = []
    chosen_by = {str(run.records.summary.get("monitor")).partition("_")[0] for run in runs}
    if name.startswith(BEST) and name.removeprefix(BEST).partition("_")[0] in chosen_by:
        notes.append(
            f"{name} is of the epoch that was chosen on the same examples, which flatters every run a little"
        )
    if name in TIMES or name.removeprefix(BEST) in TIMES:
        notes.append(f"{name}: no two runs of anything take the same time; a busy machine takes longer")
    return notes


def _last(run: Repeat) -> str:
    final = run.records.summary.get("final") or {}
    return str(final.get(step_column(run.records.metrics), "-"))


def _joined(words: object) -> str:
    return ", ".join(dict.fromkeys(words))  # type: ignore[call-overload]
