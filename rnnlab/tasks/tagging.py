"""A tag for every token of a sentence."""

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

import numpy as np
import pandas as pd
import torch
from annotated_types import Ge, Le
from numpy.typing import NDArray

from rnnlab.core.batch import UNCOUNTED, Batch, Criterion
from rnnlab.core.errors import InputError
from rnnlab.core.files import fingerprint
from rnnlab.data.encoded_text import EncodedText, TextEncoder
from rnnlab.data.tagged import read_tagged, tag_ids
from rnnlab.data.vocabulary import UNK, Vocabulary, build_vocabulary, is_reserved
from rnnlab.tasks.base import DataSettings, InputOutputSizes, PredictFn, Task, TaskData
from rnnlab.tasks.drawn import generator
from rnnlab.tasks.tag_tables import (
    RULE,
    accuracy_by_tag,
    beside_the_rule,
    confusion,
    most_frequent_tags,
    tokens_of,
)
from rnnlab.tasks.tagged_split import TaggedSplit

ENDINGS = ("ing", "ed", "ly", "er", "est", "ion", "al", "y", "s")


class Tagging(Task):
    """Sequence labelling: accuracy and loss are averages over tokens, padding excluded.

    column: of the files' tags, counted from 1; the words are column 1. unknown: what stands for a word that
    the vocabulary does not have, `<unk>`, or by `shape` one of some such classes (`<unk-Cap-s>`), by
    capitals, digits, hyphens and endings. rare: the probability that a training word which occurs once is
    replaced so, anew in every epoch: how to read what stands for unknown words has to be learned.
    """

    metrics: ClassVar[tuple[str, ...]] = ("acc", "loss")
    unit: ClassVar[str] = "tokens"
    criterion: ClassVar[Criterion] = "cross_entropy"
    reads: ClassVar[frozenset[str]] = frozenset(
        {
            "train",
            "valid",
            "test",
            "vectors",
            "embedding_dim",
            "embedding_std",
            "vocabulary",
            "min_count",
            "max_vocabulary",
        }
    )

    def __init__(
        self,
        *,
        column: Annotated[int, Ge(2)] = 2,
        lower: bool = False,
        unknown: Literal["plain", "shape"] = "shape",
        rare: Annotated[float, Ge(0.0), Le(1.0)] = 0.5,
    ) -> None:
        self.column, self.lower, self.unknown, self.rare = column, lower, unknown, rare

    def load(self, settings: DataSettings) -> TaskData:
        """Reads data.train, data.valid and data.test; tags unknown to training are counted and reported."""
        settings.path("train")
        read = {name: read_tagged(path, column=self.column) for name, path in settings.paths.items()}
        train = read["train"]
        tags = tuple(sorted({tag for of_sentence in train.tags for tag in of_sentence}))
        vocabulary = self._vocabulary([word for words in train.words for word in words], settings)
        splits, notes = {}, []
        for name, sentences in read.items():
            targets, unknown = tag_ids(sentences, tags)
            splits[name] = TaggedSplit.of(
                [self.encode(words, vocabulary) for words in sentences.words], targets
            )
            if name != "train" and not (splits[name].targets != UNCOUNTED).any():
                raise InputError(f"data.{name}: has none of the tags of data.train; is task.column right?")
            if unknown:
                shown = ", ".join(f"{tag} ({count:,})" for tag, count in unknown.most_common())
                notes.append(f"{name}: {unknown.total():,} token(s) with tags unknown to training: {shown}")
        whole = splits.pop("train")
        evaluation_split = splits.get("valid", whole)
        rule = most_frequent_tags(whole, len(vocabulary), len(tags))
        return TaskData(
            train=RarelyUnknown(whole, self._stand_ins(train.words, vocabulary), self.rare, settings.seed),
            splits=splits,
            sizes=InputOutputSizes(output_size=len(tags), every_step=True),
            vocabulary=vocabulary,
            vectors=settings.load_vectors(vocabulary),
            baselines={
                "acc": {
                    RULE: _accuracy(
                        rule[evaluation_split.ids] == evaluation_split.targets, evaluation_split.targets
                    )
                }
            },
            classes=tags,
            notes=tuple(notes),
            files={name: {"path": str(p), "sha256": fingerprint(p)} for name, p in settings.paths.items()},
        )

    def encode(self, words: list[str], vocabulary: Vocabulary) -> NDArray[np.int64]:
        """Returns the ids (words,) of a sentence's words, unknown ones by what stands for them."""
        return np.array([self._id(word, vocabulary) for word in words], dtype=np.int64)

    def stand_in(self, word: str) -> str:
        """Returns what stands for a word that the vocabulary does not have."""
        if self.unknown == "plain":
            return UNK
        signs = ["num"] * any(map(str.isdigit, word)) + ["Cap"] * word[0].isupper() + ["dash"] * ("-" in word)
        ending = next(
            (end for end in ENDINGS if word.lower().endswith(end) and len(word) > len(end) + 2), None
        )
        return "-".join(["<unk", *signs, *([ending] if ending else [])]) + ">"

    def text_encoder(self, vocabulary: Vocabulary, settings: DataSettings) -> TextEncoder:
        """Returns what cuts sentences at white space, as the files' words are."""
        return TextEncoder(
            lambda texts: [text.split() for text in texts],
            lambda words: self.encode(words, vocabulary).astype(np.int32),
        )

    def predictions(
        self,
        texts: Sequence[EncodedText],
        logits: Sequence[NDArray[np.float64]],
        *,
        vocabulary: Vocabulary,
        classes: Sequence[str],
    ) -> pd.DataFrame:
        """Returns one row per word: its text, the tag that the net gives it, and that tag's probability."""
        rows = []
        for text, of_text in zip(texts, logits, strict=True):
            chances = torch.from_numpy(of_text).softmax(dim=1).numpy()
            chosen = chances.argmax(axis=1)
            rows.append(
                pd.DataFrame(
                    {
                        "Text": text.place,
                        "Word": text.tokens,
                        "Tag": [classes[number] for number in chosen],
                        "Probability": chances[np.arange(len(chosen)), chosen],
                        "Known": [not vocabulary.words[number].startswith("<unk") for number in text.ids],
                    }
                )
            )
        return pd.concat(rows, ignore_index=True)

    def tables(self, predict_fn: PredictFn, task_data: TaskData) -> dict[str, pd.DataFrame]:
        """Returns `baselines`, `tags` and `confusion` of the test, else the validation sentences."""
        assert isinstance(task_data.train, RarelyUnknown) and task_data.vocabulary is not None
        name = "test" if "test" in task_data.splits else task_data.evaluation_split
        rule = most_frequent_tags(task_data.train.split, len(task_data.vocabulary), len(task_data.classes))
        unknown = np.array([word.startswith("<unk") for word in task_data.vocabulary.words])
        # Training words are looked at as they are, none of them replaced.
        split = task_data.train.split if name == "train" else task_data.splits[name]
        said = tokens_of(split, predict_fn)
        said = said.assign(rule=rule[said["id"]], unknown=unknown[said["id"]])
        return {
            "baselines": beside_the_rule(said, name),
            "tags": accuracy_by_tag(said, task_data.classes),
            "confusion": confusion(said, task_data.classes),
        }

    def _form(self, word: str) -> str:
        return word.lower() if self.lower else word

    def _id(self, word: str, vocabulary: Vocabulary) -> int:
        form = self._form(word)
        known = form in vocabulary and not is_reserved(form) and not form.startswith("<unk")
        return vocabulary[form if known else self.stand_in(word)]

    def _vocabulary(self, words: list[str], settings: DataSettings) -> Vocabulary:
        """Returns the words of the training sentences, and what may stand for others."""
        shapes = sorted({self.stand_in(word) for word in words} - {UNK})
        counts = Counter(self._form(word) for word in words)
        return build_vocabulary(
            {word: count for word, count in counts.items() if word not in shapes},
            min_count=settings.min_count,
            max_vocabulary=settings.max_vocabulary,
            extra=tuple(shapes),
        )

    def _stand_ins(self, sentences: list[list[str]], vocabulary: Vocabulary) -> NDArray[np.int64]:
        """Returns for every id that of what stands for its word if that occurs once, else the id itself."""
        counts = Counter(self._form(word) for words in sentences for word in words)
        stand_ins = np.arange(len(vocabulary))
        for words in sentences:
            for word in words:
                if counts[self._form(word)] == 1:
                    stand_ins[self._id(word, vocabulary)] = vocabulary[self.stand_in(word)]
        return stand_ins


@dataclass(frozen=True)
class RarelyUnknown:
    """Training sentences, some of whose rare words are read as unknown ones.

    stand_ins: int64 (vocabulary,), what an id becomes with probability `probability`.
    """

    split: TaggedSplit
    stand_ins: NDArray[np.int64]
    probability: float
    seed: int

    def __len__(self) -> int:
        return len(self.split)

    def by_length(self) -> NDArray[np.int64]:
        """Returns sentence numbers, shortest first."""
        return self.split.by_length()

    def batches(self, order: NDArray[np.int64], batch_size: int) -> Iterator[Batch]:
        """Yields the sentences numbered in `order`; what is replaced follows from the seed and the order."""
        # An epoch's order is its own, so the words that are replaced change from epoch to epoch.
        rng = generator(self.seed, zlib.crc32(order.tobytes()))
        ids = self.split.ids
        chosen = rng.random(len(ids)) < self.probability
        return replace(self.split, ids=np.where(chosen, self.stand_ins[ids], ids)).batches(order, batch_size)


def _accuracy(right: NDArray[np.bool_], targets: NDArray[np.int64]) -> float:
    return float(right[targets != UNCOUNTED].mean())
