"""`rnnlab data show`: examples as a net gets to see them."""

from typing import Annotated, Literal

import typer

from rnnlab.cli.options import Overrides


def show(
    overrides: Overrides = None,
    split: Annotated[Literal["train", "valid", "test"], typer.Option(help="Which examples.")] = "train",
    number: Annotated[int, typer.Option("--number", "-n", min=1, help="How many of them.")] = 3,
) -> None:
    """Show examples as a net gets them: tokens and ids, inserted tokens marked, unknown words dimmed.

    Of tasks with numbers: the numbers (the place of the one where they are one-hot) and what is asked for.

    Example: rnnlab data show insert=middle --split valid -n 2
    """
    from rnnlab.terminal.console import PlainConsole
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.terminal.examples import table_of_examples
    from rnnlab.workflows.look_at_data import first_examples

    shown = first_examples(overrides or [], split=split, number=number, display=TerminalDisplay())
    console, vocabulary = PlainConsole(), shown.task_data.vocabulary
    console.print(table_of_examples(shown.batch, shown.task_data))
    words = "" if vocabulary is None else f"; vocabulary: {len(vocabulary):,} words"
    console.print(f"{split}: {shown.total}{words}; insert={shown.insert}")
