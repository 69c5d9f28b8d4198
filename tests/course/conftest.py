"""Run folders of a course that nobody trained: small tables with a story that a test can turn round."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from rnnlab.course.evidence import PRESETS, Course, read_course
from rnnlab.runs import files

Tables = dict[str, pd.DataFrame]
Change = Callable[[str, int, Tables], None]
"""Alters the tables of a preset's run of a seed, by file name, before they are written."""

LEARNED = {"end", "birnn-start", "birnn-start-adam"}
ADAM_LEARNED_TRAINING = {"start-adam": 0.99, "lstm-start-adam": 0.95}
EMBEDDING_SIZE, VOCABULARY, HIDDEN_SIZE = 50, 40, 50
QUESTIONS = (
    "like, then dislike",
    "dislike, then like",
    "intensifier early",
    "intensifier late",
    "late clause first",
)
SUITES = ("order", "negation", "intensifier-early", "intensifier-late", "intensifier-moved", "clauses")
HEALTH = {
    "embedding.weight": (0.01, 1e-6),
    "recurrent.weight_ih_l0": (0.1, 1e-3),
    "recurrent.weight_hh_l0": (0.2, 1e-3),
}
"""By parameter the norm of its gradient and the update ratio of the untrained net."""


def metrics(preset: str, seed: int) -> pd.DataFrame:
    """Returns rows of metrics.csv: accuracy goes from a half to what the preset's story says."""
    epochs = np.arange(101 if preset in ("boe", "rnn", "rnn-unfrozen") else 11)
    train, valid = {
        "boe": (0.78, 0.78),
        "rnn": (0.80, 0.56),
        "rnn-unfrozen": (0.95, 0.62),
        "start-adam": (0.99, 0.60),
        "lstm-start-adam": (0.95, 0.85),
        "birnn-middle": (0.55, 0.55),
    }.get(preset, (1.0, 1.0) if preset in LEARNED else (0.54, 0.54))
    share = 1 - np.exp(-5 * epochs / epochs[-1])
    wobble = 0.002 * np.sin(7 * epochs + seed + len(preset))
    rows = {"epoch": epochs}
    for name, goal in (("train", train), ("valid", valid), ("train_after", train)):
        accuracy = np.clip(0.5 + (goal - 0.5) * share + wobble, 0, 1)
        rows[f"{name}_acc"], rows[f"{name}_loss"] = accuracy, 0.1 + 1.19 * (1 - accuracy)
    rows["seconds"] = rows["cpu_seconds"] = np.where(epochs > 0, (0.05 if preset == "boe" else 0.3), 0)
    return pd.DataFrame(rows)


def gradients(preset: str, seed: int) -> pd.DataFrame:
    """Returns rows of the gradient probe, of the untrained net and the trained one."""
    rows = []
    last = int(metrics(preset, seed)["epoch"].iloc[-1])
    both_ways = preset.startswith("birnn")
    for epoch in (0, last):
        for position, norm in (("start", 2.0 if both_ways else 1e-5), ("middle", 1e-3), ("end", 3.0)):
            size = norm * (1 + 0.1 * seed) * (2 if epoch else 1)
            rows.append((epoch, position, size, 0.9 * size, -0.9, norm / 3.0))
    columns = ["epoch", "position", "newneg_norm", "newpos_norm", "cosine", "ratio_to_end"]
    return pd.DataFrame(rows, columns=columns)


def through_time(preset: str, seed: int) -> pd.DataFrame:
    """Returns rows of the probe through time, of the untrained net and the trained one."""
    rows = []
    last = int(metrics(preset, seed)["epoch"].iloc[-1])
    paths = ("hidden", "cell", "cell_only") if preset.startswith("lstm") else ("hidden",)
    ways = ("forward", "backward") if preset.startswith("birnn") else ("forward",)
    for epoch in (0, last):
        for direction in ways:
            for path in paths:
                half_life = (8.0 if epoch and path != "hidden" else 1.5) + 0.05 * seed
                for distance in (0, 1, 2, 4, 8, 16, 32):
                    left = 0.5 ** (distance / half_life)
                    row = {
                        "epoch": epoch,
                        "layer": 1,
                        "direction": direction,
                        "path": path,
                        "distance": distance,
                        "examples": 32,
                    }
                    for norm in ("gradient", "jacobian"):
                        row |= {f"{norm}_q1": 0.9 * left, f"{norm}_median": left, f"{norm}_q3": 1.1 * left}
                    row |= {"predicted": left, "predicted_radius": left, "bound": 2 * left}
                    for norm in ("gradient", "jacobian"):
                        row |= {
                            f"{norm}_half_life": half_life,
                            f"{norm}_half_life_low": 0.9 * half_life,
                            f"{norm}_half_life_high": 1.1 * half_life,
                            f"{norm}_half_life_r2": 0.99,
                        }
                    rows.append(row)
    return pd.DataFrame(rows)


def tables_of(preset: str, seed: int) -> Tables:
    """Returns every table of a run by file name."""
    own = metrics(preset, seed)
    last = int(own["epoch"].iloc[-1])
    apart = -0.99 if preset in LEARNED else -0.2
    cosines = {
        ("<newneg>", "<newpos>"): apart,
        ("<newneg>", "boring"): -apart / 2,
        ("<newneg>", "outstanding"): apart / 2,
        ("<newpos>", "boring"): apart / 2,
        ("<newpos>", "outstanding"): -apart / 2,
    }
    similarity = [
        (epoch, a, b, (cosine + 0.01 * seed) if epoch else 0.0)
        for epoch in (0, last)
        for (a, b), cosine in cosines.items()
    ]
    lengths = {
        "<newneg>": 2.0 if preset in LEARNED else 0.01,
        "<newpos>": 2.0 if preset in LEARNED else 0.01,
        "boring": 5.0,
        "outstanding": 5.5,
    }
    probability = (
        dict.fromkeys(QUESTIONS, 0.35)
        if preset == "boe"
        else dict(zip(QUESTIONS, (0.3, 0.6, 0.33, 0.5, 0.55), strict=True))
    )
    shift = 6.0 if preset in LEARNED else 0.01
    health = [
        (epoch, name, (3 if epoch else 1) * norm, (3 if epoch else 1) * ratio, 0.0, 0.0, 0.01)
        for epoch in (0, last)
        for name, (norm, ratio) in HEALTH.items()
    ]
    tables = {
        files.METRICS: own,
        files.SIMILARITY: pd.DataFrame(similarity, columns=["epoch", "word1", "word2", "similarity"]),
        files.TOKENS: pd.DataFrame(lengths.items(), columns=["word", "length"]),
        files.TEXTS: pd.DataFrame(
            {
                "question": QUESTIONS,
                "Input text": [f"the text of {name}" for name in QUESTIONS],
                "Classifier label": "pos",
                "Classifier probability": [probability[name] + 0.002 * seed for name in QUESTIONS],
                "Unknown words": "",
                "source": "rnnlab's own",
            }
        ),
        files.PAIRS_SUMMARY: pd.DataFrame(
            [
                {
                    "suite": suite,
                    "pairs": 84,
                    "same_words": 84,
                    "ties": 84 if preset == "boe" else 0,
                    "right": 0 if preset == "boe" else 60,
                    "wrong": 0 if preset == "boe" else 24,
                    "share": np.nan if preset == "boe" else 60 / 84,
                    "low": 0.6,
                    "high": 0.8,
                    "shift": 0.0 if preset == "boe" else 0.1,
                }
                for suite in SUITES
            ]
        ),
        files.POSITIONS: pd.DataFrame(
            [
                {
                    "position": position,
                    "accuracy": 0.55,
                    "newneg_shift": -shift / 2,
                    "newpos_shift": shift / 2,
                    "logit_shift": shift,
                    "probability_shift": shift / 10,
                }
                for position in (np.nan, 0.0, 0.25, 0.5, 0.75, 1.0)
            ]
        ),
        files.probe_log("gradients"): gradients(preset, seed),
        files.probe_log("health"): pd.DataFrame(
            health,
            columns=[
                "epoch",
                "parameter",
                "gradient_norm",
                "update_ratio",
                "zero_share",
                "subnormal_share",
                "saturated_share",
            ],
        ),
    }
    if preset != "boe":
        tables[files.probe_log("through_time")] = through_time(preset, seed)
    if preset == "rnn":
        tables |= padding()
    return tables


def settings_of(preset: str) -> dict:
    """Returns a run's configuration, as much of it as the page reads."""
    kind = preset.split("-")[0] if preset.startswith(("boe", "birnn", "lstm")) else "rnn"
    targets = {"boe": "rnnlab.models.boe.BoE", "lstm": "rnnlab.cells.lstm.LSTM"}
    insert = next((name for name in ("start", "middle", "end") if name in preset), "none")
    adam = preset.endswith("adam")
    model = {
        "_target_": targets.get(kind, "rnnlab.cells.rnn.RNN"),
        "num_layers": 1,
        "hidden_size": 100 if preset == "middle-bigger" else HIDDEN_SIZE,
        "bidirectional": kind == "birnn",
    }
    return {
        "model": model if kind != "boe" else {"_target_": targets["boe"]},
        "optimizer": {"_target_": f"torch.optim.{'Adam' if adam else 'SGD'}", "lr": 0.001 if adam else 0.01},
        "insert": insert,
        "freeze": preset in ("boe", "rnn", "start-frozen"),
        "seed": 1,
        "training": {"epochs": 100 if insert == "none" else 10, "batch_size": 8},
        "data": {"train": "train.tsv", "valid": "valid.tsv", "vectors": "vectors.txt"},
    }


def write_course(
    root: Path, *, seeds: int = 3, change: Change | None = None, classes: tuple[str, str] = ("neg", "pos")
) -> Course:
    """Writes all run folders of a course below `root`, each changed by `change`, and reads them."""
    words = EMBEDDING_SIZE * VOCABULARY
    for preset in PRESETS:
        settings = settings_of(preset)
        own = {"boe": 51, "middle-bigger": 15_200, "lstm-start-adam": 20_400}.get(preset, 5_100)
        for seed in range(1, seeds + 1):
            folder = root / f"{preset}-seed{seed}"
            (folder / files.PROBES).mkdir(parents=True)
            tables = tables_of(preset, seed)
            if change is not None:
                change(preset, seed, tables)
            for name, table in tables.items():
                table.to_csv(folder / name, index=False)
            (folder / files.CONFIG).write_text(yaml.safe_dump(settings | {"seed": seed}))
            summary = {
                "status": "finished",
                "started": "2026-11-29T00:00:00+00:00",
                "classes": list(classes),
                "command": f"rnnlab train experiment=course/{preset} seed={seed}",
                "parameters": {
                    "total": words + own,
                    "word_vectors": words,
                    "trainable": own + (0 if settings["freeze"] else words),
                },
                "vocabulary": VOCABULARY,
                "examples": {"train": 1000, "valid": 1000},
                "data": {"train": {"path": "train.tsv", "sha256": "0"}},
                "versions": {"torch": "2"},
                "machine": "a machine, 2 cores, Linux",
                "wall_seconds": 3.0,
            }
            (folder / files.SUMMARY).write_text(json.dumps(summary))
    untrained = [
        gradients(model, seed).query("epoch == 0").assign(model=model, seed=seed)
        for model in ("rnn", "birnn", "lstm")
        for seed in range(1, seeds + 1)
    ]
    pd.concat(untrained).drop(columns="epoch").to_csv(root / files.GRADIENTS, index=False)
    return read_course(root, seeds)


def padding() -> Tables:
    """Returns the tables about padding: states of two texts, of two and of three words; lengths of a batch;
    and what the net says of validation texts, of which the shorter ones suffer without packing.
    """
    rows = []
    for text, length in ((1, 2), (2, 3)):
        for step in (1, 2, 3):
            beyond = step > length
            rows.append(
                {
                    "layer": 1,
                    "direction": "forward",
                    "text": text,
                    "step": step,
                    "word": "<pad>" if beyond else f"word{step}",
                    "id": 0 if beyond else step,
                    "is_padding": beyond,
                    "state_packed": "" if beyond else f"0.{step}00 0.100 -0.200",
                    "state_padded": f"0.{step}00 0.100 -0.200",
                    "difference": np.nan if beyond else 0.0,
                    "differs": beyond,
                    "last_packed": step == length,
                    "last_padded": step == 3,
                }
            )
    texts = [
        {
            "batch": number // 4 + 1,
            "words": 3 + number % 4,
            "longest": 6,
            "probability_packed": 0.1 + 0.008 * number,
            "probability_padded": 0.1 + 0.008 * number if number % 4 == 3 else 0.5 + 0.001 * number,
            "right_packed": int(number % 4 > 0),
            "right_padded": int(number % 4 > 1),
            "agree": int(number % 4 == 3),
        }
        for number in range(100)
    ]
    batches = [(number // 4 + 1, 3 + number % 4) for number in range(100)]
    return {
        files.PADDING: pd.DataFrame(rows),
        files.UNPACKED: pd.DataFrame(texts),
        files.BATCHES: pd.DataFrame(batches, columns=["batch", "words"]),
    }


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The story as it is usually told, three seeds."""
    return write_course(tmp_path_factory.mktemp("course"))
