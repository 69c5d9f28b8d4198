"""A torch module of anybody's as the recurrent part of a model: called as `nn.LSTMCell` or as `nn.LSTM` is.

    cell(x_t, state) -> state             x_t (B, E); a tensor (B, H), or a tuple with (B, H) first
    layer(x, state) -> output, state      x (T, B, E), output (T, B, O), state (layers · directions, B, H)

The hidden state, which the head reads, is the first of a tuple. A module begins with the state None, or if
it cannot with zeros; a layer may have batches first, and no dimension of layers. What it computes is not
known here: it is called, never measured by other equations.

T steps, B texts, E inputs, H hidden, O outputs, N rows of a packed batch. A run is one direction of one
layer.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from rnnlab.core.errors import InputError, RnnlabError, reason
from rnnlab.models.calling import Calling, file_of, find_calling, states_of
from rnnlab.models.unroll import Unrolled, in_order_of_text, in_reading_order

States = tuple[Tensor, ...]
MakeModule = Callable[[int], nn.Module]


def make_guest(
    make: MakeModule, input_size: int, *, hidden_size: int | None, num_layers: int, bidirectional: bool
) -> "CellOverTime | GuestLayer":
    """Returns a layer around modules that `make` makes of their input size, one for each run of a cell.

    hidden_size: of a module that has to be given zeros at the beginning. Raises InputError for a module that
    can be called neither as a cell nor as a layer, or a layer that is to be stacked or reversed.
    """
    module = make(input_size)
    calling = find_calling(module, input_size, hidden_size)
    if calling.is_layer:
        for setting, value, only in (("num_layers", num_layers, 1), ("bidirectional", bidirectional, False)):
            if value != only:
                raise InputError(
                    f"model.{setting}: {type(module).__name__} is called as nn.LSTM is, and its constructor "
                    f"has no {setting}; expected {str(only).lower()}, found {str(value).lower()}"
                )
        return GuestLayer(module, calling)
    directions, width = (2 if bidirectional else 1), calling.hidden_size
    widths = [input_size] * (directions - 1) + [width * directions] * ((num_layers - 1) * directions)
    cells, callings = [module, *map(make, widths)], [calling]
    callings += [find_calling(c, w, hidden_size) for c, w in zip(cells[1:], widths, strict=True)]
    return CellOverTime(cells, callings, bidirectional=bidirectional)


class Run(NamedTuple):
    """One direction of one layer: its cell, how that is called, and whether it reads from the end."""

    cell: nn.Module
    calling: Calling
    reverse: bool

    def step(self, x: Tensor, states: States | None) -> States:
        """Returns the next states; texts beyond those that have states begin here."""
        begun = 0 if states is None else len(states[0])
        if states is not None and begun < len(x):
            going, fresh = self.step(x[:begun], states), self.step(x[begun:], None)
            return tuple(torch.cat(pair) for pair in zip(going, fresh, strict=True))
        if states is None and self.calling.starts:
            states = self.zeros(x)
        given = states if states is None or self.calling.in_tuple else states[0]
        return states_of(call(self.cell, x, given))

    def zeros(self, x: Tensor) -> States:
        """Returns states of zeros, one for each text."""
        return tuple(x.new_zeros(len(x), *shape) for shape in self.calling.shapes)


class CellOverTime(nn.Module):
    """Cells over time, stacked and in one or both directions, called as `nn.LSTM` is with packed sequences.

    Each text's last state is its own: a cell never sees its padding, nor a state that is not its own.
    """

    def __init__(
        self, cells: Sequence[nn.Module], callings: Sequence[Calling], *, bidirectional: bool
    ) -> None:
        """Takes a cell for each run, in torch's order: layer 0 forward, layer 0 reverse, layer 1 forward."""
        super().__init__()
        self.cells, self.callings = nn.ModuleList(cells), tuple(callings)
        self.hidden_size, self.bidirectional = callings[0].hidden_size, bidirectional
        self.num_layers = len(cells) // (2 if bidirectional else 1)

    @property
    def name(self) -> str:
        """What the cell is called."""
        return type(self.cells[0]).__name__

    def forward(
        self, vectors: PackedSequence | Tensor, state: tuple[Tensor, list[States]] | None = None
    ) -> tuple[PackedSequence | Tensor, tuple[Tensor, list[States]]]:
        """Returns the top layer's hidden states at every step; and the final hidden states (runs, B, H)
        beside all states of every run, which can be handed back for equally long texts.
        """
        if isinstance(vectors, PackedSequence):
            rows, sizes = vectors.data, vectors.batch_sizes.tolist()
        else:
            rows, sizes = vectors.flatten(0, 1), [vectors.shape[1]] * vectors.shape[0]
        finals: list[States] = []
        for runs in self._layers():
            outputs = []
            for run in runs:
                begin = None if state is None else state[1][len(finals)]
                output, final = _scan(run, rows, sizes, begin)
                outputs.append(output)
                finals.append(final)
            rows = torch.cat(outputs, dim=1)
        if isinstance(vectors, PackedSequence):
            order = vectors.unsorted_indices
            finals = [tuple(s if order is None else s[order] for s in states) for states in finals]
            return vectors._replace(data=rows), (torch.stack([s[0] for s in finals]), finals)
        return rows.unflatten(0, (len(sizes), sizes[0])), (torch.stack([s[0] for s in finals]), finals)

    def unroll(self, vectors: Float[Tensor, "B T E"], lengths: Int[Tensor, " B"]) -> list[Unrolled]:
        """Returns the states of every run, as `rnnlab.models.unroll.unroll` does.

        A state is what a step hands to the next one: a derivative with respect to it leaves the other states
        of that step as they are, even where one is made of another.
        """
        unrolled: list[Unrolled] = []
        for layer, runs in enumerate(self._layers(), start=1):
            for run in runs:
                direction = "backward" if run.reverse else "forward"
                inputs = in_reading_order(vectors, direction, lengths).transpose(0, 1)
                unrolled.append(Unrolled(layer, direction, _step_through(run, inputs, lengths), {}, None))
            vectors = in_order_of_text(unrolled[-len(runs) :], lengths)
        return unrolled

    def _layers(self) -> Iterator[list[Run]]:
        """Yields the runs of each layer."""
        runs = zip(self.cells, self.callings, cycle((False, True) if self.bidirectional else (False,)))
        directions = 2 if self.bidirectional else 1
        for _ in range(self.num_layers):
            yield [Run(*run) for run in islice(runs, directions)]


def _scan(
    run: Run, rows: Float[Tensor, "N E"], sizes: list[int], states: States | None
) -> tuple[Float[Tensor, "N H"], States]:
    """Returns the hidden state at every row of a packed batch, and each text's final states.

    sizes: how many texts go on at each step, never rising; the texts are in the order of their lengths.
    """
    hidden: list[Tensor] = []
    ended: list[States] = []
    steps = rows.split(sizes)
    for x in reversed(steps) if run.reverse else steps:
        if states is not None and len(x) < len(states[0]):
            ended.append(tuple(s[len(x) :] for s in states))
            states = tuple(s[: len(x)] for s in states)
        states = run.step(x, states)
        hidden.append(states[0])
    assert states is not None
    final = tuple(map(torch.cat, zip(states, *reversed(ended), strict=True)))
    return torch.cat(hidden[::-1] if run.reverse else hidden), final


def _step_through(
    run: Run, inputs: Float[Tensor, "T B E"], lengths: Int[Tensor, " B"]
) -> dict[str, list[Tensor]]:
    """Returns the states by name, the texts being aligned at their ends."""
    steps: list[States] = []
    begins = (len(inputs) - lengths).to(inputs.device)
    for time, x in enumerate(inputs):
        going = run.step(x, steps[-1]) if steps else None
        fresh = run.step(x, None) if going is None or bool((begins == time).any()) else going
        new = fresh if going is None else _where(begins < time, going, fresh)
        steps.append(tuple(map(_handed_on, new)))
    names = ["h", *(f"state_{number}" for number in range(2, len(steps[0]) + 1))]
    by_name = dict(zip(names, map(list, zip(*steps, strict=True)), strict=True))
    return {name: states for name, states in by_name.items() if states[0].ndim == 2}


def _handed_on(state: Tensor) -> Tensor:
    """Returns the state as a node of its own in the graph, of which other states of its step know nothing."""
    return state.view_as(state) if state.requires_grad else state.detach().requires_grad_()


class GuestLayer(nn.Module):
    """A module that is called as `nn.LSTM` is, on packed sequences: on all texts of one length at a time.

    So no text has padding, whatever the module makes of that.
    """

    def __init__(self, module: nn.Module, calling: Calling) -> None:
        super().__init__()
        self.module, self.calling = module, calling
        self.hidden_size, self.bidirectional = calling.hidden_size, calling.directions == 2
        self.num_layers = max(calling.runs, 1) // calling.directions

    @property
    def name(self) -> str:
        """What the layer is called."""
        return type(self.module).__name__

    def forward(
        self, vectors: PackedSequence | Tensor, state: tuple[Tensor, Any] | None = None
    ) -> tuple[PackedSequence | Tensor, tuple[Tensor, Any]]:
        """Returns the output at every step; and the final hidden states (runs, B, H) beside the module's own
        state, which can be handed back for equally long texts.
        """
        if isinstance(vectors, Tensor):
            return self._call(vectors, None if state is None else state[1])
        padded, lengths = pad_packed_sequence(vectors)
        finals: list[Tensor] = []
        places: list[Tensor] = []
        outputs: Tensor | None = None
        for length in lengths.unique().tolist():
            rows = (lengths == length).nonzero()[:, 0].to(padded.device)
            output, (hidden, _) = self._call(padded[:length, rows], None)
            if outputs is None:
                outputs = output.new_zeros(len(padded), len(lengths), output.shape[2])
            outputs = outputs.index_put((torch.arange(length, device=rows.device)[:, None], rows), output)
            finals.append(hidden)
            places.append(rows)
        assert outputs is not None
        final = torch.cat(finals, dim=1)[:, torch.cat(places).argsort()]
        return pack_padded_sequence(outputs, lengths, enforce_sorted=False), (final, None)

    def unroll(self, vectors: Float[Tensor, "B T E"], lengths: Int[Tensor, " B"]) -> list[Unrolled]:
        """Returns the hidden states, from calls with one step each; only of one layer in one direction.

        Raises InputError where that gives another final state than the module's own reading of the sequence.
        """
        inputs = in_reading_order(vectors, "forward", lengths).transpose(0, 1)
        begins, hidden = (len(inputs) - lengths).to(inputs.device), list[Tensor]()
        states: States | None = None
        for time, x in enumerate(inputs):
            new = states_of(self._call(x[None], None)[1][1])
            if states is not None:
                _, (_, going) = self._call(x[None], states if self.calling.in_tuple else states[0])
                new = _where(begins < time, states_of(going), new, at=1 if self.calling.runs else 0)
            hidden.append(new[0][0] if self.calling.runs else new[0])
            # What is looked at has to be what the next step comes from.
            states = (hidden[-1][None] if self.calling.runs else hidden[-1], *new[1:])
        packed = pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
        whole = self(packed)[1][0][0]
        if not torch.allclose(whole, hidden[-1], rtol=1e-5, atol=1e-8):
            raise InputError(f"{self.name} read step by step ends in other states than read at once")
        return [Unrolled(1, "forward", {"h": hidden}, {}, None)]

    def _call(self, x: Float[Tensor, "T B E"], state: Any) -> tuple[Tensor, tuple[Tensor, Any]]:
        if state is None and self.calling.starts:
            lead = (self.calling.runs,) if self.calling.runs else ()
            zeros = tuple(x.new_zeros(*lead, x.shape[1], *shape) for shape in self.calling.shapes)
            state = zeros if self.calling.in_tuple else zeros[0]
        output, last = call(self.module, x.transpose(0, 1) if self.calling.batch_first else x, state)
        hidden = states_of(last)[0]
        hidden = hidden if self.calling.runs else hidden[None]
        return (output.transpose(0, 1) if self.calling.batch_first else output), (hidden, last)


def without_unrolled(layer: Any) -> str | None:
    """Returns why the states of a layer cannot be followed from step to step, or None if they can."""
    if isinstance(layer, CellOverTime):
        return None
    name = name_of(layer)
    if not isinstance(layer, GuestLayer):
        return f"the equations of {name} are not known, so its states cannot be followed"
    if layer.calling.runs > 1 or not layer.calling.output_is_state:
        return f"{name} is a layer of more than one state per step, which cannot be followed from outside"
    return None


def name_of(layer: Any) -> str:
    """Returns what a recurrent layer is called: the class of the module in it, or its own."""
    return layer.name if isinstance(layer, (CellOverTime, GuestLayer)) else type(layer).__name__


def call(module: nn.Module, x: Tensor, state: Any) -> Any:
    """Returns what a module gives; what it raises becomes an InputError with its line."""
    try:
        return module(x, state)
    except RnnlabError:
        raise
    except Exception as error:
        raise InputError(f"{type(module).__name__}: {reason(error, file_of(module))}") from error


def _where(flags: Tensor, yes: States, no: States, *, at: int = 0) -> States:
    """Returns for each text, counted by dimension `at`, the states of `yes` where flagged, else of `no`."""
    return tuple(
        torch.where(flags.reshape(*[1] * at, -1, *[1] * (a.ndim - at - 1)), a, b)
        for a, b in zip(yes, no, strict=True)
    )
