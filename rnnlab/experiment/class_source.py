"""`model=my_cell.MyCell`: a class by its dotted name where a choice of configs/model/ might stand."""

import inspect
import re

from hydra.core.object_type import ObjectType
from hydra.plugins.config_source import ConfigResult, ConfigSource
from omegaconf import OmegaConf

from rnnlab.models.make import AT_RUN_TIME
from rnnlab.models.recurrent import RecurrentModel

SCHEME = "class"
HIDDEN_SIZE = 50  # as of every shipped yaml
NAME = re.compile(r"model/(\w+(\.\w+)+)")


class ClassesByName(ConfigSource):
    """Makes of a dotted name what a yaml with that `_target_` and the usual settings would say.

    Nothing is imported here; whether the class may be is asked where the configuration is checked.
    """

    @staticmethod
    def scheme() -> str:
        """Returns `class`."""
        return SCHEME

    def load_config(self, config_path: str) -> ConfigResult:
        """Returns the configuration of the class that `model/NAME` names."""
        match = NAME.fullmatch(config_path)
        assert match is not None
        parameters = inspect.signature(RecurrentModel.around_module).parameters.values()
        usual = {p.name: p.default for p in parameters if p.name not in AT_RUN_TIME}
        values = {"_target_": match[1], "hidden_size": HIDDEN_SIZE, **usual}
        return ConfigResult(
            self.provider, f"{SCHEME}://{self.path}", OmegaConf.create(values), {"package": None}
        )

    def is_group(self, config_path: str) -> bool:
        """Returns whether it is the group of models."""
        return config_path == "model"

    def is_config(self, config_path: str) -> bool:
        """Returns whether it is a dotted name in the group of models."""
        return NAME.fullmatch(config_path) is not None

    def available(self) -> bool:
        """Returns True."""
        return True

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        """Returns nothing: no name is known before it is given."""
        return []
