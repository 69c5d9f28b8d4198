"""`rnnlab generate`: a language model goes on with a text."""

from typing import Annotated

import typer

from rnnlab.cli.options import Checkpoint, RunName


def generate(
    run: RunName,
    prompt: Annotated[str, typer.Option(help="The text to go on with; empty: from nothing read.")] = "",
    length: Annotated[int, typer.Option(min=1, max=1_000_000, help="Characters or words to add.")] = 200,
    temperature: Annotated[
        float, typer.Option(min=0.0, help="0: always the likeliest; 1: as the net has it; above: bolder.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Of the drawing; the same seed writes the same text.")] = 1,
    checkpoint: Checkpoint = "last",
) -> None:
    """Let a finished run of task=language go on with a text.

    The prompt is cut as the run's own text was; what the run does not know is read as <unk>.
    """
    import math

    import numpy as np

    from rnnlab.core.errors import InputError
    from rnnlab.data.vocabulary import PAD_ID, UNK_ID
    from rnnlab.experiment.restore import restore
    from rnnlab.experiment.task_data import data_settings
    from rnnlab.experiment.torch_settings import torch_settings
    from rnnlab.models.recurrent import RecurrentModel
    from rnnlab.probes.generation import generate as go_on
    from rnnlab.runs.finder import find_run
    from rnnlab.terminal.messages import print_note, printable

    if not math.isfinite(temperature):
        raise InputError(f"--temperature: expected a finite number, found {temperature}")
    restored = restore(find_run(run), checkpoint=checkpoint)
    task, vocabulary, model = restored.task, restored.vocabulary, restored.model
    if not task.generates_text or vocabulary is None or not isinstance(model, RecurrentModel):
        raise InputError(
            f"{restored.run.name}: rnnlab generate needs a run of task=language; "
            f"this run's task is {task.name}"
        )
    tokens = task.prompt_tokens(prompt, data_settings(restored.config))
    unknown = sorted({token for token in tokens if vocabulary.encode([token])[0] == UNK_ID})
    if unknown:
        print_note(f"unknown to the run, and read as <unk>: {' '.join(unknown)}")
    # Without a prompt the net starts where a sentence may: after a full stop, if it knows one.
    start = vocabulary.encode(tokens).tolist() or [vocabulary["."]]
    rng = np.random.default_rng(seed)
    with torch_settings(restored.config):
        ids = go_on(model, start, length, temperature=temperature, rng=rng, never=(PAD_ID, UNK_ID))
    print(printable(task.join_tokens([*tokens, *(vocabulary.words[number] for number in ids)])))
