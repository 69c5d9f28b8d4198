"""`rnnlab verify-resume`: whether killed and resumed trainings end as uninterrupted ones."""

from typing import Annotated

import typer

from rnnlab.cli.options import Overrides


def verify_resume(
    overrides: Overrides = None,
    kills: Annotated[int, typer.Option(min=1, help="How often a training is killed, by SIGKILL.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Of the random moments.")] = 1,
) -> None:
    """Kill trainings at random moments, resume them, and compare what they leave with an uninterrupted one's.

    Checkpoints, metrics but for seconds, what probes saw and all tables have to be the same, bit for bit; if
    anything differs, the exit code is 1.

    Example: rnnlab verify-resume model=lstm optimizer=sgd training.epochs=5 --kills 10
    """
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.terminal.messages import print_line
    from rnnlab.terminal.tables import print_rows
    from rnnlab.workflows.verify_resume import verify_resume

    found = verify_resume(overrides or [], kills=kills, seed=seed, display=TerminalDisplay())
    print_rows(found.files)
    print_line(str(found))
    found.check()
