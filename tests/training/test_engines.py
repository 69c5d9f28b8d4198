"""The engines, torch's, the one from scratch and its compiled form, train alike: checks of each other."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from rnnlab.core.errors import DivergenceError, InputError
from rnnlab.experiment.build import build_state
from rnnlab.experiment.compose import checked, compose_config
from rnnlab.experiment.experiment import prepare
from rnnlab.experiment.schema import Config
from rnnlab.training.loop import EpochRow, TrainingState, fit
from rnnlab.training.plan import Epochs
from rnnlab.training.scratch_engine import new_generator

TOLERANCE = {"float32": 1e-4, "float64": 1e-10}
COURSE = ["course/end", "course/lstm-start-adam"]
VARIANTS = {
    "stacked GRU": ["model=gru", "model.num_layers=2", "optimizer=adam", "insert=middle"],
    "stacked BiLSTM": ["model=bilstm", "model.num_layers=2", "optimizer=adam"],
    "BiGRU": ["model=bigru", "optimizer=sgd", "optimizer.momentum=0.9", "optimizer.nesterov=true"],
    "relu BiRNN": ["model=birnn", "model.nonlinearity=relu", "optimizer=adam", "insert=end"],
    "BoE": ["model=boe", "optimizer=adam", "insert=start"],
    "single bias": ["model=birnn", "model.bias=single", "optimizer=adam", "insert=end"],
    "frozen vectors": ["model=rnn", "optimizer=adam", "freeze=true"],
    "no vectors": ["model=rnn", "optimizer=sgd", "data.vectors=null"],
    "clipping": ["model=rnn", "optimizer=sgd", "training.clip_norm=0.01"],
    "clipping of single numbers": ["model=fastgrnn", "optimizer=sgd", "training.clip_norm=0.01"],
    "momentum and decay": [
        "model=rnn",
        "optimizer=sgd",
        "optimizer.momentum=0.9",
        "optimizer.dampening=0.1",
        "optimizer.weight_decay=0.1",
    ],
    "Adam with other settings": [
        "model=rnn",
        "optimizer=adam",
        "optimizer.betas=[0.8,0.9]",
        "optimizer.eps=1e-3",
    ],
    "AdamW": ["model=rnn", "optimizer=adamw", "optimizer.weight_decay=0.3", "optimizer.lr=0.01"],
    "RMSprop": ["model=gru", "optimizer=rmsprop", "optimizer.momentum=0.5", "optimizer.centered=true"],
    "cosine": ["model=rnn", "optimizer=sgd", "optimizer.lr=0.1", "scheduler=cosine"],
    "plateau": [
        "model=rnn",
        "optimizer=sgd",
        "scheduler=plateau",
        "scheduler.patience=0",
        "scheduler.threshold=1.0",
    ],
}


@dataclass
class Trained:
    """What a training by one engine left."""

    state: TrainingState
    rows: list[EpochRow]

    def figures(self) -> np.ndarray:
        """All metrics of all epochs (epochs, metrics)."""
        return np.array([[*row.train.values(), *row.valid.values()] for row in self.rows])


def quietly(texts: Iterable[str], *, description: str, total: int) -> Iterable[str]:
    return texts


def composed(engine: str, *words: str) -> Config:
    return checked(compose_config([f"engine={engine}", *words]))


def train(engine: str, *words: str, texts: int, epochs: int) -> Trained:
    """Trains on the first and last texts of each split, so that both classes are among them."""
    config = composed(engine, *words)
    experiment = prepare(config, track=quietly)
    splits = {
        name: split.take(np.r_[: texts // 2, len(split) - texts // 2 : len(split)])
        for name, split in experiment.task_data.finite.items()
    }
    state = build_state(experiment.config, experiment.model)
    rows = fit(
        state,
        experiment.task,
        Epochs(
            split=splits["train"],
            epochs=epochs,
            batch_size=config.training.batch_size,
            seed=config.seed,
        ),
        splits["valid"],
        device=experiment.device,
        monitor=experiment.monitor,
        patience=None,
        clip_norm=config.training.clip_norm,
    )
    return Trained(state, list(rows))


@pytest.fixture(autouse=True)
def subnormals_are_kept() -> Iterator[None]:
    """Trainings set torch to flush them, for the whole process."""
    torch.set_flush_denormal(False)
    yield
    torch.set_flush_denormal(False)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Words for the bundled sample, encoded once."""
    return ["data.tokenizer=whitespace", f"data.cache={tmp_path_factory.mktemp('cache')}"]


def assert_alike(words: list[str], precision: str, *, texts: int, epochs: int) -> None:
    reference, *others = (
        train(engine, *words, f"training.precision={precision}", texts=texts, epochs=epochs)
        for engine in ("torch", "padded", "scratch", "fused")
    )
    figures, tolerance = reference.figures(), TOLERANCE[precision]
    assert np.isfinite(figures).all() and (figures[0] != figures[-1]).any()
    for other in others:
        np.testing.assert_allclose(other.figures(), figures, rtol=0, atol=tolerance)
        parameters = dict(other.state.model.named_parameters())
        for name, expected in reference.state.model.named_parameters():
            assert expected.abs().max() > 0, name
            torch.testing.assert_close(parameters[name], expected, rtol=0, atol=tolerance)
        assert_optimizers_alike(other.state.optimizer, reference.state.optimizer, precision)


def assert_optimizers_alike(
    found: torch.optim.Optimizer, expected: torch.optim.Optimizer, precision: str
) -> None:
    assert found.state_dict()["param_groups"] == expected.state_dict()["param_groups"]
    states = [optimizer.state_dict()["state"] for optimizer in (found, expected)]
    for index, values in states[1].items():
        assert states[0][index].keys() == values.keys()
        for name, value in values.items():
            assert states[0][index][name].dtype == value.dtype and value.abs().max() > 0, name
            torch.testing.assert_close(states[0][index][name], value, rtol=0, atol=TOLERANCE[precision])


@pytest.mark.parametrize("precision", TOLERANCE)
@pytest.mark.parametrize("experiment", COURSE)
def test_an_epoch_gives_the_same_figures_as_torch(experiment: str, precision: str, sample: list[str]) -> None:
    assert_alike([f"experiment={experiment}", *sample], precision, texts=26, epochs=1)


@pytest.mark.parametrize("words", VARIANTS.values(), ids=VARIANTS)
def test_every_choice_gives_the_same_figures_as_torch(words: list[str], sample: list[str]) -> None:
    assert_alike([*words, *sample], "float64", texts=10, epochs=2)


@pytest.mark.slow
@pytest.mark.parametrize("precision", TOLERANCE)
@pytest.mark.parametrize("experiment", COURSE)
def test_an_epoch_on_real_reviews_gives_the_same_figures_as_torch(
    experiment: str, precision: str, real_data: Path, shared_cache: Path
) -> None:
    data = [
        "data=files",
        f"data.train={real_data / 'imdb-train.tsv'}",
        f"data.valid={real_data / 'imdb-test.tsv'}",
        f"data.vectors={real_data / 'glove_6B_50_sample_train.txt'}",
        f"data.cache={shared_cache}",
    ]
    assert_alike([f"experiment={experiment}", *data], precision, texts=1000, epochs=1)


def test_torch_runs_no_module_and_no_gradient(monkeypatch: pytest.MonkeyPatch, sample: list[str]) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("computed by torch")

    for name in ("nn.RNN.forward", "nn.Linear.forward", "nn.Embedding.forward", "Tensor.backward"):
        monkeypatch.setattr(f"torch.{name}", forbidden)
    words = ["model=rnn", *sample]
    with pytest.raises(AssertionError, match="computed by torch"):
        train("torch", *words, texts=8, epochs=1)
    trained = train("scratch", *words, texts=8, epochs=1)
    assert trained.rows[0].valid != trained.rows[1].valid
    assert all(parameter.grad is None for parameter in trained.state.model.parameters())


@pytest.mark.parametrize("engine", ["torch", "scratch", "fused"])
def test_a_loss_that_is_not_finite_leaves_the_parameters_as_they_were(engine: str, sample: list[str]) -> None:
    config = composed(engine, "model=rnn", "optimizer=sgd", *sample)
    experiment = prepare(config, track=quietly)
    state = build_state(config, experiment.model)
    with torch.no_grad():
        experiment.model.head.output.bias.fill_(torch.inf)
    before = {name: value.clone() for name, value in experiment.model.state_dict().items()}
    batch = next(experiment.task_data.train.batches(np.arange(8), 8))
    with pytest.raises(DivergenceError, match=r"^the training loss became (inf|nan)$"):
        state.engine.step(experiment.task, batch, clip_norm=None)
    for name, value in experiment.model.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


@pytest.mark.parametrize("engine", ["torch", "scratch", "fused"])
@pytest.mark.parametrize("model", ["rnn model.nonlinearity=relu", "boe"])
def test_divergence_names_epoch_and_batch(engine: str, model: str, sample: list[str]) -> None:
    words = [f"model={model}".split()[0], *model.split()[1:], "optimizer=sgd", "optimizer.lr=1e30", *sample]
    with pytest.raises(DivergenceError, match=r" at epoch 1, batch [2-9]; try a smaller optimizer.lr$"):
        train(engine, *words, texts=64, epochs=1)


def test_numpy_flushes_subnormals_as_torch_is_set() -> None:
    small, half = np.full(4, 2e-38, np.float32), np.float32(0.5)
    assert (small * half > 0).all()
    if not torch.set_flush_denormal(True):
        pytest.skip("this CPU does not flush subnormal floats")
    assert (small * half == 0).all()


REFUSED = {
    "optimizer": (
        [
            "optimizer=sgd",
            "optimizer._target_=torch.optim.Adagrad",
            *(f"~optimizer.{name}" for name in ("momentum", "dampening", "nesterov")),
        ],
        "optimizer: engine=scratch has sgd, adam, adamw, rmsprop, found Adagrad; "
        "choose one of them or engine=torch",
    ),
    "setting": (
        ["optimizer=adam", "optimizer.amsgrad=true"],
        "optimizer.amsgrad: engine=scratch has only lr, betas, eps, weight_decay, decoupled_weight_decay; "
        "expected False, found True",
    ),
    "setting of sgd": (
        ["optimizer=sgd", "optimizer.fused=true"],
        "optimizer.fused: engine=scratch has only lr, momentum, dampening, weight_decay, nesterov; "
        "expected None, found True",
    ),
    "device": (
        ["training.device=cuda"],
        "training.device: engine=scratch computes on the CPU; expected cpu or auto, found 'cuda'",
    ),
}


@pytest.mark.parametrize(("words", "line"), REFUSED.values(), ids=REFUSED)
def test_what_the_scratch_engine_lacks_is_refused(words: list[str], line: str) -> None:
    with pytest.raises(InputError) as refusal:
        composed("scratch", *words)
    assert str(refusal.value) == line
    composed("torch", *words)


DROPPING = ["model=bilstm", "model.num_layers=2", "model.dropout=0.5", "optimizer=adam", "insert=end"]


@pytest.mark.slow
@pytest.mark.unchecked_types
@pytest.mark.parametrize("engine", ["scratch", "fused"])
def test_dropout_follows_from_the_seed_and_falls_on_no_evaluation(engine: str, sample: list[str]) -> None:
    once, again, other, plain = (
        train(engine, *DROPPING, *words, *sample, texts=32, epochs=2).rows
        for words in ((), (), ("seed=5",), ("model.dropout=0",))
    )
    losses = [[row.train["loss"] for row in rows] for rows in (once, again, other, plain)]
    assert losses[0] == losses[1] and [row.valid for row in once] == [row.valid for row in again]
    assert losses[0][0] == losses[3][0] and once[0].valid == plain[0].valid
    assert losses[0][1] != losses[3][1] and losses[0][1] != losses[2][1]


@pytest.mark.unchecked_types
def test_scratch_and_fused_leave_the_same_numbers_out(sample: list[str]) -> None:
    figures = [
        train(engine, *DROPPING, "training.precision=float64", *sample, texts=32, epochs=2).figures()
        for engine in ("scratch", "fused")
    ]
    np.testing.assert_allclose(figures[1], figures[0], rtol=0, atol=1e-10)


def test_what_dropout_draws_goes_on_from_torchs_stream() -> None:
    torch.manual_seed(3)
    new_generator()
    place = torch.get_rng_state()
    expected = new_generator().random(4)
    torch.set_rng_state(place)
    np.testing.assert_array_equal(new_generator().random(4), expected)
    assert (new_generator().random(4) != expected).all()
