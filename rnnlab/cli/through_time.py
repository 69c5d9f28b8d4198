"""`rnnlab through-time`: what is left of the gradient many steps before the end of a text."""

from typing import TYPE_CHECKING, Annotated

import typer

from rnnlab.cli.options import Checkpoint
from rnnlab.terminal.messages import print_line, print_paths

if TYPE_CHECKING:
    from rnnlab.workflows.probe import Probed


def through_time(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN | KEY=VALUE...]",
            help="A finished run, or what an untrained net's settings differ in, as in model=lstm.",
        ),
    ] = None,
    texts: Annotated[
        int | None, typer.Option(min=1, help="How many validation texts; by default 32.")
    ] = None,
    distances: Annotated[
        int | None, typer.Option(min=1, help="How many steps back from the end; by default 100.")
    ] = None,
    checkpoint: Checkpoint = "last",
) -> None:
    """Measure gradients and Jacobians against the distance from the end of the text.

    For each layer and direction, and for an LSTM's hidden and cell states apart: the norm of each text's
    loss gradient at the state so many steps before the last, and the spectral norm of the last state's
    Jacobian with respect to it; medians over texts, and after how many steps they are halved. Writes
    through_time.csv and figures/through_time.png. A run trained with probe.every has a heatmap over its
    epochs in figures/through_time_epochs.png already.

    Example: rnnlab through-time latest --distances 50
    """
    from rnnlab.core.errors import InputError
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.workflows.probe import probe_run, probe_untrained
    from rnnlab.workflows.trained_run import load_run

    given = {"examples": texts, "distances": distances}
    settings = {name: value for name, value in given.items() if value is not None}
    words, display = words or [], TerminalDisplay()
    runs = [word for word in words if "=" not in word]
    if not runs:
        if checkpoint != "last":
            raise InputError(f"--checkpoint {checkpoint}: makes no sense without a RUN")
        return _show(probe_untrained("through_time", words, settings, display))
    if len(words) > 1:
        raise InputError(f"{runs[0]}: expected one RUN alone or only KEY=VALUE, found {len(words)} words")
    run = load_run(runs[0], checkpoint=checkpoint, display=display)
    probed = probe_run(run, run.probe_input, "through_time", settings, display=display)
    print_line(f"{run.name}, {run.place}")
    return _show(probed)


def _show(probed: "Probed") -> None:
    from rnnlab.terminal.gradients import print_half_lives
    from rnnlab.workflows.through_time import half_lives

    print_half_lives(half_lives(probed.table))
    print_paths(probed.path, probed.figures)
