"""`rnnlab positions`: the inserted tokens moved through the texts of a finished run."""

from typing import Annotated

import typer

from rnnlab.cli.options import Checkpoint, RunName


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
    Of more than two labels, a row per position and token: how far it shifts ln p / (1 - p) of its own label.
    Writes positions.csv and figures/positions.png into the run folder.

    Example: rnnlab positions latest --steps 4
    """
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.terminal.messages import print_line, print_paths
    from rnnlab.terminal.tables import print_rows
    from rnnlab.workflows.positions import move_tokens
    from rnnlab.workflows.trained_run import load_run

    display = TerminalDisplay()
    trained = load_run(run, checkpoint=checkpoint, display=display)
    probed = move_tokens(trained, steps=steps, texts=texts, display=display)
    print_line(f"{trained.name}, {trained.place}, trained with insert={trained.config.insert}")
    rows = probed.table.rename(columns=lambda name: name.replace("_", " "))
    rows["position"] = rows["position"].map(lambda place: "no token" if place != place else f"{place:.3g}")
    # Three digits at any size: how small a shift has become is what there is to see.
    formats = {name: "+.3g" for name in rows.columns if name.endswith("shift")}
    print_rows(rows, {"accuracy": ".4f", **formats}, group="position" if "token" in rows else "")
    print_paths(probed.path, probed.figures)
