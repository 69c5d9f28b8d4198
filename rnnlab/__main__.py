"""`python -m rnnlab`."""

import sys
from pathlib import Path

# `python -m` puts the current folder first, where a stranger's file may have the name of any module.
if not sys.flags.safe_path and Path(sys.path[0]) not in Path(__file__).parents:
    del sys.path[0]

from rnnlab.cli.app import command

command()
