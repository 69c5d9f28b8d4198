"""What all models share: inputs as vectors, a reading of them, and a small head."""

from typing import Annotated, Any, ClassVar

import torch
from annotated_types import Ge, Gt, Le, Lt
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from rnnlab.cells import Cell
from rnnlab.models.pooling import Pooling

Size = Annotated[int, Gt(0), Le(2**24)]
"""Units, features or texts: a matrix of more than 2²⁴ rows and columns would be a petabyte."""
Layers = Annotated[int, Gt(0), Le(1024)]
Probability = Annotated[float, Ge(0.0), Lt(1.0)]
Sequences = PackedSequence | Tensor
"""Vectors of sequences: packed, or (time, batch, vector) where all are equally long."""


class Features(nn.Module):
    """Stands where an embedding stands when a task's inputs are numbers already, and passes them on."""

    def __init__(self, embedding_dim: int) -> None:
        super().__init__()
        self.embedding_dim = embedding_dim

    def forward(self, inputs: Tensor) -> Tensor:
        """Returns `inputs` (..., embedding_dim)."""
        return inputs


Embedding = nn.Embedding | Features


class Head(nn.Module):
    """Linear(input → head) + ReLU, then Linear(head → output); without a head size, one Linear."""

    def __init__(self, input_size: int, head_size: int | None, output_size: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(input_size, head_size) if head_size else None
        self.output = nn.Linear(head_size or input_size, output_size)

    def forward(self, vectors: Float[Tensor, "... vector"]) -> Float[Tensor, "... outputs"]:
        """Returns logits."""
        return self.output(vectors if self.hidden is None else torch.relu(self.hidden(vectors)))


class SequenceModel(nn.Module):
    """A model that turns each sequence into one document vector and that into logits.

    With `every_step` (recurrent models only) each step's output becomes logits in its place. The embedding
    is made by the caller, before the model, so that the modules draw their initial parameters in the
    order embedding, recurrent layer, hidden Linear, output Linear.
    """

    embedding: Embedding
    head: Head
    every_step: bool = False
    recurrent: Any
    """The recurrent layer, called as `nn.LSTM` is; only of models that have one."""
    attention: Any
    """What weighs the layer's states where they are pooled by attention, else None; only beside a layer."""
    is_bag: ClassVar[bool] = False
    """Whether the order of inputs is nothing to the model, so that n-grams may stand behind the words."""
    cell: Cell | None = None
    """The equations of the recurrent layer; None: there is no such layer, or they are not known."""
    pooling: Pooling | None = None
    """How one vector comes of a recurrent layer's states, or without such a layer of the inputs' vectors;
    None: in a way of the model's own.
    """

    def __init_subclass__(cls) -> None:
        """What a class computes otherwise than its parent is not known, unless it says so itself."""
        super().__init_subclass__()
        computed = ("forward", "forward_vectors", "document", "outputs", "_logits")
        if "pooling" not in cls.__dict__ and any(name in cls.__dict__ for name in computed):
            cls.pooling = None

    def forward(
        self, inputs: Shaped[Tensor, "batch time *features"], lengths: Int[Tensor, " batch"]
    ) -> Float[Tensor, "batch *time outputs"]:
        """Returns logits of token ids or numbers; `lengths` (1 ≤ length ≤ time, on the CPU) hides padding.

        (batch, outputs), or (batch, longest, outputs) with `every_step`.
        """
        # Looking up only what is packed spares the padding a vector, and the gradient a detour.
        return self._logits(apply(self.embedding, pack(inputs, lengths)))

    def forward_vectors(
        self, vectors: Float[Tensor, "batch time embedding"], lengths: Int[Tensor, " batch"]
    ) -> Float[Tensor, "batch *time outputs"]:
        """Returns logits for word vectors in place of ids, so that a probe can vary the vectors."""
        return self._logits(pack(vectors, lengths))

    @property
    def is_recurrent(self) -> bool:
        """Whether a recurrent layer reads the vectors one after the other."""
        return "recurrent" in self._modules

    @property
    def word_vectors(self) -> Tensor:
        """The table of word vectors (vocabulary, embedding), only where inputs are token ids.

        Those of n-grams, if there are some, come after them.
        """
        assert isinstance(self.embedding, nn.Embedding)
        return self.embedding.weight

    def document(self, vectors: Sequences) -> Float[Tensor, "batch vector"]:
        """Returns one vector per sequence, from its word vectors."""
        raise NotImplementedError

    def outputs(self, vectors: Sequences) -> Sequences:
        """Returns one vector per step."""
        raise NotImplementedError

    def attention_weights(
        self, inputs: Shaped[Tensor, "batch time *features"], lengths: Int[Tensor, " batch"]
    ) -> Float[Tensor, "batch longest"]:
        """Returns how much each step counts in what is pooled; only with `pooling=attention`."""
        raise NotImplementedError

    def _logits(self, vectors: Sequences) -> Tensor:
        if not self.every_step:
            return self.head(self.document(vectors))
        logits = apply(self.head, self.outputs(vectors))
        if isinstance(logits, Tensor):
            return logits.transpose(0, 1)
        return pad_packed_sequence(logits, batch_first=True)[0]


def pack(padded: Tensor, lengths: Int[Tensor, " batch"]) -> Sequences:
    """Returns sequences (batch, time, ...) without their padding, time first.

    torch's layers step through an unpacked tensor up to four times as fast.
    """
    if int(lengths.min()) == padded.shape[1]:
        return padded.transpose(0, 1)
    return pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)


def unpack(vectors: Sequences) -> tuple[Float[Tensor, "time batch vector"], Bool[Tensor, "time batch"]]:
    """Returns vectors in the sequences' own order, zeros in the padding, and which are none of it."""
    if isinstance(vectors, Tensor):
        return vectors, torch.ones(vectors.shape[:2], dtype=torch.bool, device=vectors.device)
    padded, lengths = pad_packed_sequence(vectors)
    return padded, (torch.arange(len(padded))[:, None] < lengths).to(padded.device)


def apply(module: nn.Module, vectors: Sequences) -> Sequences:
    """Returns what `module` makes of every vector."""
    return (
        vectors._replace(data=module(vectors.data))
        if isinstance(vectors, PackedSequence)
        else module(vectors)
    )
