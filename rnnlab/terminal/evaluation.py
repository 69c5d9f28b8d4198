"""How good a net is, and beside another one, as a person reads it."""

from typing import TYPE_CHECKING

from rnnlab.terminal.messages import print_line
from rnnlab.terminal.predictions import print_confusion
from rnnlab.terminal.tables import print_rows

if TYPE_CHECKING:
    import pandas as pd

FOUR = ".4f"


def print_evaluation(
    metrics: "pd.DataFrame",
    scores: "pd.DataFrame | None",
    *,
    bins: "pd.DataFrame | None",
    confusion: "pd.DataFrame | None",
    by_class: "pd.DataFrame | None",
    unit: str,
) -> None:
    """Prints a net's metrics beside those of simple rules; of one that chooses classes the rest, too."""
    print_rows(metrics.reset_index(names=""), dict.fromkeys(map(str, metrics), FOUR), missing="")
    if scores is None or bins is None or confusion is None or by_class is None:
        return
    _print_scores(scores, bins, unit)
    print_confusion(confusion, unit=unit)
    caption = (
        f"0 / 0 counts as 0. macro: over the labels that occur, in {unit} or predictions; weighted: by {unit}"
    )
    formats = dict.fromkeys(("precision", "recall", "f1"), FOUR)
    print_rows(by_class, formats, title="by label", caption=caption)


def _print_scores(rows: "pd.DataFrame", bins: "pd.DataFrame", unit: str) -> None:
    """Prints accuracy, F1, ROC-AUC, Brier score and calibration error beside simple rules."""
    shown = rows.rename(columns={"by_rule": "the rule's"}).drop(columns=["low", "high"])
    shown.insert(2, "95 % interval", _intervals(rows))
    width = bins["up_to"].iloc[0] - bins["above"].iloc[0]
    caption = (
        f"over {unit}; interval: Wilson's. Less is better of Brier score and calibration error, this in "
        f"bins of {width:.2g} of the chosen class's probability, {len(bins)} of which have {unit}"
    )
    print_rows(shown, dict.fromkeys(("net", "the rule's"), FOUR), caption=caption)


def print_mcnemar(
    accuracies: "pd.DataFrame", counts: "pd.DataFrame", sentence: str, *, unit: str, steps: bool
) -> None:
    """Prints two nets' accuracies, how many units either has right, and whether they are told apart.

    steps: whether units are steps of sequences, which depend on each other.
    """
    shown = accuracies[["run", "accuracy"]].assign(**{"95 % interval": _intervals(accuracies)})
    print_rows(shown, {"accuracy": FOUR})
    one, other = accuracies["run"]
    table = counts.rename(columns=lambda name: f"{other} {name}")
    table.insert(0, unit, [f"{one} {name}" for name in counts.index])
    print_rows(table)
    print_line(sentence)
    if steps:
        print_line(f"({unit} of one sequence are not independent, so that p is rather too small.)")


def _intervals(rows: "pd.DataFrame") -> list[str]:
    ends = zip(rows["low"], rows["high"], strict=True)
    return ["-" if low != low else f"{low:.4f} to {high:.4f}" for low, high in ends]
