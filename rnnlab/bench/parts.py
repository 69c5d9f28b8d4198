"""The questions of the benchmark, each answered by rows: what is measured, a contestant, its times."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from rnnlab.bench.contestants import COURSE, FUSED, JAX, TORCH, contestants, time_epochs
from rnnlab.bench.cost import costs
from rnnlab.bench.engines import Training, drawn_training, title_of
from rnnlab.bench.layers import LayerBatch, passes
from rnnlab.bench.memory import peak_memory
from rnnlab.bench.problem import RawTexts
from rnnlab.bench.request import Part, Request
from rnnlab.bench.timing import Times, take_turns
from rnnlab.bench.ugrnn import UGRNN
from rnnlab.core.errors import InputError
from rnnlab.data.readers import read_examples
from rnnlab.data.splits import TextSplit
from rnnlab.data.vocabulary import UNK_ID
from rnnlab.experiment.experiment import Experiment, prepare
from rnnlab.workflows.display import Display

Rows = list[dict[str, Any]]
Measure = Callable[[Request, Display], Iterator[Rows]]


def epochs(request: Request, display: Display) -> Iterator[Rows]:
    """Yields for each model, frozen and not, the times of an epoch's training pass."""
    for model in request.models:
        for frozen in request.frozen:
            training = prepared(request, model, frozen=frozen, display=display)
            makes = contestants(training, request.contestants)
            problem = training.problem()
            if problem.cell is None:
                display.note(f"model={model}: rnnlab's engines alone, nobody else has these equations here")
            elif COURSE in request.contestants and COURSE not in makes:
                display.note("without the course's loop, which would cut these texts into other words")
            size = {"tokens": problem.tokens, "flops": problem.flops}
            times = time_epochs(training, makes, request.rounds)
            yield rows_of({"model": problem.title, "frozen": frozen}, size, times)


def memory(request: Request, display: Display) -> Iterator[Rows]:
    """Yields for each model the most memory that training it takes."""
    for model in request.memory_of:
        training = prepared(request, model, frozen=False, display=display)
        found = peak_memory(training, request.memory_contestants)
        yield [{"model": title_of(training.model), "contestant": name, **of} for name, of in found.items()]


def layers(request: Request, display: Display) -> Iterator[Rows]:
    """Yields for each layer the times of a batch, forward and back."""
    for cell, hidden in request.layers:
        batch = LayerBatch.drawn(cell, inputs=100, hidden=hidden)
        turns = {name: partial(_ignoring, run) for name, run in passes(batch).items()}
        size = {"tokens": int(batch.lengths_B.sum()), "flops": batch.flops}
        named = {"cell": cell.upper(), "inputs": 100, "hidden": hidden}
        yield rows_of(named, size, take_turns(turns, request.rounds))


def _ignoring(run: Callable[[], object], number: int) -> None:
    run()


def own_cell(request: Request, display: Display) -> Iterator[Rows]:
    """Yields the times of an epoch of a cell that says nothing but its step."""
    for sizes in request.own_cell:
        training = drawn_training(UGRNN, sizes)
        problem = training.problem()
        named = {
            "cell": problem.title,
            "inputs": sizes.embedding,
            "hidden": sizes.hidden,
            "batch": sizes.batch,
        }
        makes = contestants(training, (FUSED, TORCH, JAX))
        size = {"tokens": problem.tokens, "flops": problem.flops}
        yield rows_of(named, size, time_epochs(training, makes, request.rounds))


def cost(request: Request, display: Display) -> Iterator[Rows]:
    """Yields for each size of each axis the times of a batch or an epoch."""
    for axis in request.axes:
        yield from costs(axis, min(request.rounds, 5))


def rows_of(named: Mapping[str, Any], size: Mapping[str, int], times: Mapping[str, Times]) -> Rows:
    """Returns a row per contestant; `ratio` is how many times as long as rnnlab's fused engine it took."""
    return [
        {
            **named,
            "contestant": name,
            **taken.facts(),
            "ratio": taken.over(times[FUSED]) if FUSED in times else None,
            **size,
        }
        for name, taken in times.items()
    ]


def prepared(request: Request, model: str, *, frozen: bool, display: Display) -> Training:
    """Returns the training of a model on the request's texts; InputError for what cannot be compared."""
    config = request.config(model, frozen=frozen)
    experiment = prepare(config, track=display.track)
    texts = experiment.task_data.train
    assert isinstance(texts, TextSplit)
    if len(texts.classes) != 2:
        raise InputError(f"data.train: bench trains on texts of two labels, found {len(texts.classes)}")
    raw = raw_texts(experiment) if COURSE in request.contestants else None
    if request.texts is not None:
        texts = texts.take(np.arange(min(request.texts, len(texts))))
    batch_size, lr = config.training.batch_size, config.optimizer.settings["lr"]
    assert batch_size is not None
    return Training(experiment.model, experiment.task, texts, batch_size, lr, raw)


def raw_texts(experiment: Experiment) -> RawTexts:
    """Returns the training texts as they stand in their file."""
    path, vocabulary = experiment.config.data.train, experiment.task_data.vocabulary
    assert path is not None and vocabulary is not None
    return RawTexts([example.text for example in read_examples(Path(path))], vocabulary.ids, UNK_ID)


MEASURES: dict[Part, Measure] = {
    "epochs": epochs,
    "memory": memory,
    "layers": layers,
    "own-cell": own_cell,
    "cost": cost,
}


def steps_of(request: Request, part: Part) -> int:
    """Returns how many times a part yields."""
    return {
        "epochs": len(request.models) * len(request.frozen),
        "memory": len(request.memory_of),
        "layers": len(request.layers),
        "own-cell": len(request.own_cell),
        "cost": sum(len(axis.values) for axis in request.axes),
    }[part]
