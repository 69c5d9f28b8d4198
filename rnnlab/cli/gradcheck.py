"""`rnnlab gradcheck`: the from-scratch gradients against finite differences and autograd."""

from typing import Annotated

import typer

from rnnlab.cli.options import Pooling


def gradcheck(
    model: Annotated[str, typer.Option(help="A choice of model= with a recurrent cell, or all.")] = "all",
    hidden_size: Annotated[int, typer.Option(min=1, max=64, help="Units of the recurrent layer.")] = 4,
    seed: Annotated[int, typer.Option(min=0, help="Seed of parameters and predictions.")] = 1,
    pooling: Pooling = None,
    bug: Annotated[
        str | None, typer.Option("--break", metavar="NAME", help="Put a historic bug into a copy.")
    ] = None,
) -> None:
    """Compare every from-scratch gradient with finite differences and with torch.

    Example: rnnlab gradcheck --model lstm
    """
    from rich.text import Text

    from rnnlab.terminal.messages import print_line
    from rnnlab.terminal.tables import print_rows
    from rnnlab.workflows.gradcheck import check_gradients

    found = check_gradients(model, hidden_size=hidden_size, seed=seed, pooling=pooling, bug=bug)
    rows = found.table
    verdicts = {True: Text("ok", style="green"), False: Text("differs", style="red")}
    rows[""] = [verdicts[passed] for passed in rows.pop("passed")]
    formats = dict.fromkeys(("finite differences", "torch autograd"), ".1e")
    print_rows(rows, formats, missing="nan", title=found.title)
    print_line(found.verdict)
    if found.failed:
        raise typer.Exit(1)
