"""`rnnlab positions`: the inserted tokens moved through the texts of a finished run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rnnlab.cli.options import Checkpoint, RunName

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from rnnlab.experiment.restore import RestoredRun


def positions(
    run: RunName,
    steps: Annotated[
        int, typer.Option(min=1, max=1000, help="Steps from before the first word to after the last.")
    ] = 10,
    texts: Annotated[
        int | None, typer.Option(min=1, help="How many validation texts, evenly spaced; by default all.")
    ] = None,
    checkpoint: Checkpoint = "last",
) -> None:
    """Move the inserted tokens through the validation texts and see what becomes of the output.

    For each relative position (0: before the first word, 1: after the last): accuracy with the token of
    the text's class, and how far the logit and the probability shift, on average over the texts, when
    <newneg> becomes <newpos>; also how far either token shifts the logit from that of the text alone.
    Writes positions.csv and figures/positions.png into the run folder.
    """
    from rich.console import Console

    from rnnlab.experiment.probe_input import probe_input_of, require_labelled_texts, task_data_of
    from rnnlab.experiment.restore import restore
    from rnnlab.experiment.torch_settings import torch_settings
    from rnnlab.probes.positions import Positions
    from rnnlab.reports.figures import save_figure
    from rnnlab.reports.position_figure import draw_positions
    from rnnlab.runs.finder import find_run
    from rnnlab.terminal.display import track_texts
    from rnnlab.terminal.messages import print_note, printable
    from rnnlab.terminal.tables import print_table

    restored = restore(find_run(run), checkpoint=checkpoint)
    require_labelled_texts(restored, "positions")
    probe_input = probe_input_of(restored, task_data_of(restored, track=track_texts))
    probe = Positions(tuple(step / steps for step in range(steps + 1)), texts)
    with Console(stderr=True).status("Moving the tokens"), torch_settings(restored.config):
        table = probe.measure(probe_input)
    trained = f"trained with insert={restored.config.insert}"
    print(printable(f"{restored.run.name}, {restored.place}, {trained}"))
    print_table(_table(table))
    if note := _note(restored):
        print_note(note)
    path = restored.run.folder / "positions.csv"
    _write(table, path)
    figure = path.parent / "figures" / "positions.png"
    save_figure(draw_positions(table, insert=restored.config.insert), figure)
    print(f"table: {path}\nfigure: {figure}")


def _note(restored: "RestoredRun") -> str | None:
    """Returns what is really shown where the tokens have not been learned."""
    from rnnlab.data.vocabulary import NEWNEG, NEWPOS

    assert restored.vocabulary is not None
    rows = [restored.vocabulary[token] for token in (NEWNEG, NEWPOS)]
    if restored.model.word_vectors[rows].any():
        return None
    why = "never met the tokens" if restored.config.insert == "none" else "has frozen vectors"
    return (
        f"the net {why} (insert={restored.config.insert}): both are vectors of zeros, so what is shown is "
        "one further step with an empty input, the same for both classes"
    )


def _table(rows: "pd.DataFrame") -> "Table":
    from math import isnan

    from rich.table import Table

    table = Table("position")
    for name in rows.columns[1:]:
        table.add_column(name.replace("_", " "), justify="right")
    for position, accuracy, *shifts in rows.itertuples(index=False):
        place = "no token" if isnan(position) else f"{position:.3g}"
        # Three digits at any size: how small a shift has become is what there is to see.
        cells = ("-" if isnan(shift) else f"{shift:+.3g}" for shift in shifts)
        table.add_row(place, f"{accuracy:.4f}", *cells)
    return table


def _write(table: "pd.DataFrame", path: Path) -> None:
    from rnnlab.core.errors import InputError
    from rnnlab.core.files import write_text

    try:
        write_text(path, table.to_csv(index=False, lineterminator="\n"))
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
