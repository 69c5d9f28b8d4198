"""The computational graph of an untrained net, drawn under Hydra."""

from pathlib import Path

import numpy as np

from rnnlab.core.errors import InputError
from rnnlab.core.files import write_text
from rnnlab.experiment.experiment import prepare
from rnnlab.experiment.hydra_options import HydraOptions
from rnnlab.experiment.job import Job
from rnnlab.experiment.launch import launch
from rnnlab.probes.base import ProbeInput
from rnnlab.probes.graph import unrolled
from rnnlab.reports.graph_figure import draw_graph, require_graphviz
from rnnlab.runs.files import GRAPH
from rnnlab.workflows.display import SILENT, Display

FOLDERS = [  # before the user's own words, the last of which counts
    "hydra.job.name=graph",
    "hydra.run.dir=outputs/graph-${hydra.runtime.choices.model}-${now:%Y%m%d-%H%M%S-%f}",
]


def draw(overrides: list[str], *, length: int, output: Path | None = None, display: Display = SILENT) -> Path:
    """Draws the net that the overrides describe; returns the figure's path.

    The configuration goes into a folder of its own, the figure, too, unless `output` names another file.
    """
    require_graphviz()
    if output is not None and output.suffix != ".svg":
        raise InputError(f"--output {output}: expected a name that ends in .svg")

    drawn: list[Path] = []

    def draw_job(job: Job) -> None:
        path = output or job.folder / GRAPH
        svg = _svg(prepare(job.config, track=display.track).probe_input(), job.model, length)
        try:
            write_text(path, svg)
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror})") from None
        drawn.append(path)

    launch(draw_job, [*FOLDERS, *overrides], HydraOptions())
    return drawn[0]


def _svg(probe_input: ProbeInput, name: str, length: int) -> str:
    criterion = probe_input.objective.criterion
    if criterion == "classification":
        outputs = probe_input.model.head.output.out_features
        criterion = "binary_cross_entropy" if outputs == 1 else "cross_entropy"
    graph = unrolled(probe_input.model, length, words=_words(probe_input, length), criterion=criterion)
    title = (
        f"{name}, {length} {'step' if length == 1 else 'steps'}\n"
        "solid: forward; dashed: the gradient's way back, multiplied (·) by what stands beside the arrow"
    )
    return draw_graph(graph, title)


def _words(probe_input: ProbeInput, length: int) -> list[str] | None:
    """Returns the first words of the first text that has so many; None where inputs are numbers."""
    if probe_input.vocabulary is None:
        return None
    longest = 0
    for batch in probe_input.examples.batches(np.arange(len(probe_input.examples)), 1):
        longest = max(longest, int(batch.lengths[0]))
        if longest >= length:
            return [probe_input.vocabulary.words[word] for word in batch.inputs[0, :length].tolist()]
    raise InputError(f"--length {length}: expected at most {longest}, the words of the longest text")
