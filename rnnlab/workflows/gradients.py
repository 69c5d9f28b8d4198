"""Gradient tables: measured, printed and written, of untrained nets under Hydra or of a finished run."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rnnlab.core.errors import InputError
from rnnlab.core.files import write_text
from rnnlab.data.vocabulary import NEWNEG, NEWPOS
from rnnlab.experiment.build import build_probes
from rnnlab.experiment.experiment import prepare
from rnnlab.experiment.job import Job
from rnnlab.experiment.launch import HydraOptions, launch
from rnnlab.experiment.probe_input import probe_input_of, task_data_of
from rnnlab.experiment.restore import Which, restore
from rnnlab.experiment.schema import Config
from rnnlab.probes.base import ProbeInput
from rnnlab.probes.gradients import Gradients, Reduction, Vectors, gradient_table
from rnnlab.reports.figures import save_figure
from rnnlab.reports.gradient_figure import draw_gradients
from rnnlab.runs.finder import find_run
from rnnlab.terminal.display import TerminalDisplay, track_texts
from rnnlab.terminal.messages import print_note, printable
from rnnlab.terminal.tables import print_table

TABLE, FIGURE = "gradients.csv", "figures/gradients.png"
NOW = "${now:%Y%m%d-%H%M%S-%f}"
FOLDERS = [  # before the user's own words, the last of which counts
    "hydra.job.name=grads",
    f"hydra.run.dir=outputs/grads-${{hydra.runtime.choices.model}}-{NOW}",
    f"hydra.sweep.dir=outputs/grads-sweep-{NOW}",
    "hydra.sweep.subdir=${hydra.job.num}-${hydra.runtime.choices.model}",
]


def gradients_of_untrained(
    overrides: list[str], options: HydraOptions, *, reduction: Reduction | None, full: bool
) -> None:
    """Makes the nets that the overrides describe, and prints and writes one table of all of them."""
    measured: list[tuple[pd.DataFrame, list[str]]] = []
    sweeps: list[Path] = []

    def measure_job(job: Job) -> None:
        table = _of_untrained(job, reduction=reduction, full=full)
        varied = [word for word in job.overrides if word not in overrides]
        measured.append((table, [word for word in varied if not word.startswith("model=")]))
        if job.sweep_folder is not None:
            sweeps.append(job.sweep_folder)

    try:
        launch(measure_job, [*FOLDERS, *overrides], options, on_error=TerminalDisplay().failed)
    finally:
        # Where one net of a sweep fails, the figures of the others are still worth having.
        if measured and sweeps:
            _show(_together(measured), sweeps[0])


def gradients_of_run(name: str, *, checkpoint: Which, reduction: Reduction | None, full: bool) -> None:
    """Prints the gradients of a finished run's net and writes them into its folder."""
    restored = restore(find_run(name), checkpoint=checkpoint)
    probe_input = probe_input_of(restored, task_data_of(restored, track=track_texts))
    print(f"{printable(restored.run.name)}, {restored.place}")
    model = _model_name(restored.config)
    _show(_measure(restored.config, probe_input, model, reduction=reduction, full=full), restored.run.folder)


def _of_untrained(job: Job, *, reduction: Reduction | None, full: bool) -> pd.DataFrame:
    """Returns the table of one net and writes it; outside a sweep, shows it, too."""
    experiment = prepare(job.config, track=track_texts)
    for note in experiment.task_data.notes:
        print_note(note)
    model = job.choices["model"]
    table = _measure(experiment.config, experiment.probe_input(), model, reduction=reduction, full=full)
    if job.sweep_folder is not None:
        _write(table, job.folder)
    else:
        _show(table, job.folder)
    return table


def _measure(
    config: Config, probe_input: ProbeInput, model: str, *, reduction: Reduction | None, full: bool
) -> pd.DataFrame:
    """Returns the probe's table with a column `model` in front; with `full`, prints the gradients."""
    chosen = build_probes(config).get("gradients")
    probe = chosen if isinstance(chosen, Gradients) else Gradients()
    probe = replace(probe, reduction=reduction or probe.reduction)
    if not_applicable := probe.not_applicable(probe_input):
        raise InputError(not_applicable)
    with Console(stderr=True).status(f"Differentiating {model}"):
        vectors = probe.vectors(probe_input)
    batches = f"sum over mini-batches of {probe.batch_size} of the gradient of their mean loss"
    what = "mean over texts" if probe.reduction == "mean" else batches
    print(f"{model}: gradient at the inserted tokens' vectors, {what} ({len(probe_input.examples):,} texts)")
    if full:
        _print_vectors(vectors, model)
    table = gradient_table(vectors)
    table.insert(0, "model", model)
    return table


def _print_vectors(vectors: Vectors, model: str) -> None:
    for position, pair in vectors.items():
        for token, vector in zip((NEWNEG, NEWPOS), pair, strict=True):
            print(f"{model}, {token} at the {position}:")
            text = np.array2string(
                vector,
                formatter={"float_kind": "{:11.4e}".format},
                threshold=vector.size,
                max_line_width=100,
            )
            print(text)


def _together(measured: list[tuple[pd.DataFrame, list[str]]]) -> pd.DataFrame:
    """Returns one table; nets of one model are told apart by their overrides."""
    names = [table["model"].iloc[0] for table, _ in measured]
    if len(set(names)) < len(names):
        names = [" ".join([name, *words]) for name, (_, words) in zip(names, measured, strict=True)]
    tables = [table.assign(model=name) for name, (table, _) in zip(names, measured, strict=True)]
    return pd.concat(tables, ignore_index=True)


def _show(table: pd.DataFrame, folder: Path) -> None:
    """Prints the table and writes it and its figure into `folder`."""
    _print(table)
    save_figure(draw_gradients(table), folder / FIGURE)
    _write(table, folder)
    print(f"table: {folder / TABLE}\nfigure: {folder / FIGURE}")


def _write(table: pd.DataFrame, folder: Path) -> None:
    write_text(folder / TABLE, table.to_csv(index=False, lineterminator="\n"))


def _print(table: pd.DataFrame) -> None:
    caption = "ratio to end: the mean of the two norms over that mean at the end"
    shown = Table("model", "position", caption=caption, caption_justify="left")
    for name in ("<newneg> norm", "<newpos> norm", "cosine", "ratio to end"):
        shown.add_column(name, justify="right")
    for model, position, *norms, cosine, ratio in table.itertuples(index=False):
        cells = [f"{norm:.4g}" for norm in norms]
        cells += [
            "-" if math.isnan(cosine) else f"{cosine:.4f}",
            "-" if math.isnan(ratio) else f"{ratio:.4g}",
        ]
        shown.add_row(Text(model), position, *cells, end_section=position == "end")
    print_table(shown)


def _model_name(config: Config) -> str:
    """Returns a model's name as in `configs/model/`: of a finished run, only the class is known."""
    name = str(config.model["_target_"]).rpartition(".")[2].lower()
    return f"bi{name}" if config.model.get("bidirectional") else name
