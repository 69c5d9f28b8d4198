"""`rnnlab grads`: what the loss would tell the inserted tokens, by the place where they stand."""

from typing import Annotated, Literal

import typer

from rnnlab.cli.evaluate import Checkpoint
from rnnlab.cli.train import Cfg, ConfigDir, ConfigName, Info, Multirun, Overrides, Package, Resolve


def grads(
    overrides: Overrides = None,
    run: Annotated[
        str | None, typer.Option(metavar="RUN", help="A trained run instead, as in `rnnlab evaluate RUN`.")
    ] = None,
    checkpoint: Checkpoint = "last",
    reduction: Annotated[
        Literal["sum_of_batch_means", "mean"] | None,
        typer.Option(help="Sum over mini-batches of the gradient of their mean loss, or mean over texts."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Print the gradients themselves, too.")] = False,
    multirun: Multirun = False,
    cfg: Cfg = None,
    resolve: Resolve = False,
    package: Package = None,
    info: Info = None,
    config_dir: ConfigDir = None,
    config_name: ConfigName = "config",
) -> None:
    """Print the gradient of the loss with respect to <newneg> and <newpos>, at start, middle and end.

    Without --run: of an untrained net, described as in `rnnlab train`, several with -m model=rnn,lstm.
    The tokens go into all validation texts, whatever `insert` is, and their vectors count as trainable,
    whatever `freeze` is. The table also goes to gradients.csv and figures/gradients.png.
    """
    from rnnlab.core.errors import InputError
    from rnnlab.experiment.launch import HydraOptions
    from rnnlab.workflows.gradients import gradients_of_run, gradients_of_untrained

    options = HydraOptions(multirun, cfg, resolve, package, info, config_dir, config_name)
    if run is None:
        if checkpoint != "last":
            raise InputError(f"--checkpoint {checkpoint}: makes no sense without --run")
        return gradients_of_untrained(overrides or [], options, reduction=reduction, full=full)
    if overrides or options != HydraOptions():
        word = overrides[0] if overrides else "Hydra's flags"
        raise InputError(f"{word}: makes no sense beside --run, which takes the run's own configuration")
    return gradients_of_run(run, checkpoint=checkpoint, reduction=reduction, full=full)
