"""Every model is plain PyTorch's own, made in order after seeding: parameters, loss and all gradients."""

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from rnnlab.core.batch import Batch
from rnnlab.data.vectors import Vectors
from rnnlab.experiment.build import build_task
from rnnlab.experiment.schema import Config

WORDS, EMBEDDING_DIM, SEED = 24, 6, 1
ZERO_ROWS = [0, WORDS - 2, WORDS - 1]
TEXTS = [[3, 5, 7, 2, 3], [4, 22], [23, 9, 9], [8], [2, 10, 11, 12], [6, 5, 4, 3, 22, 1], [1, 1], [19, 2, 3]]
LABELS = [1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0]


TORCHS = pytest.mark.parametrize("torchs", ["boe", "rnn", "birnn", "lstm", "bilstm", "gru", "bigru"])
"""The models that torch has layers for."""


def torch_layer(name: str, settings: dict[str, Any]) -> nn.RNNBase:
    kinds: dict[str, Any] = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
    own = {"nonlinearity": settings["nonlinearity"]} if name == "RNN" else {}
    return kinds[name](
        EMBEDDING_DIM,
        settings["hidden_size"],
        settings["num_layers"],
        bidirectional=settings["bidirectional"],
        **own,
    )


def plain_modules(config: Config, vectors: Vectors | None) -> Any:
    """The modules of the course, in the order embedding, recurrent layer, hidden Linear, output Linear."""
    settings, name = config.model.settings, config.model.class_name
    torch.manual_seed(SEED)
    modules: Any = nn.ModuleDict()
    if vectors is None:
        modules["embedding"] = nn.Embedding(WORDS, EMBEDDING_DIM)
    else:
        modules["embedding"] = nn.Embedding.from_pretrained(torch.tensor(vectors.matrix), freeze=False)
    with torch.no_grad():
        modules["embedding"].weight[ZERO_ROWS] = 0.0
    document_size = EMBEDDING_DIM
    if name != "BoE":
        modules["recurrent"] = torch_layer(name, settings)
        document_size = settings["hidden_size"] * settings["num_layers"] * (1 + settings["bidirectional"])
    hidden = nn.Linear(document_size, settings["head_size"])
    output = nn.Linear(settings["head_size"], 1)
    modules["head"] = nn.ModuleDict({"hidden": hidden, "output": output})
    return modules


def plain_loss(modules: Any, texts: Sequence[list[int]], targets: Tensor) -> Tensor:
    """The mean binary cross-entropy, one text at a time, so that there is neither padding nor packing."""
    logits = []
    for text in texts:
        vectors = modules["embedding"](torch.tensor(text))
        document = vectors.mean(dim=0)
        if "recurrent" in modules:
            _, final = modules["recurrent"](vectors[:, None])
            document = (final[0] if isinstance(final, tuple) else final).flatten()
        logits.append(modules["head"]["output"](modules["head"]["hidden"](document).relu()))
    return nn.BCEWithLogitsLoss()(torch.cat(logits), targets)


def variants(settings: dict[str, Any]) -> list[dict[str, Any]]:
    choices: list[dict[str, Any]] = [{}]
    if "num_layers" in settings:
        choices.append({"num_layers": 2, "hidden_size": 7})
    if "nonlinearity" in settings:
        choices.append({"nonlinearity": "relu"})
    return choices


@TORCHS
@pytest.mark.parametrize("pretrained", [True, False])
def test_parameters_after_seeding_are_plain_pytorchs(torchs: str, pretrained: bool, build: Any) -> None:
    for settings in variants(build(torchs).config.model.settings):
        config, vocabulary, vectors, model = build(torchs, seed=SEED, pretrained=pretrained, **settings)
        assert len(vocabulary) == WORDS
        ours, reference = (
            dict(model.named_parameters()),
            dict(plain_modules(config, vectors).named_parameters()),
        )
        assert ours.keys() == reference.keys()
        for name, expected in reference.items():
            assert expected.abs().max() > 0, name
            assert torch.equal(ours[name], expected), name


@TORCHS
@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-6), ("float64", 1e-13)])
def test_loss_and_every_gradient_are_plain_pytorchs(
    torchs: str, precision: str, tolerance: float, build: Any
) -> None:
    dtype = getattr(torch, precision)
    targets = torch.tensor(LABELS, dtype=dtype)
    padded = nn.utils.rnn.pad_sequence([torch.tensor(text) for text in TEXTS], batch_first=True)
    batch = Batch(padded, torch.tensor([len(text) for text in TEXTS]), targets)
    for settings in variants(build(torchs).config.model.settings):
        config, _, vectors, model = build(torchs, seed=SEED, precision=precision, pretrained=True, **settings)
        modules = plain_modules(config, vectors).to(dtype)

        loss = build_task(config).measure(model(batch.inputs, batch.lengths), batch.targets)["loss"].mean()
        loss.backward()
        expected_loss = plain_loss(modules, TEXTS, targets)
        expected_loss.backward()

        assert expected_loss.item() > 0.1
        assert loss.item() == pytest.approx(expected_loss.item(), abs=tolerance)
        ours = dict(model.named_parameters())
        for name, parameter in modules.named_parameters():
            assert parameter.grad is not None and parameter.grad.abs().max() > 1e-6, name
            difference = (ours[name].grad - parameter.grad).abs().max().item()
            assert difference <= tolerance, f"{name}: {difference}"
