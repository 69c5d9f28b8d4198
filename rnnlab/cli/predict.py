"""`rnnlab predict`: what a finished run says of any text, and why."""

from pathlib import Path
from typing import Annotated

import typer

from rnnlab.cli.options import Checkpoint, Format, RunName


def predict(
    run: RunName,
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="[TEXT]...", help="Texts; without any, the lines of a pipe.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(help="A text per line; or TSV or CSV with labels, for accuracy and confusion table."),
    ] = None,
    trace: Annotated[
        bool, typer.Option("--trace", help="The probability after every token; attention's weights.")
    ] = False,
    attribute: Annotated[
        bool, typer.Option("--attribute", help="Integrated gradients: each token's share of the logit.")
    ] = False,
    checkpoint: Checkpoint = "last",
    form: Format = "table",
) -> None:
    """Print the probability, 0 to 1, that a finished run gives to each text's being positive.

    Of labels other than negative and positive: that of each. Texts get no inserted tokens. Words that the run
    does not know are listed with each text. Of a run of task=tagging: a tag for every word, words being cut
    at white space.

    Of a task that draws its sequences, such as halves or recall, a text is such a sequence: numbers or
    symbols as `rnnlab data show` prints them (of adding, 0.3* is marked). The right answer stands beside the
    net's.

    Example: rnnlab predict latest "hated it at first, loved it by the end" --trace
    """
    from rnnlab.core.errors import InputError
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.terminal.predictions import print_predictions, print_tokens
    from rnnlab.workflows.given_texts import given_texts
    from rnnlab.workflows.predict import explain_tokens
    from rnnlab.workflows.predict import predict as workflow
    from rnnlab.workflows.trained_run import load_run

    if trace and attribute:
        raise InputError("--trace and --attribute: make no sense together; leave one of them out")
    display = TerminalDisplay()
    trained = load_run(run, checkpoint=checkpoint, display=display)
    given = given_texts(texts or [], file, trained.classes)
    if trace or attribute:
        print_tokens(explain_tokens(trained, given, attribute=attribute, display=display), form)
    else:
        found = workflow(trained, given)
        print_predictions(found.table, form, accuracy=found.accuracy, confusion=found.confusion)
