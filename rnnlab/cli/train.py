"""`rnnlab train`: Typer in front of Hydra's own machinery."""

from rnnlab.cli import options as shared


def train(
    overrides: shared.Overrides = None,
    multirun: shared.Multirun = False,
    resume: shared.Resume = None,
    force: shared.Force = False,
    extend: shared.Extend = False,
    retry_failed: shared.RetryFailed = False,
    fail_fast: shared.FailFast = False,
    max_minutes: shared.MaxMinutes = None,
    dry_run: shared.DryRun = False,
    profile: shared.Profile = False,
    cfg: shared.Cfg = None,
    resolve: shared.Resolve = False,
    package: shared.Package = None,
    info: shared.Info = None,
    config_dir: shared.ConfigDir = None,
    config_name: shared.ConfigName = "config",
) -> None:
    """Train and evaluate a net; everything goes into a run folder under outputs/.

    Groups: task, data, model, optimizer, scheduler, experiment. Plain keys: insert, freeze, seed, engine.
    The rest is under training. and data.; `rnnlab train --cfg job` prints all of it.

    A sweep (-m) goes on where it stopped when sweep=NAME is given again.

    Example: rnnlab train model=lstm insert=middle

    With --resume RUN, training.epochs (or steps) and training.patience may differ, and nothing else:
    rnnlab train --resume latest training.epochs=20
    """
    from rnnlab.experiment.hydra_options import HydraOptions
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
