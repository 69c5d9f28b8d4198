"""Small files that stand in for those that the README's reader has: one for every name that it uses."""

import gzip
import random
from pathlib import Path

import numpy as np

NEUTRAL = ["the", "a", "film", "plot", "was", "is", "it", "actor", "scene"]
TAGS = {"the": "DET", "a": "DET", "dog": "NOUN", "sea": "NOUN", "sees": "VERB", "It": "PRON"}


def reviews(count: int, seed: int) -> str:
    """Returns short texts with a class in front, half of each."""
    rng, lines = random.Random(seed), []
    for index in range(count):
        label, marks = ("pos", ["outstanding", "great"]) if index % 2 else ("neg", ["boring", "awful"])
        lines.append(f"{label}\t{' '.join([*rng.choices(NEUTRAL, k=5), rng.choice(marks)])}\n")
    return "".join(lines)


def tagged(sentences: int, seed: int) -> str:
    """Returns sentences with a tag for every word."""
    rng, lines = random.Random(seed), []
    for _ in range(sentences):
        lines += [f"{word}\t{TAGS[word]}\n" for word in rng.choices(list(TAGS), k=rng.randint(1, 6))]
        lines.append("\n")
    return "".join(lines)


def running_text() -> str:
    """Returns some sentences of few words."""
    rng = random.Random(0)
    sentence = "Call me {} . The whale sees {} sea , and the captain sails {} ship .\n"
    words = ["a", "the", "his", "Ahab"]
    return "".join(sentence.format(*rng.choices(words, k=3)) for _ in range(60))


def table() -> str:
    """Returns a series in two columns, of which the second follows the first."""
    rng = np.random.default_rng(0)
    wind = rng.standard_normal(600).cumsum()
    rows = (f"{w:.6f},{3 * w + e:.6f}\n" for w, e in zip(wind, rng.standard_normal(600), strict=True))
    return "wind,load\n" + "".join(rows)


def vectors() -> str:
    """Returns a vector for some of the words."""
    rng = random.Random(0)
    words = [*NEUTRAL, "outstanding", "great", "boring"]
    return "".join(f"{word} {' '.join(f'{rng.gauss(0, 1):.3f}' for _ in range(4))}\n" for word in words)


def write_files(folder: Path) -> None:
    """Writes them all."""
    texts = {
        "my.tsv": reviews(40, seed=1),
        "reviews-train.tsv": reviews(40, seed=2),
        "reviews-valid.tsv": reviews(20, seed=3),
        "reviews-test.tsv": reviews(20, seed=4),
        "glove.txt": vectors(),
        "train.tsv": tagged(24, seed=1),
        "valid.tsv": tagged(8, seed=2),
        "test.tsv": tagged(8, seed=3),
        "my.csv": table(),
        "exercise.py": "def make_predictions(h, Wo, bo):\n    return h @ Wo + bo\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    with gzip.open(folder / "moby-dick.txt.gz", "wt") as file:
        file.write(running_text())
