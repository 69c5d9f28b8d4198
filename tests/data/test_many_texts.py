"""How much memory many texts take: read, encoded and trained on, each time in a process of its own."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
import torch

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux for the peak of memory"),
]

PEAK = """
status = open("/proc/self/status").read()
print("peak", int(status.partition("VmHWM:")[2].split()[0]) / 1000)
"""

READ = """
import sys
from pathlib import Path
import numpy as np
from rnnlab.data.chunks import Encoding
from rnnlab.data.corpus import load_corpus
from rnnlab.tasks.base import untracked
encoding = Encoding(tokenizer="whitespace")
corpus = load_corpus({"train": Path(sys.argv[1])}, encoding, cache=Path("cache"), track=untracked).keep()
texts = corpus.splits["train"]
order = np.random.default_rng(0).permutation(len(texts))
print(len(texts), sum(int(batch.lengths.sum()) for batch in texts.batches(order, 64)))
"""

TRAIN = """
from rnnlab.cli.app import main
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop
"""


def peak(folder: Path, program: str, *arguments: str | Path) -> tuple[float, str]:
    """The most memory that a program took, MB, and what it printed before."""
    done = subprocess.run(
        [sys.executable, "-c", program + PEAK, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=3000,
    )
    assert done.returncode == 0, done.stderr
    output, _, most = done.stdout.rpartition("peak")
    return float(most), output


def test_memory_hardly_grows_with_the_number_of_texts(tmp_path: Path) -> None:
    """Eight times the texts are 170 MB more of text, and 115 MB more of ids."""
    rng = random.Random(0)
    words = [f"word{number}" for number in range(5000)]
    texts = [" ".join(rng.choices(words, k=200)) for _ in range(500)]
    peaks = []
    for number in (20_000, 160_000):
        path = tmp_path / f"{number}.tsv"
        with path.open("w") as file:
            file.writelines(f"{('neg', 'pos')[n % 2]}\t{texts[n % 500]}\n" for n in range(number))
        most, output = peak(tmp_path, READ, path)
        assert output.split() == [str(number), str(200 * number)]
        peaks.append(most)
    # The ids of the few stay in memory, 16 MB, those of the many do not.
    assert min(peaks) > 100 and peaks[1] < peaks[0] + 30


def test_400_000_reviews_are_read_and_trained_on_in_less_than_a_gigabyte(
    real_data: Path, tmp_path: Path
) -> None:
    reviews = (real_data / "imdb-full-train.tsv.gz").read_bytes()
    with (tmp_path / "reviews.tsv.gz").open("wb") as file:
        for _ in range(16):
            file.write(reviews)  # gzip files end to end are one
    words = ["data=files", "data.train=reviews.tsv.gz", "model=boe", "freeze=false", "engine=fused"]
    words += ["optimizer=sgd", "optimizer.lr=0.5", "training.epochs=1", "training.batch_size=64"]
    most, _ = peak(tmp_path, TRAIN, "train", *words, "hydra.run.dir=run")
    # torch's CUDA build takes 490 MB more than the one for the CPU before it does anything.
    torch_alone, _ = peak(tmp_path, "import torch")
    assert most - torch_alone < 750
    assert most < 1000 or torch.version.cuda
    epochs = (tmp_path / "run" / "metrics.csv").read_text().splitlines()[1:]
    accuracy = [float(row.split(",")[1]) for row in epochs]
    assert len(accuracy) == 2 and accuracy[0] < 0.6 < 0.7 < accuracy[1]
