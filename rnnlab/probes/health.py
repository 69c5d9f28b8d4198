"""Signs of health: do gradients arrive, do weights move, are units stuck where tanh is flat?"""

import math
from copy import deepcopy
from typing import Annotated

import pandas as pd
import torch
from annotated_types import Gt, Lt
from torch import Tensor, nn

from rnnlab.core.batch import Batch
from rnnlab.probes.base import ProbeInput, without_states
from rnnlab.probes.in_float64 import in_float64
from rnnlab.probes.unrolled_texts import Count, draw_texts, unroll_texts

EXAMPLES, FEWEST_EXAMPLES = 32, 4


class Health:
    """A row of figures for every parameter.

    Columns, empty where they make no sense:
    parameter: its name, as in a checkpoint.
    gradient_norm: Euclidean norm of the gradient of the mean loss over the texts, in nats.
    update_ratio: ‖Δw‖ / ‖w‖ of the step that the training's optimizer would take with that gradient,
    unclipped, 0 for a frozen parameter; empty without an optimizer, or where all weights are zero and stay
    so, and inf where they do not. About 1e-3
    is healthy (Karpathy, CS231n notes, "Neural Networks Part 3").
    zero_share, subnormal_share: of the gradient's entries, those that are exactly zero, and those too
    small for the training's precision to hold as a normal number, which the CPU may flush to zero or
    compute slowly with. So that neither is hidden, gradients are computed in float64 and compared with
    the smallest normal number of the training's precision (1.2e-38 for float32). A text touches few
    words: of the embedding, only the rows of words in the texts are counted.
    saturated_share: for a recurrent matrix W_hh, of all tanh units that it drives at all steps of the
    texts, those with |tanh| > saturation: an RNN's states, an LSTM's tanh(c), a GRU's states (mixtures of
    tanh units); empty for relu, and for cells that have or name no such units.
    """

    def __init__(
        self,
        *,
        examples: Count | None = None,
        saturation: Annotated[float, Gt(0.0), Lt(1.0)] = 0.99,
        seed: int = 0,
    ) -> None:
        """Sets how many texts are drawn by `seed` (the same at every look), and what counts as saturated.

        examples: None for 32.
        """
        self._given, self.saturation, self.seed = examples, saturation, seed
        self.examples = examples or EXAMPLES

    def not_applicable(self, probe_input: ProbeInput) -> str | None:
        """Returns None: every model has parameters."""
        return None

    def within(self, trained: int) -> "Health":
        """Returns the probe for few texts: one costs about as much as one trained on."""
        few = min(EXAMPLES, max(FEWEST_EXAMPLES, trained // 600))
        return Health(examples=self._given or few, saturation=self.saturation, seed=self.seed)

    def measure(self, probe_input: ProbeInput) -> pd.DataFrame:
        """Returns the table; nothing of the training going on is touched."""
        batch = draw_texts(probe_input, self.examples, self.seed)
        gradients = double_gradients(probe_input, batch)
        ratios, saturated = update_ratios(probe_input, gradients), self._saturated(probe_input, batch)
        rows = []
        for name, parameter in probe_input.model.named_parameters():
            gradient = gradients[name]
            entries = (
                gradient[_words(batch).to(probe_input.device)] if name == "embedding.weight" else gradient
            )
            smallest = torch.finfo(parameter.dtype).tiny
            row = {
                "parameter": name,
                "gradient_norm": float(gradient.norm()),
                "update_ratio": ratios.get(name, math.nan),
                "zero_share": _share(entries == 0),
                "subnormal_share": _share((entries != 0) & (entries.abs() < smallest)),
                "saturated_share": saturated.get(name, math.nan),
            }
            rows.append(row)
        return pd.DataFrame(rows)

    def _saturated(self, probe_input: ProbeInput, batch: Batch) -> dict[str, float]:
        """Returns shares over units and steps, padding excluded, by the name of the recurrent matrix."""
        model = probe_input.model
        if without_states(model) is not None or model.cell is None or model.cell.saturating is None:
            return {}
        unrolled, _ = unroll_texts(probe_input, deepcopy(model.recurrent).cpu().double(), batch)
        steps = int(batch.lengths.max())
        begun = torch.arange(steps)[:, None] >= steps - batch.lengths
        shares = {}
        for of_run in unrolled:
            suffix = "_reverse" if of_run.direction == "backward" else ""
            name = f"recurrent.weight_hh_l{of_run.layer - 1}{suffix}"
            if of_run.tanh_units is not None:
                shares[name] = _share(of_run.tanh_units[begun].abs() > self.saturation)
        return shares


def double_gradients(probe_input: ProbeInput, batch: Batch) -> dict[str, Tensor]:
    """Returns the gradient of the batch's mean loss for every parameter, frozen ones included, in float64."""
    inputs, lengths, targets = batch.double().to(probe_input.device)
    with in_float64(probe_input.model) as model:
        loss = probe_input.objective.measure(model(inputs, lengths), targets)["loss"].mean()
        parameters = dict(model.named_parameters())
        gradients = torch.autograd.grad(
            loss, list(parameters.values()), allow_unused=True, materialize_grads=True
        )
        return dict(zip(parameters, gradients, strict=True))


def update_ratios(probe_input: ProbeInput, gradients: dict[str, Tensor]) -> dict[str, float]:
    """Returns ‖Δw‖ / ‖w‖ of one step by parameter, taken by deep copies of model and optimizer."""
    if probe_input.optimizer is None:
        return {}
    model: nn.Module
    # Copied together, the optimizer's copy holds the parameters of the model's copy.
    model, optimizer = deepcopy((probe_input.model, probe_input.optimizer))
    for name, parameter in model.named_parameters():
        parameter.grad = gradients[name].to(parameter.dtype) if parameter.requires_grad else None
    optimizer.step()
    ratios: dict[str, float] = {}
    for (name, before), after in zip(probe_input.model.named_parameters(), model.parameters(), strict=True):
        size = before.detach().double().norm()
        ratios[name] = float((after.detach().double() - before.detach().double()).norm() / size)
    return ratios


def _words(batch: Batch) -> Tensor:
    """Returns the ids that occur in the texts, (words,)."""
    tokens = torch.arange(batch.inputs.shape[1]) < batch.lengths[:, None]
    return batch.inputs[tokens].unique()


def _share(flags: Tensor) -> float:
    return float(flags.double().mean())
