"""A run on a few tiny texts, trained once for all tests of a file."""

import os
import subprocess
import sys
from pathlib import Path

TEXTS = {
    "train": [
        "pos\tthe film was great",
        "neg\tthe plot was awful",
        "pos\toutstanding scene",
        "neg\tboring actor",
    ],
    "valid": ["pos\ta great plot", "neg\ta boring film"],
}


def train_run(folder: Path, *words: str) -> Path:
    """Trains with the overrides `words` in a process of its own; returns the run's folder."""
    for name, lines in TEXTS.items():
        (folder / f"{name}.tsv").write_text("".join(f"{line}\n" for line in lines * 5))
    data = ["data=files", "data.train=train.tsv", "data.valid=valid.tsv", "data.tokenizer=whitespace"]
    training = ["optimizer.lr=0.05", "training.epochs=6", "hydra.run.dir=outputs/r"]
    subprocess.run(
        [sys.executable, "-m", "rnnlab", "train", *data, *training, *words],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        check=True,
    )
    return folder / "outputs" / "r"
