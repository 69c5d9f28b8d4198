"""What a run's net says of texts, and which tokens made it say so."""

from dataclasses import dataclass

import pandas as pd

from rnnlab.data.encoded_text import EncodedText
from rnnlab.experiment.probe_input import require_labelled_texts
from rnnlab.experiment.torch_settings import torch_settings
from rnnlab.probes.attribution import BASELINE, integrated_gradients
from rnnlab.probes.prediction import logits_by_text, trace
from rnnlab.tasks.classification import LABEL
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.given_texts import GivenTexts
from rnnlab.workflows.trained_run import TrainedRun

TRUE_LABEL = "True label"


@dataclass(frozen=True)
class Predictions:
    """What a net says of texts: `table` as of `TrainedRun.predict`, with `True label` where labels are given.

    accuracy: 0 to 1; confusion: how many texts of a label (row) are called what (column); both None without
    labels.
    """

    table: pd.DataFrame
    accuracy: float | None = None
    confusion: pd.DataFrame | None = None


def predict(run: TrainedRun, given: GivenTexts) -> Predictions:
    """Returns what a run's net says of texts; raises InputError for a text that holds no token."""
    table = run.predict(given.texts, given.places)
    if given.labels is None or LABEL not in table:
        return Predictions(table)
    labels = pd.Categorical([run.classes[label] for label in given.labels], run.classes)
    table.insert(table.columns.get_loc(LABEL) + 1, TRUE_LABEL, labels.astype(str))
    predicted = pd.Categorical(table[LABEL], run.classes)
    confusion = pd.crosstab(labels, predicted, dropna=False, rownames=["label"], colnames=[""])
    return Predictions(table, float((table[TRUE_LABEL] == table[LABEL]).mean()), confusion)


def explain_tokens(
    run: TrainedRun, given: GivenTexts, *, attribute: bool, display: Display = SILENT
) -> list[pd.DataFrame]:
    """Returns a table per text, a row per token.

    attribute: each token's share of a logit, by integrated gradients: that of the second of two classes, of
    more that of the text's most probable one; else the probability of each class if the text ended with the
    token, and the token's weight in the whole text where the net pools its states by attention. Raises
    InputError for a run whose texts have no class each, or a text that holds no token.
    """
    require_labelled_texts(run, "predict")
    encoded = run.encode(given.texts, given.places)
    if attribute:
        of = run.classes[1] if len(run.classes) == 2 else "each text's most probable label"
        display.note(f"attributions in units of the logit of {of}; baseline: {BASELINE}")
    with torch_settings(run.config):
        if attribute:
            return [_attributions(run, text) for text in encoded]
        return [trace(run.model, text, run.classes, device=run.device) for text in encoded]


def _attributions(run: TrainedRun, text: EncodedText) -> pd.DataFrame:
    output = 0
    if len(run.classes) > 2:
        (logits,) = logits_by_text(run.model, [text], device=run.device)
        output = int(logits.argmax())
    read = text.with_ngrams()
    table = integrated_gradients(run.model, read, output=output, device=run.device).table(read)
    return table.assign(Label=run.classes[output]) if len(run.classes) > 2 else table
