"""Learning curves as a picture."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

UNITS = {"acc": "accuracy (share of texts)", "loss": "loss (nats a text)"}


def draw_curves(metrics: pd.DataFrame) -> Figure:
    """Returns a figure of metrics.csv: a panel a metric, training and validation against the epoch."""
    names = [str(column).removeprefix("train_") for column in metrics if str(column).startswith("train_")]
    figure = Figure(figsize=(5 * len(names), 3.6), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        for split, style in (("train", "-o"), ("valid", "--s")):
            column = metrics.get(f"{split}_{name}")
            if column is not None and column.notna().any():
                axes.plot(metrics["epoch"], column, style, label=split, markersize=4)
        axes.set(xlabel="epoch", ylabel=UNITS.get(name, name))
        if name == "acc":
            axes.set_ylim(0, 1.02)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend()
    return figure
