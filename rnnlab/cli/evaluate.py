"""`rnnlab evaluate`: a finished run on any split or file."""

from typing import Annotated, Literal

import typer

from rnnlab.cli.options import Checkpoint, RunName


def evaluate(
    run: RunName,
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="[data.test=PATH]", help="A file or folder of labelled texts."),
    ] = None,
    split: Annotated[
        Literal["train", "valid", "test"] | None, typer.Option(help="A split of the run; by default valid.")
    ] = None,
    checkpoint: Checkpoint = "last",
) -> None:
    """Print the metrics of a finished run beside those of simple rules, and for classes a confusion table.

    Of labels other than negative and positive also precision, recall and F1 of each.

    Training and validation texts get the run's inserted tokens; those of data.test get none.

    Example: rnnlab evaluate latest data.test=my.tsv
    """
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.terminal.messages import print_line
    from rnnlab.terminal.predictions import print_class_metrics, print_confusion
    from rnnlab.terminal.tables import print_rows
    from rnnlab.workflows.evaluate import evaluate as workflow
    from rnnlab.workflows.trained_run import load_run

    display = TerminalDisplay()
    trained = load_run(run, checkpoint=checkpoint, display=display)
    found = workflow(trained, split, test=_test_path(overrides or [], split), display=display)
    examples_are = "texts" if trained.task.unit == "texts" else "sequences"
    print_line(f"{trained.name}, {trained.place}, on {found.name} ({found.examples:,} {examples_are})")
    formats = dict.fromkeys(found.metrics, ".4f")
    print_rows(found.table.reset_index(names=""), formats, missing="")
    if found.confusion is not None:
        print_confusion(found.confusion)
    if found.by_class is not None:
        print_class_metrics(found.by_class)


def _test_path(overrides: list[str], split: str | None) -> str | None:
    """Returns the path of data.test=PATH; raises InputError for anything else."""
    from rnnlab.core.errors import InputError, did_you_mean

    paths = dict(word.partition("=")[::2] for word in overrides)
    unknown = next((key for key in paths if key != "data.test"), None)
    if unknown is not None:
        raise InputError(
            f"{unknown}: no such key here{did_you_mean(unknown, ['data.test'])} (expected data.test=PATH)"
        )
    if paths.get("data.test") == "":
        raise InputError("data.test: expected a file or folder, as in data.test=PATH")
    if paths and split is not None:
        raise InputError(f"--split {split}: makes no sense beside data.test; leave one of them out")
    return paths.get("data.test")
