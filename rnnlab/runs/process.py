"""Which process trains a run, so that others see whether it still does."""

import os
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

Life = Literal["alive", "gone", "elsewhere", "unknown"]


def this_process() -> dict[str, Any]:
    """Returns what a run records of this process: its number, its host, and when it began.

    A number is given to another process in time, but not to one that began at the same moment.
    """
    pid = os.getpid()
    return {"pid": pid, "host": platform.node(), "began": _began(pid)}


def life_of(recorded: Any) -> Life:
    """Returns whether a recorded process is alive, gone, on another host, or of unknown fate."""
    if not isinstance(recorded, Mapping) or type(recorded.get("pid")) is not int or recorded["pid"] < 1:
        return "unknown"
    if recorded.get("host") != platform.node():
        return "elsewhere"
    return "alive" if _began(recorded["pid"]) == recorded.get("began") else "gone"


def _began(pid: int) -> str | None:
    """Returns when a process began, in a form that setting the clock does not change; None if it is gone.

    On Linux in ticks since this boot of the machine; elsewhere as `ps` has it.
    """
    proc = Path("/proc")
    if (proc / "self" / "stat").is_file():
        try:
            # The second field, a name in brackets, may hold anything.
            fields = (proc / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
            boot = (proc / "sys/kernel/random/boot_id").read_text().strip()
        except OSError:
            return None
        return None if fields[0] in "ZX" else f"{boot} {fields[19]}"
    done = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True)
    return done.stdout.strip() or None
