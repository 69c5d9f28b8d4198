"""What holds for every model of `configs/model`, whoever adds it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from rnnlab.data.splits import TextSplit
from rnnlab.experiment.build import build_state, build_task
from rnnlab.training.checkpoint import load_model, save_checkpoint
from rnnlab.training.loop import train_epoch

LENGTHS = [5, 1, 9, 3, 2, 9, 4, 7]


@pytest.fixture
def texts() -> TextSplit:
    """Eight texts of different lengths over the 20 ordinary words of the vocabulary."""
    ids = np.random.default_rng(0).integers(1, 22, size=sum(LENGTHS), dtype=np.int32)
    offsets = np.concatenate([[0], np.cumsum(LENGTHS)])
    return TextSplit(ids, offsets, np.array([0, 1, 1, 0, 1, 0, 0, 1]))


def logits_of(model: torch.nn.Module, texts: TextSplit, order: list[int], batch_size: int) -> Tensor:
    with torch.no_grad():
        parts = [model(batch.inputs, batch.lengths) for batch in texts.batches(np.array(order), batch_size)]
    return torch.cat(parts)


def test_a_batch_becomes_a_logit_each(model_name: str, texts: TextSplit, build: Any) -> None:
    model = build(model_name).model
    assert logits_of(model, texts, list(range(8)), 8).shape == (8, 1)
    assert logits_of(model, texts, [1], 8).shape == (1, 1)


@pytest.mark.parametrize(("precision", "layers"), [("float32", 1), ("float64", 2)])
def test_padding_and_batch_composition_change_nothing(
    model_name: str, precision: str, layers: int, texts: TextSplit, build: Any
) -> None:
    settings = {"num_layers": layers} if "num_layers" in build(model_name).config.model.settings else {}
    model = build(model_name, precision=precision, **settings).model.eval()
    alone = logits_of(model, texts, list(range(8)), 1)
    assert alone.std() > 1e-3  # texts differ, so that a mix-up would be seen
    for order in ([0, 1, 2, 3, 4, 5, 6, 7], [7, 2, 1, 0, 5, 6, 4, 3]):
        for batch_size in (2, 3, 8):
            batched = logits_of(model, texts, order, batch_size)
            torch.testing.assert_close(batched, alone[order], rtol=0, atol=1e-6)
    (batch,) = texts.batches(np.arange(8), 8)
    wider = torch.nn.functional.pad(batch.inputs, (0, 50))
    torch.testing.assert_close(model(wider, batch.lengths), alone, rtol=0, atol=1e-6)


def test_word_vectors_give_the_logits_of_their_words(model_name: str, texts: TextSplit, build: Any) -> None:
    model = build(model_name, precision="float64").model.eval()
    (batch,) = texts.batches(np.arange(8), 8)
    vectors = model.embedding(batch.inputs).masked_fill(
        batch.inputs[:, :, None] == 0, 100.0
    )  # no padding is read
    expected = model(batch.inputs, batch.lengths)
    torch.testing.assert_close(model.forward_vectors(vectors, batch.lengths), expected, rtol=0, atol=1e-12)


def test_every_trainable_parameter_gets_a_gradient(model_name: str, texts: TextSplit, build: Any) -> None:
    for freeze in (False, True):
        config, _, _, model = build(model_name, freeze=freeze)
        (batch,) = texts.batches(np.arange(8), 8)
        build_task(config).measure(model(batch.inputs, batch.lengths), batch.targets)[
            "loss"
        ].mean().backward()
        for name, parameter in model.named_parameters():
            if freeze and name == "embedding.weight":
                assert not parameter.requires_grad and parameter.grad is None
                continue
            assert parameter.grad is not None and parameter.grad.isfinite().all(), name
            assert parameter.grad.abs().max() > 0, name


def test_the_padding_row_gets_no_gradient(model_name: str, texts: TextSplit, build: Any) -> None:
    model = build(model_name).model
    (batch,) = texts.batches(np.arange(8), 8)
    model(batch.inputs, batch.lengths).sum().backward()
    assert (batch.inputs == 0).any()
    assert model.embedding.weight.grad[0].abs().max() == 0
    assert model.embedding.weight[0].abs().max() == 0


def test_eight_examples_are_learned_by_heart(model_name: str, texts: TextSplit, build: Any) -> None:
    config, _, _, model = build(model_name, lr=0.03)
    state, task = build_state(config, model), build_task(config)
    for _ in range(80):
        figures = train_epoch(state, task, texts.batches(np.arange(8), 8), device="cpu", clip_norm=None)
        if figures["acc"] == 1.0 and figures["loss"] < 0.05:
            break
    assert figures["acc"] == 1.0 and figures["loss"] < 0.05


def test_a_model_comes_back_from_its_checkpoint(
    model_name: str, texts: TextSplit, build: Any, tmp_path: Path
) -> None:
    config, _, _, model = build(model_name, seed=1)
    other = build(model_name, seed=2).model
    save_checkpoint(build_state(config, model), tmp_path / "last.safetensors")
    expected = logits_of(model.eval(), texts, list(range(8)), 8)
    assert not torch.equal(logits_of(other.eval(), texts, list(range(8)), 8), expected)
    assert load_model(other, tmp_path / "last.safetensors")["epoch"] == 0
    assert torch.equal(logits_of(other, texts, list(range(8)), 8), expected)


def test_dropout_acts_in_training_alone(model_name: str, texts: TextSplit, build: Any) -> None:
    dropped, plain = (build(model_name, dropout=rate).model for rate in (0.5, 0.0))
    order = list(range(8))
    assert not torch.equal(
        logits_of(dropped.train(), texts, order, 8), logits_of(plain.train(), texts, order, 8)
    )
    assert torch.equal(logits_of(dropped.eval(), texts, order, 8), logits_of(plain.eval(), texts, order, 8))
    assert not torch.equal(logits_of(dropped.train(), texts, order, 8), logits_of(dropped, texts, order, 8))
