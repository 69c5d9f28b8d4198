"""`rnnlab train`: Typer in front of Hydra's own machinery."""

from typing import Annotated, Literal

import typer

Overrides = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[KEY=VALUE]...", help="What differs from the defaults, as in model=lstm insert=middle."
    ),
]
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


def train(
    overrides: Overrides = None,
    multirun: Multirun = False,
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
    """
    from rnnlab.experiment.launch import HydraOptions
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.workflows.train import train

    options = HydraOptions(multirun, cfg, resolve, package, info, config_dir, config_name)
    train(overrides or [], options, TerminalDisplay())
