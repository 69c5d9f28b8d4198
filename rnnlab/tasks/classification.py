"""A label for every text."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from rnnlab.core.batch import Criterion, Split
from rnnlab.core.errors import InputError
from rnnlab.core.metrics import confusion_counts, logistic
from rnnlab.data.corpus import encode_file, load_corpus
from rnnlab.data.encoded_text import EncodedText, TextEncoder
from rnnlab.data.splits import TextSplit
from rnnlab.data.tokenizers import make_tokenizer
from rnnlab.data.vocabulary import NEWNEG, NEWPOS, Vocabulary
from rnnlab.tasks.base import DataSettings, GivenSplit, InputOutputSizes, PredictFn, Task, TaskData
from rnnlab.tasks.most_confident import logits_of, most_confident

CLASS_TOKENS = (NEWNEG, NEWPOS)
TEXT, PROBABILITY, LABEL, UNKNOWN = "Input text", "Classifier probability", "Output label", "Unknown words"


class Classification(Task):
    """Binary classification of texts by one logit, above 0 for positive.

    Its texts are encoded once and kept in a cache. With `insert`, training and validation texts get the
    token of their class; those of data.test never do.
    """

    metrics: ClassVar[tuple[str, ...]] = ("acc", "loss")
    unit: ClassVar[str] = "texts"
    criterion: ClassVar[Criterion] = "binary_cross_entropy"
    uses_insert: ClassVar[bool] = True
    reads: ClassVar[frozenset[str]] = frozenset(
        {
            *("train", "valid", "test", "vectors", "embedding_dim", "valid_fraction", "tokenizer"),
            *("vocabulary", "min_count", "max_vocabulary", "max_length", "strip_html", "cache"),
        }
    )
    sizes: ClassVar[InputOutputSizes] = InputOutputSizes(output_size=1)
    classes: ClassVar[tuple[str, ...]] = ("neg", "pos")

    def load(self, settings: DataSettings) -> TaskData:
        """Reads and encodes the texts, or takes them from the cache, and puts the tokens in."""
        if "valid" in settings.paths and settings.valid_fraction:
            raise InputError("data.valid_fraction: makes no sense beside data.valid; leave one of them out")
        settings.path("train")
        corpus = load_corpus(
            dict(settings.paths), settings.encoding, cache=settings.cache, track=settings.track
        )
        vocabulary = corpus.vocabulary
        vectors = settings.load_vectors(vocabulary)
        corpus = corpus.keep()  # not before the vectors are known to be good: bad input leaves nothing behind
        texts = {name: replace(split, precision=settings.precision) for name, split in corpus.splits.items()}
        tokens = [vocabulary[token] for token in CLASS_TOKENS]
        splits = {
            name: split if name == "test" else split.insert(settings.insert, tokens)
            for name, split in texts.items()
        }
        return TaskData(
            train=splits.pop("train"),
            splits=splits,
            sizes=self.sizes,
            vocabulary=vocabulary,
            vectors=vectors,
            texts=texts,
            classes=self.classes,
            notes=tuple(corpus.notes),
            files=corpus.files,
        )

    def load_test(self, path: Path, settings: DataSettings, vocabulary: Vocabulary | None) -> GivenSplit:
        """Returns a file's texts in the run's vocabulary, without tokens; needs none of the run's files."""
        assert vocabulary is not None
        split, notes = encode_file(path, vocabulary, settings.encoding, track=settings.track)
        return GivenSplit(str(path), replace(split, precision=settings.precision), tuple(notes))

    def probabilities(self, logits: Float[Tensor, "batch 1"]) -> Float[Tensor, " batch"]:
        """Returns the probability, 0 to 1, that each text is positive."""
        return logits.squeeze(1).sigmoid()

    def tables(self, predict_fn: PredictFn, task_data: TaskData) -> dict[str, pd.DataFrame]:
        """Returns the table `predictions`: the most confident ones, right and wrong, of validation texts."""
        examples = task_data.finite[task_data.evaluation_split]
        assert isinstance(examples, TextSplit) and task_data.vocabulary is not None
        return {"predictions": most_confident(predict_fn, examples, task_data.vocabulary, task_data.classes)}

    def confusion(self, predict_fn: PredictFn, examples: Split, classes: Sequence[str]) -> pd.DataFrame:
        """Returns how many texts of each label are called what."""
        assert isinstance(examples, TextSplit)
        predicted = (logits_of(predict_fn, examples)[:, 0] > 0).astype(int)
        return confusion_counts(examples.labels, predicted, classes)

    def text_encoder(self, vocabulary: Vocabulary, settings: DataSettings) -> TextEncoder:
        """Returns what reads texts as the run read its own, without tokens of their class."""
        tokenizer = make_tokenizer(settings.tokenizer, strip_html=settings.strip_html)
        return TextEncoder(
            lambda texts: list(tokenizer.tokenize(texts)), vocabulary.encode, settings.max_length
        )

    def predictions(
        self,
        texts: Sequence[EncodedText],
        logits: Sequence[NDArray[np.float64]],
        *,
        vocabulary: Vocabulary,
        classes: Sequence[str],
    ) -> pd.DataFrame:
        """Returns one row per text: it, the probability of `pos` (0 to 1), the label, its unknown words."""
        chances = logistic(np.array([of_text[0] for of_text in logits]))
        return pd.DataFrame(
            {
                TEXT: [text.text for text in texts],
                PROBABILITY: chances,
                LABEL: [classes[int(chance > 0.5)] for chance in chances],
                UNKNOWN: [" ".join(text.unknown) for text in texts],
            }
        )
