"""Cells from papers are the papers': their equations written out naively, forward and every gradient, layers,
directions and unequal lengths; and, where it has them, the package torchrecurrent's.
"""

import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchrecurrent
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import rnnlab
from rnnlab.cells import Cell, shipped_cells
from rnnlab.cells.cfn import CFN
from rnnlab.cells.fastgrnn import FastGRNN
from rnnlab.cells.gru import GRU
from rnnlab.cells.indrnn import IndRNN
from rnnlab.cells.lem import LEM
from rnnlab.cells.lru import LRU
from rnnlab.cells.lstm import LSTM
from rnnlab.cells.mgu import MGU
from rnnlab.cells.mingru import MinGRU
from rnnlab.cells.minlstm import MinLSTM
from rnnlab.cells.mlstm import MultiplicativeLSTM
from rnnlab.cells.peephole import PeepholeLSTM
from rnnlab.cells.slstm import SLSTM
from rnnlab.core.errors import InputError
from rnnlab.models.layer import RecurrentLayer, layers_of, step_of
from rnnlab.models.recurrent import RecurrentModel
from rnnlab.scratch import Layer

INPUT, HIDDEN = 3, 5
LENGTHS = [2, 6, 1, 4]
TOLERANCE = {"rtol": 0, "atol": 1e-10}
sig, tanh, exp, log = torch.sigmoid, torch.tanh, torch.exp, torch.log

Parameters = Mapping[str, Tensor]
States = tuple[Tensor, ...]


def blocks(weight: Tensor) -> tuple[Tensor, ...]:
    return weight.split(HIDDEN)


def peephole(p: Parameters, x: Tensor, s: States) -> States:
    h, c = s
    Wi, Wf, Wc, Wo = blocks(p["weight_ih"])
    Ui, Uf, Uc, Uo = blocks(p["weight_hh"])
    bi, bf, bc, bo = blocks(p["bias_ih"] + p["bias_hh"])
    i = sig(Wi @ x + Ui @ h + p["peephole_input"] * c + bi)
    f = sig(Wf @ x + Uf @ h + p["peephole_forget"] * c + bf)
    c = f * c + i * tanh(Wc @ x + Uc @ h + bc)
    o = sig(Wo @ x + Uo @ h + p["peephole_output"] * c + bo)
    return o * tanh(c), c


def indrnn(p: Parameters, x: Tensor, s: States, f: Callable[[Tensor], Tensor]) -> States:
    return (f(p["weight_ih"] @ x + p["recurrent_weight"] * s[0] + p["bias_ih"]),)


def minlstm(p: Parameters, x: Tensor, s: States) -> States:
    Wf, Wi, Wn = blocks(p["weight_ih"])
    bf, bi, bn = blocks(p["bias_ih"])
    f, i = sig(Wf @ x + bf), sig(Wi @ x + bi)
    return (f / (f + i) * s[0] + i / (f + i) * (Wn @ x + bn),)


def lru(p: Parameters, x: Tensor, s: States) -> States:
    B = torch.complex(*blocks(p["weight_ih"]))
    eigenvalue = exp(torch.complex(-exp(p["log_decay"]), exp(p["log_phase"])))
    state = eigenvalue * torch.complex(*s) + exp(p["log_scale"]) * (B @ x.to(B.dtype))
    return state.real, state.imag


def slstm(p: Parameters, x: Tensor, s: States, forget: str) -> States:
    h, c, n, m = s
    pre = p["weight_ih"] @ x + p["weight_hh"] @ h + p["bias_ih"]
    i_tilde, f_tilde, z_tilde, o_tilde = blocks(pre)
    i = exp(i_tilde)
    f = sig(f_tilde) if forget == "sigmoid" else exp(f_tilde)
    new_m = torch.max(log(f) + m, log(i))
    i, f = exp(log(i) - new_m), exp(log(f) + m - new_m)
    c, n = f * c + i * tanh(z_tilde), f * n + i
    return sig(o_tilde) * (c / n), c, n, new_m


def cfn(p: Parameters, x: Tensor, s: States) -> States:
    V_theta, V_eta, W = blocks(p["weight_ih"])
    U_theta, U_eta = blocks(p["weight_hh"])
    theta = sig(U_theta @ s[0] + V_theta @ x + p["bias_forget"])
    eta = sig(U_eta @ s[0] + V_eta @ x + p["bias_input"])
    return (theta * tanh(s[0]) + eta * tanh(W @ x),)


def fastgrnn(p: Parameters, x: Tensor, s: States) -> States:
    W, U = p["weight_ih"], p["weight_hh"]
    z = sig(W @ x + U @ s[0] + p["bias_gate"])
    candidate = tanh(W @ x + U @ s[0] + p["bias_new"])
    return ((sig(p["zeta"]) * (1 - z) + sig(p["nu"])) * candidate + z * s[0],)


def mgu(p: Parameters, x: Tensor, s: States) -> States:
    Wf, Wh = blocks(p["weight_ih"])
    Uf, Uh = blocks(p["weight_hh"])
    bf, bh = blocks(p["bias_ih"])
    f = sig(Wf @ x + Uf @ s[0] + bf)
    return ((1 - f) * s[0] + f * tanh(Wh @ x + Uh @ (f * s[0]) + bh),)


def mlstm(p: Parameters, x: Tensor, s: States) -> States:
    h, c = s
    W_mx, W_ix, W_fx, W_hx, W_ox = blocks(p["weight_ih"])
    W_mh, W_im, W_fm, W_hm, W_om = blocks(p["weight_hh"])
    m = (W_mx @ x) * (W_mh @ h)
    h_hat = W_hx @ x + W_hm @ m + p["bias_cell"]
    i = sig(W_ix @ x + W_im @ m + p["bias_input"])
    o = sig(W_ox @ x + W_om @ m + p["bias_output"])
    f = sig(W_fx @ x + W_fm @ m + p["bias_forget"])
    c = f * c + i * h_hat
    return tanh(c * o), c


def lem(p: Parameters, x: Tensor, s: States, dt: float) -> States:
    y, z = s
    V1, V2, Vz, Vy = blocks(p["weight_ih"])
    W1, W2, Wz, Wy = blocks(p["weight_hh"])
    b1, b2, bz, by = blocks(p["bias_ih"])
    dt_n = dt * sig(W1 @ y + V1 @ x + b1)
    dt_bar = dt * sig(W2 @ y + V2 @ x + b2)
    z = (1 - dt_n) * z + dt_n * tanh(Wz @ y + Vz @ x + bz)
    return (1 - dt_bar) * y + dt_bar * tanh(Wy @ z + Vy @ x + by), z


Paper = tuple[Cell, Callable[[Parameters, Tensor, States], States]]
PAPERS: dict[str, Paper] = {
    "peephole": (PeepholeLSTM(), peephole),
    "indrnn": (IndRNN(nonlinearity="relu"), lambda p, x, s: indrnn(p, x, s, torch.relu)),
    "indrnn tanh": (IndRNN(nonlinearity="tanh"), lambda p, x, s: indrnn(p, x, s, tanh)),
    "minlstm": (MinLSTM(), minlstm),
    "lru": (LRU(), lru),
    "slstm": (SLSTM(), lambda p, x, s: slstm(p, x, s, "sigmoid")),
    "slstm exponential": (SLSTM(forget="exponential"), lambda p, x, s: slstm(p, x, s, "exponential")),
    "cfn": (CFN(), cfn),
    "fastgrnn": (FastGRNN(), fastgrnn),
    "mgu": (MGU(), mgu),
    "mlstm": (MultiplicativeLSTM(), mlstm),
    "lem": (LEM(), lambda p, x, s: lem(p, x, s, 1.0)),
    "lem half": (LEM(time_step=0.5), lambda p, x, s: lem(p, x, s, 0.5)),
}


def naive(
    module: RecurrentLayer, paper: Callable[..., States], inputs: list[Tensor], initial: list[States]
) -> tuple[Tensor, list[States]]:
    """One text, step by step."""
    finals: list[States] = []
    for layer in range(module.num_layers):
        outputs = []
        for ending in ("", "_reverse")[: 1 + module.bidirectional]:
            suffix = f"_l{layer}{ending}"
            named = module.named_parameters()
            own = {name.removesuffix(suffix): p for name, p in named if name.endswith(suffix)}
            state, hidden = initial[len(finals)], []
            for vector in inputs[::-1] if ending else inputs:
                state = paper(own, vector, state)
                hidden.append(state[0])
            finals.append(state)
            outputs.append(hidden[::-1] if ending else hidden)
        inputs = [torch.cat(step) for step in zip(*outputs, strict=True)]
    return torch.stack(inputs), finals


@pytest.mark.parametrize("bidirectional", [False, True], ids=["forward", "both"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("name", PAPERS)
def test_outputs_final_states_and_gradients_are_the_paper_s(
    name: str, layers: int, bidirectional: bool
) -> None:
    cell, paper = PAPERS[name]
    torch.manual_seed(0)
    module = RecurrentLayer(cell, INPUT, HIDDEN, layers, bidirectional=bidirectional).double()
    runs, count = layers * (1 + bidirectional), len(cell.states)
    rng = np.random.default_rng(1)
    x = torch.tensor(rng.standard_normal((max(LENGTHS), len(LENGTHS), INPUT)), requires_grad=True)
    # Above zero, as a normaliser is, by which is divided; one text starts from zeros, as all do in a model.
    begin = rng.uniform(0.5, 1.5, (count, runs, len(LENGTHS), HIDDEN))
    begin[:, :, 1] = 0
    initial = torch.tensor(begin, requires_grad=True)
    of_output = torch.tensor(rng.standard_normal((max(LENGTHS), HIDDEN * (1 + bidirectional))))
    of_final = torch.tensor(rng.standard_normal((count, runs, HIDDEN)))
    parameters: dict[str, Tensor | nn.Parameter] = {"x": x, "initial": initial}
    parameters |= dict(module.named_parameters())

    packed = pack_padded_sequence(x, torch.tensor(LENGTHS), enforce_sorted=False)
    output, final = module(packed, tuple(initial) if count > 1 else initial[0])
    padded, _ = pad_packed_sequence(output)
    final = torch.stack(final) if count > 1 else final[None]
    loss = (final * of_final[:, :, None]).sum()
    for text, length in enumerate(LENGTHS):
        loss = loss + (padded[:length, text] * of_output[:length]).sum()
    found = torch.autograd.grad(loss, list(parameters.values()))

    expected_loss = torch.zeros((), dtype=torch.float64)
    for text, length in enumerate(LENGTHS):
        of_text = [tuple(initial[:, run, text]) for run in range(runs)]
        outputs, finals = naive(module, paper, list(x[:length, text]), of_text)
        last = torch.stack([torch.stack(of_run) for of_run in finals], dim=1)
        assert outputs.norm() > 1e-3 and all(state.norm() > 1e-3 for state in last)
        torch.testing.assert_close(padded[:length, text], outputs, **TOLERANCE)
        torch.testing.assert_close(final[:, :, text], last, **TOLERANCE)
        expected_loss = expected_loss + (outputs * of_output[:length]).sum() + (last * of_final).sum()
    expected = torch.autograd.grad(expected_loss, list(parameters.values()))
    for key, a, b in zip(parameters, found, expected, strict=True):
        assert b.norm() > 1e-3, key
        torch.testing.assert_close(a, b, **TOLERANCE, msg=lambda m, n=key: f"{n}: {m}")


def drawn(cell: Cell) -> tuple[Callable[..., Any], dict[str, Tensor], list[Tensor], States]:
    """Returns a cell's step on one vector, its parameters, a short sequence of batches and states."""
    torch.manual_seed(3)
    module = RecurrentLayer(cell, INPUT, HIDDEN).double()
    own = {name: p.detach() for name, p in layers_of(cell, module)[0][0].parameters.items()}
    step = step_of(cell, own)

    def of_vectors(x: Tensor, states: States) -> Any:
        return step(nn.functional.linear(x, own["weight_ih"], own.get("bias_ih")), states)

    states = tuple(torch.randn(2, HIDDEN, dtype=torch.float64) for _ in cell.states)
    return of_vectors, own, [torch.randn(2, INPUT, dtype=torch.float64) for _ in range(4)], states


def theirs(name: str, weights: Mapping[str, Tensor], **settings: Any) -> Any:
    """Returns torchrecurrent's cell with these weights, and zeros where it has others."""
    cell = getattr(torchrecurrent, name)(INPUT, HIDDEN, **settings).double()
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.zero_()
        for key, weight in weights.items():
            getattr(cell, key).copy_(weight)
    return cell


def test_one_state_cells_are_torchrecurrent_s() -> None:
    zeros = torch.zeros(HIDDEN, dtype=torch.float64)

    def same(own: dict[str, Tensor]) -> dict[str, Tensor]:
        return {name: p for name, p in own.items() if name.startswith(("weight_", "bias_ih", "bias_hh"))}

    cases: list[tuple[Cell, str, Callable[[dict[str, Tensor]], dict[str, Tensor]], dict[str, Any]]] = [
        (MGU(), "MGUCell", same, {}),
        (
            IndRNN(nonlinearity="relu"),
            "IndRNNCell",
            lambda own: {**same(own), "vector_u": own["recurrent_weight"]},
            {"nonlinearity": "relu"},
        ),
        (
            CFN(),
            "CFNCell",
            lambda own: {**same(own), "bias_ih": torch.cat([own["bias_forget"], own["bias_input"], zeros])},
            {},
        ),
        (
            FastGRNN(),
            "FastGRNNCell",
            lambda own: {
                **same(own),
                **{name: own[name] for name in ("zeta", "nu")},
                "bias_ih": torch.cat([own["bias_gate"], own["bias_new"]]),
            },
            {"nonlinearity": "sigmoid"},  # of the gate, for which their default is tanh
        ),
    ]
    for cell, name, weights, settings in cases:
        step, own, vectors, (h,) = drawn(cell)
        reference, expected = theirs(name, weights(own), **settings), h
        for x in vectors:
            ((h,), _), expected = step(x, (h,)), reference(x, expected)
            assert expected.norm() > 1e-3
            torch.testing.assert_close(h, expected, **TOLERANCE, msg=lambda m, n=name: f"{n}: {m}")


def test_peepholes_are_torchrecurrent_s() -> None:
    step, own, vectors, states = drawn(PeepholeLSTM())
    peepholes = torch.cat([own.pop(f"peephole_{gate}") for gate in ("input", "forget", "output")])
    reference, expected = theirs("PeepholeLSTMCell", {**own, "weight_ph": peepholes}), states
    for x in vectors:
        (states, _), expected = step(x, states), reference(x, expected)
        torch.testing.assert_close(states, expected, **TOLERANCE)


def test_a_lem_is_torchrecurrent_s_but_for_the_new_z_in_place_of_the_old() -> None:
    step, own, vectors, (h, z) = drawn(LEM(time_step=0.5))
    W1, W2, Wz, Wh = own["weight_hh"].split(HIDDEN)
    V1, V2, Vz, Vh = own["weight_ih"].split(HIDDEN)
    b1, b2, bz, bh = own["bias_ih"].split(HIDDEN)
    weights = {
        "weight_ih": torch.cat([V2, V1, Vz, Vh]),  # theirs has the hidden state's time step first
        "bias_ih": torch.cat([b2, b1, bz, bh]),
        "weight_hh": torch.cat([W2, W1, Wz]),
        "weight_ch": Wh,
    }
    reference = theirs("LEMCell", weights, dt=0.5)
    for x in vectors:
        (new_h, new_z), _ = step(x, (h, z))
        their_h, their_z = reference(x, (h, z))
        torch.testing.assert_close(new_z, their_z, **TOLERANCE)
        assert (new_h - their_h).abs().max() > 1e-3
        their_h, _ = reference(x, (h, new_z))
        torch.testing.assert_close(new_h, their_h, **TOLERANCE)
        h, z = new_h, new_z


def test_a_multiplicative_lstm_is_torchrecurrent_s_but_for_where_tanh_stands() -> None:
    step, own, vectors, (h, c) = drawn(MultiplicativeLSTM())
    weights = {
        "weight_ih": own["weight_ih"],
        "weight_hh": own["weight_hh"][:HIDDEN],
        "weight_mh": own["weight_hh"][HIDDEN:],
        "bias_mh": torch.cat([own[f"bias_{gate}"] for gate in ("input", "forget", "cell", "output")]),
    }
    reference = theirs("MultiplicativeLSTMCell", weights)
    for x in vectors:
        (new_h, new_c), kept = step(x, (h, c))
        their_h, their_c = reference(x, (h, c))
        squashed = kept["f"] * c + kept["i"] * tanh(kept["g"])
        torch.testing.assert_close(squashed, their_c, **TOLERANCE)
        torch.testing.assert_close(kept["o"] * tanh(squashed), their_h, **TOLERANCE)
        assert (new_h - their_h).abs().max() > 1e-3 and (new_c - their_c).abs().max() > 1e-3
        h, c = new_h, new_c


def test_a_stabiliser_changes_no_hidden_state() -> None:
    step, own, vectors, _ = drawn(SLSTM())
    zeros = torch.zeros(2, HIDDEN, dtype=torch.float64)
    states, c, n, h = (zeros,) * 4, zeros, zeros, zeros
    for x in vectors:
        i, f, z, o = (x @ own["weight_ih"].T + h @ own["weight_hh"].T + own["bias_ih"]).chunk(
            4, dim=1
        )  # (8) to (14), without a stabiliser
        c, n = sig(f) * c + exp(i) * tanh(z), sig(f) * n + exp(i)
        h = sig(o) * c / n
        states, _ = step(x, states)
        torch.testing.assert_close(states[0], h, **TOLERANCE)


LONG = {"lru": 500, "slstm": 500, "slstm exponential": 500}  # steps, of those whose states add up


@pytest.mark.parametrize("name", PAPERS)
def test_nothing_overflows_at_great_lengths_and_with_gates_wide_open_and_shut(name: str) -> None:
    cell, _ = PAPERS[name]
    torch.manual_seed(0)
    module = RecurrentLayer(cell, INPUT, HIDDEN)
    own = {key.removesuffix("_l0"): p.detach().numpy() for key, p in module.named_parameters()}
    cell.start(own, np.random.default_rng(0))
    x = np.random.default_rng(1).standard_normal((LONG.get(name, 20), 3, INPUT)).astype(np.float32)
    x *= np.float32([[1], [100], [1000]])  # products of the input of hundreds, above and below zero
    given = torch.tensor(x, requires_grad=True)
    output, _ = module(given)
    assert (output[-1].abs() > 0).any()
    output[-1].sum().backward()
    layer = Layer({key: p.detach().numpy() for key, p in module.named_parameters()}, cell=cell)
    forward = layer.forward(x[:20])
    back = layer.backward(forward.cache, d_h_n=np.ones_like(forward.h_n))
    arrays = [output.detach().numpy(), forward.output, back.x, *back.parameters.values()]
    arrays += [p.grad.numpy() for p in (given, *module.parameters()) if p.grad is not None]
    for array in arrays:
        assert np.isfinite(array).all()


def test_an_s_lstm_s_input_bias_cancels_out_from_zeros() -> None:
    module = RecurrentLayer(SLSTM(), INPUT, HIDDEN).double()
    output, _ = module(torch.randn(6, 2, INPUT, dtype=torch.float64))
    output.sum().backward()
    input_, forget, _, _ = blocks(module.get_parameter("bias_ih_l0").grad)  # type: ignore[arg-type]
    assert input_.abs().max() < 1e-14 < 1e-3 < forget.abs().max()


def started(cell: Cell, hidden_size: int = 400) -> dict[str, np.ndarray]:
    layer = Layer.random(INPUT, hidden_size, cell=cell, rng=np.random.default_rng(0))
    return {name.removesuffix("_l0"): p for name, p in layer.parameters.items()}


def test_an_lru_starts_on_its_ring_with_inputs_scaled_to_what_is_forgotten() -> None:
    found = started(LRU(r_min=0.9, r_max=0.99, max_phase=1.0))
    radius, angle = np.exp(-np.exp(found["log_decay"])), np.exp(found["log_phase"])
    assert 0.9 <= radius.min() < 0.91 and 0.98 < radius.max() <= 0.99
    uniform = (radius**2 - 0.9**2) / (0.99**2 - 0.9**2)  # of an area, hence of the radius squared
    assert abs(uniform.mean() - 0.5) < 0.05
    assert 0 <= angle.min() < 0.05 and 0.95 < angle.max() <= 1.0
    np.testing.assert_allclose(np.exp(found["log_scale"]) ** 2, 1 - radius**2)
    assert abs(found["weight_ih"].std() - 1 / math.sqrt(2 * INPUT)) < 0.02


def test_own_parameters_start_as_the_papers_have_them() -> None:
    longest = started(IndRNN(longest=2))["recurrent_weight"]
    assert 0 <= longest.min() < 0.05 and 1.35 < longest.max() <= math.sqrt(2)
    assert 0.95 < started(IndRNN())["recurrent_weight"].max() <= 1
    assert (started(CFN())["bias_forget"] == 1).all() and (started(CFN())["bias_input"] == -1).all()
    assert started(FastGRNN())["zeta"] == 1 and started(FastGRNN())["nu"] == -4


@pytest.mark.parametrize(
    ("make", "keep", "write"),
    [
        (LSTM, ["forget"], ["input"]),
        (PeepholeLSTM, ["forget"], ["input"]),
        (SLSTM, ["forget"], []),
        (MultiplicativeLSTM, ["forget"], ["input"]),
        (MinLSTM, ["forget"], ["input"]),
        (GRU, ["update"], []),
        (MinGRU, [], ["update"]),
        (MGU, [], ["forget"]),
        (CFN, ["forget"], ["input"]),
        (FastGRNN, ["gate"], []),
        (LEM, [], ["step_z", "step_h"]),
    ],
)
def test_chrono_spreads_the_times_of_forgetting_up_to_the_longest(
    make: Callable[..., Cell], keep: list[str], write: list[str]
) -> None:
    cell = make(chrono=50)
    found = started(cell)

    def bias(gate: str) -> np.ndarray:
        if f"bias_{gate}" in found:
            return found[f"bias_{gate}"]
        rows = cell.rows("bias_ih", gate, 400)
        recurrent = found["bias_hh"][rows] if gate in cell.blocks("bias_hh") and "bias_hh" in found else 0
        return found["bias_ih"][rows] + recurrent

    log_u = [*map(bias, keep), *(-bias(gate) for gate in write)]
    u = np.exp(log_u[0])
    assert 1 <= u.min() < 2 and 48 < u.max() <= 49 and abs(u.mean() - 25) < 3
    for other in log_u[1:]:
        np.testing.assert_allclose(other, log_u[0])


def test_exponential_gates_start_where_sigmoids_would() -> None:
    forget = SLSTM().rows("bias_ih", "forget", 400)
    of_sigmoid = started(SLSTM(chrono=50))["bias_ih"][forget]
    of_exp = started(SLSTM(forget="exponential", chrono=50))["bias_ih"][forget]
    np.testing.assert_allclose(np.exp(of_exp), 1 / (1 + np.exp(-of_sigmoid)))


def test_no_other_file_of_the_package_names_a_cell() -> None:
    new = {type(cell) for cell, _ in PAPERS.values()}
    names = {name: cell.__name__ for name, cell in shipped_cells().items() if cell in new}
    assert len(names) == 10
    for path in Path(rnnlab.__file__).parent.rglob("*.py"):
        words = set(re.findall(r"\w+", path.read_text(encoding="utf-8")))
        assert not {w for name in names.keys() - {path.stem} for w in (name, names[name])} & words, path


def test_every_gated_cell_has_the_chrono_start() -> None:
    cells = {type(cell) for cell, _ in PAPERS.values()} | {LSTM, GRU, MinGRU}
    assert {cell for cell in cells if "chrono" not in vars(cell())} == {IndRNN, LRU}


def test_a_model_starts_as_its_cell_says() -> None:
    model = RecurrentModel.around(
        LSTM(chrono=50), embedding=nn.Embedding(4, INPUT), output_size=1, hidden_size=40, bidirectional=True
    )
    for ending in ("l0", "l0_reverse"):
        input_, forget, _, _ = getattr(model.recurrent, f"bias_ih_{ending}").detach().split(40)
        assert (forget >= 0).all() and forget.max() > 3
        torch.testing.assert_close(input_, -forget)


def test_starts_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(InputError, match="forget_bias and chrono"):
        LSTM(forget_bias=1.0, chrono=50)
    with pytest.raises(InputError, match=r"r_min: expected at most r_max, 0.5, found 0.9"):
        LRU(r_min=0.9, r_max=0.5)
