"""How everything here is compiled."""

import hashlib
from collections.abc import Callable
from inspect import unwrap  # what a type checker has put around a function cannot be compiled
from pathlib import Path
from typing import Any

from llvmlite import binding
from numba import njit

HAVE_THE_OPTION = range(20, 23)
"""Versions of LLVM that know it, as was tried: another might end the process. It holds for all that Numba
compiles in the process, of which it changes the time alone.
"""
if binding.get_host_cpu_features().get("avx512f") and binding.llvm_version_info[0] in HAVE_THE_OPTION:
    # Units come in eights, vectors hold sixteen: what is left over is one vector of half the length. Else the
    # compiler would take two of a quarter, by which a step of GRU of 40 or 50 units takes 6 % longer.
    binding.set_option("rnnlab", "-epilogue-vectorization-force-VF=8")
SOURCES = hashlib.sha256(
    b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
).hexdigest()
FASTMATH = {"contract", "nsz"}
"""Products and sums are contracted; else numbers stay what they are, infinities and NaN included."""


def compiled(function: Callable[..., Any], *, name: str | None = None) -> Callable[..., Any]:
    """Returns the function, compiled when it is first called, without checks for division by zero.

    name: of its own, for one of several that are made by one piece of source. Compiled code is linked by
    name, also with what other processes have left on disk: two of one name would be taken for each other.
    """
    own = unwrap(function)
    if name is not None:
        own.__name__ = own.__qualname__ = name
    return njit(fastmath=FASTMATH, error_model="numpy", nogil=True)(own)


def compiled_on_disk(function: Callable[..., Any]) -> Callable[..., Any]:
    """Returns the function, compiled at its first call and kept beside its file for the next process.

    What is kept is of all that stands in this folder: Numba looks only at the function's own file, and would
    take up code that calls what another file no longer says.
    """
    made: Any = njit(fastmath=FASTMATH, error_model="numpy", nogil=True, cache=True)(unwrap(function))
    if hasattr(made, "_cache"):  # else NUMBA_DISABLE_JIT is set
        kept = made._cache._cache_file
        kept._source_stamp = (*kept._source_stamp, SOURCES)
    return made
