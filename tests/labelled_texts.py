"""Small files of texts with labels of one's own, learned in a moment."""

import csv
import random
from collections.abc import Mapping
from pathlib import Path

FILLING = ["the", "a", "film", "plot", "was", "is", "it", "actor", "scene", "music", "story", "end"]
MARKS = {
    "1": ["awful", "terrible"],
    "2": ["weak", "boring"],
    "3": ["average", "mixed"],
    "4": ["good", "solid"],
    "5": ["great", "outstanding"],
    "negative": ["awful", "boring"],
    "neutral": ["average", "mixed"],
    "positive": ["great", "outstanding"],
}


def labelled_texts(counts: Mapping[str, int], seed: int = 0) -> list[tuple[str, str]]:
    """Returns (label, text) in a random order, so many of each label."""
    generator = random.Random(seed)
    rows = []
    for label, count in counts.items():
        for _ in range(count):
            words = [*generator.choices(FILLING, k=generator.randint(2, 9)), generator.choice(MARKS[label])]
            generator.shuffle(words)
            rows.append((label, " ".join(words)))
    generator.shuffle(rows)
    return rows


def write_labelled(path: Path, counts: Mapping[str, int], seed: int = 0) -> None:
    """Writes such texts as CSV or TSV, by the ending of `path`."""
    rows = labelled_texts(counts, seed)
    with path.open("w", newline="") as file:
        if path.suffix == ".csv":
            csv.writer(file).writerows([("label", "text"), *rows])
        else:
            file.writelines(f"{label}\t{text}\n" for label, text in rows)
