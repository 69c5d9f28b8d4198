"""A label for every text."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy.typing import NDArray

from rnnlab.core.batch import Criterion
from rnnlab.core.errors import InputError
from rnnlab.core.metrics import chosen_classes, class_metrics, class_probabilities
from rnnlab.data.corpus import encode_file, load_corpus
from rnnlab.data.encoded_text import EncodedText, TextEncoder
from rnnlab.data.labels import NEG_POS, named
from rnnlab.data.remembered_cuts import SpacyRules
from rnnlab.data.splits import TextSplit
from rnnlab.data.vocabulary import Vocabulary
from rnnlab.tasks.answers import class_answers
from rnnlab.tasks.base import DataSettings, GivenSplit, InputOutputSizes, PredictFn, Task, TaskData
from rnnlab.tasks.most_confident import most_confident

TEXT, PROBABILITY, LABEL, UNKNOWN = "Input text", "Classifier probability", "Output label", "Unknown words"


class Classification(Task):
    """Classification of texts into the labels that the training texts have.

    Two classes have one logit, above 0 for the second of them; more have one each, of a softmax. Texts are
    encoded once and kept in a cache. With `insert`, training and validation texts get the token of their
    class; those of data.test never do.
    """

    metrics: ClassVar[tuple[str, ...]] = ("acc", "loss")
    unit: ClassVar[str] = "texts"
    criterion: ClassVar[Criterion] = "classification"
    uses_insert: ClassVar[bool] = True
    reads: ClassVar[frozenset[str]] = frozenset(
        {
            *(
                "train",
                "valid",
                "test",
                "vectors",
                "embedding_dim",
                "embedding_std",
                "valid_fraction",
                "cache",
                "tokenizer",
            ),
            *("lower_first", "vocabulary", "min_count", "max_vocabulary", "max_length", "keep", "strip_html"),
            *("ngrams", "ngram_buckets"),
        }
    )
    classes: ClassVar[tuple[str, ...]] = NEG_POS

    def load(self, settings: DataSettings) -> TaskData:
        """Reads and encodes the texts, or takes them from the cache, and puts the tokens in."""
        if "valid" in settings.paths and settings.valid_fraction:
            raise InputError("data.valid_fraction: makes no sense beside data.valid; leave one of them out")
        settings.path("train")
        counted = load_corpus(
            dict(settings.paths), settings.encoding, cache=settings.cache, track=settings.track
        )
        vocabulary, classes = counted.vocabulary, counted.classes
        vectors = settings.load_vectors(vocabulary)
        # Not before the vectors are known to be good: bad input leaves nothing behind.
        corpus = counted.keep()
        texts = {
            name: replace(split, precision=settings.precision, ngrams=settings.hashed_ngrams(vocabulary))
            for name, split in corpus.splits.items()
        }
        tokens = [vocabulary[token] for token in texts["train"].class_tokens]
        splits = {
            name: split if name == "test" else split.insert(settings.insert, tokens)
            for name, split in texts.items()
        }
        return TaskData(
            train=splits.pop("train"),
            splits=splits,
            sizes=InputOutputSizes(output_size=1 if len(classes) == 2 else len(classes)),
            vocabulary=vocabulary,
            vectors=vectors,
            texts=texts,
            classes=classes,
            notes=(*corpus.notes, *_note_of_labels(texts["train"])),
            files=corpus.files,
        )

    def load_test(
        self,
        path: Path,
        settings: DataSettings,
        vocabulary: Vocabulary | None,
        classes: Sequence[str] = NEG_POS,
    ) -> GivenSplit:
        """Returns a file's texts in the run's vocabulary, without tokens; needs none of the run's files."""
        assert vocabulary is not None
        split, notes = encode_file(path, vocabulary, settings.encoding, classes=classes, track=settings.track)
        ngrams = settings.hashed_ngrams(vocabulary)
        return GivenSplit(
            str(path), replace(split, precision=settings.precision, ngrams=ngrams), tuple(notes)
        )

    def tables(self, predict_fn: PredictFn, task_data: TaskData) -> dict[str, pd.DataFrame]:
        """Returns the most confident `predictions`, right and wrong, of validation texts.

        Of labels other than negative and positive also `classes`, precision, recall and F1 of each, and
        their `confusion`.
        """
        examples, classes = task_data.finite[task_data.evaluation_split], task_data.classes
        assert isinstance(examples, TextSplit) and task_data.vocabulary is not None
        tables = {"predictions": most_confident(predict_fn, examples, task_data.vocabulary, classes)}
        if classes == NEG_POS:
            return tables
        counts = class_answers(predict_fn, examples, classes).confusion
        confusion = counts.rename(columns=lambda name: f"predicted {name}").reset_index(names="label")
        return {"classes": class_metrics(counts), "confusion": confusion} | tables

    def text_encoder(self, vocabulary: Vocabulary, settings: DataSettings) -> TextEncoder:
        """Returns what reads texts as the run read its own, without tokens of their class."""
        rules = SpacyRules(settings.cache)
        tokenizer = settings.encoding.make_tokenizer(rules)

        def cut(texts: Sequence[str]) -> list[list[str]]:
            tokens = list(tokenizer.tokenize(texts))
            rules.keep()
            return tokens

        return TextEncoder(
            cut, vocabulary.encode, settings.max_length, settings.keep, settings.hashed_ngrams(vocabulary)
        )

    def predictions(
        self,
        texts: Sequence[EncodedText],
        logits: Sequence[NDArray[np.float64]],
        *,
        vocabulary: Vocabulary,
        classes: Sequence[str],
    ) -> pd.DataFrame:
        """Returns one row per text: it, its probabilities (`chances`), the label, its unknown words."""
        outputs = 1 if len(classes) == 2 else len(classes)
        of_texts = np.reshape(logits, (len(texts), outputs))
        return pd.DataFrame(
            {
                TEXT: [text.text for text in texts],
                **chances(of_texts, classes),
                LABEL: [classes[number] for number in chosen_classes(of_texts)],
                UNKNOWN: [" ".join(text.unknown) for text in texts],
            }
        )


def chances(
    logits: Float[np.ndarray, "texts outputs"], classes: Sequence[str]
) -> dict[str, Float[np.ndarray, " texts"]]:
    """Returns the probability of each class, 0 to 1, by column: `P(LABEL)`.

    Where there is only negative and positive, that of positive says all: `Classifier probability`.
    """
    of_classes = class_probabilities(logits)
    if tuple(classes) == NEG_POS:
        return {PROBABILITY: of_classes[:, 1]}
    return {f"P({label})": of_classes[:, number] for number, label in enumerate(classes)}


def _note_of_labels(train: TextSplit) -> list[str]:
    """Returns how many training texts each label has, of labels of one's own."""
    if train.classes == NEG_POS:
        return []
    counts = np.bincount(train.labels, minlength=len(train.classes)).tolist()
    shown = [f"{label} ({count:,})" for label, count in zip(train.classes, counts, strict=True)]
    return [f"labels (training texts): {named(shown)}"]
