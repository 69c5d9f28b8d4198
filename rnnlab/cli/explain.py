"""`rnnlab explain`: one sequence through a net, number by number."""

from typing import Annotated

import typer

from rnnlab.cli.options import Checkpoint, Pooling


def explain(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN | KEY=VALUE...]",
            help="A finished run, or what an untrained net's settings differ in; else a tiny net.",
        ),
    ] = None,
    text: Annotated[
        list[str] | None, typer.Option(help="A short text, split at white space; may be repeated.")
    ] = None,
    label: Annotated[str | None, typer.Option(help="Its class; by default 1, positive.")] = None,
    tags: Annotated[
        str | None, typer.Option(help="A tag for every word of the text, which makes the net a tagger.")
    ] = None,
    example: Annotated[
        int | None, typer.Option(min=1, help="Which validation example; by default the first.")
    ] = None,
    padding: Annotated[
        bool, typer.Option("--padding", help="Show what padding does to every state of the texts.")
    ] = False,
    derivative: Annotated[
        bool, typer.Option("--derivative", help="Show the cell's step and its derivative, in numbered lines.")
    ] = False,
    units: Annotated[int | None, typer.Option(min=1, help="How many numbers of a vector to show.")] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Of a tiny net: a choice of model= with a recurrent cell; by default rnn."),
    ] = None,
    hidden_size: Annotated[
        int | None, typer.Option(min=1, max=16, help="Of a tiny net: its units; by default 2.")
    ] = None,
    embedding_dim: Annotated[
        int | None, typer.Option(min=1, max=16, help="Of a tiny net: size of a word vector; by default 2.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of a tiny net; by default 1.")] = None,
    pooling: Pooling = None,
    checkpoint: Checkpoint = "last",
) -> None:
    """Walk one sequence through a net, step by step, and back.

    Every value of every layer and direction, the loss, what of it reaches each state, and what each step adds
    to each weight's gradient; of a tagger the loss of every step, and how far back it reaches. With --padding
    instead: the padded batch, and its states with packing and without, the wrong ones marked. With
    --derivative: the equations of a cell's step, and those of the way back that is derived from them.

    Example: rnnlab explain --model lstm --text "loved it"
    """
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.terminal.tables import print_titled
    from rnnlab.workflows.explain import Explanation
    from rnnlab.workflows.explain import explain as explain_it

    given = {"model": model, "hidden_size": hidden_size, "embedding_dim": embedding_dim, "seed": seed}
    tiny = {name: value for name, value in {**given, "pooling": pooling}.items() if value is not None}
    wanted = Explanation(
        words or [], text or [], label, tags, padding, derivative, example, units, checkpoint, tiny
    )
    for title, columns, rows, note in explain_it(wanted, TerminalDisplay()):
        print_titled(title, columns, rows, note)
