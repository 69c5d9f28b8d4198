"""Groups of repeats beside each other: how good each is, how sure that is, and which are told apart."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rnnlab.core.errors import InputError
from rnnlab.core.intervals import RANDOM_STATE, RESAMPLES, bootstrap_mean
from rnnlab.core.printable import counted
from rnnlab.reports.repeats.assumptions import failed_assumptions
from rnnlab.reports.repeats.groups import Group, group_runs
from rnnlab.reports.repeats.metric import Metric, choose_metric, is_finite, value_of
from rnnlab.reports.repeats.pair import Pair, corrected
from rnnlab.reports.repeats.run import read_repeat
from rnnlab.reports.repeats.sentences import sentence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEW = 20  # repeats, below which a bootstrap's interval is notably too narrow
COVERAGE = "some 71 % (3 repeats), 84 % (5) or 90 % (10)"  # measured on 1,000 samples each
METHOD = (
    "sd: standard deviation over seeds; interval of a mean: bootstrap over seeds, 95 %, BCa, "
    f"{RESAMPLES:,} resamples, random state {RANDOM_STATE}; Δ: difference of the means, its interval all "
    "that the test does not reject, 95 %; d: Δ over the standard deviation of the paired differences (d_z), "
    "unpaired over the pooled one (d_s); p: permutation test of Δ, two-sided; p holm: corrected for the "
    "number of pairs; what is uncertain here is the seed: other texts are another question"
)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Groups of runs, best first, and all pairs of them.

    metric: which figure; notes: what the comparison takes for granted and the runs do not fulfil, and what
    was left out.
    """

    metric: Metric
    found: list[Group]
    pairs_found: list[Pair]
    notes: list[str] = field(default_factory=list)

    @cached_property
    def groups(self) -> pd.DataFrame:
        """A row per group: what tells it from the others, n, mean, standard deviation (sd), low, high.

        low and high are the bootstrap's 95 % interval of the mean, see `rnnlab.core.intervals`.
        """
        rows = []
        for group in self.found:
            values = values_of(group, self.metric)
            low, high = bootstrap_mean(values)
            sd = float(values.std(ddof=1)) if len(values) > 1 else math.nan
            figures = {"n": len(values), "mean": float(values.mean()), "sd": sd, "low": low, "high": high}
            rows.append((group.values or {"group": group.label}) | figures)
        return pd.DataFrame(rows)

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """A row per pair: one, other, n, difference, its interval, effect d, test, p, p_holm, verdict,
        seeds_needed (see `rnnlab.reports.repeats.pair`).
        """
        columns = ["one", "other", "n", "difference", "low", "high", "d", "test", "p", "p_holm", "verdict"]
        rows = [
            (
                p.one,
                p.other,
                p.n,
                p.difference,
                *p.interval,
                p.effect,
                p.test,
                p.permutation.p,
                p.p_holm,
                p.verdict,
            )
            for p in self.pairs_found
        ]
        table = pd.DataFrame(rows, columns=columns)
        needed = [pair.seeds_needed for pair in self.pairs_found]
        return table.assign(seeds_needed=pd.array(needed, dtype="Int64"))

    @cached_property
    def sentences(self) -> list[str]:
        """What may be said of each pair."""
        return [sentence(pair, self.metric.name) for pair in self.pairs_found]

    @property
    def repeated(self) -> bool:
        """Whether any group has more than a single run."""
        return any(len(group.runs) > 1 for group in self.found)

    def figure(self) -> "Figure":
        """Returns the figure: every seed with means and intervals, and learning curves as mean with band."""
        from rnnlab.reports.repeats.figure import draw_comparison  # late: it takes long to import

        return draw_comparison(self.found, self.metric)

    def _repr_html_(self) -> str:
        """Returns both tables for a notebook."""
        return str(self.groups.to_html(index=False, border=0) + self.pairs.to_html(index=False, border=0))


def compare_runs(
    folders: Sequence[Path], *, by: Sequence[str] = (), metric: str | None = None, notes: Sequence[str] = ()
) -> Comparison:
    """Returns the comparison of finished runs.

    Args:
        folders: the runs'.
        by: names of settings, groups or facts whose values make the groups; by default all settings that
            differ, but for the seed.
        metric: a column of metrics.csv, with best_ before it at the best epoch, or test_…; by default
            valid_acc, else what the runs were to improve.
        notes: what is to be said of the choice of runs.

    Raises:
        InputError: a folder is no finished run, or a name is none.
    """
    runs = [read_repeat(folder) for folder in dict.fromkeys(path.resolve() for path in folders)]
    if not runs:
        raise InputError("no finished run among those to compare")
    chosen = choose_metric(runs, metric)
    finite = [run for run in runs if is_finite(run, chosen)]
    left_out = [f"{run.name}: {chosen.name} is no number; left out" for run in runs if run not in finite]
    if not finite:
        raise InputError(f"--metric {chosen.name}: is no number in any run")
    grouping = group_runs(finite, by)
    sign = -1 if chosen.higher_is_better else 1
    groups = sorted(grouping.groups, key=lambda group: sign * float(values_of(group, chosen).mean()))
    pairs, unlike = _pairs(groups, chosen, grouping.within)
    few = _few(groups)
    return Comparison(
        chosen,
        groups,
        corrected(pairs),
        [*notes, *left_out, *grouping.notes, *failed_assumptions(groups), *unlike, *few, *chosen.notes],
    )


def values_of(group: Group, metric: Metric) -> NDArray[np.float64]:
    """Returns the group's figures, (runs,)."""
    return np.array([value_of(run, metric) for run in group.runs.values()])


def _pairs(groups: Sequence[Group], metric: Metric, within: Sequence[str]) -> tuple[list[Pair], list[str]]:
    """Returns all pairs of groups, paired by seed where they have any in common, and what that leaves out.

    within: in what else the runs of a group differ, if in anything; then nothing is compared unpaired.
    """
    pairs, notes = [], []
    for one, other in combinations(groups, 2):
        common = [key for key in one.runs if key in other.runs]
        sides = [
            group if not common else Group(group.values, {k: group.runs[k] for k in common})
            for group in (one, other)
        ]
        left, right = (values_of(group, metric) for group in sides)
        if not common and within:
            notes.append(
                f"{one.label} and {other.label} are not compared: nothing to pair, and more than seeds differ"
            )
            continue
        pairs.append(Pair(one.label, other.label, left, right, paired=bool(common)))
        alone = len(one.runs) + len(other.runs) - 2 * len(common)
        if common and alone:
            notes.append(
                f"{one.label} and {other.label}: {counted(len(common), 'seed')} in common; the test leaves "
                f"out the {counted(alone, 'run')} whose seed the other has not"
            )
        if not common:
            notes.append(f"{one.label} and {other.label}: no seed in common, so they are compared unpaired")
    return pairs, notes


def _few(groups: Sequence[Group]) -> list[str]:
    sizes = sorted({len(group.runs) for group in groups})
    if sizes[-1] == 1:
        return [
            "one run of each: how much another seed changes is not known; repeat with -m 'seed=range(1,11)'"
        ]
    if sizes[0] >= FEW:
        return []
    return [
        f"bootstrap intervals of the mean of fewer than {FEW} repeats are too narrow: of normally "
        f"distributed figures they hold it with a chance of {COVERAGE} rather than 95 %; no test uses them"
    ]
