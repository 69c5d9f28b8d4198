"""`rnnlab explain`: one short text through a from-scratch net, number by number."""

from typing import Annotated

import typer

from rnnlab.cli.options import Pooling

TEXT = "hated it at first , loved it by the end"


def explain(
    model: Annotated[str, typer.Option(help="A choice of model= with a recurrent cell, as lstm.")] = "rnn",
    text: Annotated[str, typer.Option(help="A short text, split at white space.")] = TEXT,
    label: Annotated[int, typer.Option(min=0, max=1, help="1 for positive, 0 for negative.")] = 1,
    hidden_size: Annotated[int, typer.Option(min=1, max=16, help="Units of the recurrent layer.")] = 2,
    embedding_dim: Annotated[int, typer.Option(min=1, max=16, help="Size of a word vector.")] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the untrained net.")] = 1,
    pooling: Pooling = None,
    padding: Annotated[
        bool, typer.Option("--padding", help="Show why padded texts need their lengths.")
    ] = False,
) -> None:
    """Walk one text through a small net, step by step, and back.

    Example: rnnlab explain --model lstm --text "loved it"
    """
    from rnnlab.terminal.tables import print_titled
    from rnnlab.workflows.explain import explain_padding, explain_text

    sizes = {"embedding_dim": embedding_dim, "hidden_size": hidden_size, "seed": seed}
    if padding:
        tables = explain_padding(model, **sizes)
    else:
        tables = explain_text(text, model, label=label, pooling=pooling, **sizes)
    for title, columns, rows, note in tables:
        print_titled(title, columns, rows, note)
