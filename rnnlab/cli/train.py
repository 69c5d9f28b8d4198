"""`rnnlab train`: Typer in front of Hydra's own machinery."""

from rnnlab.cli.options import Cfg, ConfigDir, ConfigName, Info, Multirun, Overrides, Package, Resolve


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

    Example: rnnlab train model=lstm insert=middle
    """
    from rnnlab.experiment.launch import HydraOptions
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.workflows.train import train

    options = HydraOptions(multirun, cfg, resolve, package, info, config_dir, config_name)
    train(overrides or [], options, TerminalDisplay())
