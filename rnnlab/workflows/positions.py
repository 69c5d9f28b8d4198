"""The inserted tokens moved through a run's texts."""

from rnnlab.data.labels import class_token
from rnnlab.experiment.probe_input import require_labelled_texts
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.probe import Probed, probe_run
from rnnlab.workflows.trained_run import TrainedRun


def move_tokens(
    run: TrainedRun, *, steps: int = 10, texts: int | None = None, display: Display = SILENT
) -> Probed:
    """Moves the tokens in so many steps from before the first word to after the last (probe `positions`).

    texts: how many validation texts, evenly spaced, None for all. A net that has not learned the tokens is
    noted. Raises InputError for a run whose texts have no class each.
    """
    require_labelled_texts(run, "positions")
    settings = {"positions": [step / steps for step in range(steps + 1)], "max_texts": texts}
    probed = probe_run(run, run.probe_input, "positions", settings, display=display)
    assert run.vocabulary is not None
    tokens = [class_token(label) for label in run.classes]
    if not run.model.word_vectors[[run.vocabulary[token] for token in tokens]].any():
        both = "both" if len(tokens) == 2 else "all"
        why = "never met the tokens" if run.config.insert == "none" else "has frozen vectors"
        display.note(
            f"the net {why} (insert={run.config.insert}): {both} are vectors of zeros, so what is shown "
            f"is one further step with an empty input, the same for {both} classes"
        )
    return probed
