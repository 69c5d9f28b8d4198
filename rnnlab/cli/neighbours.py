"""`rnnlab neighbours`: the words nearest to a word, before and after training."""

from typing import Annotated

import typer

from rnnlab.cli.options import Checkpoint, RunName


def neighbours(
    run: RunName,
    words: Annotated[list[str], typer.Argument(metavar="WORD...", help="Words of the run's vocabulary.")],
    number: Annotated[int, typer.Option("--number", "-n", min=1, help="How many neighbours of each.")] = 10,
    checkpoint: Checkpoint = "last",
) -> None:
    """Print the words nearest to a word by cosine similarity, before and after training.

    A word that the vocabulary does not have is named and skipped; a zero vector has no neighbours.

    Example: rnnlab neighbours latest boring
    """
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.terminal.tables import print_rows
    from rnnlab.workflows.trained_run import load_run
    from rnnlab.workflows.word_vectors import neighbours as workflow

    display = TerminalDisplay()
    trained = load_run(run, checkpoint=checkpoint, display=display)
    for word, found in workflow(trained, words, number=number, display=display):
        rows = found.astype({"rank": str}).rename(columns={"rank": ""})
        print_rows(rows, {"cosine": ".4f"}, missing="", title=f"nearest to {word}")
