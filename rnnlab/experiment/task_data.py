"""What a task's net is trained and looked at with, read or drawn."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from rnnlab.core.errors import InputError
from rnnlab.core.files import fingerprint
from rnnlab.data.corpus import Track
from rnnlab.data.vectors import Vectors
from rnnlab.data.vocabulary import RESERVED
from rnnlab.experiment.build import build_corpus, build_vectors, given_paths, with_insertion
from rnnlab.experiment.schema import Config
from rnnlab.tasks.base import DataSettings, Task, TaskData
from rnnlab.tasks.sentiment import Sentiment


@dataclass(frozen=True)
class Loaded:
    """A task's data and the pretrained vectors of its words.

    vector_coverage: the share, 0 to 1, of the training texts' running words (unknown ones included) that
    have a pretrained vector; None without vectors, or for another task than sentiment.
    """

    task_data: TaskData
    vectors: Vectors | None
    vector_coverage: float | None


def load_task_data(config: Config, task: Task, *, track: Track) -> Loaded:
    """Reads or draws everything; raises InputError for bad input; writes only the cache of encoded texts."""
    if isinstance(task, Sentiment):
        return _labelled_texts(config, track)
    data = config.data
    settings = DataSettings(
        paths=given_paths(config),
        seed=config.seed,
        precision=getattr(torch, config.training.precision),
        tokenizer=data.tokenizer,
        min_count=data.min_count,
        max_vocabulary=data.max_vocabulary,
        max_length=data.max_length,
        valid_fraction=data.valid_fraction,
    )
    task_data = task.load(settings)
    vectors = None if task_data.vocabulary is None else build_vectors(config, task_data.vocabulary)
    return Loaded(_with_vectors(task_data, vectors, config), vectors, None)


def _labelled_texts(config: Config, track: Track) -> Loaded:
    corpus = build_corpus(config, track=track)
    vocabulary = corpus.vocabulary
    vectors = build_vectors(config, vocabulary)
    corpus = corpus.keep()  # not before the vectors are known to be good: bad input leaves nothing behind
    precision = getattr(torch, config.training.precision)
    texts = {name: replace(split, precision=precision) for name, split in corpus.splits.items()}
    splits = {
        name: with_insertion(split, config, vocabulary) if name != "test" else split
        for name, split in texts.items()
    }
    task_data = TaskData(
        train=splits.pop("train"),
        splits=splits,
        sizes=Sentiment.sizes,
        vocabulary=vocabulary,
        texts=texts,
        classes=Sentiment.classes,
        notes=tuple(corpus.notes),
        files=corpus.files,
    )
    coverage = None if vectors is None else float(vectors.found[texts["train"].ids].mean())
    return Loaded(_with_vectors(task_data, vectors, config), vectors, coverage)


def _with_vectors(task_data: TaskData, vectors: Vectors | None, config: Config) -> TaskData:
    """Returns the task data with what is to be known of the file of vectors."""
    if vectors is None or config.data.vectors is None or task_data.vocabulary is None:
        return task_data
    path = Path(config.data.vectors)
    found = int(vectors.found.sum())
    words = sum(word not in RESERVED for word in task_data.vocabulary.words)
    note = f"vectors: {found:,} of {words:,} words found; the others start as zeros"
    files = {**task_data.files, "vectors": {"path": str(path), "sha256": fingerprint(path)}}
    return replace(task_data, notes=(*task_data.notes, note), files=files)


def check_unchanged(task_data: TaskData, vocabulary_then: tuple[str, ...] | None, config: Config) -> None:
    """Raises InputError if a run's files have other words than they had."""
    now = None if task_data.vocabulary is None else task_data.vocabulary.words
    if now != vocabulary_then:
        raise InputError(f"{config.data.train}: has changed since the run (its vocabulary differs)")
