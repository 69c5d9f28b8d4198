"""What a task is: what it reads or draws, what it asks of a net, and how answers are measured."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnlab.core.batch import EVALUATION_BATCH, Criterion, PredictFn, Split, Stream
from rnnlab.core.errors import InputError
from rnnlab.data.chunks import Encoding
from rnnlab.data.corpus import Track
from rnnlab.data.encoded_text import EncodedText, TextEncoder
from rnnlab.data.hashed_ngrams import HashedNgrams
from rnnlab.data.splits import Insert, TextSplit
from rnnlab.data.tokenizers import Keep, TokenizerName
from rnnlab.data.vectors import Vectors, load_vectors
from rnnlab.data.vocabulary import Vocabulary
from rnnlab.tasks.answers import ClassAnswers, class_answers
from rnnlab.tasks.criteria import CRITERIA, Measures


@dataclass(frozen=True)
class InputOutputSizes:
    """What a net for the task takes and gives.

    features: numbers per step, or None where steps are words of a vocabulary; output_size: logits, of a
    sequence or, with `every_step`, of each of its steps.
    """

    output_size: int
    features: int | None = None
    every_step: bool = False


def untracked(texts: Iterable[str], *, description: str, total: int) -> Iterable[str]:
    """Returns the texts, and shows nobody how far their encoding is."""
    return texts


@dataclass(frozen=True)
class DataSettings:
    """What a task may read, and how (`configs/data/base.yaml` has the meanings).

    paths: of the splits that are given, by name; seed, precision: of the run; insert: where each text gets
    the token of its class; cache: the folder of encoded texts, None to encode them anew; vectors: the file
    of pretrained vectors, None for none; track: shows how far the encoding of texts is.
    """

    paths: Mapping[str, Path]
    seed: int
    precision: torch.dtype
    tokenizer: TokenizerName = "spacy"
    lower_first: bool = False
    vocabulary: Literal["rnnlab", "torchtext"] = "rnnlab"
    min_count: int = 1
    max_vocabulary: int | None = None
    max_length: int | None = None
    keep: Keep = "first"
    strip_html: bool = True
    valid_fraction: float = 0.0
    ngrams: int = 1
    ngram_buckets: int = 500_000
    insert: Insert = "none"
    vectors: Path | None = None
    embedding_dim: int | None = None
    embedding_std: float = 1.0
    cache: Path | None = None
    track: Track = untracked

    def path(self, name: str) -> Path:
        """Returns the path of data.NAME; raises InputError if there is none."""
        if name not in self.paths:
            raise InputError(f"data.{name}: a value is needed; give it as data.{name}=…")
        return self.paths[name]

    @property
    def encoding(self) -> Encoding:
        """What turns labelled texts into ids."""
        return Encoding(**{name: getattr(self, name) for name in Encoding.__dataclass_fields__})

    def hashed_ngrams(self, vocabulary: Vocabulary) -> HashedNgrams | None:
        """Returns what numbers n-grams after the words of the vocabulary, or None if there are to be none."""
        return HashedNgrams(self.ngrams, self.ngram_buckets, len(vocabulary)) if self.ngrams > 1 else None

    def load_vectors(self, vocabulary: Vocabulary) -> Vectors | None:
        """Returns the pretrained vectors of the vocabulary's words, or None if there are to be none."""
        if self.vectors is None:
            return None
        if self.vocabulary == "torchtext":
            from rnnlab.data.torchtext_bridge import load_torchtext_vectors

            return load_torchtext_vectors(self.vectors, vocabulary.words, embedding_dim=self.embedding_dim)
        return load_vectors(self.vectors, vocabulary.words, embedding_dim=self.embedding_dim)


@dataclass(frozen=True)
class TaskData:
    """What a net is trained and evaluated with.

    train: a finite split, or a stream of fresh examples; splits: `valid`, `test` and whatever else the task
    measures on; vectors: pretrained ones of the vocabulary's words; texts: for texts with a class each, those
    of every split without inserted tokens; baselines: what a simple rule reaches, by metric and name;
    classes: names of the output classes, if it has some; notes: what a person should know, one line each;
    files: path and SHA-256 of what was read.
    """

    train: Split | Stream
    splits: Mapping[str, Split]
    sizes: InputOutputSizes
    vocabulary: Vocabulary | None = None
    vectors: Vectors | None = None
    texts: Mapping[str, TextSplit] = field(default_factory=dict)
    baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    files: Mapping[str, dict[str, str]] = field(default_factory=dict)

    @property
    def finite(self) -> dict[str, Split]:
        """All splits that have an end, `train` among them unless it is a stream."""
        train = {} if isinstance(self.train, Stream) else {"train": self.train}
        return {**train, **self.splits}

    @property
    def evaluation_split(self) -> str:
        """The name of the split that probes look at: `valid`, or `train` where there is none."""
        return "valid" if "valid" in self.splits else "train"

    @property
    def vector_coverage(self) -> float | None:
        """The share, 0 to 1, of the training texts' running words that have a pretrained vector.

        Unknown words count, too; None without vectors or for texts without classes.
        """
        if self.vectors is None or "train" not in self.texts:
            return None
        return self.texts["train"].share(self.vectors.found)


class GivenSplit(NamedTuple):
    """Examples that a trained net is to be measured on.

    name: of their split, or their path; notes: what was left out of them; source: the SHA-256 of what they
    were read from, None for those that were drawn.
    """

    name: str
    examples: Split
    notes: tuple[str, ...] = ()
    source: str | None = None

    @property
    def fingerprint(self) -> str:
        """What two runs' examples share if they were read from one file, or drawn alike."""
        if self.source is not None:
            return self.source
        digest = hashlib.sha256()
        for batch in self.examples.batches(self.examples.by_length(), EVALUATION_BATCH):
            inputs = batch.inputs.float()  # in whatever precision the run has them
            digest.update(inputs.numpy().tobytes() + batch.lengths.numpy().tobytes())
        return digest.hexdigest()


class Task:
    """What all tasks share; a subclass is one file here and one yaml in `configs/task/`.

    unit: what metrics average over; criterion: what is minimized; reads: the keys of `data.` that the task
    makes use of; causal: whether a net that reads backwards would see what it is asked for; classes: those
    of a run that recorded none; uses_insert: whether its texts have a class each, whose token `insert` can
    put into them; draws_examples: whether it draws them without end, of any `task.length`; generates_text:
    whether a trained net can go on with a text.
    """

    metrics: ClassVar[tuple[str, ...]] = ("loss",)
    unit: ClassVar[str] = "sequences"
    criterion: ClassVar[Criterion] = "mean_squared_error"
    reads: ClassVar[frozenset[str]] = frozenset()
    causal: ClassVar[bool] = False
    classes: ClassVar[tuple[str, ...]] = ()
    uses_insert: ClassVar[bool] = False
    draws_examples: ClassVar[bool] = False
    generates_text: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """What `task=` calls it."""
        return type(self).__name__.lower()

    @property
    def baselines(self) -> Mapping[str, Mapping[str, float]]:
        """What a simple rule reaches whatever the data, by metric and name."""
        return {}

    def load(self, settings: DataSettings) -> TaskData:
        """Reads or draws all examples; raises InputError for bad input."""
        raise NotImplementedError

    def load_test(
        self, path: Path, settings: DataSettings, vocabulary: Vocabulary | None, classes: Sequence[str] = ()
    ) -> GivenSplit:
        """Returns the examples of a file as data.test, for a net that was trained with these settings.

        vocabulary, classes: what the run recorded. Raises InputError for bad input, and for training files
        that have changed since.
        """
        task_data = self.load(replace(settings, paths={**settings.paths, "test": path}))
        check_vocabulary(task_data, vocabulary, settings)
        return GivenSplit(str(path), task_data.splits["test"])

    def measure(self, logits: Tensor, targets: Tensor) -> Measures:
        """Returns measures (units,) by name; see `rnnlab.core.batch.Objective`."""
        return CRITERIA[self.criterion](logits, targets)

    def figures(self, means: dict[str, float]) -> dict[str, float]:
        """Returns the metrics, as a rule the means themselves."""
        return means

    def tables(self, predict_fn: PredictFn, task_data: TaskData) -> dict[str, pd.DataFrame]:
        """Returns tables of what a trained net does, by name, for the run folder."""
        return {}

    def forecast(
        self, predict_fn: PredictFn, task_data: TaskData, *, start: int, steps: int
    ) -> pd.DataFrame | None:
        """Returns what a net goes on with from a row of the evaluation split on, beside the truth; None where
        the task has no series. Raises InputError where its outputs cannot be read as inputs.
        """
        return None

    def class_answers(
        self, predict_fn: PredictFn, examples: Split, classes: Sequence[str]
    ) -> ClassAnswers | None:
        """Returns which class a net gives every unit; None where it answers with numbers.

        classes: names of all; there may be none.
        """
        if self.criterion == "mean_squared_error":
            return None
        return class_answers(predict_fn, examples, classes)

    def typed_predictions(
        self, texts: Sequence[str], places: Sequence[str], predict_fn: PredictFn, precision: torch.dtype
    ) -> pd.DataFrame | None:
        """Returns what a net says of sequences that a person types, beside the right answers; None where
        texts are read with a vocabulary, or nothing can be typed.

        places: of the texts, for errors; precision: of the net. Raises InputError for what is no sequence
        of the task.
        """
        return None

    def text_encoder(self, vocabulary: Vocabulary, settings: DataSettings) -> TextEncoder | None:
        """Returns what turns a person's texts into what the net reads; None if it predicts none."""
        return None

    def predictions(
        self,
        texts: Sequence[EncodedText],
        logits: Sequence[NDArray[np.float64]],
        *,
        vocabulary: Vocabulary,
        classes: Sequence[str],
    ) -> pd.DataFrame:
        """Returns what a net says of texts, given its logits for each.

        Those are (outputs,), or (tokens, outputs) of a net that answers at every step.
        """
        raise NotImplementedError

    def chosen_tokens(self, settings: DataSettings) -> list[str]:
        """Returns the tokens of data.train as the task cuts and chooses them, if it generates text."""
        raise InputError(f"task={self.name}: expected task=language")

    def prompt_tokens(self, prompt: str, settings: DataSettings) -> list[str]:
        """Returns a prompt's tokens, cut as the text was that the net read, if the task generates text."""
        raise InputError(f"task={self.name}: expected task=language")

    def join_tokens(self, tokens: Sequence[str]) -> str:
        """Returns tokens as running text."""
        return " ".join(tokens)


def check_vocabulary(task_data: TaskData, expected: Vocabulary | None, settings: DataSettings) -> None:
    """Raises InputError if a run's files have other words than they had."""
    if task_data.vocabulary != expected:
        raise InputError(f"{settings.path('train')}: has changed since the run (its vocabulary differs)")
