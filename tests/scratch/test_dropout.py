"""Dropout in NumPy: how much is left out, that the way back is of the same numbers, torch's distribution."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from rnnlab.cells.lstm import LSTM
from rnnlab.kernels.layer import CompiledLayer
from rnnlab.scratch.dropout import dropout_mask
from rnnlab.scratch.layer import Layer
from rnnlab.scratch.losses import CRITERIA
from rnnlab.scratch.nets import SequenceNet

RATE = 0.4
LENGTHS = np.array([3, 5, 1, 4])


def make_net(layer: type[Layer], *, every_step: bool = False, seed: int = 0) -> SequenceNet:
    """Two layers, both directions, a head with a hidden layer; dropout between the layers and below it."""
    rng = np.random.default_rng(seed)
    recurrent = Layer.random(3, 4, rng=rng, cell=LSTM(), num_layers=2, bidirectional=True)
    width = 8 if every_step else 16
    parameters = {f"recurrent.{name}": array for name, array in recurrent.parameters.items()}
    for name, shape in {"head.hidden": (5, width), "head.output": (2, 5)}.items():
        parameters |= {
            f"{name}.weight": rng.standard_normal(shape),
            f"{name}.bias": rng.standard_normal(shape[0]),
        }
    return SequenceNet(
        parameters,
        lambda arrays, **options: layer(arrays, cell=LSTM(), dropout=RATE, **options),
        dropout=RATE,
        every_step=every_step,
    )


def inputs() -> np.ndarray:
    return np.random.default_rng(1).standard_normal((4, 5, 3))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_as_many_are_left_out_as_asked_and_the_mean_stays(dtype: type) -> None:
    x = np.ones((100, 1000), dtype)
    mask = dropout_mask(x, 0.3, np.random.default_rng(0))
    assert mask is not None and mask.dtype == dtype
    assert set(np.unique(mask)) == {0, dtype(1 / 0.7)}
    assert (mask == 0).mean() == pytest.approx(0.3, abs=5 * np.sqrt(0.3 * 0.7 / x.size))
    assert dropout_mask(x, 0.3, None) is None and dropout_mask(x, 0.0, np.random.default_rng(0)) is None


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("layer", [Layer, CompiledLayer])
def test_every_gradient_is_that_of_the_numbers_that_stayed(layer: type[Layer], every_step: bool) -> None:
    net, targets = make_net(layer, every_step=every_step), np.random.default_rng(2).standard_normal((4, 2))
    if every_step:
        targets = np.where(np.arange(5)[:, None] < LENGTHS[:, None, None], targets[:, None], np.nan)

    def loss_of() -> tuple[float, dict[str, np.ndarray]]:
        logits, cache = net.forward(inputs(), LENGTHS, rng=np.random.default_rng(3))
        loss = CRITERIA["mean_squared_error"](logits, targets)
        return loss.value, net.backward(loss.gradient, cache)

    _, gradients = loss_of()
    assert gradients.keys() == net.parameters.keys()
    for name, parameter in net.parameters.items():
        at = np.unravel_index(np.abs(gradients[name]).argmax(), parameter.shape)
        assert abs(gradients[name][at]) > 1e-4, name
        was, ends = parameter[at], []
        for step in (1e-6, -1e-6):
            parameter[at] = was + step
            ends.append(loss_of()[0])
        parameter[at] = was
        assert gradients[name][at] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6, abs=1e-9), name


def test_compiled_scans_leave_the_same_numbers_out() -> None:
    plain, compiled = (make_net(layer) for layer in (Layer, CompiledLayer))
    expected, _ = plain.forward(inputs(), LENGTHS, rng=np.random.default_rng(4))
    found, _ = compiled.forward(inputs(), LENGTHS, rng=np.random.default_rng(4))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)
    assert np.abs(expected - plain.forward(inputs(), LENGTHS)[0]).max() > 0.1


@pytest.mark.slow
@pytest.mark.unchecked_types
def test_outputs_have_the_distribution_of_torchs_dropout() -> None:
    net, draws = make_net(Layer), 1000
    layer = nn.LSTM(3, 4, num_layers=2, bidirectional=True, dropout=RATE, batch_first=True).double()
    own = {name.removeprefix("recurrent."): torch.from_numpy(p) for name, p in net.parameters.items()}
    layer.load_state_dict({name: own[name] for name in layer.state_dict()})
    x, rng = torch.from_numpy(inputs()[:1]), np.random.default_rng(5)

    def torchs() -> np.ndarray:
        read = functional.dropout(layer(x)[1][0].transpose(0, 1).flatten(1), RATE)
        hidden = functional.linear(read, own["head.hidden.weight"], own["head.hidden.bias"]).relu()
        return functional.linear(hidden, own["head.output.weight"], own["head.output.bias"])[0].numpy()

    torch.manual_seed(0)
    with torch.no_grad():
        theirs = np.array([torchs() for _ in range(draws)])
    ours = np.array([net.forward(inputs()[:1], rng=rng)[0][0] for _ in range(draws)])
    for moment in (1, 2):
        one, other = ours**moment, theirs**moment
        error = np.sqrt((one.var(axis=0) + other.var(axis=0)) / draws)
        assert (error > 1e-3).all() and (np.abs(one.mean(axis=0) - other.mean(axis=0)) < 4 * error).all()
