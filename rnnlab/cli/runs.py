"""`rnnlab runs` and `rnnlab show`: what lies in outputs/."""

from typing import TYPE_CHECKING, Any

from rnnlab.cli.options import RunName

if TYPE_CHECKING:
    from rnnlab.runs.finder import Run


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

    found, curve = show_run(run)
    print_facts(_facts(found))
    markers = {"train": "·", "valid": "braille"}
    curves = [
        Curve(values.index.tolist(), values.tolist(), markers[split], f"{split}_{curve.metric}")
        for split, values in curve.splits.items()
        if len(values)
    ]
    print_curves(curves, x_label=curve.unit, height=16, limits=(0, 1) if curve.metric == "acc" else None)


def _facts(run: "Run") -> dict[str, str]:
    from rnnlab.core.metrics import format_metric

    summary = run.summary

    def figures(row: dict[str, Any] | None) -> str:
        return ", ".join(f"{name} {format_metric(name, value)}" for name, value in (row or {}).items()) or "-"

    versions = summary.get("versions", {})
    parameters = summary.get("parameters", {})
    return {
        "run": str(run.folder),
        "status": run.status + (f": {summary['error']}" if "error" in summary else ""),
        "final": figures(summary.get("final")),
        f"best by {summary.get('monitor')}": figures(summary.get("best")),
        "parameters": f"{parameters.get('trainable', 0):,} trained of {parameters.get('total', 0):,}",
        "wall time": f"{summary.get('wall_seconds')} s, peak memory {summary.get('peak_memory_mib')} MiB",
        "versions": ", ".join(f"{name} {value}" for name, value in versions.items()),
        "run again": str(summary.get("command")),
    }
