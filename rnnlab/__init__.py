"""A laboratory for recurrent networks that runs from a shell."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rnnlab.experiment.restore import RestoredRun


def load_run(path: str | Path, *, checkpoint: Literal["last", "best"] = "last") -> "RestoredRun":
    """Returns a finished run, by path or by name in outputs/: `.metrics`, `.model`, `.predict(texts)`.

    metrics: a DataFrame with a row an epoch; model: the torch module, in evaluation mode; predict: a
    DataFrame with a row a text. Raises InputError for a run that is missing, unfinished or broken.
    """
    # Late, so that `import rnnlab` alone, and with it the command line's help, does not load torch.
    from rnnlab.experiment.restore import restore
    from rnnlab.runs.finder import find_run

    return restore(find_run(str(path)), checkpoint=checkpoint)
