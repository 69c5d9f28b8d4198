"""`model=my_cell.MyCell`: a class by its dotted name where a choice of configs/model/ might stand."""

import inspect
import re
from typing import Any

from hydra.core.object_type import ObjectType
from hydra.plugins.config_source import ConfigResult, ConfigSource
from omegaconf import MISSING, OmegaConf

from rnnlab.core.errors import InputError
from rnnlab.experiment.target import find_class
from rnnlab.models.make import AT_RUN_TIME
from rnnlab.models.recurrent import RecurrentModel

SCHEME = "class"
HIDDEN_SIZE = 50  # as of every shipped yaml
NAME = re.compile(r"model/(\w+(\.\w+)+)")
PLAIN = (bool, int, float, str, type(None))


class ClassesByName(ConfigSource):
    """Makes of a dotted name what a yaml with that `_target_` and the defaults of all settings would say."""

    @staticmethod
    def scheme() -> str:
        """Returns `class`."""
        return SCHEME

    def load_config(self, config_path: str) -> ConfigResult:
        """Returns the configuration of the class that `model/NAME` names."""
        match = NAME.fullmatch(config_path)
        assert match is not None
        values = OmegaConf.create({"_target_": match[1], **_settings(match[1])})
        return ConfigResult(self.provider, f"{SCHEME}://{self.path}", values, {"package": None})

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


def _settings(name: str) -> dict[str, Any]:
    """Returns the settings of a model of that class; the usual ones of a class that may not be imported."""
    try:
        _, _, schema = find_class(name, "model")
    except InputError:  # which is said where the whole configuration is checked
        parameters = inspect.signature(RecurrentModel.around_module).parameters.values()
        usual = {p.name: p.default for p in parameters if p.name not in AT_RUN_TIME}
        return {"hidden_size": HIDDEN_SIZE, **usual}
    fields = schema.model_fields.items()
    needed = {setting: MISSING for setting, field in fields if field.is_required()}
    given = {setting: field.default for setting, field in fields if isinstance(field.default, PLAIN)}
    return {**needed, **given} | (
        {"hidden_size": HIDDEN_SIZE} if "hidden_size" in schema.model_fields else {}
    )
