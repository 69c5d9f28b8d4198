"""Every parameter of a finished run, or some of them."""

from dataclasses import dataclass

import pandas as pd
from torch import Tensor

from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.experiment.restore import RestoredRun
from rnnlab.probes.weights import parameter_table


@dataclass(frozen=True)
class Weights:
    """Parameters by name, and a row for each and for each of its gates."""

    parameters: dict[str, Tensor]
    table: pd.DataFrame


def weights_of(run: RestoredRun, beginnings: list[str]) -> Weights:
    """Returns the parameters whose names begin so, or all; raises InputError for a beginning of none."""
    parameters = _chosen(dict(run.model.named_parameters()), beginnings)
    table = parameter_table(run.model)
    return Weights(parameters, table[table["parameter"].isin(parameters)])


def _chosen(parameters: dict[str, Tensor], names: list[str]) -> dict[str, Tensor]:
    for name in names:
        if not any(known.startswith(name) for known in parameters):
            raise InputError(f"no parameter begins with {name!r}{did_you_mean(name, parameters)}")
    return {
        known: parameter
        for known, parameter in parameters.items()
        if not names or known.startswith(tuple(names))
    }
