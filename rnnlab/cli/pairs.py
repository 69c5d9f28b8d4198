"""`rnnlab pairs`: does a trained net put minimal pairs in the right order?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rnnlab.cli.options import Checkpoint, Format, RunName

if TYPE_CHECKING:
    import pandas as pd

    from rnnlab.experiment.restore import RestoredRun
    from rnnlab.probes.pairs import Suite


def pairs(
    run: RunName,
    suite: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A built-in suite; may be repeated; else all."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Your own pairs: a CSV with the columns positive and negative."),
    ] = None,
    checkpoint: Checkpoint = "last",
    form: Format = "table",
) -> None:
    """Print how often a finished run finds the more positive of two texts more probably positive.

    Built-in suites: order, negation, intensifier-early, intensifier-late, intensifier-moved, clauses. The
    last has no right order: its two texts say the same, and what counts is the shift of the probability.
    --format csv or jsonl gives a row a pair, as does the pairs.csv that a run gets at its end.
    """
    from rnnlab.core.errors import InputError
    from rnnlab.experiment.probe_input import require_labelled_texts
    from rnnlab.experiment.restore import restore
    from rnnlab.probes.pairs import chosen_suites, read_suite
    from rnnlab.runs.finder import find_run
    from rnnlab.terminal.tables import print_frame

    if suite and file is not None:
        raise InputError("--suite and --file: make no sense together; leave one of them out")
    suites = chosen_suites(suite or []) if file is None else [read_suite(file)]
    restored = restore(find_run(run), checkpoint=checkpoint)
    require_labelled_texts(restored, "pairs")
    rows = _judge(restored, suites)
    if form == "table":
        _print_summary(restored, suites, rows)
    else:
        print_frame(rows, form)


def _judge(restored: "RestoredRun", suites: "list[Suite]") -> "pd.DataFrame":
    """Returns a row a pair, and names the words that the net does not know."""
    import pandas as pd

    from rnnlab.experiment.torch_settings import torch_settings
    from rnnlab.probes.pairs import judge
    from rnnlab.terminal.messages import print_note

    with torch_settings(restored.config):
        judged = [judge(suite, restored.encode, restored.model, device=restored.device) for suite in suites]
    rows = pd.concat(judged, ignore_index=True)
    rows.insert(0, "epoch", restored.epoch)
    unknown = sorted(set(" ".join(rows["unknown"]).split()))
    if unknown:
        print_note(f"unknown to the run, and so all alike to it: {', '.join(unknown)}")
    return rows


def _print_summary(restored: "RestoredRun", suites: "list[Suite]", rows: "pd.DataFrame") -> None:
    from rnnlab.probes.pairs import TIE, summarise
    from rnnlab.terminal.messages import printable
    from rnnlab.terminal.tables import make_console, print_frame

    lines = [
        f"{restored.run.name}, {restored.place}",
        *(f"{suite.name}: {suite.asks}" for suite in suites),
    ]
    console = make_console()
    for line in lines:
        console.print(printable(line), markup=False)
    print_frame(summarise(rows), "table")
    console.print(
        "same_words: only the order of the words differs. ties: logits of both texts within "
        f"{TIE:g}. share: right of right + wrong, low to high its 95 % interval (Wilson). "
        "shift: |p(first) − p(second)|, averaged over pairs.",
        markup=False,
    )
