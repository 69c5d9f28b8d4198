"""`rnnlab runs` and `rnnlab show`: what lies in outputs/."""

import sys
from typing import TYPE_CHECKING, Any

from rnnlab.cli.options import RunName

if TYPE_CHECKING:
    import pandas as pd

    from rnnlab.runs.finder import Run

_PIPE_WIDTH = 500


def runs() -> None:
    """List the runs in outputs/, oldest first."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from rnnlab.core.metrics import format_metric
    from rnnlab.runs.finder import OUTPUTS, all_runs

    found = all_runs()
    if not found:
        print(f"no run in {OUTPUTS}/ yet; make one with: rnnlab train")
        return
    table = Table("run", "status", "epochs", "train acc", "valid acc", "best valid acc", "valid loss", "seed")
    for run in found:
        final, best = run.summary.get("final") or {}, run.summary.get("best") or {}
        names = ("train_acc", "valid_acc")
        figures = [*map(final.get, names), best.get("valid_acc"), final.get("valid_loss")]
        # Tasks that draw their examples count steps.
        length = f"{final['step']:,} steps" if "step" in final else str(final.get("epoch", "-"))
        table.add_row(
            Text(run.name, overflow="fold"),
            run.status,
            length,
            *(format_metric("acc", value) for value in figures),
            str(run.summary.get("seed", "-")),
        )
    # In a pipe a name folded to fit 80 columns would be of no use.
    Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH).print(table)


def show(run: RunName) -> None:
    """Show one run: its figures, its curve, and how to run it again."""
    import pandas as pd
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from rnnlab.core.errors import InputError
    from rnnlab.runs.finder import find_run, metrics_path

    found = find_run(run)
    path = metrics_path(found)
    try:
        metrics = pd.read_csv(path)
        curve = _curve(metrics, width=min(Console().width, 90))
    except (ValueError, KeyError) as error:
        raise InputError(f"{path}: not readable as a table of metrics ({error})") from None
    console = Console()
    facts = Table(show_header=False, box=None)
    for name, value in _facts(found).items():
        facts.add_row(name, Text(value, overflow="fold"))
    console.print(facts)
    print(curve)


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


def _curve(metrics: "pd.DataFrame", *, width: int) -> str:
    """Returns accuracy (or the first metric of a task without) against epoch or step as text."""
    from plotext import figure

    from rnnlab.reports.records import metric_names, step_column

    when, names = step_column(metrics), metric_names(metrics)
    name = "acc" if "acc" in names else names[0]
    figure.clear()
    figure.plot_size(width, 16)
    for split, marker in (("train", "·"), ("valid", "braille")):
        column = metrics[f"{split}_{name}"].dropna()
        if len(column):
            signal = figure.signal(metrics[when][column.index].tolist(), column.tolist(), marker=marker)
            figure.draw(signal.lines().label(f"{split}_{name}"))
    figure.label(when)
    if name == "acc":
        figure.ruler("y").lim(0, 1)
    last = int(metrics[when].max())
    figure.ruler("x").ticks(list(range(0, last + 1, max(1, last // 8))))
    return str(figure.build().string(colorless=True))
