"""Every model of `configs/model`, made as a run makes it."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
import yaml

from rnnlab.data.vectors import Vectors
from rnnlab.data.vocabulary import Vocabulary, build_vocabulary
from rnnlab.experiment.build import build_model
from rnnlab.experiment.compose import CONFIG_DIR, checked, compose_config
from rnnlab.experiment.schema import Config
from rnnlab.experiment.target import read_target
from rnnlab.models.base import SequenceModel

EMBEDDING_DIM = 6


class Built(NamedTuple):
    config: Config
    vocabulary: Vocabulary
    vectors: Vectors | None
    model: SequenceModel


Build = Callable[..., Built]


@cache
def default() -> Config:
    return checked(compose_config([f"data.embedding_dim={EMBEDDING_DIM}"]))


@cache
def composed(name: str) -> Config:
    """What `model=NAME` gives, without Hydra's third of a second."""
    values = yaml.safe_load((CONFIG_DIR / "model" / f"{name}.yaml").read_text(encoding="utf-8"))
    return default().model_copy(update={"model": read_target(values, "model")})


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "model_name" in metafunc.fixturenames:
        metafunc.parametrize(
            "model_name", sorted(path.stem for path in (CONFIG_DIR / "model").glob("*.yaml"))
        )


@pytest.fixture
def build() -> Build:
    """Makes a model over 24 words, from its name, the settings of a run and those of its own yaml."""

    def make(
        name: str,
        *,
        seed: int = 1,
        freeze: bool = False,
        precision: str = "float32",
        pretrained: bool = False,
        lr: float = 0.001,
        **settings: Any,
    ) -> Built:
        chosen = composed(name)
        assert settings.keys() <= chosen.model.settings.keys()
        config = chosen.model_copy(
            update={
                "seed": seed,
                "engine": "torch",
                "freeze": freeze,
                "training": chosen.training.model_copy(update={"precision": precision}),
                "optimizer": replace(chosen.optimizer, settings={**chosen.optimizer.settings, "lr": lr}),
                "model": replace(chosen.model, settings={**chosen.model.settings, **settings}),
            }
        )
        counts = {f"word{index}": 1 for index in range(20)}
        vocabulary = build_vocabulary(counts, min_count=1, max_vocabulary=None)
        vectors = None
        if pretrained:
            matrix = np.random.default_rng(0).normal(size=(len(vocabulary), EMBEDDING_DIM)).astype(np.float32)
            vectors = Vectors(matrix, np.ones(len(vocabulary), dtype=np.bool_))
        return Built(config, vocabulary, vectors, build_model(config, vocabulary, vectors))

    return make
