"""Arguments and options that several commands share."""

from typing import Annotated, Literal

import typer

RunName = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's path, folder name, unique prefix of it, or latest.")
]
Checkpoint = Annotated[Literal["last", "best"], typer.Option(help="Which parameters of the run.")]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[KEY=VALUE]...", help="What differs from the defaults, as in model=lstm insert=middle."
    ),
]
Pooling = Annotated[
    Literal["last", "mean", "max", "mean_max", "attention"] | None,
    typer.Option(help="How the states are pooled; by default as model= says."),
]
Format = Annotated[
    Literal["table", "csv", "jsonl"], typer.Option("--format", help="A table, CSV, or a JSON object a line.")
]

# Hydra's own flags.
Multirun = Annotated[
    bool, typer.Option("--multirun", "-m", help="Run every combination, as in model=rnn,lstm.")
]
Cfg = Annotated[
    Literal["job", "hydra", "all"] | None,
    typer.Option("--cfg", help="Print the configuration, run nothing."),
]
Resolve = Annotated[bool, typer.Option("--resolve", help="With --cfg: interpolations resolved.")]
Package = Annotated[str | None, typer.Option("--package", help="With --cfg: only that part.")]
Info = Annotated[
    Literal["all", "config", "defaults", "defaults-tree", "plugins", "searchpath"] | None,
    typer.Option("--info", help="Print what Hydra knows, run nothing."),
]
ConfigDir = Annotated[str | None, typer.Option("--config-dir", help="A folder of further configurations.")]
ConfigName = Annotated[str, typer.Option("--config-name", help="The primary configuration.")]

# How a training goes on, and those of a sweep.
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
