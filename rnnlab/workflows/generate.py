"""A text, or a series, that a run's net goes on with."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from rnnlab.core.errors import InputError
from rnnlab.data.vocabulary import PAD_ID, UNK_ID
from rnnlab.experiment.task_data import data_settings
from rnnlab.experiment.torch_settings import torch_settings
from rnnlab.probes.generation import generate as go_on
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.probe import save
from rnnlab.workflows.trained_run import TrainedRun

FORECAST, MOST_STEPS, TEXT_LENGTH = "forecast", 200, 200


def generate(
    run: TrainedRun,
    prompt: str = "",
    *,
    length: int = TEXT_LENGTH,
    temperature: float = 1.0,
    seed: int = 1,
    display: Display = SILENT,
) -> str:
    """Returns the prompt and what a language model goes on with.

    Args:
        run: a finished run of a task that generates text.
        prompt: cut as the run's own text was; what the run does not know is noted, and read as <unk>.
        length: how many tokens follow, characters or words.
        temperature: 0: always the likeliest; 1: as the net has it; above: bolder.
        seed: of the drawing.

    Raises:
        InputError: the run generates no text, or the temperature is not finite.
    """
    if not math.isfinite(temperature):
        raise InputError(f"--temperature: expected a finite number, found {temperature}")
    task, vocabulary, model = run.task, run.vocabulary, run.model
    if not task.generates_text or vocabulary is None:
        raise _generates_nothing(run)
    tokens = task.prompt_tokens(prompt, data_settings(run.config))
    if unknown := sorted({token for token in tokens if vocabulary.encode([token])[0] == UNK_ID}):
        display.note(f"unknown to the run, and read as <unk>: {' '.join(unknown)}")
    # Without a prompt the net starts where a sentence may: after a full stop, if it knows one.
    start = vocabulary.encode(tokens).tolist() or [vocabulary["."]]
    rng = np.random.default_rng(seed)
    with torch_settings(run.config):
        ids = go_on(model, start, length, temperature=temperature, rng=rng, never=(PAD_ID, UNK_ID))
    return task.join_tokens([*tokens, *(vocabulary.words[number] for number in ids)])


@dataclass(frozen=True)
class Forecast:
    """A series that a net has gone on with.

    table: see `rnnlab.tasks.forecast`; errors: mean squared error over all its rows and columns, in squared
    standard deviations of the training rows, of the net and of simple rules; path, figures: its files.
    """

    table: pd.DataFrame
    errors: dict[str, float]
    path: Path
    figures: list[Path]


def forecast(run: TrainedRun, *, start: int = 0, steps: int | None = None) -> Forecast:
    """Returns what a run of task=series goes on with by itself, and keeps it as forecast.csv and a figure.

    Args:
        run: a finished run whose outputs are its inputs one row later.
        start: the first validation row that is read.
        steps: how many rows follow; None: as many as there are to compare with, at most 200.

    Raises:
        InputError: the run has no series, its outputs cannot be read as inputs, or there are too few rows.
    """
    data = run.task_data
    length = len(data.splits["valid"]) - start if "valid" in data.splits else 0
    steps = min(length, MOST_STEPS) if steps is None else steps
    with torch_settings(run.config), torch.no_grad():
        table = run.task.forecast(run.predict_fn, data, start=start, steps=steps)
    if table is None:
        raise _generates_nothing(run)
    saved = save(FORECAST, table, run.folder, run.config)
    return Forecast(table, _errors(table), saved.path, saved.figures)


def _errors(table: pd.DataFrame) -> dict[str, float]:
    names = [str(name).removesuffix(" true") for name in table if str(name).endswith(" true")]
    true = table[[f"{name} true" for name in names]].to_numpy()
    rules = {"reading its own outputs": "forecast", "reading the true rows": "one step"}
    rules["the last value again"] = "last value"
    errors = {
        rule: float(((table[[f"{name} {what}" for name in names]].to_numpy() - true) ** 2).mean())
        for rule, what in rules.items()
    }
    return errors | {"the mean of the training rows": float((true**2).mean())}


def refuse_ignored(run: TrainedRun, of_text: dict[str, bool], of_series: dict[str, bool]) -> None:
    """Raises InputError for an option that says nothing of what the run goes on with.

    of_text, of_series: options, and whether they were given.
    """
    text = run.task.generates_text
    for option, given in (of_series if text else of_text).items():
        if given:
            about = "a series" if text else "a text"
            raise InputError(f"{option}: is about {about}; this run's task is task={run.task.name}")


def _generates_nothing(run: TrainedRun) -> InputError:
    return InputError(
        f"{run.name}: rnnlab generate needs a run of task=language or task=series; this run's task is "
        f"{run.task.name}"
    )
