"""Locks between processes: one holds it, and loses it when it dies."""

import signal
import subprocess
import sys
from pathlib import Path

from rnnlab.core.locks import is_locked, lock

HOLD = """
import sys, time
from pathlib import Path
from rnnlab.core.locks import lock
with lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_one_process_has_a_lock_until_it_dies(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_locked(path) and not path.exists()
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with lock(path, patience=0.1) as mine:
            assert not mine and is_locked(path)
        holder.send_signal(signal.SIGKILL)
        with lock(path) as mine:
            assert mine
    assert not is_locked(path)
