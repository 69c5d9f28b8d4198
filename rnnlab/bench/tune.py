"""Measures what a training step takes by engine, kind and size: the table that `engine=auto` goes by."""

import time
from collections.abc import Callable
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import nn

from rnnlab.bench.ugrnn import UGRNN
from rnnlab.cells import Cell
from rnnlab.cells.gru import GRU
from rnnlab.cells.lstm import LSTM
from rnnlab.cells.rnn import RNN
from rnnlab.core.batch import Batch
from rnnlab.core.workers import cores
from rnnlab.experiment.build import ENGINES
from rnnlab.experiment.torch_settings import computing
from rnnlab.models.base import SequenceModel
from rnnlab.models.boe import BoE
from rnnlab.models.padded import without_padded
from rnnlab.models.recurrent import RecurrentModel
from rnnlab.runs.facts import machine, versions
from rnnlab.tasks.classification import Classification
from rnnlab.training.engine_table import EngineTable, Kind, Name, Row, Work, save, user_path
from rnnlab.workflows.display import SILENT, Display

SIZES = (  # numbers a word, units, texts a batch, mean length
    (2, 8, 32, 20),
    (50, 50, 1, 60),
    (50, 50, 8, 60),
    (50, 50, 64, 60),
    (100, 128, 64, 125),
    (100, 256, 64, 125),
)
CELLS: dict[Kind, type[Cell] | None] = {
    "bag": None, "RNN": RNN, "GRU": GRU, "LSTM": LSTM, "other": UGRNN
}  # fmt: skip
WORDS, STEPS = 5_000, 4
ROUNDS, SECONDS = (3, 15), 0.5
"""Fewest and most rounds of a row, and how long an engine's rounds together may take in between."""


def tune(path: Path | None = None, *, display: Display = SILENT) -> Path:
    """Measures every row of the table on this machine and writes it; returns its path.

    Args:
        path: of the table, by default the user's own, which `engine=auto` reads first.
        display: shows how far it is.

    Raises:
        InputError: the table cannot be written.
    """
    path = path or user_path()
    works = [
        Work(kind=kind, input=numbers, hidden=numbers if kind == "bag" else units, batch=batch, length=length)
        for kind in CELLS
        for numbers, units, batch, length in SIZES
        if kind != "bag" or units != 256
    ]
    rows = []
    with display.bar("measuring", len(works)) as bar:
        for work in works:
            bar.update(text=work.text)
            rows.append(measure(work))
            bar.advance(1)
    facts = {"machine": machine(), "date": date.today().isoformat(), "torch": versions()["torch"]}
    save(EngineTable(**facts, rows=tuple(rows)), path)
    return path


def measure(work: Work) -> Row:
    """Returns the milliseconds of a training step by engine and threads, of the fastest of
    interleaved rounds: whatever else the machine does can only add to them."""
    threads = [count for count in (1, 2) if count <= cores()]
    step_by_engine = steps_of(work)
    seconds: dict[tuple[Name, int], list[float]] = {
        (engine, count): [] for count in threads for engine in step_by_engine
    }
    for engine, count in seconds:  # compiles, allocates
        with computing(count, own_threads=engine == "fused"):
            step_by_engine[engine]()
    least, most = ROUNDS
    while (done := min(map(len, seconds.values()))) < most:
        if done >= least and min(map(sum, seconds.values())) > SECONDS:
            break
        for (engine, count), taken in seconds.items():
            with computing(count, own_threads=engine == "fused"):
                begin = time.perf_counter()
                step_by_engine[engine]()
                taken.append(time.perf_counter() - begin)
    ms: dict[Name, dict[int, float]] = {}
    for (engine, count), taken in seconds.items():
        ms.setdefault(engine, {})[count] = float(f"{1e3 * min(taken) / STEPS:.3g}")
    return Row(**work.model_dump(), ms=ms)


def steps_of(work: Work) -> dict[Name, Callable[[], object]]:
    """Returns some training steps by each engine that can take them, all on the same random texts."""
    generator = torch.Generator().manual_seed(0)
    low, high = max(work.length // 2, 1), max(work.length * 3 // 2, 1)
    lengths = torch.randint(low, high + 1, (work.batch,), generator=generator)
    ids = torch.randint(1, WORDS, (work.batch, int(lengths.max())), generator=generator)
    ids[torch.arange(ids.shape[1]) >= lengths[:, None]] = 0
    labels = torch.randint(0, 2, (work.batch,), generator=generator)
    batch = Batch(ids, lengths, labels.to(getattr(torch, work.precision)))
    task = Classification()

    def step_of(engine: str) -> Callable[[], object]:
        model = model_of(work)
        made = ENGINES[engine](model.train(), torch.optim.Adam(model.parameters()))
        return lambda: list(made.train(task, [batch] * STEPS, clip_norm=None))

    found: dict[Name, Callable[[], object]] = {"torch": step_of("torch")}
    if without_padded(model_of(work)) is None:
        found["padded"] = step_of("padded")
    if find_spec("numba") is not None:
        found["fused"] = step_of("fused")
    return found


def model_of(work: Work) -> SequenceModel:
    """Returns a classifier of that kind and size."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        embedding, cell = nn.Embedding(WORDS, work.input), CELLS[work.kind]
        if cell is None:
            model: SequenceModel = BoE(embedding=embedding, output_size=1)
        else:
            model = RecurrentModel.around(
                cell(),
                embedding=embedding,
                output_size=1,
                hidden_size=work.hidden,
                num_layers=work.layers,
                bidirectional=work.directions == 2,
            )
    return model.to(getattr(torch, work.precision))
