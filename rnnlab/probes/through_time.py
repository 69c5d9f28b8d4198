"""Gradients through time: what is left of them d steps before the end of the reading.

For every layer, direction and distance d from the end (T, a text's last step of that direction's reading):

    ‖∂L/∂h_{T-d}‖     Euclidean norm of the gradient of each text's own loss L (in nats, or squared error)
    ‖∂h_T/∂h_{T-d}‖   spectral norm of the Jacobian, 1 at d = 0

Where a net answers at every step, L is the loss of the answer at the last step that the direction reads.
Where it pools the states of all steps, ∂L/∂h_{T-d} is the whole derivative: what comes back through the later
states, and the state's own share in what is pooled, which no distance takes away.

The first says what learning is told, the second how much of a change could arrive at all. If a step
multiplies by less than 1, both vanish exponentially (Hochreiter 1991; Bengio, Simard & Frasconi 1994;
Pascanu, Mikolov & Bengio 2013, who bound the step's factor by ‖W_hh‖₂ · max |tanh′|).
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Annotated, Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from annotated_types import Gt
from jaxtyping import Float, Int
from torch import Tensor

from rnnlab.core.batch import Batch
from rnnlab.models.layer import layers_of
from rnnlab.models.pooling import pool
from rnnlab.models.unroll import Unrolled, in_order_of_text, unroll
from rnnlab.probes.base import ProbeInput, without_states
from rnnlab.probes.half_life import fit_half_life
from rnnlab.probes.jacobian import exact_norms, power_norms

Count = Annotated[int, Gt(0)]
PATHS = {"h": "hidden", "c": "cell"}
ONLY = "_only"
LARGE_STATE_DISTANCES = 32  # how many of the distances power iteration is done for: each costs many passes


class Path(NamedTuple):
    """A way back through time: norms (distances, texts) along it, and what is retained over a step on
    average.

    name: `hidden`, `cell` or another state's own for all that leads back to that state of an earlier step;
    with `_only` behind it for what the state is multiplied by alone, as an LSTM's forget gates, without the
    detours through hidden states and gates. retention: NaN where it is not known, or where a state is not
    kept but made anew, as an LSTM's hidden one. bounds: what the Jacobians cannot exceed, None for
    gated nets.
    """

    name: str
    gradients: Float[np.ndarray, "distances texts"]
    jacobians: Float[np.ndarray, "distances texts"]
    retention: float
    bounds: Float[np.ndarray, "distances texts"] | None = None


class ThroughTime:
    """Median and quartiles over texts of gradient and Jacobian norms by distance from the end.

    Columns: layer (1 the lowest), direction, path (see `Path`), distance (steps), examples (texts that
    are long enough), gradient_q1, gradient_median, gradient_q3, the same of jacobian, predicted and
    predicted_radius (a factor to the power of distance, empty where there is none), bound (median over
    texts, for an RNN: the product over the steps between of σ_max(W_hh) and the largest slope of tanh or relu
    there, which ‖∂h_T/∂h_{T-d}‖ cannot exceed; Pascanu et al. 2013, eq. 7), and for each norm its
    half_life (steps), its 95 % interval _low to _high and the fit's _r2 (see `HalfLife`), repeated in all
    of a path's rows. Where the net pools all states, a column `pooling` says how; predicted,
    predicted_radius and bound are then those of the Jacobian alone, and an `_only` path has no gradient,
    since that of the last step is not all that goes back through the gates.

    The factors, means being over texts, steps and units: for an RNN σ_max(W_hh) · mean tanh′ (largest
    singular value: one step at its worst) and ρ(W_hh) · mean tanh′ (spectral radius: a step among many,
    since the same matrix is applied again and again); for an LSTM's cell paths the mean forget gate, for
    a GRU the mean update gate.
    """

    def __init__(
        self, *, examples: Count = 32, distances: Count = 100, exact_size: Count = 64, seed: int = 0
    ) -> None:
        """Sets how many texts are drawn (the same at every look) and how many steps from the end count.

        exact_size: largest state whose Jacobians are made whole; beyond it power iteration gives their
        norms, at no more than 32 of the distances (the others are empty). seed: of the draw and of the
        bootstrap.
        """
        self.examples, self.distances = examples, distances
        self.exact_size, self.seed = exact_size, seed

    def not_applicable(self, probe_input: ProbeInput) -> str | None:
        """Returns a reason for models that carry no state from step to step, such as BoE, or an unknown
        one.
        """
        return without_states(probe_input.model)

    def measure(self, probe_input: ProbeInput) -> pd.DataFrame:
        """Returns the table; all is computed on the CPU in float64, where small gradients are not lost."""
        cell = probe_input.model.cell
        recurrent = deepcopy(probe_input.model.recurrent).cpu().double().requires_grad_(True)
        batch = draw_texts(probe_input, self.examples, self.seed)
        unrolled, losses = unroll_texts(probe_input, recurrent, batch)
        distances = min(self.distances, int(batch.lengths.max()))
        present = (torch.arange(distances)[:, None] < batch.lengths).numpy()
        rng = np.random.default_rng(self.seed)
        rows = []
        pooling = probe_input.model.pooling
        matrices: list[Tensor | None] = [None] * len(unrolled)
        if cell is not None and cell.retained_by_matrix:
            runs = [run for runs in layers_of(cell, recurrent) for run in runs]
            matrices = [run.parameters["weight_hh"].detach() for run in runs]
        for of_run, weight in zip(unrolled, matrices, strict=True):
            scales = _scales(weight)
            sigma = None if weight is None else scales["predicted"]
            for path in self._paths(of_run, losses.sum(), present, sigma):
                if pooling != "last" and path.name.endswith(ONLY):
                    path = path._replace(gradients=np.full_like(path.gradients, np.nan))
                table = _summary(path, scales, present, rng)
                table.insert(0, "layer", of_run.layer)
                table.insert(1, "direction", of_run.direction)
                rows.append(table)
        found = pd.concat(rows, ignore_index=True)
        return found if pooling == "last" else found.assign(pooling=pooling)

    def _paths(
        self, unrolled: Unrolled, loss: Tensor, present: np.ndarray, sigma: float | None
    ) -> Iterator[Path]:
        """Yields the ways back through one layer in one direction, NaN where a text does not reach.

        sigma: the largest singular value of the matrix that the states are multiplied by, if there is one.
        """

        def norms(of_texts: Tensor) -> np.ndarray:
            return np.where(present, of_texts.detach().numpy(), np.nan)

        for place, (name, all_states) in enumerate(unrolled.states.items()):
            path = PATHS.get(name, name)
            states = all_states[: -len(present) - 1 : -1]
            factors = unrolled.retention.get(name)
            last = None if factors is None else factors.flip(0)[: len(present)]
            retention = _mean_retention(last, present)
            gradients, jacobians = _gradients(loss, states), self._jacobians(states)
            bounds = None
            if sigma is not None and last is not None and not place:
                bounds = norms(_since_the_end(sigma * last.amax(dim=2)))
            yield Path(path, norms(gradients.norm(dim=2)), norms(jacobians), retention, bounds)
            if place and last is not None:
                gates = _since_the_end(last)
                alone = (gradients[0] * gates).norm(dim=2)
                # A diagonal matrix: its spectral norm is its largest entry.
                yield Path(f"{path}{ONLY}", norms(alone), norms(gates.amax(dim=2)), retention)

    def _jacobians(self, states: Sequence[Tensor]) -> Float[Tensor, "distances texts"]:
        if states[0].shape[1] <= self.exact_size:
            return exact_norms(states[0], states)
        chosen = np.unique(np.linspace(0, len(states) - 1, LARGE_STATE_DISTANCES).round().astype(int))
        norms = torch.full((len(states), len(states[0])), torch.nan, dtype=torch.float64)
        norms[chosen] = power_norms(states[0], [states[i] for i in chosen])
        return norms


def draw_texts(probe_input: ProbeInput, examples: int, seed: int) -> Batch:
    """Returns one batch of `examples` texts (or all there are), with inserted tokens, drawn by `seed`."""
    texts = probe_input.examples
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(len(texts), size=min(examples, len(texts)), replace=False))
    return next(texts.batches(chosen, len(chosen)))


def unroll_texts(
    probe_input: ProbeInput, recurrent: Any, batch: Batch
) -> tuple[list[Unrolled], Float[Tensor, " B"]]:
    """Returns all states of `recurrent` (float64, on the CPU) on the texts, and each text's loss."""
    model = probe_input.model
    embedding, head = (deepcopy(part).cpu().double() for part in (model.embedding, model.head))
    inputs, lengths, targets = batch.double()
    unrolled = unroll(model.cell, recurrent, embedding(inputs).detach(), lengths)
    directions = 2 if recurrent.bidirectional else 1
    if model.every_step:
        answers = _answers_at_ends(unrolled[-directions:], lengths)
        asked = [targets[torch.arange(len(lengths)), at] for at in (lengths - 1, 0 * lengths)[:directions]]
        logits, targets = head(torch.stack(answers, dim=1)), torch.stack(asked, dim=1)
    elif model.pooling == "last":
        logits = head(torch.cat([of_run.hidden[-1] for of_run in unrolled], dim=1))
    else:
        assert model.pooling is not None
        states = in_order_of_text(unrolled[-directions:], lengths).transpose(0, 1)
        real = torch.arange(len(states))[:, None] < lengths
        attention = None if model.attention is None else deepcopy(model.attention).cpu().double()
        logits = head(pool(states, real, model.pooling, attention))
    return unrolled, probe_input.objective.measure(logits, targets)["loss"]


def _answers_at_ends(top: Sequence[Unrolled], lengths: Int[Tensor, " B"]) -> list[Float[Tensor, "B states"]]:
    """Returns what the head reads at the last step, and of a net that reads both ways at the first.

    Each is in the graph only as the end of its own direction's reading: that the first step of the one is
    also the last of the other is no way back through time.
    """
    if len(top) == 1:
        return [top[0].hidden[-1]]
    texts, begin = torch.arange(len(lengths)), len(top[0].hidden) - lengths
    first = [torch.stack(of_run.hidden).detach()[begin, texts] for of_run in top]
    last = [of_run.hidden[-1] for of_run in top]
    return [torch.cat([last[0], first[1]], dim=1), torch.cat([first[0], last[1]], dim=1)]


def _mean_retention(last: Tensor | None, present: np.ndarray) -> float:
    """Returns the mean over texts, steps and units of what is left of a state from step to step."""
    # What is retained into a text's first step comes from the initial state, which is not a step of it.
    if last is None or len(present) < 2:
        return float("nan")
    return float(last[:-1][torch.from_numpy(present[1:])].mean())


def _gradients(loss: Tensor, states: Sequence[Tensor]) -> Float[Tensor, "distances texts hidden"]:
    gradients = torch.autograd.grad(
        loss, states, retain_graph=True, allow_unused=True, materialize_grads=True
    )
    return torch.stack(gradients)


def _since_the_end(factors: Float[Tensor, "distances ..."]) -> Float[Tensor, "distances ..."]:
    """Returns the product of the factors of all steps after the one at each distance, 1 at distance 0."""
    return torch.cat([torch.ones_like(factors[:1]), factors[:-1].cumprod(dim=0)])


def _scales(weight_hh: Float[Tensor, "H H"] | None) -> dict[str, float]:
    """Returns by what W_hh multiplies a step; without one, a gate carries each unit's state on as it is."""
    if weight_hh is None:
        return {"predicted": 1.0, "predicted_radius": np.nan}
    radius = torch.linalg.eigvals(weight_hh).abs().max()
    return {"predicted": float(torch.linalg.matrix_norm(weight_hh, ord=2)), "predicted_radius": float(radius)}


def _summary(
    path: Path, scales: dict[str, float], present: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Returns a row per distance; quartiles are over texts."""
    distance = np.arange(len(present))
    table = pd.DataFrame({"path": path.name, "distance": distance, "examples": present.sum(axis=1)})
    half_lives: dict[str, float] = {}
    for name, norms in (("gradient", path.gradients), ("jacobian", path.jacobians)):
        quartiles = np.full((len(norms), 3), np.nan)
        measured = ~np.isnan(norms).all(axis=1)
        if measured.any():
            quartiles[measured] = np.nanquantile(norms[measured], [0.25, 0.5, 0.75], axis=1).T
        table[[f"{name}_q1", f"{name}_median", f"{name}_q3"]] = quartiles
        fitted = fit_half_life(norms, rng)
        names = (f"{name}_half_life{part}" for part in ("", "_low", "_high", "_r2"))
        half_lives |= dict(zip(names, fitted, strict=True))
    for name, scale in scales.items():
        factor = scale * path.retention
        table[name] = np.nan if np.isnan(factor) else factor**distance
    table["bound"] = np.nan if path.bounds is None else _median(path.bounds)
    return table.assign(**half_lives)


def _median(norms: Float[np.ndarray, "distances texts"]) -> Float[np.ndarray, " distances"]:
    """Returns the median over the texts that reach each distance; every distance has one that does."""
    return np.nanmedian(norms, axis=1)
