"""`rnnlab explain`: one short text through a from-scratch net, number by number."""

from typing import Annotated

import typer

TEXT = "hated it at first , loved it by the end"
PADDING_TEXTS = ["a long film that ends well", "boring", "loved it"]


def explain(
    model: Annotated[str, typer.Option(help="A choice of model= with a recurrent cell, as lstm.")] = "rnn",
    text: Annotated[str, typer.Option(help="A short text, split at white space.")] = TEXT,
    label: Annotated[int, typer.Option(min=0, max=1, help="1 for positive, 0 for negative.")] = 1,
    hidden_size: Annotated[int, typer.Option(min=1, max=16, help="Units of the recurrent layer.")] = 2,
    embedding_dim: Annotated[int, typer.Option(min=1, max=16, help="Size of a word vector.")] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the untrained net.")] = 1,
    padding: Annotated[
        bool, typer.Option("--padding", help="Show why padded texts need their lengths.")
    ] = False,
) -> None:
    """Walk one text through a small net, step by step, and back.

    Example: rnnlab explain --model lstm --text "loved it"
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from rnnlab.experiment.cells import cell_of_choice
    from rnnlab.scratch.explain import explain as explain_text
    from rnnlab.scratch.explain import explain_padding

    cell, sizes = cell_of_choice(model), {"embedding_dim": embedding_dim, "hidden_size": hidden_size}
    if padding:
        tables = explain_padding(PADDING_TEXTS, cell, seed=seed, **sizes)
    else:
        tables = explain_text(text, cell, label=label, seed=seed, **sizes)
    console = Console()
    for title, columns, rows, note in tables:
        table = Table(*columns, title=title, title_justify="left", box=SIMPLE_HEAD)
        for row in rows:
            table.add_row(*map(escape, row))
        console.print(table)
        if note:
            console.print(f"[dim]{escape(note)}[/]\n")
