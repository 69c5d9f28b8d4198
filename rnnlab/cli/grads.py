"""`rnnlab grads`: what the loss would tell the inserted tokens, by the place where they stand."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rnnlab.cli import options as shared
from rnnlab.terminal.messages import print_line, print_paths

if TYPE_CHECKING:
    from rnnlab.workflows.probe import Probed, Saved


def grads(
    overrides: shared.Overrides = None,
    run: Annotated[
        str | None, typer.Option(metavar="RUN", help="A trained run instead, as in `rnnlab evaluate RUN`.")
    ] = None,
    checkpoint: shared.Checkpoint = "last",
    reduction: Annotated[
        Literal["sum_of_batch_means", "mean"] | None,
        typer.Option(help="Sum over mini-batches of the gradient of their mean loss, or mean over texts."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Print and keep the gradients, too.")] = False,
    multirun: shared.Multirun = False,
    cfg: shared.Cfg = None,
    resolve: shared.Resolve = False,
    package: shared.Package = None,
    info: shared.Info = None,
    config_dir: shared.ConfigDir = None,
    config_name: shared.ConfigName = "config",
) -> None:
    """Print the gradient of the loss with respect to <newneg> and <newpos>, at start, middle and end.

    Without --run: of an untrained net, described as in `rnnlab train`, several with -m model=rnn,lstm.
    The tokens go into all validation texts, whatever `insert` is, and their vectors count as trainable,
    whatever `freeze` is. The table also goes to gradients.csv and figures/gradients.png.

    Example: rnnlab grads -m model=rnn,birnn,lstm
    """
    from functools import partial

    from rnnlab.core.errors import InputError
    from rnnlab.experiment.hydra_options import HydraOptions
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.workflows.gradients import gradients_of_run, gradients_of_untrained
    from rnnlab.workflows.trained_run import load_run

    options = HydraOptions(multirun, cfg, resolve, package, info, config_dir, config_name)
    show_net, display = partial(_show_net, full=full), TerminalDisplay()
    if run is None:
        if checkpoint != "last":
            raise InputError(f"--checkpoint {checkpoint}: makes no sense without --run")
        return gradients_of_untrained(
            overrides or [], options, reduction, full, on_net=show_net, on_table=_show, display=display
        )
    if overrides or options != HydraOptions():
        word = overrides[0] if overrides else "Hydra's flags"
        raise InputError(f"{word}: makes no sense beside --run, which takes the run's own configuration")
    trained = load_run(run, checkpoint=checkpoint, display=display)
    probed = gradients_of_run(trained, reduction, full=full, display=display)
    print_line(f"{trained.name}, {trained.place}")
    show_net(probed)
    return _show(probed)


def _show_net(probed: "Probed", *, full: bool) -> None:
    from rnnlab.terminal.gradients import print_vectors
    from rnnlab.workflows.gradients import describe, vectors

    model = probed.table["model"].iloc[0]
    print_line(f"{model}: {describe(probed)}")
    print_vectors(model, vectors(probed) if full else ())


def _show(saved: "Saved") -> None:
    from rnnlab.terminal.gradients import print_gradients

    print_gradients(saved.table)
    print_paths(saved.path, saved.figures)
