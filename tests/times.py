"""Tables of figures without what no two runs have in common."""

import pandas as pd

from rnnlab.core.metrics import TIMES


def without_times(metrics: pd.DataFrame) -> pd.DataFrame:
    """Returns the rows of metrics.csv without the columns that say how long training took."""
    return metrics.drop(columns=list(TIMES))
