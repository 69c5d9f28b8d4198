"""What a net says of texts: of whole ones, and of every prefix of one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from rnnlab.core.batch import EVALUATION_BATCH
from rnnlab.data.encoded_text import EncodedText
from rnnlab.data.labels import NEG_POS
from rnnlab.data.splits import TextSplit
from rnnlab.models.base import SequenceModel
from rnnlab.probes.in_float64 import in_float64
from rnnlab.tasks.classification import chances

ATTENTION = "Attention"


@torch.no_grad()
def logits_by_text(
    model: SequenceModel, texts: Sequence[EncodedText], *, device: str
) -> list[NDArray[np.float64]]:
    """Returns the logits of every text, computed in float64.

    Each is (outputs,), or (tokens, outputs) of a net that answers at every step. In float64 the order in
    which sums are taken, which follows the batch a text happens to be in and the order of its words, moves
    a logit by about 1e-15 in place of 1e-6.
    """
    if not texts:
        return []
    lengths = [len(text.ids) for text in texts]
    split = TextSplit(
        ids=np.concatenate([text.ids for text in texts]),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        labels=np.zeros(len(texts), dtype=np.int64),  # nobody asks for them
        ngrams=texts[0].ngrams,
    )
    order = split.by_length()
    found: dict[int, NDArray[np.float64]] = {}
    places = iter(order.tolist())
    with in_float64(model) as net:
        for batch in split.batches(order, EVALUATION_BATCH):
            answers = net(batch.inputs.to(device), batch.lengths).cpu()
            for answer, length in zip(answers, batch.lengths, strict=True):
                found[next(places)] = (answer[:length] if net.every_step else answer).numpy()
    return [found[index] for index in range(len(texts))]


def logits(model: SequenceModel, texts: Sequence[EncodedText], *, device: str) -> NDArray[np.float64]:
    """Returns the logits of every text, (texts, outputs), computed in float64."""
    return np.array(logits_by_text(model, texts, device=device), dtype=np.float64)


def trace(
    model: SequenceModel, text: EncodedText, classes: Sequence[str] = NEG_POS, *, device: str
) -> pd.DataFrame:
    """Returns a row per token: the probabilities (`chances`) if the text ended with it.

    Every prefix is read anew, as a text of its own: so it is right for nets that read backwards, too, or pool
    their states. With `pooling=attention` the weights of the whole text's tokens, which add up to one,
    stand beside.
    """
    ends = range(1, len(text.ids) + 1)
    prefixes = [replace(text, tokens=text.tokens[:end], ids=text.ids[:end]) for end in ends]
    table = pd.DataFrame(
        {
            "Position": ends,
            "Token": text.tokens,
            **chances(logits(model, prefixes, device=device), classes),
            "Known": text.known,
        }
    )
    if model.pooling == "attention":
        weights = attention_weights(model, text, device=device)
        table.insert(table.columns.get_loc("Known"), ATTENTION, weights)
    return table


def attention_weights(model: SequenceModel, text: EncodedText, *, device: str) -> NDArray[np.float64]:
    """Returns how much each token's state counts in what is pooled, (tokens,), computed in float64."""
    ids = torch.from_numpy(text.ids).long().to(device)[None]
    with in_float64(model) as net:
        weights: NDArray[np.float64] = net.attention_weights(ids, torch.tensor([ids.shape[1]])).cpu().numpy()
    return weights[0]
