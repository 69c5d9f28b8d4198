"""The engine stands on NumPy alone."""

import subprocess
import sys

PROGRAM = """
import importlib, pkgutil, sys
import rnnlab.scratch
names = [m.name for m in pkgutil.walk_packages(rnnlab.scratch.__path__, "rnnlab.scratch.")]
for name in names:
    importlib.import_module(name)
foreign = {"torch", "scipy", "jax", "tensorflow", "numba"} & set(sys.modules)
print(len(names), sorted(foreign))
"""


def test_importing_every_module_of_scratch_does_not_import_torch():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    count, foreign = done.stdout.split(maxsplit=1)
    assert int(count) > 10
    assert foreign.strip() == "[]"
