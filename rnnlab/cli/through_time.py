"""`rnnlab through-time`: what is left of the gradient many steps before the end of a text."""

from typing import Annotated

import typer

from rnnlab.cli.evaluate import Checkpoint


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
    """
    from rnnlab.core.errors import InputError
    from rnnlab.workflows.through_time import measure_run, measure_untrained

    settings = {"examples": texts, "distances": distances}
    words = words or []
    runs = [word for word in words if "=" not in word]
    if not runs:
        if checkpoint != "last":
            raise InputError(f"--checkpoint {checkpoint}: makes no sense without a RUN")
        return measure_untrained(words, settings)
    if len(words) > 1:
        raise InputError(f"{runs[0]}: expected one RUN alone or only KEY=VALUE, found {len(words)} words")
    return measure_run(runs[0], checkpoint, settings)
