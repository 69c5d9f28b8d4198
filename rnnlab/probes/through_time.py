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

from collections.abc import Callable, Iterator, Sequence
from copy import copy, deepcopy
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from rnnlab.core.batch import Batch
from rnnlab.models.layer import layers_of
from rnnlab.models.unroll import Unrolled, unroll
from rnnlab.probes.base import ProbeInput, without_states
from rnnlab.probes.half_life import fit_half_life
from rnnlab.probes.jacobian import exact_norms, lanczos_norms
from rnnlab.probes.unrolled_texts import Count, draw_texts, unroll_texts, vectors_of

PATHS = {"h": "hidden", "c": "cell"}
ONLY = "_only"
EXAMPLES, FEWEST_EXAMPLES = 32, 4
LARGEST_FRUGAL_STATE = 128
LARGE_STATE_DISTANCES = 32  # for how many of the distances norms are iterated: each costs many passes
SEQUENCES = 256  # that are read at a time to make whole Jacobians: so much memory does it take

Jacobians = dict[str, Float[np.ndarray, "distances few"]]
"""By the name of a state, the norms of its Jacobians."""


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
    jacobians: Float[np.ndarray, "distances few"]
    retention: float
    bounds: Float[np.ndarray, "distances few"] | None = None


class Texts(NamedTuple):
    """The texts looked at: which of them reach a distance, and the numbers of those with Jacobians."""

    present: Bool[np.ndarray, "distances texts"]
    few: Int[np.ndarray, " few"]

    @property
    def few_present(self) -> Bool[np.ndarray, "distances few"]:
        """Which of the few texts reach a distance."""
        return self.present[:, self.few]


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
    since that of the last step is not all that goes back through the gates. Where Jacobians are made of
    fewer texts (spread over the lengths of all), a column `jacobian_examples` says of how many at a distance.

    The factors, means being over texts, steps and units: for an RNN σ_max(W_hh) · mean tanh′ (largest
    singular value: one step at its worst) and ρ(W_hh) · mean tanh′ (spectral radius: a step among many,
    since the same matrix is applied again and again); for an LSTM's cell paths the mean forget gate, for
    a GRU the mean update gate.
    """

    def __init__(
        self,
        *,
        examples: Count | None = None,
        jacobian_examples: Count | None = None,
        distances: Count = 100,
        exact_size: Count = 64,
        seed: int = 0,
    ) -> None:
        """Sets how many texts are drawn (the same at every look) and how many steps from the end count.

        examples: None for 32; jacobian_examples: of how many of them Jacobians are made, None for all;
        exact_size: largest state whose Jacobians are made whole; beyond it Lanczos iteration gives their
        norms, at no more than 32 of the distances (the others are empty). seed: of the draw and of the
        bootstrap.
        """
        self._given, self.jacobian_examples, self.distances = examples, jacobian_examples, distances
        self.examples, self.exact_size, self.seed = examples or EXAMPLES, exact_size, seed
        self._rows: int | None = None  # of Jacobians, over texts, that a frugal look has time for

    def not_applicable(self, probe_input: ProbeInput) -> str | None:
        """Returns a reason for models that carry no state from step to step, such as BoE, or an unknown
        one.
        """
        return without_states(probe_input.model)

    def within(self, trained: int) -> "ThroughTime":
        """Returns the probe for few texts, and their Jacobians for fewer: each row is a pass of its own.

        There are no Jacobians of states larger than 128.
        """
        frugal = copy(self)
        frugal.examples = self._given or min(EXAMPLES, max(FEWEST_EXAMPLES, trained // 100))
        if self.jacobian_examples is None:
            frugal._rows = trained // 100
        return frugal

    def measure(self, probe_input: ProbeInput) -> pd.DataFrame:
        """Returns the table; all is computed on the CPU in float64, where small gradients are not lost."""
        cell = probe_input.model.cell
        recurrent = deepcopy(probe_input.model.recurrent).cpu().double().requires_grad_(True)
        batch = draw_texts(probe_input, self.examples, self.seed)
        unrolled, losses = unroll_texts(probe_input, recurrent, batch)
        hidden = max(states[0].shape[1] for of_run in unrolled for states in of_run.states.values())
        few = self._few(batch.lengths.numpy(), hidden)
        distances = min(self.distances, int(batch.lengths.max()))
        texts = Texts((torch.arange(distances)[:, None] < batch.lengths).numpy(), few)
        layer = partial(unroll, cell, recurrent)
        vectors = vectors_of(probe_input, Batch(*(part[few] for part in batch)))
        jacobians = self._jacobians(layer, vectors, batch.lengths[few], hidden, distances)
        jacobians = jacobians or [{}] * len(unrolled)
        rng = np.random.default_rng(self.seed)
        rows = []
        pooling = probe_input.model.pooling
        matrices: list[Tensor | None] = [None] * len(unrolled)
        if cell is not None and cell.retained_by_matrix:
            runs = [run for runs in layers_of(cell, recurrent) for run in runs]
            matrices = [run.parameters["weight_hh"].detach() for run in runs]
        for of_run, its_jacobians, weight in zip(unrolled, jacobians, matrices, strict=True):
            scales = _scales(weight)
            sigma = None if weight is None else scales["predicted"]
            for path in _paths(of_run, its_jacobians, losses.sum(), texts, sigma):
                if pooling != "last" and path.name.endswith(ONLY):
                    path = path._replace(gradients=np.full_like(path.gradients, np.nan))
                table = _summary(path, scales, texts, rng)
                table.insert(0, "layer", of_run.layer)
                table.insert(1, "direction", of_run.direction)
                rows.append(table)
        found = pd.concat(rows, ignore_index=True)
        return found if pooling == "last" else found.assign(pooling=pooling)

    def _few(self, lengths: Int[np.ndarray, " texts"], hidden: int) -> Int[np.ndarray, " few"]:
        """Returns which texts have their Jacobians made: all, or some, spread over the lengths."""
        number = self.jacobian_examples or len(lengths)
        if self._rows is not None:
            number = max(1, self._rows // hidden) if hidden <= LARGEST_FRUGAL_STATE else 0
        if number >= len(lengths):
            return np.arange(len(lengths))
        # From the longest down, so that every distance that is looked at has one.
        spread = np.linspace(len(lengths) - 1, 0, number).round().astype(np.int64)
        return np.sort(np.argsort(lengths, kind="stable")[spread])

    def _jacobians(
        self,
        layer: Callable[..., list[Unrolled]],
        vectors: Float[Tensor, "few T E"],
        lengths: Int[Tensor, " few"],
        hidden: int,
        distances: int,
    ) -> list[Jacobians]:
        """Returns each state's norms, of every layer and direction; nothing where there are no such texts.

        layer: gives all states, of at most `hidden` numbers, for vectors and lengths.
        """
        if not len(lengths):
            return []
        if hidden > self.exact_size and self._rows is None:
            return [_by_state(of_run, distances, self._some_norms) for of_run in layer(vectors, lengths)]
        found: list[list[Jacobians]] = []
        for chunk in np.array_split(np.arange(len(lengths)), -(-len(lengths) * hidden // SEQUENCES)):
            times = np.repeat(chunk, hidden)
            whole = partial(exact_norms, repeats=hidden)
            found.append(
                [_by_state(of_run, distances, whole) for of_run in layer(vectors[times], lengths[times])]
            )
        return [
            {name: np.concatenate([part[name] for part in parts], axis=1) for name in parts[0]}
            for parts in zip(*found, strict=True)
        ]

    @staticmethod
    def _some_norms(final: Tensor, states: Sequence[Tensor]) -> Tensor:
        """Returns the norms at some of the distances, NaN at the others."""
        chosen = np.unique(np.linspace(0, len(states) - 1, LARGE_STATE_DISTANCES).round().astype(int))
        norms = torch.full((len(states), len(final)), torch.nan, dtype=torch.float64)
        norms[chosen] = lanczos_norms(final, [states[i] for i in chosen])
        return norms


def _by_state(
    of_run: Unrolled, distances: int, norms: Callable[[Tensor, Sequence[Tensor]], Tensor]
) -> Jacobians:
    """Returns the norms (distances, few) that a function gives for the final state and those before it."""
    return {
        name: norms(states[-1], states[: -distances - 1 : -1]).numpy()
        for name, states in of_run.states.items()
    }


def _paths(
    unrolled: Unrolled, jacobians: Jacobians, loss: Tensor, texts: Texts, sigma: float | None
) -> Iterator[Path]:
    """Yields the ways back through one layer in one direction, NaN where a text does not reach.

    jacobians: norms by state, none where no text has its Jacobians made; sigma: the largest singular value
    of the matrix that the states are multiplied by, if there is one.
    """
    distances = len(texts.present)
    for place, (name, all_states) in enumerate(unrolled.states.items()):
        path = PATHS.get(name, name)
        last = _retained(unrolled, name, distances)
        retention = _mean_retention(last, texts.present)
        gradients = _gradients(loss, all_states[: -distances - 1 : -1])
        of_few = np.full((distances, 0), np.nan)
        if name in jacobians:
            of_few = np.where(texts.few_present, jacobians[name], np.nan)
        bounds = None
        if sigma is not None and last is not None and not place and name in jacobians:
            factors = sigma * last[:, torch.from_numpy(texts.few)].amax(dim=2)
            bounds = _where(texts.few_present, _since_the_end(factors))
        yield Path(path, _where(texts.present, gradients.norm(dim=2)), of_few, retention, bounds)
        if place and last is not None:
            gates = _since_the_end(last)
            alone = _where(texts.present, (gradients[0] * gates).norm(dim=2))
            # A diagonal matrix: its spectral norm is its largest entry.
            yield Path(f"{path}{ONLY}", alone, _where(texts.present, gates.amax(dim=2)), retention)


def _where(reached: Bool[np.ndarray, "distances B"], norms: Tensor) -> Float[np.ndarray, "distances B"]:
    """Returns norms (distances, B), NaN for texts that are too short."""
    return np.where(reached, norms.detach().numpy(), np.nan)


def _retained(of_run: Unrolled, name: str, distances: int) -> Float[Tensor, "distances B H"] | None:
    """Returns by what a state is multiplied in each step, from the last one back; None if not known."""
    factors = of_run.retention.get(name)
    return None if factors is None else factors.flip(0)[:distances]


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


def _summary(path: Path, scales: dict[str, float], texts: Texts, rng: np.random.Generator) -> pd.DataFrame:
    """Returns a row per distance; quartiles are over texts."""
    distance, reaching = np.arange(len(texts.present)), texts.present.sum(axis=1)
    table = pd.DataFrame({"path": path.name, "distance": distance, "examples": reaching})
    if len(texts.few) < texts.present.shape[1]:
        all_texts = path.jacobians.shape[1] == texts.present.shape[1]
        table["jacobian_examples"] = reaching if all_texts else texts.few_present.sum(axis=1)
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
