"""A tagger beside a rule that looks at single words: what each gets right."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rnnlab.core.batch import UNCOUNTED, Split
from rnnlab.core.metrics import confusion_counts
from rnnlab.tasks.base import PredictFn
from rnnlab.tasks.tagged_split import TaggedSplit

NET, RULE = "net", "most frequent tag"


def most_frequent_tags(split: TaggedSplit, words: int, tags: int) -> NDArray[np.int64]:
    """Returns for every id (words,) the tag most frequent with it, the first of equals.

    What was never met gets the tag most frequent among words met once, which are most like it.
    """
    counts = np.zeros((words, tags), dtype=np.int64)
    counted = split.targets != UNCOUNTED
    np.add.at(counts, (split.ids[counted], split.targets[counted]), 1)
    met = counts.sum(axis=1)
    once = counts[met == 1].sum(axis=0) if (met == 1).any() else counts.sum(axis=0)
    return np.where(met > 0, counts.argmax(axis=1), once.argmax())


def tokens_of(split: Split, predict_fn: PredictFn) -> pd.DataFrame:
    """Returns a row per counted token: `id`, `tag` and `net`, the tag that the net gives it."""
    parts = []
    for batch in split.batches(split.by_length(), 256):
        counted = batch.targets != UNCOUNTED
        said = predict_fn(batch).argmax(dim=-1)
        parts.append(np.stack([part[counted].numpy() for part in (batch.inputs, batch.targets, said)]))
    return pd.DataFrame(np.concatenate(parts, axis=1).T, columns=["id", "tag", NET])


def beside_the_rule(said: pd.DataFrame, split: str) -> pd.DataFrame:
    """Returns accuracies of net and rule on all, known and unknown words."""
    rows = []
    for name, column in ((NET, NET), (RULE, "rule")):
        right = said[column] == said["tag"]
        unknown = said["unknown"]
        rows.append((name, split, right.mean(), right[~unknown].mean(), right[unknown].mean()))
    table = pd.DataFrame(rows, columns=["tagger", "split", "acc", "known_words_acc", "unknown_words_acc"])
    return table.assign(tokens=len(said), unknown_words=int(said["unknown"].sum()))


def accuracy_by_tag(said: pd.DataFrame, tags: tuple[str, ...]) -> pd.DataFrame:
    """Returns one row per tag: its tokens, and which share of them net and rule get right."""
    rows = []
    for number, of_tag in said.groupby("tag"):
        shares = [(of_tag[column] == number).mean() for column in (NET, "rule")]
        rows.append((tags[number], len(of_tag), *shares))
    return pd.DataFrame(rows, columns=["tag", "tokens", "net_acc", "most_frequent_tag_acc"])


def confusion(said: pd.DataFrame, tags: tuple[str, ...]) -> pd.DataFrame:
    """Returns how many tokens of each tag (row) the net gives each tag (column)."""
    counts = confusion_counts(said["tag"].to_numpy(), said[NET].to_numpy(), tags)
    counts.insert(0, "tag", tags, allow_duplicates=True)
    return counts.reset_index(drop=True)
