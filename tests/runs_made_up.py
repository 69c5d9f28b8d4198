"""Run folders made up of given figures, for what reads run folders."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

FACTS: dict[str, Any] = {
    "status": "finished",
    "started": "2026-01-01T10:00:00+00:00",
    "command": "rnnlab train",
    "monitor": "valid_loss",
    "task": "classification",
    "unit": "texts",
    "examples": {"train": 1000, "valid": 500},
    "baselines": {},
    "device": "cpu",
    "machine": "a machine",
    "versions": {"rnnlab": "0.1.0", "torch": "2.13.0"},
    "data": {"train": {"path": "/data/train.tsv", "sha256": "a" * 64}},
    "modules": {},
    "source_sha256": "b" * 64,
    "git": {"commit": "c" * 40, "dirty": False},
}


def make_run(
    folder: Path,
    accuracies: Sequence[float],
    seed: int = 1,
    settings: dict[str, Any] | None = None,
    choices: dict[str, str | None] | None = None,
    **facts: Any,
) -> Path:
    """Writes a run folder with those validation accuracies, epoch 0 first; returns it."""
    folder.mkdir(parents=True)
    rows = [
        {
            "epoch": epoch,
            "train_acc": value,
            "train_loss": 1 - value,
            "valid_acc": value,
            "valid_loss": 1 - value,
            "seconds": 0.1 * seed,
            "cpu_seconds": 0.1 * seed,
        }
        for epoch, value in enumerate(accuracies)
    ]
    best = max(rows, key=lambda row: row["valid_acc"])
    summary = FACTS | {"final": rows[-1], "best": best, "seed": seed} | facts
    config = {"data": {"train": "/data/train.tsv"}, "insert": "none", "engine": "fused"} | (settings or {})
    pd.DataFrame(rows).to_csv(folder / "metrics.csv", index=False)
    (folder / "config.yaml").write_text(yaml.safe_dump(config | {"seed": seed}))
    (folder / "summary.json").write_text(json.dumps(summary))
    if choices is not None:
        (folder / ".hydra").mkdir()
        hydra = {"hydra": {"runtime": {"choices": choices | {"hydra/launcher": "local"}}}}
        (folder / ".hydra" / "hydra.yaml").write_text(yaml.safe_dump(hydra))
    return folder


def change(folder: Path, **facts: Any) -> None:
    """Changes what a run's summary says."""
    path = folder / "summary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))
