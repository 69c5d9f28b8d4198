"""What is to be measured, read and checked."""

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from rnnlab.bench import cost
from rnnlab.bench.contestants import (
    ALL,
    COURSE,
    FUSED,
    JAX,
    PACKED,
    PADDED,
    PADDED_ENGINE,
    SCRATCH,
    TORCH,
)
from rnnlab.bench.cost import Axis
from rnnlab.bench.engines import Sizes
from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.experiment.compose import checked, compose_config
from rnnlab.experiment.schema import Config

Part = Literal["epochs", "memory", "layers", "own-cell", "cost"]
PARTS: tuple[Part, ...] = get_args(Part)
MODELS = ("rnn", "birnn", "gru", "lstm", "boe")
MAY_VARY = (
    *("data", "insert", "seed", "optimizer.lr"),
    *("training.batch_size", "training.threads", "training.flush_denormal"),
)
AS_THE_COURSE = ["optimizer=sgd", "data.strip_html=false", "probe.every=null"]


@dataclass(frozen=True)
class Request:
    """What is to be measured, and how thoroughly.

    overrides: what differs from the course's presets, as in `data.train=FILE`; models: choices of `model=`;
    texts: how many of the training texts, None for all; frozen: whether word vectors stay as they are;
    memory_of: models; layers: cells and hidden sizes; own_cell: sizes of its trainings.
    """

    overrides: list[str]
    models: tuple[str, ...] = MODELS
    parts: tuple[Part, ...] = PARTS
    rounds: int = 7
    contestants: tuple[str, ...] = ALL
    texts: int | None = None
    frozen: tuple[bool, ...] = (True, False)
    memory_of: tuple[str, ...] = MODELS
    memory_contestants: tuple[str, ...] = (FUSED, PADDED_ENGINE, TORCH, PACKED, PADDED, JAX)
    layers: tuple[tuple[str, int], ...] = (
        *(("rnn", 128), ("gru", 128), ("lstm", 128)),
        *(("rnn", 256), ("gru", 256), ("lstm", 256)),
    )
    own_cell: tuple[Sizes, ...] = (Sizes(50, 50, 8, 80, 400), Sizes(100, 128, 64, 200, 128))
    axes: tuple[Axis, ...] = cost.FULL

    @classmethod
    def read(
        cls,
        overrides: list[str],
        *,
        models: str | None = None,
        parts: str | None = None,
        rounds: int | None = None,
        quick: bool = False,
    ) -> "Request":
        """Returns what the words ask for; raises InputError for what makes no sense."""
        check_overrides(overrides)
        request = cls(overrides) if not quick else cls(overrides, **QUICK)
        given: dict[str, Any] = {}
        if models is not None:
            given["models"] = given["memory_of"] = tuple(models.split(","))
        if parts is not None:
            given["parts"] = tuple(parts.split(","))
            for part in given["parts"]:
                if part not in PARTS:
                    hint = did_you_mean(part, PARTS)
                    raise InputError(f"--parts: expected some of {', '.join(PARTS)}, found {part!r}{hint}")
        if rounds is not None:
            given["rounds"] = rounds
        return replace(request, **given)

    def config(self, model: str, *, frozen: bool) -> Config:
        """Returns the configuration of one training; raises InputError in one line."""
        words = [*AS_THE_COURSE, *self.overrides, f"model={model}", f"freeze={str(frozen).lower()}"]
        config = checked(compose_config(words))
        for key in ("batch_size", "threads"):
            if getattr(config.training, key) is None:
                raise InputError(f"training.{key}: bench asks for a number, found null")
        return config


def check_overrides(overrides: list[str]) -> None:
    """Raises InputError for a key that does not leave the contestants alike."""
    for word in overrides:
        key = word.lstrip("+~").split("=")[0]
        if not key.startswith(("data.", "model.")) and key not in MAY_VARY:
            hint = did_you_mean(key, MAY_VARY)
            raise InputError(
                f"{key}: bench chooses it itself; expected {', '.join(MAY_VARY)}, data.… or model.…{hint}"
            )


QUICK: dict[str, Any] = {
    "models": ("rnn", "lstm", "boe"),
    "parts": ("epochs", "layers", "own-cell", "cost"),
    "rounds": 3,
    "contestants": tuple(name for name in ALL if name not in (SCRATCH, COURSE, PADDED_ENGINE)),
    "texts": 200,
    "frozen": (False,),
    "memory_of": ("rnn",),
    "memory_contestants": (FUSED, PACKED, JAX),
    "layers": (("rnn", 128), ("lstm", 128)),
    "own_cell": (Sizes(50, 50, 8, 80, 80),),
    "axes": cost.QUICK,
}
