"""`rnnlab reproduce`: a whole course of experiments, ending in one report."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from rnnlab.cli.options import Overrides, RetryFailed


def reproduce(
    what: Annotated[Literal["course"], typer.Argument(help="Which series of experiments.")],
    overrides: Overrides = None,
    seeds: Annotated[int, typer.Option(min=1, help="Repetitions, with seeds 1, 2, …")] = 3,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the runs and the report go.")] = Path(
        "outputs/reproduce-course"
    ),
    texts: Annotated[
        Path | None, typer.Option(help="The five texts of questions 1.1.8 to 1.1.10, one a line.")
    ] = None,
    retry_failed: RetryFailed = False,
) -> None:
    """Run the course's presets and gradient tables, and answer its questions in one report.

    On the sample, or on your own data: data=files data.train=… data.valid=… data.vectors=…
    Run it again to go on where it stopped, or with more seeds: finished runs are kept. The runs are the jobs
    of a sweep; hydra/launcher= works as for `rnnlab train`. The five texts are like then dislike, the
    reverse, intensifier early, then late, late clause first; without --texts those of a predict.txt beside
    the training reviews, else rnnlab's own.

    Example: rnnlab reproduce course --seeds 10
    """
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.terminal.messages import print_line
    from rnnlab.workflows.reproduce import reproduce_course

    path = reproduce_course(
        overrides or [],
        root=output,
        seeds=seeds,
        texts_file=texts,
        retry_failed=retry_failed,
        display=TerminalDisplay(),
    )
    print_line(f"report: {path}")
