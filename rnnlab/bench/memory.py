"""Peak memory of a training, each in a process of its own."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from rnnlab.bench import child
from rnnlab.bench.contestants import FUSED, JAX, PADDED_ENGINE, TORCH, contestants
from rnnlab.bench.engines import Training
from rnnlab.core.seeds import epoch_order
from rnnlab.experiment.modules import use_modules, used_modules

EPOCHS = 2
LIBRARIES = {
    JAX: "rnnlab.bench.plain_jax",
    FUSED: "rnnlab.training.fused_engine",
    **dict.fromkeys((TORCH, PADDED_ENGINE), "rnnlab.training.loop"),
}
"""What brings along all that a contestant imports; else torch alone."""


def peak_memory(training: Training, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Returns by contestant the most memory (VmHWM, bytes) that two epochs in a fresh process took.

    Beside it that of the libraries alone, before there was a net. Empty where the system does not tell.
    """
    if not child.STATUS.is_file():
        return {}
    context, found = get_context("spawn"), {}
    orders = [epoch_order(len(training.texts), seed=1, epoch=number) for number in range(EPOCHS)]
    for name, make in contestants(training, names).items():
        with ProcessPoolExecutor(1, context, use_modules, (used_modules(),)) as pool:
            libraries = pool.submit(child.import_libraries, LIBRARIES.get(name, "torch")).result()
            peak = pool.submit(child.train, make, orders).result()
        found[name] = {"peak_bytes": peak, "libraries_bytes": libraries}
    return found
