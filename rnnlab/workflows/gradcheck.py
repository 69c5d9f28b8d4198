"""The from-scratch gradients against finite differences and autograd."""

from dataclasses import dataclass

import pandas as pd

from rnnlab.experiment.cells import cell_of_choice, known_cells, pooling_of_choice
from rnnlab.experiment.compose import choices_of
from rnnlab.models.pooling import Pooling
from rnnlab.probes.gradcheck import LIMIT, STEP, Row, check_cell, check_losses, chosen_models
from rnnlab.scratch.bugs import BUGS


@dataclass(frozen=True)
class GradientChecks:
    """One comparison a parameter and gate; bug: what was broken on purpose, None for nothing."""

    rows: list[Row]
    bug: str | None

    @property
    def table(self) -> pd.DataFrame:
        """A row a comparison: `model`, `parameter`, `gate`, both differences (relative), and `passed`."""
        columns = ["model", "parameter", "gate", "finite differences", "torch autograd"]
        table = pd.DataFrame([row[:5] for row in self.rows], columns=columns)
        return table.assign(passed=[row.passed for row in self.rows])

    @property
    def failed(self) -> int:
        """How many differ by more than the limit."""
        return sum(not row.passed for row in self.rows)

    @property
    def title(self) -> str:
        """What the numbers are."""
        what = f"relative difference ||a - b|| / ||b|| of the scratch engine's gradients, limit {LIMIT:g}"
        return what if self.bug is None else f"broken on purpose: {BUGS[self.bug].description}\n{what}"

    @property
    def verdict(self) -> str:
        """How many agree, and how they were computed."""
        agree = f"{len(self.rows) - self.failed} of {len(self.rows)} rows agree"
        return f"{agree}; float64, two-sided differences with step {STEP:g}"


def check_gradients(
    model: str = "all",
    *,
    hidden_size: int = 4,
    seed: int = 1,
    pooling: Pooling | None = None,
    bug: str | None = None,
) -> GradientChecks:
    """Compares every gradient of a model's cell (or of all), and of the losses, with both references.

    pooling: of the states, by default the model's own, of all models the last; bug: a historic bug to put
    into a copy, of which the losses are then left out. Raises InputError for a model or a bug that is none.
    """
    one = "." in model or model in choices_of("model")
    cells = {model: cell_of_choice(model)} if one else known_cells()
    pooling = pooling or (pooling_of_choice(model) if one else "last")
    rows: list[Row] = []
    for name in chosen_models(list(cells), model, bug):
        rows += check_cell(name, cells[name], hidden_size=hidden_size, seed=seed, pooling=pooling, bug=bug)
    if bug is None:
        rows += check_losses(seed=seed)
    return GradientChecks(rows, bug)
