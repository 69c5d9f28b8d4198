"""`rnnlab train`: Typer in front of Hydra's own machinery."""

from typing import Annotated

import typer

from rnnlab.cli.options import Cfg, ConfigDir, ConfigName, Info, Multirun, Overrides, Package, Resolve

Profile = Annotated[
    bool,
    typer.Option("--profile", help="Show where the run's time went; profile.csv and trace.json keep it."),
]
Resume = Annotated[
    str | None,
    typer.Option(
        "--resume",
        metavar="RUN",
        help="Go on with a run that was interrupted, killed or failed, or train a finished one further.",
    ),
]
Force = Annotated[
    bool,
    typer.Option("--force", help="With --resume: also a run that another host had in hands."),
]
SWEEPS = "Sweeps"
Extend = Annotated[
    bool, typer.Option("--extend", rich_help_panel=SWEEPS, help="Add these jobs to those of sweep=NAME.")
]
RetryFailed = Annotated[
    bool, typer.Option("--retry-failed", rich_help_panel=SWEEPS, help="Also do again what has failed.")
]
FailFast = Annotated[
    bool, typer.Option("--fail-fast", rich_help_panel=SWEEPS, help="Begin no job any more once one failed.")
]
MaxMinutes = Annotated[
    float | None,
    typer.Option(
        min=0, rich_help_panel=SWEEPS, help="Begin no job after that; exit code 3 if some are left to do."
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", rich_help_panel=SWEEPS, help="Show the jobs, do none of them.")
]


def train(
    overrides: Overrides = None,
    multirun: Multirun = False,
    resume: Resume = None,
    force: Force = False,
    extend: Extend = False,
    retry_failed: RetryFailed = False,
    fail_fast: FailFast = False,
    max_minutes: MaxMinutes = None,
    dry_run: DryRun = False,
    profile: Profile = False,
    cfg: Cfg = None,
    resolve: Resolve = False,
    package: Package = None,
    info: Info = None,
    config_dir: ConfigDir = None,
    config_name: ConfigName = "config",
) -> None:
    """Train and evaluate a net; everything goes into a run folder under outputs/.

    Groups: task, data, model, optimizer, scheduler, experiment. Plain keys: insert, freeze, seed, engine.
    The rest is under training. and data.; `rnnlab train --cfg job` prints all of it.

    A sweep (-m) goes on where it stopped when sweep=NAME is given again.

    Example: rnnlab train model=lstm insert=middle

    With --resume RUN, training.epochs (or steps) and training.patience may differ, and nothing else:
    rnnlab train --resume latest training.epochs=20
    """
    from rnnlab.experiment.launch import HydraOptions
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.workflows.sweep_watch import SweepOptions
    from rnnlab.workflows.trainings import train

    options = HydraOptions(multirun, cfg, resolve, package, info, config_dir, config_name)
    of_sweep = SweepOptions(extend, retry_failed, fail_fast, max_minutes, dry_run)
    if resume is not None or force:
        from rnnlab.workflows.resume import resume_alone

        resume_alone(
            resume,
            overrides or [],
            options,
            TerminalDisplay(),
            force=force,
            profile=profile,
            of_sweep=of_sweep != SweepOptions(),
        )
    elif profile:
        from rnnlab.terminal.profile import print_profile
        from rnnlab.workflows.profile import train_profiled

        print_profile(train_profiled(overrides or [], options, TerminalDisplay()).parts)
    else:
        train(overrides or [], options, TerminalDisplay(), of_sweep=of_sweep)
