"""Writes figures as PNG files."""

from pathlib import Path

from matplotlib.figure import Figure

from rnnlab.core.errors import InputError
from rnnlab.core.files import atomic_path


def save_figure(figure: Figure, path: Path) -> None:
    """Writes `figure` as PNG, atomically, its folder made if need be; InputError if that cannot be."""
    try:
        path.parent.mkdir(exist_ok=True)
        with atomic_path(path) as temporary:
            figure.savefig(temporary, format="png", dpi=150)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
