"""`python -m rnnlab`."""

from rnnlab.cli.app import main

main()
