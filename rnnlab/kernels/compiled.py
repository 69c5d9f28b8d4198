"""A cell's scans, compiled: once for a cell and a precision, kept on disk for the next process."""

import hashlib
import importlib.util
import os
import stat
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from rnnlab.cells.base import Cell
from rnnlab.core.files import write_text
from rnnlab.kernels.source import Plan, write_source

OURS_ALONE = 0o700


class Scans(NamedTuple):
    """The two scans of a cell, and what they keep (see `rnnlab.kernels.source`)."""

    forward: Callable[..., None]
    backward: Callable[..., None]
    plan: Plan


def scans_of(cell: Cell, dtype: DTypeLike) -> Scans:
    """Returns the compiled scans of a cell; the first call with arrays compiles, or reads from the disk.

    Raises InputError, in one line, for a step that symbols cannot go through, and ImportError without Numba.
    """
    plan = write_source(cell, np.dtype(dtype).name)
    module = _module(plan.source)
    return Scans(module.forward, module.backward, plan)


def is_compiled(cell: Cell, dtype: DTypeLike) -> bool:
    """Returns whether a cell's scans wait compiled on the disk, of this process or of one before it.

    Raises what `scans_of` does.
    """
    backward: Any = scans_of(cell, dtype).backward
    folder, name = backward.stats.cache_path, backward.__module__.rpartition(".")[2]
    return folder is not None and any(Path(folder).glob(f"{name}.backward-*.nbi"))


@cache
def _module(source: str) -> ModuleType:
    """Returns the module of that source, from a file in the user's own cache where that can be written."""
    folder = _folder()
    name = f"scan_{hashlib.sha256((source + _library()).encode()).hexdigest()[:24]}"
    if folder is None:
        module = ModuleType(f"rnnlab.kernels.{name}")
        exec(compile("CACHE = False\n" + source, f"<{name}>", "exec"), module.__dict__)
        return module
    path, text = folder / f"{name}.py", "CACHE = True\n" + source
    if not path.is_file() or path.read_bytes() != text.encode():
        write_text(path, text)
    spec = importlib.util.spec_from_file_location(f"rnnlab_kernels.{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where Numba looks for what it compiles
    spec.loader.exec_module(module)
    return module


@cache
def _library() -> str:
    """Returns the source of all that the scans call: Numba looks only at the file of a function itself."""
    here = Path(__file__).parent
    return "".join(
        (here / f"{name}.py").read_text(encoding="utf-8")
        for name in ("functions", "jit", "packing", "products", "tiles")
    )


def _folder() -> Path | None:
    """Returns the folder for code of the user's own, None where there is none that nobody else can write to.

    Never below outputs/: what lies there may come from a stranger.
    """
    import platformdirs

    folder = Path(platformdirs.user_cache_path("rnnlab")) / "kernels"
    if not folder.is_absolute():  # nobody knows the user's home
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=OURS_ALONE)
        found = folder.stat()
    except OSError:
        return None
    others = stat.S_IWGRP | stat.S_IWOTH
    if found.st_uid != os.getuid() or found.st_mode & others or not os.access(folder, os.W_OK):
        return None
    return folder


def padded(hidden_size: int) -> int:
    """Returns the units of a row, padded to whole vectors."""
    return -(-hidden_size // VECTOR) * VECTOR


VECTOR = 8
