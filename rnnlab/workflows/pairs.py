"""Minimal pairs of texts, put to a run's net."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from rnnlab.core.errors import InputError
from rnnlab.experiment.probe_input import require_labelled_texts
from rnnlab.experiment.torch_settings import torch_settings
from rnnlab.probes.pairs import (
    TIE,
    Suite,
    chosen_suites,
    judge,
    positive_and_negative,
    read_suite,
    summarise,
)
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.trained_run import TrainedRun

LEGEND = (
    "same_words: only the order of the words differs. ties: logits of both texts within "
    f"{TIE:g}. share: right of right + wrong, low to high its 95 % interval (Wilson). "
    "shift: |p(first) − p(second)|, averaged over pairs."
)
"""What the columns of a summary mean."""


@dataclass(frozen=True)
class JudgedPairs:
    """What a net makes of suites of pairs: `rows`, a row per pair (see `rnnlab.probes.pairs.judge`)."""

    suites: list[Suite]
    rows: pd.DataFrame

    @property
    def summary(self) -> pd.DataFrame:
        """A row per suite."""
        return summarise(self.rows)


def judge_pairs(
    run: TrainedRun,
    names: Sequence[str] = (),
    *,
    file: Path | None = None,
    positive: str | None = None,
    negative: str | None = None,
    display: Display = SILENT,
) -> JudgedPairs:
    """Puts built-in suites to a run's net (of those names, or all), or the pairs of a CSV file.

    positive, negative: the labels that count as such, by default those that are called so. Words that the net
    does not know are noted. Raises InputError for a name, a file or a label that is none, and for a run whose
    texts have no class each.
    """
    if names and file is not None:
        raise InputError("--suite and --file: make no sense together; leave one of them out")
    suites = chosen_suites(names) if file is None else [read_suite(file)]
    require_labelled_texts(run, "pairs")
    more, less = positive_and_negative(run.classes, positive, negative)
    with torch_settings(run.config):
        judged = [
            judge(suite, run.encode, run.model, positive=more, negative=less, device=run.device)
            for suite in suites
        ]
    rows = pd.concat(judged, ignore_index=True)
    rows.insert(0, "epoch", run.epoch)
    if unknown := sorted(set(" ".join(rows["unknown"]).split())):
        display.note(f"unknown to the run, and so all alike to it: {', '.join(unknown)}")
    return JudgedPairs(suites, rows)
