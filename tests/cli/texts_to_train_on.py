"""Tiny files for the tasks with running text, tags and series, and the words that train on them at once."""

import random
from pathlib import Path

import numpy as np

TAGS = {"the": "DET", "a": "DET", "dog": "NOUN", "sea": "NOUN", "sees": "VERB", "It": "PRON"}
QUICK = ["training.epochs=2", "model.hidden_size=6", "data.embedding_dim=5", "training.batch_size=4"]


def write_tagged(folder: Path) -> list[str]:
    """Sentences of known tags and a few words that occur once."""
    generator = random.Random(0)
    for name, sentences in (("train", 24), ("valid", 8), ("test", 8)):
        lines = []
        for number in range(sentences):
            words = generator.choices(list(TAGS), k=generator.randint(1, 6))
            lines += [f"{word}\t{TAGS[word]}\tX\n" for word in words]
            lines.append(f"{name}{number}s\tNOUN\tX\n\n")
        (folder / f"{name}.tsv").write_text("".join(lines))
    paths = [f"data.{name}={name}.tsv" for name in ("train", "valid", "test")]
    return ["task=tagging", *paths, *QUICK]


def write_text(folder: Path) -> list[str]:
    """A text of few words."""
    generator = random.Random(0)
    sentence = "the whale sees {} sea . captain {} sails .\n"
    lines = [sentence.format(*generator.choices(["a", "the", "his"], k=2)) for _ in range(60)]
    (folder / "text.txt").write_text("".join(lines))
    return ["task=language", "data.train=text.txt", "data.tokenizer=whitespace", "task.window=20", *QUICK]


def write_series(folder: Path) -> list[str]:
    """Three columns, of which the second follows the first."""
    rng = np.random.default_rng(0)
    wind = rng.standard_normal(90).cumsum()
    lines = [f"{w:.6f},{w * 3 + e:.6f},{e:.6f}\n" for w, e in zip(wind, rng.standard_normal(90), strict=True)]
    (folder / "series.csv").write_text("wind,waves,rain\n" + "".join(lines))
    quick = [word for word in QUICK if not word.startswith("data.")]
    return ["task=series", "data=files", "data.train=series.csv", "task.window=5", *quick]
