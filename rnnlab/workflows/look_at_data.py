"""What a net gets to see of the data that a configuration names, before anything is trained."""

from dataclasses import dataclass

import numpy as np

from rnnlab.core.batch import Batch, Stream
from rnnlab.core.errors import InputError
from rnnlab.experiment.build import build_task, check_fit
from rnnlab.experiment.compose import checked, compose_config
from rnnlab.experiment.task_data import load_task_data
from rnnlab.tasks.base import TaskData
from rnnlab.workflows.display import SILENT, Display


@dataclass(frozen=True)
class FirstExamples:
    """The first examples of a split; total: how many it has, in words; insert: where their token stands."""

    batch: Batch
    task_data: TaskData
    total: str
    insert: str


def first_examples(
    overrides: list[str], *, split: str = "train", number: int = 3, display: Display = SILENT
) -> FirstExamples:
    """Returns the first `number` examples of a split of the data that the overrides describe."""
    config = checked(compose_config(overrides))
    task = build_task(config)
    check_fit(config, task)
    task_data = load_task_data(config, task, track=display.track)
    if split == "train" and isinstance(task_data.train, Stream):
        batch = next(iter(task_data.train.draw(0, 1, number)))
        return FirstExamples(batch, task_data, "drawn without end", config.insert)
    if split not in task_data.finite:
        names = ", ".join(["train", *task_data.splits])
        raise InputError(f"--split {split}: there is none; there are {names}")
    examples = task_data.finite[split]
    batch = next(iter(examples.batches(np.arange(min(number, len(examples))), number)))
    return FirstExamples(batch, task_data, f"{len(examples):,} examples", config.insert)
