"""Times one training epoch of rnnlab beside plain PyTorch: `make bench`.

In each round every contestant trains one epoch, in turn, and the turns rotate, so that whatever else
the machine does meets all of them alike. Seconds are medians over rounds; the ratio is the median over
rounds of rnnlab's seconds by those of the baseline that is the better one over all rounds.
"""

import tempfile
import time
from collections.abc import Iterable
from statistics import median

import torch
from rich.console import Console
from rich.table import Table

from rnnlab.core.seeds import epoch_order
from rnnlab.experiment.compose import checked, compose_config
from rnnlab.experiment.experiment import Experiment, prepare
from tests.bench.contestants import PREPARED, RNNLAB, TOKENIZING, make_contestants
from tests.bench.subnormals import long_lstm_seconds

ROUNDS = 7
MODELS = {"RNN": "rnn", "BiRNN": "birnn", "LSTM": "lstm", "BoE": "boe"}
CONTESTANTS = (RNNLAB, PREPARED, TOKENIZING)


def main() -> None:
    console = Console(width=100)
    torch.set_flush_denormal(True)
    table = Table("model", *CONTESTANTS, "rnnlab / better baseline", title=_title())
    with tempfile.TemporaryDirectory() as cache:
        for name, model in MODELS.items():
            seconds = time_epochs(experiment_with(model, cache))
            table.add_row(name, *(f"{median(seconds[c]):.3f}" for c in CONTESTANTS), f"{ratio(seconds):.3f}")
    console.print(table)
    console.print(subnormal_table())


def _title() -> str:
    return f"seconds per epoch of 1,000 texts, median of {ROUNDS}, {torch.get_num_threads()} thread(s)"


def experiment_with(model: str, cache: str) -> Experiment:
    """The defaults of `rnnlab train model=MODEL`, on the sample's 1,000 training texts."""
    threads = f"training.threads={torch.get_num_threads()}"
    config = checked(compose_config([f"model={model}", f"data.cache={cache}", threads]))
    return prepare(config, track=_silently)


def _silently(texts: Iterable[str], *, description: str, total: int) -> Iterable[str]:
    return texts


def time_epochs(experiment: Experiment) -> dict[str, list[float]]:
    """Seconds of each round by contestant; a first round, which warms up, is left out."""
    contestants = make_contestants(experiment)
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for epoch in range(ROUNDS + 1):
        order = epoch_order(len(experiment.task_data.train), seed=1, epoch=epoch)
        turns = [CONTESTANTS[(epoch + turn) % len(CONTESTANTS)] for turn in range(len(CONTESTANTS))]
        losses = {}
        for name in turns:
            start = time.perf_counter()
            losses[name] = contestants[name](order)
            seconds[name].append(time.perf_counter() - start)
        # All do the same work: their first epoch's losses differ no more than roundings grow.
        assert epoch or all(abs(loss - losses[RNNLAB]) < 0.01 for loss in losses.values()), losses
    return {name: values[1:] for name, values in seconds.items()}


def ratio(seconds: dict[str, list[float]]) -> float:
    better = min((PREPARED, TOKENIZING), key=lambda name: median(seconds[name]))
    return median(own / other for own, other in zip(seconds[RNNLAB], seconds[better], strict=True))


def subnormal_table() -> Table:
    """A row that shows what flushing subnormal floats is worth where gradients vanish."""
    long_lstm_seconds(flush=True)  # warms up
    pairs = [(long_lstm_seconds(flush=True), long_lstm_seconds(flush=False)) for _ in range(ROUNDS)]
    flushed, kept = (median(values) for values in zip(*pairs, strict=True))
    table = Table("", "flushed", "kept", "flushed / kept", title="subnormal floats (training.flush_denormal)")
    table.add_row(
        "LSTM 100 → 128, 200 steps, batch 64", f"{flushed:.3f}", f"{kept:.3f}", f"{flushed / kept:.3f}"
    )
    return table


if __name__ == "__main__":
    main()
