"""Compiled losses and optimizers give what their NumPy forms give, and what torch gives."""

import numpy as np
import pytest
import torch

from rnnlab.kernels.losses import COMPILED_CRITERIA
from rnnlab.kernels.optimizers import COMPILED_OPTIMIZERS, compiled_clip_by_norm
from rnnlab.kernels.rows import CompiledRowGradient
from rnnlab.scratch.heads import RowGradient
from rnnlab.scratch.losses import CRITERIA, NOT_COUNTED
from rnnlab.scratch.optimizers import OPTIMIZERS

RNG = np.random.default_rng(1)
LARGE = np.array([-800.0, -30.0, 0.0, 30.0, 800.0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["classification", "binary_cross_entropy"])
def test_a_logit_a_text_costs_what_the_numpy_form_and_torch_say(name: str, dtype: type) -> None:
    logits = np.concatenate([RNG.standard_normal(20) * 3, LARGE, LARGE]).astype(dtype)[:, None]
    labels = np.concatenate([RNG.integers(0, 2, 20), np.zeros(5), np.ones(5)]).astype(dtype)
    found, expected = COMPILED_CRITERIA[name](logits, labels), CRITERIA[name](logits, labels)
    assert np.abs(expected.gradient).max() > 0.01
    tolerance = 1e-6 if dtype is np.float32 else 1e-13
    assert found.value == pytest.approx(expected.value, rel=tolerance)
    np.testing.assert_allclose(found.gradient, expected.gradient, atol=tolerance)
    leaf = torch.from_numpy(logits.astype(np.float64)).requires_grad_()
    torch.nn.functional.binary_cross_entropy_with_logits(
        leaf[:, 0], torch.from_numpy(labels).double()
    ).backward()
    assert leaf.grad is not None
    np.testing.assert_allclose(found.gradient, leaf.grad, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(9, 4), (3, 5, 4)])
def test_logits_of_classes_cost_what_the_numpy_form_says(shape: tuple[int, ...], dtype: type) -> None:
    logits = (RNG.standard_normal(shape) * 50).astype(dtype)
    classes = RNG.integers(0, 4, shape[:-1])
    classes.reshape(-1)[[1, 4]] = NOT_COUNTED
    found = COMPILED_CRITERIA["cross_entropy"](logits, classes)
    expected = CRITERIA["cross_entropy"](logits, classes)
    assert np.abs(expected.gradient).max() > 0.01
    tolerance = 1e-6 if dtype is np.float32 else 1e-13
    assert found.value == pytest.approx(expected.value, rel=tolerance)
    np.testing.assert_allclose(found.gradient, expected.gradient, atol=tolerance)
    assert not found.gradient.reshape(-1, 4)[[1, 4]].any()


def test_an_unknown_class_is_refused_and_nothing_counted_is_no_number() -> None:
    logits = RNG.standard_normal((3, 4))
    with pytest.raises(ValueError, match=r"classes holds 4 at index \(2,\), expected 0 to 3"):
        COMPILED_CRITERIA["cross_entropy"](logits, np.array([0, 1, 4]))
    assert np.isnan(COMPILED_CRITERIA["cross_entropy"](logits, np.full(3, NOT_COUNTED)).value)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(7, 1), (3, 5, 2)])
def test_numbers_cost_what_the_numpy_form_and_torch_say(shape: tuple[int, ...], dtype: type) -> None:
    predictions, targets = (RNG.standard_normal(shape).astype(dtype) for _ in range(2))
    targets.reshape(-1)[[0, 3]] = np.nan  # not counted
    found = COMPILED_CRITERIA["mean_squared_error"](predictions, targets)
    expected = CRITERIA["mean_squared_error"](predictions, targets)
    assert expected.value > 0.1 and np.abs(expected.gradient).max() > 0.01
    tolerance = 1e-6 if dtype is np.float32 else 1e-14
    assert found.value == pytest.approx(expected.value, rel=tolerance)
    np.testing.assert_allclose(found.gradient, expected.gradient, atol=tolerance)
    leaf, wanted = torch.from_numpy(predictions).double().requires_grad_(), torch.from_numpy(targets).double()
    torch.nn.functional.mse_loss(leaf[~wanted.isnan()], wanted[~wanted.isnan()]).backward()
    assert leaf.grad is not None
    np.testing.assert_allclose(found.gradient, leaf.grad, atol=tolerance)
    assert not found.gradient.reshape(-1)[[0, 3]].any()


def test_numbers_of_another_shape_are_refused_and_none_counted_is_no_number() -> None:
    predictions = RNG.standard_normal((3, 1))
    with pytest.raises(ValueError, match=r"targets has shape \(3,\), expected \(3, 1\)"):
        COMPILED_CRITERIA["mean_squared_error"](predictions, np.zeros(3))
    assert np.isnan(COMPILED_CRITERIA["mean_squared_error"](predictions, np.full((3, 1), np.nan)).value)


SETTINGS = [
    ("adam", {"lr": 0.01}),
    ("adam", {"lr": 0.1, "betas": (0.7, 0.9), "eps": 1e-3, "weight_decay": 0.3}),
    ("adamw", {"lr": 0.01, "weight_decay": 0.2}),
    ("sgd", {"lr": 0.1}),
    ("sgd", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1}),
]


@pytest.mark.parametrize("rows", [True, False])
@pytest.mark.parametrize(("name", "settings"), SETTINGS)
def test_updates_are_those_of_torch_also_of_rows(name: str, settings: dict[str, float], rows: bool) -> None:
    start = RNG.standard_normal((7, 5))
    parameter = torch.nn.Parameter(torch.from_numpy(start.copy()))
    classes = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
    reference = classes[name]([parameter], **settings)
    compiled, plain = {"w": start.copy()}, {"w": start.copy()}
    ours = COMPILED_OPTIMIZERS[name](compiled, **settings)
    numpy_form = OPTIMIZERS[name](plain, **settings)
    for _ in range(4):
        gradient = np.zeros((7, 5))
        used = np.array([5, 0, 2])
        gradient[used] = RNG.standard_normal((3, 5))
        parameter.grad = torch.from_numpy(gradient.copy())
        reference.step()
        ours.step({"w": CompiledRowGradient(used, gradient[used], (7, 5)) if rows else gradient.copy()})
        numpy_form.step({"w": RowGradient(used, gradient[used], (7, 5)) if rows else gradient.copy()})
    assert np.abs(parameter.detach().numpy() - start).max() > 1e-3
    np.testing.assert_allclose(compiled["w"], parameter.detach().numpy(), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(compiled["w"], plain["w"], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_a_parameter_whose_memory_is_not_in_one_piece_learns_too(name: str) -> None:
    start = RNG.standard_normal((3, 2))
    found, expected = start.T.copy().T, start.copy()
    assert not found.flags.c_contiguous
    for parameter, table in ((found, COMPILED_OPTIMIZERS), (expected, OPTIMIZERS)):
        rule = table[name]({"weight": parameter}, lr=0.1)
        for _ in range(3):
            rule.step({"weight": np.ones((3, 2))})
    assert np.abs(expected - start).min() > 0.1
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("max_norm", [0.1, 1e3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradients_are_clipped_as_torch_clips_them_also_rows_and_single_numbers(
    dtype: type, max_norm: float
) -> None:
    arrays = [RNG.standard_normal(shape).astype(dtype) for shape in [(7, 9), (33,), (), (4, 3)]]
    leaves = [torch.nn.Parameter(torch.zeros(array.shape, dtype=torch.float64)) for array in arrays]
    for leaf, array in zip(leaves, arrays, strict=True):
        leaf.grad = torch.from_numpy(array.astype(np.float64))
    expected = torch.nn.utils.clip_grad_norm_(leaves, max_norm).item()
    assert 1 < expected < 1e3
    rows = CompiledRowGradient(np.arange(4), arrays[3], (9, 3))
    names = dict(zip("abcd", [*arrays[:3], rows], strict=True))
    assert compiled_clip_by_norm(names, max_norm) == pytest.approx(expected, rel=1e-6)
    for leaf, array in zip(leaves, arrays, strict=True):
        assert leaf.grad is not None
        np.testing.assert_allclose(array, leaf.grad.numpy(), rtol=1e-6)


def test_gradients_whose_memory_is_not_in_one_piece_are_clipped_in_place_too() -> None:
    whole = np.full((4, 6), 2.0)
    turned = whole.T[1:]
    assert compiled_clip_by_norm({"a": turned, "b": np.zeros(2)}, 1.0) == pytest.approx(np.sqrt(80))
    assert np.linalg.norm(turned) == pytest.approx(1, rel=1e-6)
    assert (whole[:, 0] == 2).all()
