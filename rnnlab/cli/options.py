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
