"""Where Hydra looks for configurations: what each may hold, and whether it is what it was before."""

import copy
from functools import lru_cache
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins import (
    file_config_source,
    importlib_resources_config_source,
    structured_config_source,
)
from hydra.plugins.config_source import ConfigResult
from omegaconf import OmegaConf

from rnnlab.core.errors import InputError
from rnnlab.core.foreign import check_yaml_file
from rnnlab.experiment.guard import NO_SEARCHPATH, check_interpolations

HYDRAS = ("hydra", "hydra_plugins")
"""Packages that Hydra may search for configurations: itself and its plugins."""
TRUSTED = ("hydra", "main", "plugin")
"""Providers of files that came with Hydra, rnnlab or an installed plugin."""
REFERENCE = "${"
State = tuple[int, ...] | None


# Hydra knows its sources by the names of their classes.
class ImportlibResourcesConfigSource(importlib_resources_config_source.ImportlibResourcesConfigSource):
    """Configurations within a package, `pkg://…`, of Hydra or its plugins: any other would be imported."""

    def __init__(self, provider: str, path: str) -> None:
        _check_package(path)
        super().__init__(provider, path)


class StructuredConfigSource(structured_config_source.StructuredConfigSource):
    """Configurations that Hydra itself keeps, `structured://`, and none that a module would add."""

    def __init__(self, provider: str, path: str) -> None:
        _check_package(path)
        super().__init__(provider, path)


class FileConfigSource(file_config_source.FileConfigSource):
    """Configurations in a folder, of which a file may be a stranger's.

    looked_at: the files and folders that were asked for, with the state of each at the first time.
    refers: whether a list of defaults has a `${…}`, of which the time or anything else may follow.
    """

    def __init__(self, provider: str, path: str) -> None:
        super().__init__(provider, path)
        self.looked_at: dict[Path, State] = {}
        self.refers = False

    def is_group(self, config_path: str) -> bool:
        """Returns whether there is such a folder."""
        self._look(config_path)
        return super().is_group(config_path)

    def is_config(self, config_path: str) -> bool:
        """Returns whether there is such a file."""
        self._look(self._normalize_file_name(config_path))
        return super().is_config(config_path)

    def load_config(self, config_path: str) -> ConfigResult:
        """Returns what a file says; raises InputError for one that no file may hold."""
        state = self._look(self._normalize_file_name(config_path))
        found, refers = _load(self.provider, self.path, config_path, state)
        self.refers |= refers
        return copy.deepcopy(found)

    def _look(self, name: str) -> State:
        path = Path(self.path, name)
        return self.looked_at.setdefault(path, state_of(path))


def state_of(path: Path) -> State:
    """Returns what is another once a file is written or replaced, or a folder gets or loses a file."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    # Also the time of the last change of any kind: of a file that was copied with its times the other is old.
    return found.st_dev, found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns


@lru_cache(maxsize=200)
def _load(provider: str, folder: str, name: str, state: State) -> tuple[ConfigResult, bool]:
    """Returns what a file says, read once while its `state` is the same, and whether its defaults refer."""
    source = file_config_source.FileConfigSource(provider, folder)
    path = Path(folder, source._normalize_file_name(name))
    if provider not in TRUSTED:
        check_yaml_file(path)
    found = source.load_config(name)
    values: Any = OmegaConf.to_container(found.config, resolve=False)
    if provider not in TRUSTED:
        _check_values(values, path)
    return found, isinstance(values, dict) and REFERENCE in str(values.get("defaults"))


def _check_values(values: Any, path: Path) -> None:
    """Raises InputError for what a stranger's file may not say."""
    if isinstance(values, dict) and isinstance(own := values.get("hydra"), dict) and "searchpath" in own:
        raise InputError(f"hydra.searchpath: {NO_SEARCHPATH}, found {own['searchpath']!r} (in {path})")
    check_interpolations(values, str(path))


def _check_package(path: str) -> None:
    """Raises ValueError for a package to be searched which is none of Hydra's."""
    name = path.partition("://")[2]
    if name and name.replace("/", ".").partition(".")[0] not in HYDRAS:
        raise ValueError(f"hydra.searchpath: expected folders (file://…), found {path!r}")
