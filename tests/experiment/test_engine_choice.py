"""What `engine=auto` takes and says of it, and what stands in for an engine that cannot train a net."""

import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from rnnlab.core.errors import InputError
from rnnlab.experiment import engine_choice
from rnnlab.experiment.compose import checked, compose_config
from rnnlab.experiment.engine_choice import first_compilation
from rnnlab.experiment.experiment import Experiment, prepare
from rnnlab.tasks.base import untracked
from rnnlab.tasks.recall import Recall
from rnnlab.training import engine_table
from rnnlab.training.engine_table import EngineTable, Row

TIMES = {"torch": {1: 6.0, 2: 4.0}, "padded": {1: 2.0, 2: 3.0}, "fused": {1: 1.0, 2: 2.0}}
SIZES = {"input": 2, "hidden": 50, "batch": 8, "length": 40}
DRAWN = ["task=recall", "task.length=12"]


def table_of(**ms: dict[int, float]) -> EngineTable:
    rows = [Row(kind=kind, **SIZES, ms=ms) for kind in ("bag", "RNN", "GRU", "LSTM", "other")]
    return EngineTable(machine="here", date="2026-11-29", torch="2", rows=tuple(rows))


@pytest.fixture(autouse=True)
def no_table_of_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Lets a table decide that is this test's own."""
    monkeypatch.setattr(engine_table, "user_path", lambda: tmp_path / "engines.json")
    monkeypatch.setattr(engine_table, "shipped", lambda: table_of(**TIMES))


def made(*words: str) -> Experiment:
    return prepare(checked(compose_config([*DRAWN, *words])), track=untracked)


def taken(*words: str) -> tuple[str, str]:
    """Returns the engine that trains, and the last note."""
    experiment = made("engine=auto", *words)
    return experiment.config.engine, experiment.notes[-1]


def test_the_fastest_engine_trains_and_a_note_says_why() -> None:
    measured = "on the nearest net measured (LSTM 2 → 50, batch 8, length 40)"
    assert taken("model=lstm") == ("fused", f"engine=auto: fused trains, 6.0 × as fast as torch {measured}")


def test_a_net_that_fused_cannot_train_goes_to_the_next_with_the_reason() -> None:
    engine, note = taken("model=lstm", "optimizer=adam", "optimizer.amsgrad=true")
    assert engine == "padded"
    assert note.startswith("engine=auto: padded trains, 3.0 × as fast as torch on ")
    assert "; fused cannot: optimizer.amsgrad: engine=fused has only " in note


def test_a_module_without_equations_goes_to_torch_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_guest.py").write_text("from torch import nn\n\n\nclass Guest(nn.GRUCell):\n    pass\n")
    monkeypatch.chdir(tmp_path)
    from rnnlab.experiment.modules import use_modules

    use_modules(["my_guest"])
    engine, note = taken("model=rnn", "~model", "+model._target_=my_guest.Guest", "+model.hidden_size=3")
    assert engine == "torch"
    assert (
        note == "engine=auto: torch trains; fused cannot: engine=fused: the equations of Guest are not known"
    )


def test_without_numba_all_else_goes_on_with_one_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_choice, "find_spec", lambda name: None)
    experiment = made("engine=auto", "model=lstm")
    assert experiment.config.engine == "padded"
    assert [note for note in experiment.notes if "Numba" in note] == [
        "engine=auto: padded trains, 3.0 × as fast as torch on the nearest net measured "
        "(LSTM 2 → 50, batch 8, length 40); fused cannot: Numba is not installed (pip install numba)"
    ]
    assert taken("model=lru")[0] == "torch"


def test_where_torch_is_the_fastest_it_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_table, "shipped", lambda: table_of(torch={1: 1.0}, fused={1: 2.0}))
    engine, note = taken("model=rnn")
    assert engine == "torch" and note.startswith("engine=auto: torch trains, the fastest on the nearest net ")


def test_on_a_gpu_torch_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = made("engine=torch", "model=lstm")
    config = experiment.config.model_copy(update={"engine": "auto"})
    training = engine_choice.Training(
        experiment.task, experiment.task_data.sizes, experiment.model, experiment.plan, "cuda"
    )
    found, notes = engine_choice.choose_engine(config, training)
    assert (found.engine, notes) == ("torch", ["engine=auto: torch trains (cuDNN), as there is a GPU"])
    config = config.model_copy(update={"engine": "padded"})
    found, notes = engine_choice.choose_engine(config, training)
    assert (found.engine, notes) == (
        "torch", ["engine=padded: cuDNN takes packed texts as they are; torch's packed layers train"]
    )  # fmt: skip


def test_padded_falls_to_packed_where_there_is_no_such_form() -> None:
    experiment = made("engine=padded", "model=mgu")
    assert experiment.config.engine == "torch"
    assert experiment.notes[-1] == (
        "engine=padded: MGU is no layer of torch's own; torch's packed layers train"
    )
    assert made("engine=padded", "model=gru").config.engine == "padded"


def test_threads_that_are_left_open_are_those_that_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnnlab.training.engine_table.cores", lambda: 2)
    monkeypatch.setattr(engine_table, "shipped", lambda: table_of(torch={1: 3.0, 2: 2.0}, fused={1: 4.0}))
    config = made("engine=auto", "model=lstm", "training.threads=null").config
    assert (config.engine, config.training.threads) == ("torch", 2)
    assert made("engine=auto", "training.threads=1").config.training.threads == 1
    assert made("engine=torch", "training.threads=null").config.training.threads == 1


class Halved(Recall):
    """A task that minimizes another loss than its criterion's."""

    def measure(self, logits, targets):
        return {name: value / 2 for name, value in super().measure(logits, targets).items()}


class Doubled(Recall):
    """A task that measures something beside its criterion's loss."""

    metrics = ("loss", "double")

    def measure(self, logits, targets):
        measured = super().measure(logits, targets)
        return measured | {"double": 2 * measured["loss"]}


@pytest.mark.parametrize(("task", "engine"), [(Halved, "padded"), (Doubled, "fused")])
def test_a_loss_of_the_tasks_own_is_left_to_torch(
    task: type[Recall], engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By its name the module would be taken for the function `rnnlab.experiment`.
    module = sys.modules["rnnlab.experiment.experiment"]
    monkeypatch.setattr(module, "build_task", lambda config: task(length=12))
    found, note = taken("model=lstm")
    assert found == engine
    why = f"task={task.__name__.lower()} has a loss of its own, not that of its criterion mean_squared_error"
    assert note.endswith(f"; fused cannot: {why}") == (engine == "padded")
    if engine == "padded":
        with pytest.raises(InputError) as refusal:
            made("engine=scratch")
        assert str(refusal.value) == f"engine=scratch: {why}; choose engine=torch"


def test_the_first_compilation_of_a_cell_is_announced(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from rnnlab.kernels import compiled

    experiment = made("engine=fused", "model=rnn")
    state = experiment.training_state()  # compiles, or finds compiled what another test has left
    state.engine.step(experiment.task, next(iter(experiment.plan.batches(1))), clip_norm=None)
    assert first_compilation(experiment.config, experiment.model) is None
    assert first_compilation(made("engine=torch", "model=rnn").config, experiment.model) is None

    compiled._module.cache_clear()
    monkeypatch.setattr(compiled, "_folder", lambda: tmp_path)
    expected = "compiling the loops over time of RNN in float32, once: some seconds"
    assert first_compilation(experiment.config, experiment.model) == expected
    compiled._module.cache_clear()


def test_the_choice_moves_no_random_number() -> None:
    states = []
    for engine in ("auto", "torch"):
        experiment = made(f"engine={engine}", "model=bilstm", "model.dropout=0.5")
        states.append((torch.get_rng_state(), nn.utils.parameters_to_vector(experiment.model.parameters())))
    torch.testing.assert_close(*states, rtol=0, atol=0)
