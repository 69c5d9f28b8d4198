"""`rnnlab gradcheck`: the from-scratch gradients against finite differences and autograd."""

from typing import Annotated

import typer


def gradcheck(
    model: Annotated[str, typer.Option(help="A choice of model= with a recurrent cell, or all.")] = "all",
    hidden_size: Annotated[int, typer.Option(min=1, max=64, help="Units of the recurrent layer.")] = 4,
    seed: Annotated[int, typer.Option(min=0, help="Seed of parameters and predictions.")] = 1,
    bug: Annotated[
        str | None, typer.Option("--break", metavar="NAME", help="Put a historic bug into a copy.")
    ] = None,
) -> None:
    """Compare every from-scratch gradient with finite differences and with torch.

    Example: rnnlab gradcheck --model lstm
    """
    from rich.console import Console
    from rich.table import Table

    from rnnlab.experiment.cells import known_cells
    from rnnlab.probes import gradcheck as probe
    from rnnlab.scratch.bugs import BUGS

    rows = []
    cells = known_cells()
    for name in probe.chosen_models(list(cells), model, bug):
        rows += probe.check_cell(name, cells[name], hidden_size=hidden_size, seed=seed, bug=bug)
    if bug is None:
        rows += probe.check_losses(seed=seed)
    title = f"relative difference ||a - b|| / ||b|| of the scratch engine's gradients, limit {probe.LIMIT:g}"
    if bug is not None:
        title = f"broken on purpose: {BUGS[bug].description}\n{title}"
    table = Table("model", "parameter", "gate", title=title)
    for column in ("finite differences", "torch autograd"):
        table.add_column(column, justify="right")
    table.add_column("")
    for row in rows:
        verdict = "[green]ok[/]" if row.passed else "[red]differs[/]"
        differences = (f"{row.finite_differences:.1e}", f"{row.autograd:.1e}")
        table.add_row(row.model, row.parameter, row.gate, *differences, verdict)
    console = Console()
    console.print(table)
    failed = sum(not row.passed for row in rows)
    agree = f"{len(rows) - failed} of {len(rows)} rows agree"
    console.print(f"{agree}; float64, two-sided differences with step {probe.STEP:g}", soft_wrap=True)
    if failed:
        raise typer.Exit(1)
