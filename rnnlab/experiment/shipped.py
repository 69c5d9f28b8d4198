"""Where rnnlab's own configurations and inputs lie."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
REPOSITORY = PACKAGE.parent
# From a wheel, configs and sample lie in the package; in a checkout, beside it.
SHIPPED = PACKAGE if (PACKAGE / "configs").is_dir() else REPOSITORY
CONFIG_DIR = SHIPPED / "configs"
INPUTS_DIR = SHIPPED / "inputs"
