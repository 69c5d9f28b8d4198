"""A laboratory for recurrent networks that runs from a shell, and from Python:

    run = rnnlab.train("model=lstm", "insert=middle")
    run.metrics, run.predict("loved it"), run.probe("through_time")

What follows `rnnlab train` on a command line are the arguments here (`--module NAME` is `modules=["NAME"]`),
and the figures are the same.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

# Before the function of that name, in whose place a later first import would put the package.
import rnnlab.experiment  # noqa: F401

if TYPE_CHECKING:
    from rnnlab.experiment.experiment import Experiment
    from rnnlab.reports.repeats.comparison import Comparison
    from rnnlab.workflows.display import Display
    from rnnlab.workflows.sweep import Sweep
    from rnnlab.workflows.trained_run import TrainedRun

# Each function imports what it needs, so that `import rnnlab` alone, and the command's help, load no torch.


def train(*overrides: str, modules: Iterable[str] = (), progress: bool = True) -> "TrainedRun":
    """Trains one net, as `rnnlab train` does, into a run folder; returns the finished run.

    Args:
        overrides: what differs from the defaults, as in "model=lstm", "insert=middle", "training.epochs=5".
        modules: what `--module` names: modules of one's own whose classes a configuration may name, from
            now on, in this process.
        progress: prints a row of figures a round, and what else is to be known.

    Returns:
        The run: `.metrics`, `.model`, `.summary`, `.folder`, `.predict(texts)`, `.evaluate(split)`,
        `.probe(name)`, `.report()`.

    Raises:
        InputError: an override is wrong, or the data; or the overrides describe a sweep.
        DivergenceError: the loss stopped being a finite number.
    """
    from rnnlab.core.errors import InputError
    from rnnlab.experiment.hydra_options import NO_FLAGS
    from rnnlab.experiment.launch import is_sweep
    from rnnlab.experiment.modules import use_modules
    from rnnlab.workflows.trained_run import TrainedRun
    from rnnlab.workflows.trainings import train

    use_modules(modules)
    if is_sweep(list(overrides), NO_FLAGS):
        raise InputError("the overrides describe a sweep; use rnnlab.sweep")
    run = train(list(overrides), display=_display(progress))
    assert isinstance(run, TrainedRun)
    return run


def resume(
    run: str | Path, *overrides: str, modules: Iterable[str] = (), progress: bool = True
) -> "TrainedRun":
    """Goes on with a run that was interrupted, killed or failed, as `rnnlab train --resume` does.

    Args:
        run: its path, or its name in outputs/, or "latest".
        overrides: "training.epochs=20" and the like, to train a finished run further.
        modules: as for `train`.
        progress: prints a row of figures a round, and what else is to be known.

    Returns:
        The finished run, as `train` returns it: what an uninterrupted training would have given.

    Raises:
        InputError: the run is being trained, its data has changed, or an override asks for what a run that
            has begun cannot have.
    """
    from rnnlab.experiment.modules import use_modules
    from rnnlab.workflows.resume import resume

    use_modules(modules)
    return resume(run, overrides, _display(progress))


def sweep(*overrides: str, modules: Iterable[str] = (), progress: bool = True) -> "Sweep":
    """Trains every combination, as `rnnlab train -m` does: sweep("model=rnn,lstm", "seed=1,2,3").

    Returns:
        The sweep: `.table`, a DataFrame with a row per run, `.runs` and `.folder`.

    Raises:
        InputError: as `train` does, before anything is trained.
        DivergenceError: a run diverged; the others, trained nevertheless, lie in the sweep's folder.
    """
    from rnnlab.experiment.hydra_options import HydraOptions
    from rnnlab.experiment.modules import use_modules
    from rnnlab.workflows.sweep import Sweep
    from rnnlab.workflows.trainings import train

    use_modules(modules)
    words = ["hydra/hydra_logging=none", *overrides]  # or Hydra would print a line per job
    found = train(words, HydraOptions(multirun=True), _display(progress))
    assert isinstance(found, Sweep)
    return found


def experiment(*overrides: str, modules: Iterable[str] = ()) -> "Experiment":
    """Returns what the overrides describe, ready for a loop of one's own, nothing trained or written.

    It has `.model` (a torch module), `.task_data` (`.train`, `.splits`, `.vocabulary`), `.plan` (its
    batches, round by round), `.training_state()` (optimizer and schedule), `.torch_settings()`,
    `.loss(batch)` and `.evaluate(split)`; the help of its class shows a loop of some ten lines.

    Raises:
        InputError: an override is wrong, or the data.
    """
    from rnnlab.experiment.compose import checked, compose_config
    from rnnlab.experiment.experiment import prepare
    from rnnlab.experiment.modules import use_modules
    from rnnlab.workflows.display import SILENT

    use_modules(modules)
    return prepare(checked(compose_config(list(overrides))), track=SILENT.track)


def load_run(
    path: str | Path, *, checkpoint: Literal["last", "best"] = "last", modules: Iterable[str] = ()
) -> "TrainedRun":
    """Returns a finished run, by path or by name in outputs/, or the "latest", as `train` returns it.

    Raises:
        InputError: the run is missing, unfinished or broken.
    """
    from rnnlab.experiment.modules import use_modules
    from rnnlab.workflows.trained_run import load_run

    use_modules(modules)
    return load_run(path, checkpoint=checkpoint)


def compare(*runs: str | Path, by: Sequence[str] = (), metric: str | None = None) -> "Comparison":
    """Returns repeats beside each other, as `rnnlab compare` does: compare("sweep-2026…", by=["model"]).

    Args:
        runs: sweeps and runs, by path or by name in outputs/.
        by: what makes the groups; by default every setting that differs, but for the seed.
        metric: as in "train_loss", "best_valid_acc" or "test_acc"; by default valid_acc.

    Returns:
        The comparison: `.groups` and `.pairs`, DataFrames, `.sentences`, `.notes` and `.figure()`.

    Raises:
        InputError: a run, key or metric is not there, or no run has finished.
    """
    from rnnlab.workflows.compare import compare

    return compare(runs, by=by, metric=metric).comparison


def _display(progress: bool) -> "Display":
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.workflows.display import SILENT

    return TerminalDisplay() if progress else SILENT
