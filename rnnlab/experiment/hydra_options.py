"""Hydra's own flags on rnnlab's command line."""

from dataclasses import dataclass
from pathlib import Path

from rnnlab.core.errors import InputError


@dataclass(frozen=True)
class HydraOptions:
    """Hydra's own flags, as its documentation has them."""

    multirun: bool = False
    cfg: str | None = None
    resolve: bool = False
    package: str | None = None
    info: str | None = None
    config_dir: str | None = None
    config_name: str = "config"

    def words(self) -> list[str]:
        """Returns the flags as the words of a command line."""
        named = {
            "--cfg": self.cfg,
            "--package": self.package,
            "--info": self.info,
            "--config-dir": self.config_dir,
        }
        words = [word for name, value in named.items() if value is not None for word in (name, value)]
        return [*words, *(["--multirun"] if self.multirun else []), *(["--resolve"] if self.resolve else [])]

    def check(self) -> None:
        """Raises InputError for flags that make no sense together, or a folder that is not there."""
        modes = {"--multirun": self.multirun, "--cfg": self.cfg, "--info": self.info}
        given = [name for name, value in modes.items() if value]
        if len(given) > 1:
            raise InputError(f"{' and '.join(given)}: make no sense together; leave one of them out")
        if (self.resolve or self.package is not None) and self.cfg is None:
            raise InputError("--resolve and --package: make no sense without --cfg")
        if self.config_dir is not None and not Path(self.config_dir).is_dir():
            raise InputError(f"--config-dir {self.config_dir}: no such folder")


NO_FLAGS = HydraOptions()
