"""Standard streams on which one can rely: open, and able to print any text."""

import io
import os
import sys
from pathlib import Path
from typing import TextIO


def mend() -> None:
    """Opens streams that are closed to nowhere, and lets the others print what their encoding lacks as `?`.

    Without that, the next file to be opened would become standard output.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 (until the end)
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def flush(stream: TextIO) -> None:
    """Writes what waits for a stream; raises OSError if that cannot be, and then drops it."""
    try:
        stream.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # or Python tries again at its end, with an exit code of its own
        os.close(nowhere)
        raise
