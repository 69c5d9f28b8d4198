"""`rnnlab generate`: a net goes on with a text, or with a series."""

from typing import Annotated

import typer

from rnnlab.cli.options import Checkpoint, RunName


def generate(
    run: RunName,
    prompt: Annotated[str, typer.Option(help="The text to go on with; empty: from nothing read.")] = "",
    length: Annotated[
        int | None,
        typer.Option(min=1, max=1_000_000, help="Characters, words or rows to add.", show_default="200"),
    ] = None,
    temperature: Annotated[
        float, typer.Option(min=0.0, help="0: always the likeliest; 1: as the net has it; above: bolder.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Of the drawing; the same seed writes the same text.")] = 1,
    start: Annotated[int, typer.Option(min=0, help="Of a series: the first validation row to read.")] = 0,
    checkpoint: Checkpoint = "last",
) -> None:
    """Let a finished run go on with a text (task=language) or with a series (task=series).

    A prompt is cut as the run's own text was; what the run does not know is read as <unk>. Of a series each
    output is read as the next row; beside it stand the truth and what the net says from the true rows, in
    forecast.csv and a figure.

    Example: rnnlab generate latest --prompt "Call me " --temperature 0.6
    """
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.terminal.messages import print_line
    from rnnlab.terminal.predictions import print_forecast
    from rnnlab.workflows.generate import TEXT_LENGTH, forecast, refuse_ignored
    from rnnlab.workflows.generate import generate as workflow
    from rnnlab.workflows.trained_run import load_run

    display = TerminalDisplay()
    trained = load_run(run, checkpoint=checkpoint, display=display)
    of_text = {"--prompt": bool(prompt), "--temperature": temperature != 1, "--seed": seed != 1}
    refuse_ignored(trained, of_text, {"--start": start > 0})
    if trained.task.generates_text:
        wanted = TEXT_LENGTH if length is None else length
        print_line(
            workflow(trained, prompt, length=wanted, temperature=temperature, seed=seed, display=display)
        )
        return
    found = forecast(trained, start=start, steps=length)
    print_forecast(found.table, found.errors)
    for path in (found.path, *found.figures):
        print_line(f"written: {path}")
