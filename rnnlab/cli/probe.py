"""`rnnlab probe`: any probe on a finished run."""

from typing import Annotated

import typer

from rnnlab.cli.options import Checkpoint, Format, RunName


def probe(
    run: RunName,
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="One of configs/probe/, or of your ./configs/probe/."),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Settings of the probe, as in examples=8."),
    ] = None,
    checkpoint: Checkpoint = "last",
    form: Format = "table",
) -> None:
    """Look at a finished run's net with a probe; its table goes into the run folder, and into the report.

    Settings that are not given are those of the run's configuration, else those of configs/probe/NAME.yaml.

    Example: rnnlab probe latest through_time examples=8
    """
    from rnnlab.experiment.find_probe import read_settings
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.terminal.messages import print_line, print_paths
    from rnnlab.terminal.tables import print_frame, print_rows
    from rnnlab.workflows.probe import probe_run
    from rnnlab.workflows.trained_run import load_run

    values, display = read_settings(settings or []), TerminalDisplay()
    trained = load_run(run, checkpoint=checkpoint, display=display)
    probed = probe_run(trained, trained.probe_input, name, values, display=display)
    if form != "table":
        print_frame(probed.table, form)
        return
    print_line(f"{trained.name}, {trained.place}")
    print_rows(probed.table)
    print_paths(probed.path, probed.figures)
