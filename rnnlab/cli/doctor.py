"""`rnnlab doctor`: what ails a finished run."""

from rnnlab.cli.options import Checkpoint, RunName


def doctor(run: RunName, checkpoint: Checkpoint = "last") -> None:
    """Find what ails a finished run, with the evidence and the override to try.

    Looks for a loss stuck at ln 2 (training loss within 0.02 of it), vanished early gradients (a
    thousandth of the largest, in a net below 0.9 accuracy), overfitting (0.1 in accuracy between training
    and validation, or validation loss up by 0.1), one-class output (95 % of the texts, and 5 % more than
    have that class) and poor vector coverage (below 90 % of the running words).

    The exit code is 0 whatever is found, 2 for a run that cannot be read.

    Example: rnnlab doctor latest
    """
    from rnnlab.terminal.diagnoses import table_of_diagnoses
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.terminal.messages import print_line
    from rnnlab.terminal.tables import print_table
    from rnnlab.workflows.examine import examine
    from rnnlab.workflows.trained_run import load_run

    trained = load_run(run, checkpoint=checkpoint, display=TerminalDisplay())
    diagnoses = examine(trained)
    print_line(f"{trained.name} ({trained.run.status}), {trained.place}")
    print_table(table_of_diagnoses(diagnoses))
    found = sum(bool(diagnosis.found) for diagnosis in diagnoses)
    print_line(f"{found} finding{'' if found == 1 else 's'}" if found else "no findings")
