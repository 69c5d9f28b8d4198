"""What a run was told: its configuration as dotted names, and what was chosen in each of Hydra's groups."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rnnlab.core.errors import InputError
from rnnlab.core.foreign import read_yaml
from rnnlab.runs.files import CONFIG, HYDRA

HYDRAS_OWN = f"{HYDRA}/hydra.yaml"


def read_settings(folder: Path) -> dict[str, str]:
    """Returns a run's configuration as dotted names and texts; raises InputError if it is not readable."""
    return flatten(_read(folder / CONFIG))


def read_choices(folder: Path) -> dict[str, str]:
    """Returns what was chosen in each group, as in model: lstm; nothing where Hydra has not recorded it."""
    path = folder / HYDRAS_OWN
    if not path.is_file():
        return {}
    choices: Any = _read(path)
    for name in ("hydra", "runtime", "choices"):
        choices = choices.get(name) if isinstance(choices, dict) else None
    if not isinstance(choices, dict):
        return {}
    return {
        str(name): shown(choice) for name, choice in choices.items() if not str(name).startswith("hydra/")
    }


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Returns a nested configuration as dotted names and values as text."""
    flat: dict[str, str] = {}
    for key, value in values.items():
        nested = isinstance(value, dict) and value
        flat |= flatten(value, f"{prefix}{key}.") if nested else {f"{prefix}{key}": shown(value)}
    return flat


def shown(value: Any) -> str:
    """Returns a setting or fact as text."""
    return "null" if value is None else str(value)


def _read(path: Path) -> dict[str, Any]:
    values = read_yaml(path)
    if not isinstance(values, dict):
        raise InputError(f"{path}: expected keys and values, found {type(values).__name__}")
    return values
