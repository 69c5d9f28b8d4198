"""`rnnlab graph`: the computational graph of a short sequence, forward and the way back."""

from pathlib import Path
from typing import Annotated

import typer

from rnnlab.cli.options import Overrides

LONGEST = 40  # steps


def graph(
    overrides: Overrides = None,
    length: Annotated[
        int, typer.Option(min=1, max=LONGEST, help="How many steps: the first words of a validation text.")
    ] = 4,
    output: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="The SVG file; by default graph.svg in a folder under outputs/."),
    ] = None,
) -> None:
    """Draw the computational graph of a short sequence through the net, unrolled in time, as SVG.

    Every node is one result with its formula and shape: word, word vector, the inside of each cell in each
    layer and direction, head and loss. Solid arrows compute; dashed ones are the gradient's way back, and
    beside each stands what multiplies the gradient there. Of more than 12 steps those in the middle are one
    box. The model is described as in `rnnlab train`.

    Example: rnnlab graph model=lstm --length 3
    """
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.terminal.messages import print_line
    from rnnlab.workflows.graph import draw

    path = draw(overrides or [], length=length, output=output, display=TerminalDisplay())
    print_line(f"figure: {path}")
