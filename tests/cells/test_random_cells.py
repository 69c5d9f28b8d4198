"""Cells that nobody wrote: the same figures compiled and not, and the derivative of small changes."""

import random
from typing import Any

import numpy as np
import pytest

from rnnlab.cells import Cell
from rnnlab.cells.functions import relu, sigmoid, tanh
from rnnlab.kernels.layer import CompiledLayer
from rnnlab.scratch.layer import Layer

INPUT, HIDDEN, LENGTHS = 3, 5, [2, 5, 3]


def random_cell(seed: int) -> Cell:
    """Returns a cell with up to four products of the input, those of its states in any order, two states and
    two products in the middle, which may never be read.
    """
    rng = random.Random(seed)
    gates = tuple(f"gate_{i}" for i in range(rng.randint(1, 4)))
    states = ("h", "c")[: rng.randint(1, 2)]
    waiting, recurrent = [*gates, "extra"], {}
    for state in states:
        names = waiting[: rng.randint(0, len(waiting))]
        waiting = waiting[len(names) :]
        if names:
            recurrent[state] = tuple(names if rng.random() < 0.6 else rng.sample(names, len(names)))
    mixed = ("first", "second")[: rng.choice([0, 0, 1, 2])]
    steps = rng.getrandbits(60)

    def step(self: Cell, x: Any, h: Any, state: Any, own: Any, mix: Any) -> tuple[tuple[Any, ...], Any]:
        draw = random.Random(steps)  # the same values at every step
        values = [getattr(state, name) for name in states]
        products = [getattr(x, name) for name in gates]
        products += [getattr(h, name) for names in recurrent.values() for name in names]
        values += draw.sample(products, len(products) // 3)  # others are only added, as those of most cells
        values += [own.gain * values[0], own.tilt + values[-1]]
        for name in gates:
            total = getattr(x, name) + getattr(h, name, 0) if draw.random() < 0.8 else getattr(x, name)
            values += [total, draw.choice([sigmoid, tanh])(total)]
        middle: list[Any] = []
        for number in range(len(mixed) + 1):
            for _ in range(draw.randint(1, 5)):
                a, b = draw.choice(values), draw.choice(values)
                results = (sigmoid(a), tanh(a), a + b, tanh(a) * sigmoid(b), 1 - sigmoid(a), relu(a - b))
                values.append(draw.choice(results))
            if number < len(mixed):
                middle.append(mix(tanh(draw.choice(values))))
                values.append(middle[-1])
        read = middle if middle and draw.random() < 0.7 else values
        return tuple(tanh(draw.choice(values[-5:]) + draw.choice(read)) for _ in states), {}

    told = {"gates": gates, "states": states, "recurrent": recurrent, "mixed": mixed, "step": step}
    told |= {"unit_parameters": ("gain",), "scalars": ("tilt",)}
    return type(f"Cell{seed}", (Cell,), told)()  # type: ignore[no-any-return]


def gradients_of(layer: Layer | CompiledLayer, x: Any, d_output: Any) -> tuple[Any, dict[str, Any]]:
    forward = layer.forward(x, lengths=LENGTHS)
    d_final = {f"d_{s}_n": np.ones_like(final) for s, final in forward.final.items()}
    back = layer.backward(forward.cache, d_output=d_output, **d_final)
    return forward, {"x": back.x, **back.parameters}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(16))
def test_a_random_cell_is_the_same_compiled_and_not_and_its_derivative_that_of_small_changes(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnnlab.kernels.compiled._folder", lambda: None)  # these are of no use to anybody
    layer = Layer.random(
        INPUT, HIDDEN, rng=np.random.default_rng(0), cell=random_cell(seed), dtype=np.float64
    )
    rng = np.random.default_rng(1)
    x, d_output = rng.standard_normal((5, 3, INPUT)), rng.standard_normal((5, 3, HIDDEN))
    forward, expected = gradients_of(layer, x, d_output)
    compiled, found = gradients_of(CompiledLayer(layer.parameters, cell=layer.cell), x, d_output)
    np.testing.assert_allclose(compiled.output, forward.output, atol=1e-12)
    assert found.keys() == expected.keys() and any(gradient.any() for gradient in expected.values())
    for name, gradient in expected.items():
        np.testing.assert_allclose(
            found[name], gradient, atol=1e-10 * max(np.abs(gradient).max(), 1), err_msg=name
        )

    def loss() -> float:
        found = layer.forward(x, lengths=LENGTHS)
        return float((found.output * d_output).sum() + sum(final.sum() for final in found.final.values()))

    for name, array in {"x": x, **layer.parameters}.items():
        direction = rng.choice([-1.0, 1.0], array.shape)
        before = array.copy()
        losses = []
        for sign in (1, -1):
            array[...] = before + sign * 1e-6 * direction
            losses.append(loss())
        array[...] = before
        slope = (losses[0] - losses[1]) / 2e-6
        assert slope == pytest.approx((expected[name] * direction).sum(), rel=1e-4, abs=1e-5), name
