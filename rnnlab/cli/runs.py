"""`rnnlab runs` and `rnnlab show`: what lies in outputs/."""

from typing import Annotated

import typer

from rnnlab.cli.options import RunName


def runs(
    conditions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...",
            help="Only runs of which all this holds; also != < <= > >=, in quotes, as in 'valid_acc>0.9'. "
            "Keys are settings (model.hidden_size), groups (model), figures (valid_acc, best_valid_loss, "
            "test_acc), and status, started, commit, version, machine.",
        ),
    ] = None,
    sort: Annotated[
        str | None, typer.Option(metavar="KEY", help="Sort by it: figures best first, all else ascending.")
    ] = None,
    reverse: Annotated[bool, typer.Option("--reverse", help="Turn the order round.")] = False,
) -> None:
    """List the runs in outputs/, oldest first, with the metric that each was to improve.

    Example: rnnlab runs model=lstm 'valid_acc>0.9' --sort valid_acc
    """
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.terminal.messages import print_line
    from rnnlab.terminal.tables import print_rows
    from rnnlab.workflows.runs import list_runs

    found = list_runs(conditions or [], sort, reverse=reverse, display=TerminalDisplay())
    table = found.table
    if not found.among and table.empty:
        print_line("no run in outputs/ yet; make one with: rnnlab train")
        return
    if table.empty:
        print_line(f"none of {found.among} runs is like that{found.hint}")
        return
    formats = dict.fromkeys(("last", "best", "valid acc"), ".4f") | {"trained": "", "seed": "d"}
    print_rows(table.rename(columns={"valid_acc": "valid acc"}), formats)


def show(run: RunName) -> None:
    """Show one run: its figures, its curve, and how to run it again.

    Example: rnnlab show latest
    """
    from rnnlab.terminal.curves import Curve, print_curves
    from rnnlab.terminal.messages import print_facts
    from rnnlab.workflows.runs import show_run

    facts, curve = show_run(run)
    print_facts(facts)
    markers = {"train": "·", "valid": "braille"}
    curves = [
        Curve(values.index.tolist(), values.tolist(), markers[split], f"{split}_{curve.metric}")
        for split, values in curve.splits.items()
        if len(values)
    ]
    print_curves(curves, x_label=curve.unit, height=16, limits=(0, 1) if curve.metric == "acc" else None)
