"""The optimizers equal torch.optim's step by step, and keep what torch keeps."""

import numpy as np
import pytest
import torch

from rnnlab.scratch.optimizers import clip_by_norm, make_optimizer

TORCH = {
    "sgd": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
}
SETTINGS = [
    ("sgd", {"lr": 0.1}),
    ("sgd", {"lr": 0.1, "momentum": 0.9}),
    ("sgd", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01}),
    ("sgd", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("adam", {}),
    ("adam", {"lr": 0.05, "betas": (0.8, 0.9), "eps": 1e-6, "weight_decay": 0.01}),
    ("adam", {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("adamw", {}),
    ("adamw", {"lr": 0.05, "betas": (0.8, 0.9), "eps": 1e-6, "weight_decay": 0.3}),
    ("rmsprop", {}),
    ("rmsprop", {"lr": 0.05, "alpha": 0.8, "eps": 1e-6, "weight_decay": 0.1}),
    ("rmsprop", {"lr": 0.02, "momentum": 0.9}),
    ("rmsprop", {"lr": 0.02, "momentum": 0.5, "alpha": 0.7, "centered": True, "weight_decay": 0.01}),
]


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-14), (np.float32, 1e-6)])
@pytest.mark.parametrize(("name", "settings"), SETTINGS)
def test_every_step_matches_torch(name, settings, dtype, tolerance):
    rng = np.random.default_rng(0)
    parameters = {"a": rng.standard_normal((3, 2)).astype(dtype), "b": rng.standard_normal(4).astype(dtype)}
    references = {n: torch.tensor(p, requires_grad=True) for n, p in parameters.items()}
    optimizer = make_optimizer(name, parameters, **settings)
    reference = TORCH[name](references.values(), **settings)
    for _ in range(20):
        gradients = {n: rng.standard_normal(p.shape).astype(dtype) for n, p in parameters.items()}
        for n, gradient in gradients.items():
            references[n].grad = torch.tensor(gradient)
        before = {n: p.copy() for n, p in parameters.items()}
        optimizer.step(gradients)
        reference.step()
        for n, parameter in parameters.items():
            assert parameter.dtype == dtype and (parameter != before[n]).any()
            np.testing.assert_allclose(parameter, references[n].detach().numpy(), rtol=0, atol=tolerance)
    for n, parameter in references.items():
        kept, expected = optimizer.state(n), reference.state[parameter]
        assert kept.keys() == {key for key, value in expected.items() if value is not None}
        for key, array in kept.items():
            assert np.abs(array).max() > 0, key
            np.testing.assert_allclose(array, expected[key].numpy(), rtol=0, atol=tolerance, err_msg=key)


def test_parameters_without_a_gradient_stay():
    parameters = {"a": np.ones(2), "b": np.ones(2)}
    make_optimizer("adam", parameters).step({"a": np.ones(2)})
    assert (parameters["b"] == 1).all() and (parameters["a"] != 1).all()


@pytest.mark.parametrize("max_norm", [0.5, 100.0])
def test_clipping_matches_torch(max_norm):
    rng = np.random.default_rng(1)
    gradients = {"a": rng.standard_normal((3, 2)), "b": rng.standard_normal(4)}
    references = [torch.zeros(g.shape).double().requires_grad_() for g in gradients.values()]
    for reference, gradient in zip(references, gradients.values(), strict=True):
        reference.grad = torch.tensor(gradient)
    expected = torch.nn.utils.clip_grad_norm_(references, max_norm)
    assert clip_by_norm(gradients, max_norm) == pytest.approx(expected.item(), abs=1e-14)
    for reference, gradient in zip(references, gradients.values(), strict=True):
        np.testing.assert_allclose(gradient, reference.grad.numpy(), rtol=0, atol=1e-14)


def test_others_are_refused_in_one_line():
    with pytest.raises(
        ValueError,
        match=r"^the scratch engine has sgd, adam, adamw, rmsprop, not 'rmsprob'; did you mean 'rmsprop'\?$",
    ):
        make_optimizer("rmsprob", {})
    with pytest.raises(ValueError, match=r"the scratch engine's sgd: .*'amsgrad'"):
        make_optimizer("sgd", {}, amsgrad=True)
    with pytest.raises(ValueError, match="nesterov needs a momentum"):
        make_optimizer("sgd", {}, nesterov=True)
