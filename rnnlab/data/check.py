"""What there is to know about labelled texts before training on them."""

import hashlib
from array import array
from dataclasses import dataclass
from itertools import combinations, count, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnnlab.data.open_file import show_path
from rnnlab.data.readers import EMPTY_TEXTS_ALLOWED, NAMED, Examples, survey
from rnnlab.data.tokenizers import Tokenizer, TokenizerName, make_tokenizer
from rnnlab.data.vectors import load_vectors

SHOWN = 10
"""Repeated texts of which the places are given, and how many places of each."""


@dataclass(frozen=True)
class SplitReport:
    """One file or folder: `errors` has the bad lines, the other figures are of the texts that are good.

    `bad` and `empties` are how many lines are bad and how many texts have no token, of which `errors` and
    `empty` have the first thousand. `labels` has the texts of each class; `lengths` are tokens per text, of
    shape (texts,); `types` counts distinct tokens. `covered_types` and `covered_tokens` are shares in
    0..1 of those with a vector, None without vectors or tokens.
    """

    name: str
    labels: dict[str, int]
    lengths: NDArray[np.int64]
    empties: int
    empty: list[str]
    bad: int
    errors: list[str]
    types: int
    covered_types: float | None
    covered_tokens: float | None


@dataclass(frozen=True)
class Duplicates:
    """Texts that are there more than once, going by their words: case and white space do not count.

    `within` says for every split how many of its texts repeat an earlier one, `across` how many distinct
    texts a pair of splits (by index) shares, `opposite` how many distinct texts bear several labels,
    `repeated` how many are repeated at all, and `groups` names the first places of the first of those.
    """

    within: list[int]
    across: dict[tuple[int, int], int]
    opposite: int
    repeated: int
    groups: list[list[str]]


@dataclass(frozen=True)
class Report:
    """The reports of all splits, in the order given, and what they share."""

    splits: list[SplitReport]
    duplicates: Duplicates


def check_files(
    paths: list[Path], *, vectors: Path | None, tokenizer: TokenizerName, strip_html: bool
) -> Report:
    """Reads and tokenizes every file or folder, bad lines or not.

    Raises InputError only for the vectors file, or one of too many labels.
    """
    cutter = make_tokenizer(tokenizer, strip_html=strip_html)
    surveys: list[Examples] = []
    for path in paths:
        # As in training, the first has all labels that there are.
        first = next((examples.classes for examples in surveys if len(examples)), None)
        surveys.append(survey(path, first))
    counted = [_count(examples, cutter) for examples in surveys]
    found = None
    if vectors is not None:
        found = load_vectors(vectors, cutter.strings, embedding_dim=None).found
    splits = [
        _split_report(examples, lengths, counts, found)
        for examples, (lengths, counts) in zip(surveys, counted, strict=True)
    ]
    return Report(splits, find_duplicates(surveys))


def _count(examples: Examples, cutter: Tokenizer) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns the tokens of every text, and how often each of the cutter's words so far occurs in them."""
    lengths, counts = array("q"), np.zeros(0, dtype=np.int64)
    for ids in cutter.encode(example.text for example in examples):
        lengths.append(len(ids))
        if len(counts) < len(cutter.strings):
            counts = np.pad(counts, (0, 2 * len(cutter.strings) - len(counts)))
        np.add.at(counts, ids, 1)
    return np.array(lengths, dtype=np.int64), counts


def _split_report(
    examples: Examples,
    lengths: NDArray[np.int64],
    counts: NDArray[np.int64],
    found: NDArray[np.bool_] | None,
) -> SplitReport:
    name, tokens, used = show_path(examples.path), int(lengths.sum()), np.flatnonzero(counts)
    covered = None
    if found is not None and tokens:
        covered = float(found[used].mean()), float(counts[used][found[used]].sum() / tokens)
    hollow, empty, empties = lengths == 0, examples.empty, examples.empties + int((lengths == 0).sum())
    if hollow.any():
        sources = (e.source for e, without_token in zip(examples, hollow, strict=False) if without_token)
        empty = [*empty, *islice(sources, NAMED - len(empty))]
    problems = [str(error) for error in islice(examples.errors(), NAMED)]
    total = len(examples) + examples.empties
    if not problems and empties > EMPTY_TEXTS_ALLOWED * total:
        problems.append(f"{name}: {empties:,} of {total:,} texts hold no token, at most 1 in 100 may")
    return SplitReport(
        name=name,
        labels=dict(zip(examples.classes, examples.counts, strict=True)),
        lengths=lengths,
        empties=empties,
        empty=empty,
        bad=max(examples.bad, len(problems)),
        errors=problems,
        types=len(used),
        covered_types=covered[0] if covered else None,
        covered_tokens=covered[1] if covered else None,
    )


def find_duplicates(splits: list[Examples]) -> Duplicates:
    """Returns which texts are there more than once, within a split or across splits."""
    of_text = [_digests(examples) for examples in splits]
    _, first, group, copies = np.unique(
        np.concatenate(of_text), return_index=True, return_inverse=True, return_counts=True
    )
    there = np.zeros((len(splits), len(copies)), dtype=np.bool_)
    there[np.repeat(np.arange(len(splits)), [len(digests) for digests in of_text]), group] = True
    names = sorted({name for examples in splits for name in examples.classes})
    labels = np.concatenate([np.array([names.index(c) for c in e.classes], int)[e.labels] for e in splits])
    lowest, highest = np.full(len(copies), len(names)), np.full(len(copies), -1)
    np.minimum.at(lowest, group, labels)
    np.maximum.at(highest, group, labels)
    repeated = np.flatnonzero(copies > 1)
    repeated = repeated[np.argsort(first[repeated])]
    return Duplicates(
        within=[len(digests) - int(own.sum()) for digests, own in zip(of_text, there, strict=True)],
        across={
            (one, other): shared
            for one, other in combinations(range(len(splits)), 2)
            if (shared := int((there[one] & there[other]).sum()))
        },
        opposite=int((lowest < highest).sum()),
        repeated=len(repeated),
        groups=_places(splits, group, repeated[:SHOWN]),
    )


def _digests(examples: Examples) -> NDArray[np.uint64]:
    """Returns a sum of the words of every text, (texts,): it is far smaller than they are."""
    digests = bytearray()
    for text, _, _ in examples:
        digests += hashlib.blake2b(" ".join(text.lower().split()).encode(), digest_size=8).digest()
    return np.frombuffer(digests, dtype=np.uint64)


def _places(splits: list[Examples], group: NDArray[np.int64], shown: NDArray[np.int64]) -> list[list[str]]:
    """Returns the first places of the texts of each group that is to be shown."""
    texts = {number: np.flatnonzero(group == number)[:SHOWN].tolist() for number in shown.tolist()}
    last = max((text for of_group in texts.values() for text in of_group), default=-1)
    wanted = {text for of_group in texts.values() for text in of_group}
    sources = (source for examples in splits for _, _, source in examples)
    places = {text: source for text, source in enumerate(islice(sources, last + 1)) if text in wanted}
    return [[places[text] for text in of_group] for of_group in texts.values()]


def histogram(lengths: NDArray[np.int64], *, bins: int = 10) -> list[tuple[str, int]]:
    """Returns (range of tokens, texts) for ranges of a round width; the last one is open, for outliers.

    The width is 1, 2 or 5 times a power of ten, the least for which 99 in 100 texts are in closed ranges.
    """
    widest = float(np.percentile(lengths, 99)) + 1
    round_widths = (factor * 10**power for power in count() for factor in (1, 2, 5))
    width = next(width for width in round_widths if width * (bins - 1) >= widest)
    counts = np.bincount(np.minimum(lengths // width, bins - 1))
    starts = [index * width for index in range(bins)]
    closed = [f"{start}–{start + width - 1}" if width > 1 else f"{start}" for start in starts[:-1]]
    return list(zip([*closed, f"{starts[-1]}+"], counts.tolist(), strict=False))
