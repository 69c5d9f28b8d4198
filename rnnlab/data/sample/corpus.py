"""The splits of the sample corpus, and the files they are written to."""

from pathlib import Path

import numpy as np

from rnnlab.core.files import write_text
from rnnlab.data.sample.grammar import Grammar, Kind
from rnnlab.data.sample.vectors import train_vectors

SHIPPED_SEED = 1
TEXTS_PER_LABEL: dict[Kind, int] = {"plain": 355, "negated": 30, "contrast": 115}
CONTRAST_PAIRS = 150
SETS_BEHIND_VECTORS = 20  # of 1,000 reviews each

Example = tuple[str, str]


def labelled_reviews(rng: np.random.Generator) -> list[Example]:
    """Returns 1,000 shuffled (label, text), half of them `pos` and half `neg`."""
    grammar = Grammar(rng)
    examples = []
    for kind, count in TEXTS_PER_LABEL.items():
        examples += [("pos", grammar.review(kind).pos) for _ in range(count)]
        examples += [("neg", grammar.review(kind).neg) for _ in range(count)]
    return [examples[i] for i in rng.permutation(len(examples))]


def contrast_pairs(rng: np.random.Generator) -> list[Example]:
    """Returns 150 pairs of (label, text), `pos` then `neg`: the same words in another order."""
    grammar = Grammar(rng)
    pairs = [grammar.review("contrast") for _ in range(CONTRAST_PAIRS)]
    return [example for pair in pairs for example in (("pos", pair.pos), ("neg", pair.neg))]


def splits(*, seed: int) -> dict[str, list[Example]]:
    """Returns the examples of `train`, `valid` and `contrast`, which follow from `seed` exactly."""
    train, valid, contrast = (np.random.default_rng([seed, split]) for split in range(3))
    return {
        "train": labelled_reviews(train),
        "valid": labelled_reviews(valid),
        "contrast": contrast_pairs(contrast),
    }


def write_sample(folder: Path, *, seed: int) -> None:
    """Writes train.tsv, valid.tsv, contrast.tsv and vectors.txt into `folder`, made if missing.

    The TSV files follow from `seed` byte for byte; the vectors do so up to the rounding of the
    machine's linear algebra. They are trained on reviews that are in none of the splits.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, examples in splits(seed=seed).items():
        write_text(folder / f"{name}.tsv", "".join(f"{label}\t{text}\n" for label, text in examples))
    rng = np.random.default_rng([seed, 3])
    texts = [text for _ in range(SETS_BEHIND_VECTORS) for _, text in labelled_reviews(rng)]
    write_text(folder / "vectors.txt", train_vectors(texts))
