"""What a net's parameters look like: shape, size and range, and what recurrent matrices do to a state."""

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnlab.models.base import SequenceModel


def parameter_table(model: SequenceModel) -> pd.DataFrame:
    """Returns a row per parameter, and after that of a gated recurrent matrix a row for each of its gates.

    Columns: `parameter`; `gate`, empty for the whole parameter; `shape`, as in 50×50; `norm`, Euclidean
    over all numbers; `min`, `max`, `mean`, `std` (population) over all numbers; and of square matrices from
    state to state, else NaN: `spectral_radius`, the largest absolute value of an eigenvalue, which governs
    powers of the matrix in the long run, and `largest_singular_value`, the most that one product with it
    can stretch a vector. All are computed in float64.
    """
    recurrent = recurrent_matrices(model)
    rows = []
    for name, parameter in model.named_parameters():
        rows.append(_row(name, "", _array(parameter)))
        blocks = recurrent.get(name, {})
        if list(blocks) == [""]:
            rows[-1] |= _spectrum(blocks[""])
        else:
            rows += [_row(name, gate, block) | _spectrum(block) for gate, block in blocks.items()]
    return pd.DataFrame(rows)


def recurrent_matrices(model: SequenceModel) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Returns for every parameter that multiplies states its (hidden, hidden) blocks by gate.

    The single block of an Elman network has the name "". Of a layer whose equations are not known there is
    none.
    """
    found: dict[str, dict[str, NDArray[np.float64]]] = {}
    if model.cell is None:
        return found
    for name, parameter in model.named_parameters():
        own = name.removeprefix("recurrent.").partition("_l")[0]
        blocks = model.cell.blocks(own) if name.startswith("recurrent.weight_") else ()
        if blocks and own != "weight_ih":
            gates = [""] if len(blocks) == 1 else list(blocks)
            found[name] = dict(zip(gates, np.split(_array(parameter), len(blocks)), strict=True))
    return found


def _array(parameter: Tensor) -> NDArray[np.float64]:
    array: NDArray[np.float64] = parameter.detach().to("cpu", torch.float64).numpy()
    return array


def _row(name: str, gate: str, values: NDArray[np.float64]) -> dict[str, object]:
    return {
        "parameter": name,
        "gate": gate,
        "shape": "×".join(map(str, values.shape)),
        "norm": float(np.linalg.norm(values)),
        "min": float(values.min()),
        "max": float(values.max()),
        "mean": float(values.mean()),
        "std": float(values.std()),
        "spectral_radius": float("nan"),
        "largest_singular_value": float("nan"),
    }


def _spectrum(matrix: NDArray[np.float64]) -> dict[str, object]:
    return {
        "spectral_radius": float(np.abs(np.linalg.eigvals(matrix)).max()),
        "largest_singular_value": float(np.linalg.norm(matrix, 2)),
    }
