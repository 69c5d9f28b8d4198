"""`rnnlab weights` on runs trained here."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file

from rnnlab.runs.finder import find_run

Call = Callable[..., Any]


@pytest.fixture
def lstm(call: Call, tiny: list[str]) -> dict[str, Any]:
    words = [word for word in tiny if not word.startswith("model")]
    assert call("train", *words, "model=lstm", "model.hidden_size=3", "training.epochs=1").code == 0
    return load_file(find_run("latest").folder / "checkpoints" / "last.safetensors")


def test_every_parameter_is_shown_with_the_spectrum_of_each_gate(call: Call, lstm: dict[str, Any]) -> None:
    told = call("weights", "latest")
    assert told.code == 0, told.err
    lines = [line.split() for line in told.out.splitlines()]
    shown = {line[0]: line[1:] for line in lines if line}
    for name, tensor in lstm.items():
        if name.startswith("model."):
            shape, norm, *_ = shown[name.removeprefix("model.")]
            assert shape == "×".join(map(str, tensor.shape))
            assert norm == f"{tensor.double().norm():.3g}"
    block = lstm["model.recurrent.weight_hh_l0"].double().numpy()[3:6]
    assert shown["forget"][0] == "3×3"
    radius, largest = (float(cell) for cell in shown["forget"][-2:])
    assert radius == pytest.approx(np.abs(np.roots(np.poly(block))).max(), rel=6e-3)
    assert largest == pytest.approx(np.linalg.svd(block)[1][0], rel=6e-3)


def test_values_are_elided_unless_full(call: Call, lstm: dict[str, Any]) -> None:
    name = "recurrent.weight_ih_l0"
    elided = call("weights", "latest", name, "--values").out
    assert f"{name} (12, 50)" in elided
    assert "..." in elided
    assert "head.hidden" not in elided
    full = call("weights", "latest", name, "--values", "--full").out
    assert "..." not in full
    printed = np.array(full.partition("(12, 50)\n")[2].replace("[", " ").replace("]", " ").split(), float)
    assert np.allclose(printed, lstm[f"model.{name}"].numpy().ravel(), atol=5e-9)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("recurent.weight_hh_l0",), "did you mean 'recurrent.weight_hh_l0'?"),
        (("--full",), "--full: makes no sense without --values"),
        (("--checkpoint", "best", "nothing"), "no parameter begins with 'nothing'"),
    ],
)
def test_bad_input(words: tuple[str, ...], message: str, call: Call, lstm: dict[str, Any]) -> None:
    told = call("weights", "latest", *words)
    assert (told.code, told.out) == (2, "")
    assert message in told.err
