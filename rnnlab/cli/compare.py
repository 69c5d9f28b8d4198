"""`rnnlab compare`: runs that differ only in seed, taken together, beside others."""

from pathlib import Path
from typing import Annotated, Literal

import typer


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="SWEEP|RUN...",
            help="Sweeps and runs by name, path or unique prefix; latest is the latest sweep.",
        ),
    ],
    by: Annotated[
        str | None,
        typer.Option(
            metavar="KEY,…",
            help="What makes the groups, as in model,insert: keys, Hydra's groups, or sweep, commit, "
            "machine, version. By default every setting that differs, but for the seed.",
        ),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A figure of the last epoch, as train_loss; best_valid_acc at the best epoch, test_acc on "
            "data.test.",
            show_default="valid_acc, else what the runs were to improve",
        ),
    ] = None,
    form: Annotated[
        Literal["table", "csv", "json", "md", "latex"],
        typer.Option("--format", help="Tables and sentences, or the same for a program or a paper."),
    ] = "table",
    pairs: Annotated[
        bool, typer.Option("--pairs", help="With --format csv: a row per pair instead of one per group.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="A folder for tables and figure.", show_default="the sweep's, if it is one"
        ),
    ] = None,
) -> None:
    """Compare repeats: mean and interval over seeds, best first, and which groups can be told apart.

    Runs that differ only in seed are taken together, as those of rnnlab train -m 'seed=range(1,11)'. Groups
    are compared pair by pair, paired by seed (permutation tests, exact for up to 20 seeds), corrected for
    the number of comparisons; runs on other data, code or machines are pointed out.

    Example: rnnlab compare latest --by model,insert
    """
    from rnnlab.core.errors import InputError
    from rnnlab.terminal.comparison import print_comparison
    from rnnlab.terminal.messages import print_line, print_note, print_text
    from rnnlab.workflows.compare import compare as workflow
    from rnnlab.workflows.compare import keep_comparison

    if pairs and form != "csv":
        raise InputError("--pairs: makes sense only with --format csv; the other formats have both tables")
    keys = [key.strip() for key in by.split(",")] if by is not None else []
    found = workflow(runs, by=keys, metric=metric)
    comparison = found.comparison
    if form == "table":
        print_line(comparison.metric.sentence)
        print_comparison(*found.shown, comparison.sentences, found.method)
    else:
        print_text(found.text(form, pairs=pairs))
    if form in ("table", "csv"):
        for note in comparison.notes:
            print_note(note)
    folder = output or found.sweep
    if folder is not None:
        kept = keep_comparison(comparison, folder)
        if form == "table":
            print_line(f"tables: {kept.groups}, {kept.pairs}")
            print_line(f"figure: {kept.figure}")
