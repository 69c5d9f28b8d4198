"""Who takes part: rnnlab's engines, the course's loop, plain PyTorch and, where it is installed, JAX."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec

from numpy import array_equal

from rnnlab.bench import plain_torch
from rnnlab.bench.engines import EngineEpochs, Training
from rnnlab.bench.problem import Contestant, Problem
from rnnlab.bench.timing import Times, take_turns
from rnnlab.core.errors import InputError, RnnlabError
from rnnlab.core.seeds import epoch_order
from rnnlab.experiment.build import ENGINES
from rnnlab.models.padded import without_padded

FUSED, PADDED_ENGINE, TORCH, SCRATCH = (f"rnnlab {name}" for name in ("fused", "padded", "torch", "scratch"))
PACKED, PADDED, COURSE, JAX = "PyTorch packed", "PyTorch padded", "course's loop", "JAX"
ALL = (FUSED, PADDED_ENGINE, TORCH, SCRATCH, PACKED, PADDED, JAX, COURSE)
ABSENT = {
    "jax": "JAX is not installed (pip install 'rnnlab[bench]'): it is left out",
    "numba": "Numba is not installed: rnnlab's fused engine is left out",
}
SAME_LOSS = 1e-3
"""How far first epochs' losses of those who do the same work may lie apart, relative: roundings grow."""

Make = Callable[[], Contestant]


def contestants(training: Training, names: Sequence[str] = ALL) -> dict[str, Make]:
    """Returns those of `names` that can train this model here, by name."""
    problem = training.problem()
    found: dict[str, Make] = {}
    for name in names:
        engine = name.removeprefix("rnnlab ")
        if engine in ENGINES:
            if trains(engine, training):
                found[name] = partial(EngineEpochs, training, engine)
        elif can_train(name, problem):
            found[name] = partial(plain(name), problem)
    return found


def trains(engine: str, training: Training) -> bool:
    """Returns whether an engine takes the model."""
    if engine == "padded":
        return without_padded(training.model) is None
    try:
        EngineEpochs(training, engine)
    except (InputError, ImportError):
        return False
    return True


def can_train(name: str, problem: Problem) -> bool:
    """Returns whether somebody outside rnnlab has the problem's model."""
    if name == JAX:
        return problem.cell is not None and find_spec("jax") is not None
    if name == COURSE and not same_words(problem):
        return False
    bag = problem.cell == "mean" and name != PADDED
    return bag or problem.cell in plain_torch.LAYERS


def plain(name: str) -> Callable[[Problem], Contestant]:
    """Returns what makes a contestant outside rnnlab; JAX is imported only here."""
    if name == JAX:
        from rnnlab.bench.plain_jax import PlainJax

        return PlainJax
    return {PACKED: plain_torch.packed, PADDED: plain_torch.padded, COURSE: plain_torch.tokenizing}[name]


def same_words(problem: Problem) -> bool:
    """Returns whether cutting the raw texts gives the problem's: no inserted token, nothing cut off."""
    if problem.raw is None or len(problem.raw.texts) != len(problem.texts):
        return False
    cut = plain_torch.cut_texts(problem.raw)
    return all(array_equal(cut([number])[0], ids) for number, ids in enumerate(problem.texts))


def time_epochs(training: Training, makes: Mapping[str, Make], rounds: int) -> dict[str, Times]:
    """Returns what an epoch takes each contestant; the first epoch, which warms up, is left out.

    All start from the same parameters and see the same texts in the same order.

    Raises:
        RnnlabError: after the first epoch somebody's loss is another than the others', so that times of
            unlike work would be compared.
    """
    orders = [epoch_order(len(training.texts), seed=1, epoch=number) for number in range(rounds + 1)]
    made = {name: make() for name, make in makes.items()}
    for contestant in made.values():
        contestant.warm_up(orders)
    losses: dict[str, float] = {}

    def turn(name: str, number: int) -> None:
        loss = made[name].epoch(orders[number])
        losses.setdefault(name, loss)

    times = take_turns({name: partial(turn, name) for name in made}, rounds)
    lowest, highest = min(losses, key=losses.__getitem__), max(losses, key=losses.__getitem__)
    if losses[highest] - losses[lowest] > SAME_LOSS * losses[lowest]:
        raise RnnlabError(
            f"bench: {highest} and {lowest} do not train the same: the loss of the first epoch is "
            f"{losses[highest]:.6f} and {losses[lowest]:.6f}"
        )
    return times
