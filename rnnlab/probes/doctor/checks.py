"""Five sicknesses of a training, each with the threshold that it is found by.

loss stuck at ln 2     the last epoch's training loss is at most 0.02 below ln 2, a coin's (of more classes:
                       below the logarithm of their number)
vanished gradients     validation accuracy is below 0.9, and the gradient of the loss at the start or the
                       middle of the texts is under 1/1000 of that where it is largest (medians)
overfitting            accuracy is 0.1 higher in training than in validation, or validation loss has risen
                       by 0.1 from its best while training loss went on falling
one-class output       at least 95 % of the validation texts are given the same class, which is 5 % more of
                       them than have it
poor vector coverage   less than 90 % of the training texts' running words have a pretrained vector

Thresholds leave a margin on both sides on the course's runs: there, a BoE's gap of accuracies is below 0.08
and an overfitting RNN's above 0.15; a loss that does not move stays above 0.68; the gradient of an Elman
network falls by more than a thousand over a text. A net that does its task has no use for early gradients,
so they do not count then.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

from rnnlab.data.labels import NEG_POS
from rnnlab.data.open_file import quote
from rnnlab.models.base import SequenceModel
from rnnlab.probes.doctor.evidence import Evidence
from rnnlab.probes.symptoms import fit_of, has_vanished, is_stuck

SATISFIED_ACCURACY = 0.9
ONE_CLASS_SHARE, ONE_CLASS_EXCESS = 0.95, 0.05
TOKEN_COVERAGE = 0.9


class Diagnosis(NamedTuple):
    """One issue: whether it was found (None: could not be looked for), why, and overrides to try."""

    issue: str
    found: bool | None
    evidence: str
    overrides: tuple[str, ...]


@dataclass(frozen=True)
class Recipe:
    """What of a run's configuration decides which override to try."""

    model: SequenceModel
    optimizer: str
    learning_rate: float
    insert: str
    freeze: bool
    tokenizer: str
    strip_html: bool

    @property
    def stays_zero(self) -> bool:
        """Whether the inserted tokens tell nothing, since their vectors are frozen zeros."""
        return self.freeze and self.insert != "none"


def diagnose(evidence: Evidence, recipe: Recipe) -> list[Diagnosis]:
    """Returns what each of the five checks says, found or not; overrides only where found."""
    checks = (stuck_loss, vanished_gradients, overfitting, one_class, vector_coverage)
    said = [check(evidence, recipe) for check in checks]
    return [each if each.found else each._replace(overrides=()) for each in said]


def stuck_loss(evidence: Evidence, recipe: Recipe) -> Diagnosis:
    """Looks for a training loss that is no better than that of a coin, or of a die with a side a class."""
    last, classes = evidence.metrics.iloc[-1], len(evidence.predicted)
    chance, guess = math.log(classes), "a coin's" if classes == 2 else "that of guessing"
    found = is_stuck(last.train_loss, classes)
    said = f"training loss {last.train_loss:.4f} in epoch {int(last.epoch)}; {guess} is ln {classes} = "
    return Diagnosis(f"loss stuck at ln {classes}", found, f"{said}{chance:.4f}", _ways_to_move(recipe))


def _ways_to_move(recipe: Recipe) -> tuple[str, ...]:
    thaw = ("freeze=false",) if recipe.stays_zero else ()
    if recipe.optimizer == "SGD":
        return (*thaw, "optimizer=adam", f"optimizer.lr={10 * recipe.learning_rate:g}")
    # Adam and its kind are stuck for too small a step or for one that keeps jumping over the valley.
    other = 10 * recipe.learning_rate if recipe.learning_rate < 1e-3 else recipe.learning_rate / 10
    return (*thaw, f"optimizer.lr={other:g}", "training.clip_norm=1")


def vanished_gradients(evidence: Evidence, recipe: Recipe) -> Diagnosis:
    """Looks for words that the loss tells nothing to, in a net that would have a use for them."""
    gradients = evidence.gradients
    weakest, strongest = min(gradients, key=gradients.__getitem__), max(gradients.values())
    ratio = gradients[weakest] / strongest if strongest else math.nan
    split = "valid" if evidence.metrics.valid_acc.notna().any() else "train"
    accuracy = evidence.metrics[f"{split}_acc"].iloc[-1]
    vanished = has_vanished(gradients[weakest], strongest)
    found = bool(vanished and accuracy < SATISFIED_ACCURACY)
    medians = ", ".join(f"{place} {value:.1e}" for place, value in gradients.items())
    said = f"median gradient of the loss at {medians}; {weakest} {ratio:.1e} of the largest"
    if recipe.model.is_recurrent and recipe.model.pooling not in ("last", None):
        # What is weak then counts for little, or is no unit's maximum; it has not come a long way.
        said += f"; with model.pooling={recipe.model.pooling} each word's state has a share of its own in it"
        return Diagnosis("vanished early gradients", False, said, ())
    if vanished and not found:
        said += f", but {split} accuracy {accuracy:.2f} has no need of it"
    return Diagnosis("vanished early gradients", found, said, _ways_to_early_words(recipe))


def _ways_to_early_words(recipe: Recipe) -> tuple[str, ...]:
    nearer = ("insert=end",) if recipe.insert in ("start", "middle") else ()
    if recipe.model.pooling is None or not recipe.model.is_recurrent:
        return (*nearer, "data.max_length=50")
    both: tuple[str, ...] = () if recipe.model.recurrent.bidirectional else ("model.bidirectional=true",)
    both += ("model.pooling=mean",)
    cell = recipe.model.cell
    if cell is not None and cell.retained_by_matrix:  # nothing in it is kept but through a matrix
        gated = "model=bilstm optimizer=adam" if not both else "model=lstm optimizer=adam"
        return (*both, gated, *nearer)
    return (*both, *nearer, "data.max_length=50")


def overfitting(evidence: Evidence, recipe: Recipe) -> Diagnosis:
    """Looks for training figures that do not carry over to other texts."""
    name = "overfitting"
    fit = fit_of(evidence.metrics)
    if fit is None:
        return Diagnosis(name, None, "there are no validation texts", ("data.valid_fraction=0.2",))
    last, best, found = fit
    said = (
        f"accuracy {last.train_acc:.2f} in training, {last.valid_acc:.2f} in validation; validation loss "
        f"{last.valid_loss:.4f}, at its best {best.valid_loss:.4f} in epoch {int(best.epoch)}"
    )
    ways: tuple[str, ...] = ("training.patience=3", "model.dropout=0.5")
    # Frozen vectors cannot be fitted to the training texts, but neither can the inserted tokens' learn.
    if not recipe.freeze and recipe.insert == "none" and evidence.token_coverage is not None:
        ways += ("freeze=true",)
    return Diagnosis(name, found, said, ways)


def one_class(evidence: Evidence, recipe: Recipe) -> Diagnosis:
    """Looks for an output that is the same class whatever the text."""
    # Of two classes that are called equally often, the second.
    label = max(reversed(evidence.predicted), key=evidence.predicted.__getitem__)
    predicted, valid, train = (
        shares[label] for shares in (evidence.predicted, evidence.valid, evidence.train)
    )
    classes = tuple(evidence.predicted)
    side = {"neg": "negative", "pos": "positive"}[label] if classes == NEG_POS else quote(label)
    found = predicted >= ONE_CLASS_SHARE and predicted - valid >= ONE_CLASS_EXCESS
    said = f"{predicted:.1%} of the validation texts are called {side}; {valid:.1%} are"
    if train >= 0.6:
        said += f", and {train:.1%} of the training texts: balance them"
    return Diagnosis("one-class output", found, said, (*_ways_to_move(recipe), "seed=2"))


def vector_coverage(evidence: Evidence, recipe: Recipe) -> Diagnosis:
    """Looks for texts whose words mostly have no pretrained vector."""
    name, share = "poor vector coverage", evidence.token_coverage
    if share is None:
        return Diagnosis(name, False, "no pretrained vectors: all are learned", ())
    said = f"{share:.1%} of the training texts' running words have a pretrained vector"
    ways = (
        ("data.tokenizer=spacy",) if recipe.tokenizer != "spacy" else (),
        ("data.strip_html=true",) if not recipe.strip_html else (),
        ("freeze=false",) if recipe.freeze else (),
        ("data.vectors=null freeze=false",),
    )
    return Diagnosis(name, share < TOKEN_COVERAGE, said, sum(ways, ()))
