"""`rnnlab evaluate`: a finished run on any split or file, alone or beside another."""

from typing import Annotated, Literal

import typer

from rnnlab.cli.options import Checkpoint, RunName


def evaluate(
    run: RunName,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[OTHER] [data.test=PATH]", help="Another run; a file or folder of labelled texts."
        ),
    ] = None,
    split: Annotated[
        Literal["train", "valid", "test"] | None, typer.Option(help="A split of the run; by default valid.")
    ] = None,
    checkpoint: Checkpoint = "last",
) -> None:
    """Print how good a finished run is, beside simple rules: accuracy, F1, ROC-AUC, Brier score, calibration.

    Tables (evaluation.csv, evaluation_classes.csv, calibration.csv) and figures/calibration.png go into the
    run folder. With OTHER: whether the two runs can be told apart on the same texts, by McNemar's test.
    Training and validation texts get the run's inserted tokens; those of data.test get none.

    Example: rnnlab evaluate latest data.test=my.tsv
    """
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.terminal.evaluation import print_evaluation, print_mcnemar
    from rnnlab.terminal.messages import print_line
    from rnnlab.workflows.evaluate import evaluate as workflow
    from rnnlab.workflows.evaluate import keep
    from rnnlab.workflows.mcnemar import keep_test, mcnemar_test
    from rnnlab.workflows.trained_run import load_run

    display = TerminalDisplay()
    other, test = _other_and_test(words or [], split)
    trained = load_run(run, checkpoint=checkpoint, display=display)
    if other is None:
        found = workflow(trained, split, test=test, display=display)
        examples_are = "texts" if found.unit == "texts" else "sequences"
        print_line(f"{trained.name}, {trained.place}, on {found.name} ({found.examples:,} {examples_are})")
        print_evaluation(
            found.table,
            found.scores,
            bins=found.calibration,
            confusion=found.confusion,
            by_class=found.by_class,
            unit=found.unit,
        )
        for path in keep(trained, found):
            print_line(str(path))
        return
    beside = load_run(other, checkpoint=checkpoint, display=display)
    both = mcnemar_test(trained, beside, split, test=test, display=display)
    print_line(f"{both.one} and {both.other} on {both.on}")
    print_mcnemar(both.accuracies, both.counts, both.sentence, unit=both.unit, steps=both.steps)
    print_line(str(keep_test(trained, both)))


def _other_and_test(words: list[str], split: str | None) -> tuple[str | None, str | None]:
    """Returns the other run and the path of data.test=PATH; raises InputError for anything else."""
    from rnnlab.core.errors import InputError, did_you_mean

    runs = [word for word in words if "=" not in word]
    if len(runs) > 1:
        raise InputError(f"{runs[1]}: expected one other run at most, found {len(runs)}")
    paths = dict(word.partition("=")[::2] for word in words if "=" in word)
    if (unknown := next((key for key in paths if key != "data.test"), None)) is not None:
        raise InputError(
            f"{unknown}: no such key here{did_you_mean(unknown, ['data.test'])} (expected data.test=PATH)"
        )
    if paths.get("data.test") == "":
        raise InputError("data.test: expected a file or folder, as in data.test=PATH")
    if paths and split is not None:
        raise InputError(f"--split {split}: makes no sense beside data.test; leave one of them out")
    return next(iter(runs), None), paths.get("data.test")
