"""What the words of a page mean, each in a sentence or two: a page defines those that its blocks name."""

from collections.abc import Iterable, Iterator

from rnnlab.reports.blocks import Section, Table

DEFINITIONS: dict[str, str] = {
    "accuracy": "The share of texts (or steps) that get the right label, 0 to 1.",
    "loss": "How surprised the net is by the right answer, −ln p of it, averaged; in nats, 0 at best. "
    "Guessing between two classes costs ln 2 = 0.693. Of numbers it is the squared error.",
    "95 % interval": "Of a share that was counted over n texts, Wilson's interval: in 95 of 100 samples of "
    "texts such an interval holds the true share. It reaches about 2·√(p(1 − p)/n) to either side.",
    "majority": "The share that is right if everything is given the label most frequent in training.",
    "gradient norm": "How much learning is told about a vector: the length of the loss's derivative with "
    "respect to it, in nats per unit. A step of plain gradient descent is this, times the learning rate.",
    "ratio to the end": "A position's gradient norm over the norm at the end of the text; near 0 where the "
    "gradient has vanished on its way back.",
    "cosine": "Of the angle between two vectors: 1 where they point the same way, 0 where they have nothing "
    "to do with each other, −1 where they are opposite. Not defined for a vector of zeros. Of random "
    "vectors of n numbers 95 of 100 pairs have one within ±1.96/√n.",
    "half-life": "The number of steps back in which a norm falls to a half, fitted to the medians over texts "
    "on a logarithmic axis; with its 95 % interval, and R², 1 where the fall is exactly exponential.",
    "Jacobian": "The matrix of derivatives of the last state with respect to an earlier one; its spectral "
    "norm says how much of a small change there can arrive at all.",
    "minimal pair": "Two texts that differ in one thing, of which it is known which is the more positive.",
    "logit": "ln p / (1 − p), what the net computes before it becomes a probability p; 0 is undecided.",
    "update ratio": "The length of one step of the optimizer over the length of the weights that it changes.",
    "F1": "Of a class: twice those rightly called so, over those of it plus those called so.",
    "ROC-AUC": "How often one of a class is given a higher probability of it than one of another class, ties "
    "counting half; 0.5 for guessing. Of more than two classes the mean of each against the rest.",
    "Brier score": "The mean squared error of the probabilities, of more than two classes summed over them; "
    "0 for certainty that is right.",
    "expected calibration error": "How far confidence, the probability of the class that is chosen, is from "
    "the share that is right: mean of the distances in bins of confidence, each 0.05 wide, by counts.",
    "McNemar's test": "Of two nets on the same texts: how likely it is that those which only one of them has "
    "right are so unevenly spread, if both are right equally often.",
    "SGD": "Stochastic gradient descent: after each batch every weight moves against its gradient, by the "
    "gradient times the learning rate.",
    "Adam": "An optimizer that divides each weight's gradient by the size that its gradients have had, so "
    "that a step's length depends little on how large the gradient is (Kingma & Ba 2015).",
    "padding": "Zeros that fill up the shorter texts of a batch, so that all have as many steps; 0 is the id "
    "of <pad>, which is no word.",
    "packing": "Telling the net how long each text is, so that no step of padding is taken and the last "
    "state is that after the text's own last word.",
    "overfitting": "Fitting what is special to the training texts: training figures go on getting better "
    "while those of other texts do not.",
}


def terms_of(sections: Iterable[Section]) -> list[str]:
    """Returns the terms that the blocks of a page name, in the order of the definitions."""
    named = set(_named(sections))
    return [term for term in DEFINITIONS if term in named]


def _named(sections: Iterable[Section]) -> Iterator[str]:
    for section in sections:
        for block in section.blocks:
            if not isinstance(block, Table):
                yield from block.terms
        yield from _named(section.sections)
