"""`rnnlab generate`: a language model goes on with a text."""

from typing import Annotated

import typer

from rnnlab.cli.options import Checkpoint, RunName


def generate(
    run: RunName,
    prompt: Annotated[str, typer.Option(help="The text to go on with; empty: from nothing read.")] = "",
    length: Annotated[int, typer.Option(min=1, max=1_000_000, help="Characters or words to add.")] = 200,
    temperature: Annotated[
        float, typer.Option(min=0.0, help="0: always the likeliest; 1: as the net has it; above: bolder.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Of the drawing; the same seed writes the same text.")] = 1,
    checkpoint: Checkpoint = "last",
) -> None:
    """Let a finished run of task=language go on with a text.

    The prompt is cut as the run's own text was; what the run does not know is read as <unk>.

    Example: rnnlab generate latest --prompt "Call me " --temperature 0.6
    """
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.terminal.messages import print_line
    from rnnlab.workflows.generate import generate as workflow
    from rnnlab.workflows.trained_run import load_run

    display = TerminalDisplay()
    trained = load_run(run, checkpoint=checkpoint, display=display)
    print_line(workflow(trained, prompt, length=length, temperature=temperature, seed=seed, display=display))
