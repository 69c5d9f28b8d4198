"""Every file name of a run folder, and of a folder that holds several runs.

outputs/NAME/
  .hydra/            what Hydra composed, and from which overrides
  config.yaml        the same, resolved
  vocabulary.txt     one word per line, by id
  metrics.csv        one row per epoch: train_* while the net changed, valid_* and train_after_* after it
  similarity.csv     word vectors compared, a block of rows per epoch
  probes/NAME.csv    what a probe saw while the net trained, a block of rows per epoch
  NAME.csv           a table about the trained net: of its task, or of a probe
  checkpoints/       last.safetensors, best.safetensors; while a long epoch goes on, within.safetensors
  figures/           PNG
  summary.json       status, figures, versions, data, how to run it again
  report.html
  profile.csv        where the time went, and trace.json, the same for a browser's viewer of traces
  train.log
"""

from pathlib import Path

CONFIG, SUMMARY, VOCABULARY = "config.yaml", "summary.json", "vocabulary.txt"
HYDRA, LOGS, MULTIRUN = ".hydra", "*.log", "multirun.yaml"
CHECKPOINTS = "checkpoints"
LAST, BEST = f"{CHECKPOINTS}/last.safetensors", f"{CHECKPOINTS}/best.safetensors"
WITHIN = f"{CHECKPOINTS}/within.safetensors"
METRICS, SIMILARITY = "metrics.csv", "similarity.csv"
PROBES, FIGURES = "probes", "figures"
REPORT, GRAPH = "report.html", "graph.svg"

PREDICTIONS, PAIRS, PAIRS_SUMMARY = "predictions.csv", "pairs.csv", "pairs_summary.csv"
GRADIENTS, THROUGH_TIME, POSITIONS = "gradients.csv", "through_time.csv", "positions.csv"
BASELINES, TOKEN_USE = "baselines.csv", "token_use.csv"
PROFILE, TRACE = "profile.csv", "trace.json"

TRAIN_AFTER = "train_after_"
"""Begins those columns of metrics.csv that hold figures of the training examples after the epoch."""
TEXTS, TOKENS = "texts.csv", "tokens.csv"
BATCHES, PADDING, UNPACKED = "batches.csv", "padding.csv", "unpacked.csv"

# Of a folder with several runs: a sweep, a memory horizon, a course.
SWEEP = "sweep.csv"
JOURNAL, CLAIMS = "journal.jsonl", ".claims"
COMPARISON, COMPARISON_PAIRS = "comparison.csv", "comparison_pairs.csv"
TRIALS, HORIZON, LEADERBOARD = "trials.csv", "horizon.csv", "leaderboard.csv"


def table(name: str) -> str:
    """Returns where a table about the trained net lies: one that its task calls so, or of the probe NAME."""
    return f"{name}.csv"


def probe_log(name: str) -> str:
    """Returns where lies what the probe NAME saw while the net trained."""
    return f"{PROBES}/{table(name)}"


def figure(name: str) -> str:
    """Returns where the figure NAME lies."""
    return f"{FIGURES}/{name}.png"


def tables_in(folder: Path) -> list[str]:
    """Returns the names of the tables that lie in a run folder beside metrics.csv, sorted."""
    return sorted(path.stem for path in folder.glob(table("*")) if path.name != METRICS)


def probes_in(folder: Path) -> list[str]:
    """Returns the names of the probes that looked at the net while it trained, sorted."""
    return sorted(path.stem for path in folder.glob(probe_log("*")))
