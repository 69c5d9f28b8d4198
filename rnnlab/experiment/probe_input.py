"""What a probe gets to see of a finished run."""

from dataclasses import replace
from pathlib import Path

from torch import Tensor

from rnnlab.core.errors import InputError
from rnnlab.core.files import fingerprint
from rnnlab.data.corpus import Track
from rnnlab.data.vocabulary import Vocabulary
from rnnlab.experiment.build import build_model, check_fit
from rnnlab.experiment.restore import RestoredRun
from rnnlab.experiment.task_data import data_settings
from rnnlab.experiment.torch_settings import torch_settings
from rnnlab.probes.base import ProbeInput
from rnnlab.tasks.base import GivenSplit, TaskData, check_vocabulary


def task_data_of(restored: RestoredRun, *, track: Track) -> TaskData:
    """Returns what the run was trained with, without pretrained vectors, of which the model has its own.

    Raises InputError if it is gone or other than it was.
    """
    settings = replace(data_settings(restored.config, track=track), vectors=None)
    task_data = restored.task.load(settings)
    check_vocabulary(task_data, restored.vocabulary, settings)
    return task_data


def probe_input_of(restored: RestoredRun, task_data: TaskData) -> ProbeInput:
    """Returns the run's model beside its validation examples (else the training ones), in its precision."""
    name = task_data.evaluation_split
    return ProbeInput(
        model=restored.model,
        objective=restored.task,
        vocabulary=restored.vocabulary,
        without_token=task_data.texts.get(name),
        examples=task_data.finite[name],
        device=restored.device,
    )


def examples_of(restored: RestoredRun, split: str | None, *, test: str | None, track: Track) -> GivenSplit:
    """Returns the run's examples of a split (by default those that probes look at), or of the file `test`.

    Raises InputError for a split that the run has not, or a file that its task makes no use of.
    """
    config = restored.config
    if test:
        config = config.model_copy(update={"data": config.data.model_copy(update={"test": test})})
        check_fit(config, restored.task)
    data = config.data
    if (test or split == "test") and data.test is not None:
        settings = replace(data_settings(config, track=track), vectors=None)
        given = restored.task.load_test(Path(data.test), settings, restored.vocabulary, restored.classes)
        given = given._replace(source=fingerprint(Path(data.test)))
        return given if test else given._replace(name="test")
    task_data = task_data_of(restored, track=track)
    name = split or task_data.evaluation_split
    if name not in task_data.finite:
        raise InputError(f"--split {name}: the run has none; it has {', '.join(task_data.finite)}")
    # What has no file of its own is a part of data.train.
    file = task_data.files.get(name) or task_data.files.get("train") or {}
    return GivenSplit(name, task_data.finite[name], source=file.get("sha256"))


def require_labelled_texts(restored: RestoredRun, command: str) -> None:
    """Raises InputError, in one line, for a run whose texts have no class each."""
    if not restored.task.uses_insert:
        raise InputError(
            f"{restored.run.name}: rnnlab {command} is about texts with a class (task=classification); "
            f"this run's task is {restored.task.name}"
        )


def require_words(restored: RestoredRun, command: str) -> Vocabulary:
    """Returns the run's vocabulary; raises InputError, in one line, for a run whose inputs are numbers."""
    if restored.vocabulary is None:
        raise InputError(
            f"{restored.run.name}: rnnlab {command} is about word vectors; the inputs of "
            f"task={restored.task.name} are numbers"
        )
    return restored.vocabulary


def initial_vectors(restored: RestoredRun) -> Tensor:
    """Returns the word vectors before training, (vocabulary, embedding), made again as the run made them.

    Raises InputError if the file of pretrained vectors is gone or another than it was.
    """
    assert restored.vocabulary is not None
    settings = data_settings(restored.config)
    recorded = restored.run.summary.get("data", {}).get("vectors")
    path = settings.vectors
    known = path is not None and recorded is not None and path.exists()
    if path is not None and known and fingerprint(path) != recorded["sha256"]:
        raise InputError(f"{path}: has changed since the run (its SHA-256 differs)")
    vectors = settings.load_vectors(restored.vocabulary)
    with torch_settings(restored.config):
        model = build_model(restored.config, restored.vocabulary, vectors, restored.sizes)
    return model.word_vectors.detach()
