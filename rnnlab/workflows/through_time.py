"""How long it takes for gradients to be halved on their way back through time."""

import pandas as pd

from rnnlab.probes.half_life import steps_to_half


def half_lives(table: pd.DataFrame) -> pd.DataFrame:
    """Returns a row per layer, direction and path of a table of `rnnlab.probes.through_time`.

    Columns: texts, steps (how far back was looked), for both norms after how many steps they are halved, with
    the 95 % interval _low to _high, and the same as predicted from the weights and the mean slope or gate,
    by the largest singular value (or the gate) and by the spectral radius; and `pooling`, where the table
    has it. NaN: not known; inf: never.
    """
    rows = []
    for (layer, direction, path), distances in table.groupby(["layer", "direction", "path"], sort=False):
        first, second = distances.iloc[0], distances.iloc[min(1, len(distances) - 1)]
        fits = {
            f"{norm}{part}": first[f"{norm}_half_life{part}"]
            for norm in ("gradient", "jacobian")
            for part in ("", "_low", "_high")
        }
        rows.append(
            {
                "layer": layer,
                "direction": direction,
                "path": path,
                "texts": first["examples"],
                "steps": len(distances),
                **fits,
                "predicted": steps_to_half(second["predicted"]),
                "predicted_radius": steps_to_half(second["predicted_radius"]),
                **({"pooling": first["pooling"]} if "pooling" in distances else {}),
            }
        )
    return pd.DataFrame(rows)
