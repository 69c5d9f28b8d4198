"""A sequence through a net, number by number, and what padding does to its states."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from rnnlab.core.errors import InputError
from rnnlab.data.vocabulary import PAD, PAD_ID
from rnnlab.experiment.restore import Which
from rnnlab.probes.padding import padding_summary, padding_table
from rnnlab.scratch import explain as scratch
from rnnlab.scratch.explain import Table
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.explained_derivative import derivative_tables
from rnnlab.workflows.explained_net import ExplainedNet, net_of_run, tiny_net, untrained_net
from rnnlab.workflows.trained_run import load_run

TEXT = "hated it at first , loved it by the end"
PADDING_TEXTS = ["a long film that ends well", "boring", "loved it"]
UNITS, UNITS_OF_STATES = 8, 3


@dataclass(frozen=True)
class Explanation:
    """What is to be explained.

    words: a RUN, or what the settings of an untrained net differ in; without both a tiny net of the texts'
    words, drawn as `tiny` says (see `tiny_net`). texts, with their label or tags, else the example of that
    number; padding: what it does to the texts' states, in place of a walk; derivative: of the cell alone, in
    place of a walk, too; units: how many numbers of an array are shown.
    """

    words: Sequence[str] = ()
    texts: Sequence[str] = ()
    label: str | None = None
    tags: str | None = None
    padding: bool = False
    derivative: bool = False
    example: int | None = None
    units: int | None = None
    checkpoint: Which = "last"
    tiny: Mapping[str, Any] = field(default_factory=dict)


def explain(wanted: Explanation, display: Display = SILENT) -> list[Table]:
    """Returns the tables of a walk through a net, forward and back, or of what padding does to its states.

    Raises InputError for what makes no sense together, a net without known equations, or bad input.
    """
    _check(wanted)
    if wanted.derivative:
        return derivative_tables(wanted.words, wanted.tiny.get("model"))
    texts = list(wanted.texts)
    if not texts and (wanted.padding or not wanted.words):
        texts = PADDING_TEXTS if wanted.padding else [TEXT]
    net = _net(wanted, texts, display)
    if wanted.padding:
        table = padding_table(net.model, net.encode(texts), units=wanted.units or UNITS_OF_STATES)
        return padding_tables(table)
    if texts:
        encoded = net.encode(texts)
        examples = [net.example_of_text(text, label=wanted.label, tags=wanted.tags) for text in encoded]
    else:
        examples = [net.example(wanted.example or 1)]
    return [table for each in examples for table in scratch.explain(each, units=wanted.units or UNITS)]


def padding_tables(table: pd.DataFrame) -> list[Table]:
    """Returns, of a `padding_table`, the padded batch, its states in every layer and direction, and which
    of them is the last one read.
    """
    runs = list(table.groupby(["layer", "direction"], sort=False))
    tables = [_batch(runs[0][1])]
    for (layer, direction), rows in runs:
        title = "state at every step"
        if len(runs) > 1:
            title += f", layer {layer}, {direction}"
        columns = ["text", "step", "word", "id", "with packing", "without", ""]
        of_run = [list(map(str, _row(row))) for row in rows.to_dict("records")]
        note = "with packing no step is taken in the padding: a text's last state is that of its last word"
        if direction == "backward":
            note = "read from the end: without packing a short text begins with its padding, and every state "
            note += "after that comes of it"
        tables.append(Table(title, columns, of_run, note))
    return [*tables, _summary(padding_summary(table))]


def _batch(rows: pd.DataFrame) -> Table:
    texts = [
        [str(number), " ".join(of_text["word"]), " ".join(map(str, of_text["id"])), str(_length(of_text))]
        for number, of_text in rows.groupby("text", sort=False)
    ]
    note = (
        f"a batch is a rectangle, so that short texts are filled up with {PAD}, id {PAD_ID}, to the longest"
    )
    return Table("the padded batch", ["text", "words", "ids", "length"], texts, note)


def _length(of_text: pd.DataFrame) -> int:
    return int((~of_text["is_padding"]).sum())


def _row(row: dict[Any, Any]) -> list[object]:
    wrong = "wrong: reads padding" if row["is_padding"] else f"wrong by {row['difference']:.1e}"
    ends = (" (last)" * row["last_packed"], " (last)" * row["last_padded"])
    return [
        *(row[name] for name in ("text", "step", "word", "id")),
        "-" if row["state_packed"] is None else _state(row["state_packed"]) + ends[0],
        _state(row["state_padded"]) + ends[1],
        wrong if row["differs"] else "",
    ]


def _state(values: Sequence[float]) -> str:
    return " ".join(f"{value: .4f}" for value in values)


def _summary(summary: pd.DataFrame) -> Table:
    columns = ["layer", "direction", "text", "words", "last step, packed", "last step, without"]
    rows = [
        [*map(str, row[:6]), str(row.wrong_steps), "yes" if row.agree else "no"]
        for row in summary.itertuples(index=False)
    ]
    title, note = (
        "the last state that is read",
        "the head reads these, of every layer and direction, unless states are pooled",
    )
    return Table(title, [*columns, "wrong states", "same last state"], rows, note)


def _check(wanted: Explanation) -> None:
    """Raises InputError for options that would be ignored."""
    runs = [word for word in wanted.words if "=" not in word]
    if runs and len(wanted.words) > 1:
        raise InputError(
            f"{runs[0]}: expected one RUN alone or only KEY=VALUE, found {len(wanted.words)} words"
        )
    nonsense = {
        f"--{next(iter(wanted.tiny), '').replace('_', '-')}": wanted.tiny and wanted.words,
        "--checkpoint": wanted.checkpoint != "last" and not runs,
        "--example": wanted.example is not None and (not wanted.words or wanted.texts or wanted.padding),
        "--label": wanted.label is not None and (wanted.padding or (wanted.words and not wanted.texts)),
        "--tags": wanted.tags is not None and (wanted.padding or (wanted.words and not wanted.texts)),
    }
    for option, found in nonsense.items():
        if found:
            beside = " ".join(wanted.words) or (
                "--padding" if wanted.padding else "a net without RUN or KEY=VALUE"
            )
            raise InputError(f"{option}: makes no sense for {beside}")
    if wanted.derivative:
        _check_derivative(wanted)


def _check_derivative(wanted: Explanation) -> None:
    """Raises InputError for options that have nothing to say of a cell's equations."""
    others: dict[str, Any] = {"--text": wanted.texts, "--label": wanted.label, "--tags": wanted.tags}
    others |= {"--padding": wanted.padding, "--example": wanted.example, "--units": wanted.units}
    others |= {f"--{name.replace('_', '-')}": True for name in wanted.tiny if name != "model"}
    for option, given in others.items():
        if given:
            raise InputError(f"{option}: makes no sense for --derivative, which shows a cell's equations")


def _net(wanted: Explanation, texts: Sequence[str], display: Display) -> ExplainedNet:
    if not wanted.words:
        return tiny_net(texts, tags=wanted.tags, **wanted.tiny)
    if "=" in wanted.words[0]:
        return untrained_net(wanted.words, display)
    return net_of_run(load_run(wanted.words[0], checkpoint=wanted.checkpoint, display=display))
