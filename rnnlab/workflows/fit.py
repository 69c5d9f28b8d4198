"""One training, told to callbacks."""

import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rnnlab.core.batch import Batch
from rnnlab.core.profile import span
from rnnlab.core.signals import interruptions_as_such
from rnnlab.experiment.experiment import Experiment
from rnnlab.experiment.torch_settings import torch_settings
from rnnlab.training.callbacks import Callback, Status, StopTraining
from rnnlab.training.checkpoint import restore_state
from rnnlab.training.loop import TrainingState, fit

log = logging.getLogger("rnnlab")


def fit_experiment(
    experiment: Experiment,
    callbacks: Sequence[Callback],
    *,
    checkpoint: Path | None = None,
    progress: Callable[[Iterable[Batch], int], Iterable[Batch]] = lambda batches, _: batches,
    after_batch: Callable[[], None] | None = None,
) -> TrainingState:
    """Trains the experiment's model in place, telling the callbacks in their order.

    Args:
        experiment: what is trained, on what, and for how long.
        callbacks: each is told how the training began, of every round, and in the reverse order how it ended,
            also by an error.
        checkpoint: a file to go on from.
        progress: wraps the batches of a round, given their number.
        after_batch: is called within a round, when the state is that after a whole batch.

    Returns:
        The state at the end.

    Raises:
        DivergenceError: the loss stopped being a finite number.
    """
    training = experiment.config.training
    with span("model"):
        state = experiment.training_state()
        if checkpoint is not None:
            restore_state(state, checkpoint)

    try:
        for callback in callbacks:
            callback.on_begin(state)
        with interruptions_as_such(), torch_settings(experiment.config):
            for row in fit(
                state,
                experiment.task,
                experiment.plan,
                experiment.task_data.splits.get("valid"),
                device=experiment.device,
                monitor=experiment.monitor,
                patience=training.patience,
                clip_norm=training.clip_norm,
                evaluate_train=training.evaluate_train,
                progress=progress,
                after_batch=after_batch,
            ):
                for callback in callbacks:
                    with span(callback.part):
                        callback.on_row(row)
    except StopTraining:
        pass
    except KeyboardInterrupt as interrupt:
        _end(callbacks, "interrupted", interrupt)
        raise
    except Exception as error:
        _end(callbacks, "failed", error)
        raise
    _end(callbacks, "finished", None)
    return state


def _end(callbacks: Sequence[Callback], status: Status, error: BaseException | None) -> None:
    """Tells all callbacks how the training ended; what goes wrong meanwhile makes it one that failed."""
    failure: Exception | None = None
    for callback in reversed(callbacks):
        try:
            with span(callback.part):
                callback.on_end(status, error)
        except Exception as wrong:
            log.exception("%s: failed at the end", callback.part)
            if status == "finished":
                status, error = "failed", wrong
                failure = wrong
    if failure is not None:
        raise failure
