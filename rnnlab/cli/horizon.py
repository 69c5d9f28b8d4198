"""`rnnlab horizon`: which sequence length can each net still learn?"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from rnnlab.cli.options import Overrides, RetryFailed


def horizon(
    overrides: Overrides = None,
    models: Annotated[
        str,
        typer.Option(help="Choices of model=, or RNNs of an initialisation: identity, orthogonal, default."),
    ] = "identity,default,gru,lstm",
    lengths: Annotated[str, typer.Option(help="Values of task.length.")] = "5,10,20,50,100,200",
    seeds: Annotated[int, typer.Option(min=1, help="Repetitions, with seeds 1, 2, …")] = 10,
    search: Annotated[
        Literal["grid", "bisection"],
        typer.Option(help="All lengths until no seed succeeds; or for each seed by halving."),
    ] = "grid",
    criterion: Annotated[
        float, typer.Option(help="Success: a validation loss below this fraction of the baseline.")
    ] = 0.1,
    accuracy: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Success instead: a validation accuracy of at least this."),
    ] = None,
    max_minutes: Annotated[float | None, typer.Option(min=0, help="When to stop, finished or not.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Trainings at a time.", show_default="one a core")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", show_default="outputs/horizon-TASK-…", help="Where the results go."),
    ] = None,
    retry_failed: RetryFailed = False,
) -> None:
    """Find the sequence length that each net can still learn within training.steps.

    Every trial is the training of `rnnlab train` with experiment=memory/horizon and your KEY=VALUE, as in
    task=adding optimizer.lr=0.003, stopped at its first success. Run it again to go on where it stopped, or
    with more models, lengths or seeds. Trials are the jobs of a sweep; hydra/launcher= works as for train.

    Example: rnnlab horizon --models lstm,gru --lengths 5,10,20 --seeds 3
    """
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.terminal.leaderboard import table_of_horizon
    from rnnlab.terminal.messages import print_line
    from rnnlab.terminal.tables import print_table
    from rnnlab.workflows.horizon.request import Request
    from rnnlab.workflows.horizon.search import find_horizon
    from rnnlab.workflows.horizon.trial import Goal

    display = TerminalDisplay()
    words = [*(overrides or []), *([f"hydra.launcher.workers={workers}"] if workers else [])]
    request = Request.read(words, models, lengths, seeds=seeds, search=search, goal=Goal(criterion, accuracy))
    found = find_horizon(
        request, max_minutes=max_minutes, output=output, retry_failed=retry_failed, display=display
    )
    if found is None:
        return
    schedule = request.schedule
    table = table_of_horizon(
        found.rates,
        found.ranks,
        titles={model: request.title(model) for model in found.ranks["model"]},
        lengths=schedule.lengths,
        seeds=schedule.seeds,
        goal=request.goal.text,
        steps=request.steps,
    )
    print_table(table)
    print_line(f"figure: {found.figure}")
    print_line(f"tables: {found.folder}")
    if found.failed:
        raise typer.Exit(1)
