"""`rnnlab runs` and `rnnlab show`: what lies in outputs/."""

from rnnlab.cli.options import RunName


def runs() -> None:
    """List the runs in outputs/, oldest first, with the metric that each was to improve.

    Example: rnnlab runs
    """
    from rnnlab.terminal.tables import print_rows
    from rnnlab.workflows.runs import list_runs

    table = list_runs()
    if table.empty:
        print("no run in outputs/ yet; make one with: rnnlab train")
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
