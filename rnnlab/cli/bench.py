"""`rnnlab bench`: how fast do nets train here, beside plain PyTorch and JAX?"""

from pathlib import Path
from typing import Annotated

import typer

from rnnlab.cli.options import Overrides


def bench(
    overrides: Overrides = None,
    models: Annotated[
        str | None, typer.Option(help="Choices of model=.", show_default="rnn,birnn,gru,lstm,boe")
    ] = None,
    parts: Annotated[
        str | None,
        typer.Option(
            help="What to measure, of epochs, memory, layers, own-cell, cost.", show_default="all of them"
        ),
    ] = None,
    rounds: Annotated[int | None, typer.Option(min=1, help="Turns of each.", show_default="7")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Few models, sizes and rounds.")] = False,
    tune: Annotated[
        bool,
        typer.Option("--tune", help="Instead: measure on this machine the table that engine=auto goes by."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            show_default="outputs/bench-…",
            help="Where the results go: a folder, with --tune a file.",
        ),
    ] = None,
) -> None:
    """Time training beside the course's loop, plain PyTorch (packed, padded) and JAX, all on equal terms.

    An epoch of each model on the bundled sample (or data=files data.train=FILE), the memory it takes,
    single layers, a cell that gives only its step, and how cost grows with size. Everyone takes turns in one
    process, on one core (training.threads); figures are medians. No time makes it fail. JAX takes part once
    it is there: pip install 'rnnlab\\[bench]'.

    Example: rnnlab bench --quick
    """
    import json

    from rnnlab.bench.bench import run_bench
    from rnnlab.bench.request import Request
    from rnnlab.core.errors import InputError
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.terminal.messages import print_line, print_lines
    from rnnlab.terminal.tables import print_rows

    display = TerminalDisplay()
    if tune:
        from rnnlab.bench.tune import tune as write_table

        if overrides or models or parts or rounds or quick or as_json:
            raise InputError(
                "--tune: measures the table of engine=auto and nothing else; expected --output alone"
            )
        print_line(f"table of engine=auto: {write_table(output, display=display)}")
        return
    request = Request.read(overrides or [], models=models, parts=parts, rounds=rounds, quick=quick)
    found = run_bench(request, output=output, display=display)
    for note in found.notes:
        display.note(note)
    if as_json:
        print_lines(json.dumps(found.facts(), indent=1))
        return
    print_line(found.measured_on)
    for title, rows, caption in found.shown():
        print_rows(rows, dict.fromkeys(rows.columns[1:], str), title=title, caption=caption)
    print_line(f"results: {found.folder}")
