"""Gradients at the inserted tokens: of untrained nets, several beside each other, or of a finished run."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rnnlab.core.errors import RnnlabError
from rnnlab.experiment.experiment import prepare
from rnnlab.experiment.find_probe import find_probe
from rnnlab.experiment.hydra_options import NO_FLAGS, HydraOptions
from rnnlab.experiment.job import Job
from rnnlab.experiment.job_runner import Watch
from rnnlab.experiment.launch import launch
from rnnlab.experiment.schema import Config
from rnnlab.probes.base import labelled
from rnnlab.probes.gradients import Gradients, Reduction
from rnnlab.runs.files import GRADIENTS
from rnnlab.runs.tables import write_table
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.probe import Probed, Saved, Settings, apply_probe, probe_run, save
from rnnlab.workflows.trained_run import TrainedRun

NAME = "gradients"
NOW = "${now:%Y%m%d-%H%M%S-%f}"
FOLDERS = [  # before the user's own words, the last of which counts
    "hydra.job.name=grads",
    f"hydra.run.dir=outputs/grads-${{hydra.runtime.choices.model}}-{NOW}",
    f"hydra.sweep.dir=outputs/grads-sweep-{NOW}",
    "hydra.sweep.subdir=${hydra.job.num}-${hydra.runtime.choices.model}",
    "hydra/launcher=basic",  # what is found of each net is shown, and one table made of all
]


class _Failures(Watch):
    """Shows the nets of a sweep that could not be measured."""

    def __init__(self, display: Display) -> None:
        self._display = display

    def ended(self, job: str, outcome: Any) -> None:
        """Shows why."""
        if isinstance(outcome, RnnlabError):
            self._display.failed(outcome)


def gradients_of_run(
    run: TrainedRun, reduction: Reduction | None = None, *, full: bool = False, display: Display = SILENT
) -> Probed:
    """Measures a finished run's net into its folder.

    reduction: that of the configuration if None; full: whether the table holds the gradients themselves, too.
    """
    front = {"model": model_name(run.config)}
    return probe_run(run, run.probe_input, NAME, _settings(reduction, full), front=front, display=display)


def gradients_of_untrained(
    overrides: list[str],
    options: HydraOptions = NO_FLAGS,
    reduction: Reduction | None = None,
    full: bool = False,
    *,
    on_net: Callable[[Probed], None] = lambda probed: None,
    on_table: Callable[[Saved], None] = lambda saved: None,
    display: Display = SILENT,
) -> None:
    """Measures the nets that the overrides describe, of a sweep all of them in one table.

    on_net: gets what was found of each net as soon as it is known; on_table: the table of all of them, also
    where some net of a sweep fails.
    """
    measured: list[tuple[pd.DataFrame, list[str]]] = []
    sweeps: list[tuple[Path, Config]] = []

    def probe_job(job: Job) -> None:
        experiment = prepare(job.config, track=display.track)
        for note in experiment.task_data.notes:
            display.note(note)
        probe, probe_input = (
            find_probe(NAME, _settings(reduction, full), job.config),
            experiment.probe_input(),
        )
        table = apply_probe(probe, probe_input, job.config, what=f"probe {NAME}", display=display)
        table.insert(0, "model", job.model)
        if job.sweep_folder is None:
            probed = save(NAME, table, job.folder, job.config).of(probe, probe_input)
            on_net(probed)
            on_table(probed)
            return
        on_net(Saved(table, write_table(job.folder / GRADIENTS, table), []).of(probe, probe_input))
        varied = [word for word in job.overrides if word not in overrides]
        measured.append((table, [word for word in varied if not word.startswith("model=")]))
        sweeps.append((job.sweep_folder, job.config))

    try:
        launch(probe_job, [*FOLDERS, *overrides], options, watch=_Failures(display))
    finally:
        # Where one net of a sweep fails, the figures of the others are still worth having.
        if measured:
            on_table(save(NAME, _together(measured), *sweeps[0]))


def describe(probed: Probed) -> str:
    """Returns what the table's numbers are, in a line."""
    probe = probed.probe
    assert isinstance(probe, Gradients)
    batches = f"sum over mini-batches of {probe.batch_size} of the gradient of their mean loss"
    what = "mean over texts" if probe.reduction == "mean" else batches
    return f"gradient at the inserted tokens' vectors, {what} ({len(probed.probe_input.examples):,} texts)"


def vectors(probed: Probed) -> Iterator[tuple[str, str, NDArray[np.float64]]]:
    """Yields token, position and gradient (embedding,), measured again."""
    assert isinstance(probed.probe, Gradients)
    texts, _ = labelled(probed.probe_input)
    for position, of_tokens in probed.probe.vectors(probed.probe_input).items():
        for token, vector in zip(texts.class_tokens, of_tokens, strict=True):
            yield token, position, vector


def _settings(reduction: Reduction | None, full: bool) -> Settings:
    return ({"reduction": reduction} if reduction else {}) | ({"full": True} if full else {})


def _together(measured: list[tuple[pd.DataFrame, list[str]]]) -> pd.DataFrame:
    """Returns one table; nets of one model are told apart by their overrides."""
    names = [table["model"].iloc[0] for table, _ in measured]
    if len(set(names)) < len(names):
        names = [" ".join([name, *words]) for name, (_, words) in zip(names, measured, strict=True)]
    tables = [table.assign(model=name) for name, (table, _) in zip(names, measured, strict=True)]
    return pd.concat(tables, ignore_index=True)


def model_name(config: Config) -> str:
    """Returns a model's name as in `configs/model/`: of a finished run, only the class is known."""
    name = config.model.class_name.lower()
    return f"bi{name}" if config.model.settings.get("bidirectional") else name
