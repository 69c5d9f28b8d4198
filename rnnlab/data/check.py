"""What there is to know about labelled texts before training on them."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations, count
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rnnlab.core.errors import InputError
from rnnlab.data.open_file import show_path
from rnnlab.data.readers import EMPTY_TEXTS_ALLOWED, Examples, survey
from rnnlab.data.tokenizers import make_tokenizer
from rnnlab.data.vectors import load_vectors


@dataclass(frozen=True)
class SplitReport:
    """One file or folder: `errors` has every bad line, the other figures are of the texts that are good.

    `labels` has the texts of each class; `lengths` are tokens per text, shape (texts,); `empty` names the
    texts without a token; `types` counts distinct tokens. `covered_types` and `covered_tokens` are shares in
    0..1 of those with a vector, None without vectors or tokens.
    """

    name: str
    labels: dict[str, int]
    lengths: NDArray[np.int64]
    empty: list[str]
    errors: list[str]
    types: int
    covered_types: float | None
    covered_tokens: float | None


@dataclass(frozen=True)
class Duplicates:
    """Texts that are there more than once, going by their words: case and white space do not count.

    `within` says for every split how many of its texts repeat an earlier one, `across` how many distinct
    texts a pair of splits (by index) shares, `opposite` how many distinct texts bear both labels, and
    `groups` names the places of every text that is repeated.
    """

    within: list[int]
    across: dict[tuple[int, int], int]
    opposite: int
    groups: list[list[str]]


@dataclass(frozen=True)
class Report:
    """The reports of all splits, in the order given, and what they share."""

    splits: list[SplitReport]
    duplicates: Duplicates


def check_files(
    paths: list[Path], *, vectors: Path | None, tokenizer: Literal["spacy", "whitespace"], strip_html: bool
) -> Report:
    """Reads and tokenizes every file or folder, bad lines or not.

    Raises InputError only for the vectors file.
    """
    cutter = make_tokenizer(tokenizer, strip_html=strip_html)
    surveys: list[tuple[Examples, list[InputError]]] = []
    for path in paths:
        # As in training, the first has all labels that there are.
        first = next((examples.classes for examples, _ in surveys if examples.texts), None)
        surveys.append(survey(path, first))
    encoded = [list(cutter.encode(examples.texts)) for examples, _ in surveys]
    found = None
    if vectors is not None:
        found = load_vectors(vectors, cutter.strings, embedding_dim=None).found
    splits = [
        _split_report(show_path(path), examples, errors, ids, found, len(cutter.strings))
        for path, (examples, errors), ids in zip(paths, surveys, encoded, strict=True)
    ]
    return Report(splits, find_duplicates([examples for examples, _ in surveys]))


def _split_report(
    name: str,
    examples: Examples,
    errors: list[InputError],
    encoded: list[NDArray[np.int32]],
    found: NDArray[np.bool_] | None,
    vocabulary_size: int,
) -> SplitReport:
    lengths = np.array([len(ids) for ids in encoded], dtype=np.int64)
    ids = np.concatenate([np.empty(0, dtype=np.int32), *encoded])
    counts = np.bincount(ids, minlength=vocabulary_size)
    used = counts > 0
    covered = None if found is None or not ids.size else (found[used].mean(), counts[found].sum() / ids.size)
    empty = [*examples.empty, *(examples.sources[index] for index in np.flatnonzero(lengths == 0))]
    problems = [str(error) for error in errors]
    total = len(examples.texts) + len(examples.empty)
    if not problems and len(empty) > EMPTY_TEXTS_ALLOWED * total:
        problems.append(f"{name}: {len(empty):,} of {total:,} texts hold no token, at most 1 in 100 may")
    return SplitReport(
        name=name,
        labels=dict(zip(examples.classes, examples.counts, strict=True)),
        lengths=lengths,
        empty=empty,
        errors=problems,
        types=int(used.sum()),
        covered_types=float(covered[0]) if covered else None,
        covered_tokens=float(covered[1]) if covered else None,
    )


def find_duplicates(splits: list[Examples]) -> Duplicates:
    """Returns which texts are there more than once, within a split or across splits."""
    places = defaultdict(list)
    for index, examples in enumerate(splits):
        for text, label, source in zip(examples.texts, examples.labels, examples.sources, strict=True):
            places[" ".join(text.lower().split())].append((index, examples.classes[label], source))
    repeated = [group for group in places.values() if len(group) > 1]
    within, across = Counter[int](), Counter[tuple[int, int]]()
    for group in repeated:
        copies = Counter(index for index, _, _ in group)
        within.update({index: there - 1 for index, there in copies.items()})
        across.update(combinations(sorted(copies), 2))
    return Duplicates(
        within=[within[index] for index in range(len(splits))],
        across=dict(sorted(across.items())),
        opposite=sum(len({label for _, label, _ in group}) > 1 for group in repeated),
        groups=[[source for _, _, source in group] for group in repeated],
    )


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
