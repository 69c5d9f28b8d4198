"""What a task's net is trained and evaluated with, read or drawn."""

from dataclasses import replace
from pathlib import Path

import torch

from rnnlab.core.files import fingerprint
from rnnlab.data.corpus import Track
from rnnlab.data.vocabulary import is_reserved
from rnnlab.experiment.schema import Config
from rnnlab.tasks.base import DataSettings, Task, TaskData, untracked


def data_settings(config: Config, *, track: Track = untracked) -> DataSettings:
    """Returns what a task may know of the data that the configuration names."""
    data = config.data.model_dump()
    paths = {name: data.pop(name) for name in ("train", "valid", "test")}
    vectors = data.pop("vectors")
    return DataSettings(
        paths={name: Path(path) for name, path in paths.items() if path is not None},
        seed=config.seed,
        precision=getattr(torch, config.training.precision),
        insert=config.insert,
        vectors=None if vectors is None else Path(vectors),
        cache=Path(data.pop("cache")),
        track=track,
        **data,
    )


def load_task_data(config: Config, task: Task, *, track: Track) -> TaskData:
    """Reads or draws everything; raises InputError for bad input; writes only the cache of encoded texts."""
    settings = data_settings(config, track=track)
    task_data = task.load(settings)
    if task_data.vectors is None or settings.vectors is None or task_data.vocabulary is None:
        return task_data
    found = int(task_data.vectors.found.sum())
    words = sum(not is_reserved(word) for word in task_data.vocabulary.words)
    note = f"vectors: {found:,} of {words:,} words found; the others start as zeros"
    facts = {"path": str(settings.vectors), "sha256": fingerprint(settings.vectors)}
    return replace(task_data, notes=(*task_data.notes, note), files={**task_data.files, "vectors": facts})
