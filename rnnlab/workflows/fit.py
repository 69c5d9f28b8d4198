"""One training, told to callbacks."""

from collections.abc import Callable, Iterable, Sequence

from rnnlab.core.batch import Batch
from rnnlab.experiment.experiment import Experiment
from rnnlab.experiment.torch_settings import torch_settings
from rnnlab.training.callbacks import Callback, Status, StopTraining
from rnnlab.training.loop import TrainingState, fit


def fit_experiment(
    experiment: Experiment,
    callbacks: Sequence[Callback],
    *,
    progress: Callable[[Iterable[Batch], int], Iterable[Batch]] = lambda batches, _: batches,
) -> TrainingState:
    """Trains the experiment's model in place, telling the callbacks in their order.

    Args:
        experiment: what is trained, on what, and for how long.
        callbacks: each is told how the training began, of every round, and how it ended, also by an error.
        progress: wraps the batches of a round, given their number.

    Returns:
        The state at the end.

    Raises:
        DivergenceError: the loss stopped being a finite number.
    """
    training = experiment.config.training
    state = experiment.training_state()

    def end(status: Status, error: BaseException | None = None) -> None:
        for callback in callbacks:
            callback.on_end(status, error)

    try:
        for callback in callbacks:
            callback.on_begin(state)
        with torch_settings(experiment.config):
            for row in fit(
                state,
                experiment.task,
                experiment.plan,
                experiment.task_data.splits.get("valid"),
                device=experiment.device,
                monitor=experiment.monitor,
                patience=training.patience,
                clip_norm=training.clip_norm,
                progress=progress,
            ):
                for callback in callbacks:
                    callback.on_row(row)
    except StopTraining:
        pass
    except KeyboardInterrupt as interrupt:
        end("interrupted", interrupt)
        raise
    except Exception as error:
        end("failed", error)
        raise
    end("finished")
    return state
