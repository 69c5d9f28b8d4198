"""The next word, or the next character, of a text."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
from annotated_types import Gt, Lt
from numpy.typing import NDArray

from rnnlab.core.batch import UNCOUNTED, Criterion, Split
from rnnlab.core.errors import InputError
from rnnlab.core.files import fingerprint
from rnnlab.data.ngrams import Bigram, perplexity
from rnnlab.data.open_file import show_path
from rnnlab.data.running_text import Choice, Unit, WordIndex, read_text, read_word_list, tokens_of
from rnnlab.data.vocabulary import PAD, UNK, UNK_ID, Vocabulary, is_reserved
from rnnlab.tasks.base import DataSettings, InputOutputSizes, PredictFn, Task, TaskData
from rnnlab.tasks.tagged_split import TaggedSplit

UNIGRAM, BIGRAM = "unigram", "bigram"


class Language(Task):
    """Language modelling: at every step of a window of text, the token that comes next.

    Perplexity is exp of the mean loss over tokens. Tokens that the training text does not have are read as
    `<unk>`, and never asked for. token, lower, max_tokens, word_list, stop_words: see
    `rnnlab.data.running_text.Choice`; window: steps of a training example, each read from a state of
    zeros; held_out: the share of the text, its end, to validate with where data.valid is not given.
    """

    metrics: ClassVar[tuple[str, ...]] = ("perplexity", "acc", "loss")
    unit: ClassVar[str] = "tokens"
    criterion: ClassVar[Criterion] = "cross_entropy"
    causal: ClassVar[bool] = True
    generates_text: ClassVar[bool] = True
    reads: ClassVar[frozenset[str]] = frozenset(
        {
            "train",
            "valid",
            "test",
            "tokenizer",
            "lower_first",
            "vectors",
            "embedding_dim",
            "embedding_std",
            "vocabulary",
        }
    )

    def __init__(
        self,
        *,
        token: Unit = "character",
        lower: bool = False,
        max_tokens: Annotated[int, Gt(0)] | None = None,
        word_list: str | None = None,
        stop_words: str | None = None,
        window: Annotated[int, Gt(0)] = 100,
        held_out: Annotated[float, Gt(0.0), Lt(1.0)] = 0.1,
    ) -> None:
        self.token, self.lower, self.max_tokens, self.window = token, lower, max_tokens, window
        self.word_list, self.stop_words, self.held_out = word_list, stop_words, held_out
        if token == "character" and (word_list or stop_words):
            key = "word_list" if word_list else "stop_words"
            raise InputError(
                f"task.{key}: makes no sense with task.token=character; expected task.token=word"
            )

    def chosen_tokens(self, settings: DataSettings) -> list[str]:
        """Returns the tokens of data.train that are kept, in their order."""
        return tokens_of(read_text(settings.path("train")), self._choice(settings))

    def prompt_tokens(self, prompt: str, settings: DataSettings) -> list[str]:
        """Returns a prompt's tokens, cut as the text was, but with nothing left out."""
        return tokens_of(prompt, Choice(self.token, settings.tokenizer, self.lower, settings.lower_first))

    def join_tokens(self, tokens: Sequence[str]) -> str:
        """Returns tokens as running text: characters as they are, words with spaces between."""
        return ("" if self.token == "character" else " ").join(tokens)

    def _choice(self, settings: DataSettings) -> Choice:
        """Returns which tokens of a text are kept; reads the lists of words."""
        kept = None if self.word_list is None else read_word_list(Path(self.word_list))
        dropped = frozenset[str]() if self.stop_words is None else read_word_list(Path(self.stop_words))
        return Choice(
            self.token, settings.tokenizer, self.lower, settings.lower_first, self.max_tokens, kept, dropped
        )

    def load(self, settings: DataSettings) -> TaskData:
        """Reads the texts and cuts them into windows; raises InputError for one shorter than a window."""
        settings.path("train")
        choice = self._choice(settings)
        tokens = {name: tokens_of(read_text(path), choice) for name, path in settings.paths.items()}
        if "valid" not in tokens:
            cut = math.ceil(len(tokens["train"]) * (1 - self.held_out))
            tokens["train"], tokens["valid"] = tokens["train"][:cut], tokens["train"][cut:]
        for name, found in tokens.items():
            if len(found) <= self.window:
                place = show_path(settings.paths.get(name, settings.paths["train"]))
                raise InputError(
                    f"{place}: holds {len(found):,} {self.token}s for data.{name}; expected more than "
                    f"task.window={self.window}"
                )
        index = WordIndex.of(tokens["train"])
        vocabulary = Vocabulary((PAD, UNK, *(word for word in index.words if not is_reserved(word))))
        ids = {name: vocabulary.encode(found).astype(np.int64) for name, found in tokens.items()}
        splits = {name: windows(of_split, self.window) for name, of_split in ids.items()}
        for name, split in splits.items():
            if not (split.targets != UNCOUNTED).any():
                raise InputError(f"data.{name}: none of its {self.token}s occurs in data.train")
        return TaskData(
            train=splits.pop("train"),
            splits=splits,
            sizes=InputOutputSizes(output_size=len(vocabulary), every_step=True),
            vocabulary=vocabulary,
            vectors=settings.load_vectors(vocabulary),
            baselines={"perplexity": ngram_perplexities(ids["train"], ids["valid"], len(vocabulary))},
            notes=tuple(_notes(ids, self.token)),
            files={name: {"path": str(p), "sha256": fingerprint(p)} for name, p in settings.paths.items()},
        )

    def figures(self, means: dict[str, float]) -> dict[str, float]:
        """Returns the metrics: perplexity beside accuracy and loss."""
        return {"perplexity": math.exp(min(means["loss"], 700.0)), **means}

    def class_answers(self, predict_fn: PredictFn, examples: Split, classes: Sequence[str]) -> None:
        """Returns None: perplexity says it all where there are as many classes as words."""

    def tables(self, predict_fn: PredictFn, task_data: TaskData) -> dict[str, pd.DataFrame]:
        """Returns the table `baselines`: the net's perplexity on held-out text beside those of counts."""
        losses = []
        for batch in task_data.splits["valid"].batches(task_data.splits["valid"].by_length(), 64):
            losses.append(self.measure(predict_fn(batch), batch.targets)["loss"].double().numpy())
        rows = [("net", perplexity(-np.concatenate(losses))), *task_data.baselines["perplexity"].items()]
        return {"baselines": pd.DataFrame(rows, columns=["model", "perplexity"])}


def windows(ids: NDArray[np.int64], length: int) -> TaggedSplit:
    """Returns a text cut into windows of `length` steps, each token's target being the one that follows.

    The last window may be shorter. Unknown tokens are not targets.
    """
    targets = np.where(ids[1:] == UNK_ID, UNCOUNTED, ids[1:])
    offsets = np.append(np.arange(0, len(targets), length), len(targets))
    return TaggedSplit(ids[:-1], targets, offsets)


def ngram_perplexities(
    train: NDArray[np.int64], held_out: NDArray[np.int64], vocabulary_size: int
) -> dict[str, float]:
    """Returns the perplexity on held-out text of counts of tokens and of pairs of them."""
    bigram = Bigram.fit(train, vocabulary_size)
    asked = held_out[1:] != UNK_ID
    return {
        name: perplexity(model.log_likelihoods(held_out)[asked])
        for name, model in ((UNIGRAM, bigram.weighted(0.0)), (BIGRAM, bigram))
    }


def _notes(ids: dict[str, NDArray[np.int64]], token: Unit) -> list[str]:
    distinct = len(np.unique(ids["train"]))
    notes = [f"train: {len(ids['train']):,} {token}s, {distinct:,} distinct"]
    for name, of_split in ids.items():
        unknown = int((of_split == UNK_ID).sum())
        if name != "train":
            notes.append(f"{name}: {len(of_split):,} {token}s, {unknown:,} of them unknown and not asked for")
    return notes
