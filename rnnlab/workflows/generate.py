"""A text that a run's net goes on with."""

import math

import numpy as np

from rnnlab.core.errors import InputError
from rnnlab.data.vocabulary import PAD_ID, UNK_ID
from rnnlab.experiment.task_data import data_settings
from rnnlab.experiment.torch_settings import torch_settings
from rnnlab.probes.generation import generate as go_on
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.trained_run import TrainedRun


def generate(
    run: TrainedRun,
    prompt: str = "",
    *,
    length: int = 200,
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
        raise InputError(
            f"{run.name}: rnnlab generate needs a run of task=language; this run's task is {task.name}"
        )
    tokens = task.prompt_tokens(prompt, data_settings(run.config))
    if unknown := sorted({token for token in tokens if vocabulary.encode([token])[0] == UNK_ID}):
        display.note(f"unknown to the run, and read as <unk>: {' '.join(unknown)}")
    # Without a prompt the net starts where a sentence may: after a full stop, if it knows one.
    start = vocabulary.encode(tokens).tolist() or [vocabulary["."]]
    rng = np.random.default_rng(seed)
    with torch_settings(run.config):
        ids = go_on(model, start, length, temperature=temperature, rng=rng, never=(PAD_ID, UNK_ID))
    return task.join_tokens([*tokens, *(vocabulary.words[number] for number in ids)])
