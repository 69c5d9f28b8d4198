"""What a probe gets to see of a finished run."""

from pathlib import Path

from torch import Tensor

from rnnlab.core.errors import InputError
from rnnlab.core.files import fingerprint
from rnnlab.data.corpus import Track
from rnnlab.data.vocabulary import Vocabulary
from rnnlab.experiment.build import build_model, build_vectors
from rnnlab.experiment.restore import RestoredRun
from rnnlab.experiment.task_data import check_unchanged, load_task_data
from rnnlab.probes.base import ProbeInput
from rnnlab.tasks.base import TaskData
from rnnlab.tasks.sentiment import Sentiment


def task_data_of(restored: RestoredRun, *, track: Track) -> TaskData:
    """Returns what the run was trained with; raises InputError if it is gone or other than it was."""
    task_data = load_task_data(restored.config, restored.task, track=track).task_data
    words = None if restored.vocabulary is None else restored.vocabulary.words
    check_unchanged(task_data, words, restored.config)
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


def require_sentiment(restored: RestoredRun, command: str) -> None:
    """Raises InputError, in one line, for a run of another task than sentiment."""
    if not isinstance(restored.task, Sentiment):
        raise InputError(
            f"{restored.run.name}: rnnlab {command} is about texts with a class (task=sentiment); "
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
    config = restored.config
    recorded = restored.run.summary.get("data", {}).get("vectors")
    if config.data.vectors is not None and recorded is not None:
        path = Path(config.data.vectors)
        if path.exists() and fingerprint(path) != recorded["sha256"]:
            raise InputError(f"{path}: has changed since the run (its SHA-256 differs)")
    assert restored.vocabulary is not None
    vectors = build_vectors(config, restored.vocabulary)
    model = build_model(config, restored.vocabulary, vectors, restored.sizes)
    return model.word_vectors.detach()
