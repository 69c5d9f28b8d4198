"""What the fused engine does in its own way: batches of short texts are evaluated together."""

from typing import Any

import pytest
import torch
from torch import Tensor

from rnnlab.core.batch import Batch
from rnnlab.training.engine import Measures, TorchEngine
from rnnlab.training.fused_engine import EVALUATED, FusedEngine, together
from tests.scratch.plain_torch import VOCABULARY, WIDTH, PlainNet
from tests.training.test_scratch_engine import OPTIMIZERS, Objective


def batch_of(lengths: list[int], *, ids: bool = True) -> Batch:
    """Texts of these lengths, their padding zeros."""
    shape = (len(lengths), max(lengths)) if ids else (len(lengths), max(lengths), WIDTH)
    real = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    inputs = torch.randint(1, VOCABULARY, shape) if ids else torch.randn(shape).double()
    inputs *= real if ids else real[:, :, None]
    return Batch(inputs, torch.tensor(lengths), torch.randint(0, 2, (len(lengths),)).double())


def joined(measured: list[Measures]) -> dict[str, Tensor]:
    return {name: torch.cat([each[name] for each in measured]) for name in measured[0]}


def test_batches_of_few_steps_are_one_and_no_other_grows_beyond_the_limit() -> None:
    few, long = [batch_of([3, 5]), batch_of([7]), batch_of([2, 7, 4])], batch_of([EVALUATED])
    (one, alone, last) = together([*few, long, batch_of([4])])
    assert one.lengths.tolist() == [3, 5, 7, 2, 7, 4] and one.inputs.shape == (6, 7)
    assert one.targets.tolist() == torch.cat([batch.targets for batch in few]).tolist()
    for text, batch, row in ((0, few[0], 0), (2, few[1], 0), (3, few[2], 0), (5, few[2], 2)):
        width = batch.inputs.shape[1]
        assert one.inputs[text, :width].tolist() == batch.inputs[row].tolist()
        assert not one.inputs[text, width:].any()
    assert alone is long and last.inputs.shape == (1, 4)
    assert [len(batch.lengths) for batch in together([batch_of([EVALUATED // 4] * 3)] * 3)] == [3, 3, 3]


@pytest.mark.parametrize("ids", [True, False], ids=["ids", "numbers"])
@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_together_they_measure_as_one_by_one_and_as_torch(kind: str, ids: bool) -> None:
    torch.manual_seed(0)
    batches = [batch_of(lengths, ids=ids) for lengths in ([3, 1], [5, 4, 2], [9, 9], [12])]
    parts: dict[str, Any] = {
        "kind": kind,
        "ids": ids,
        "every_step": False,
        "hidden_layer": True,
        "outputs": 1,
    }
    objective, found = Objective("binary_cross_entropy"), []
    for engine_type in (TorchEngine, FusedEngine):
        model = PlainNet(**parts)
        found.append(
            list(engine_type(model, OPTIMIZERS["adam"](model.parameters())).evaluate(objective, batches))
        )
    of_torch, of_fused = found
    assert (len(of_torch), len(of_fused)) == (4, 1)
    expected, ours = joined(of_torch), joined(of_fused)
    assert expected["loss"].min() > 0
    torch.testing.assert_close(ours["loss"].mean(), expected["loss"].mean(), rtol=0, atol=1e-12)
    torch.testing.assert_close(ours["error"], expected["error"], rtol=0, atol=0)
