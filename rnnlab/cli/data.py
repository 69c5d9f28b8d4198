"""`rnnlab data`: look at data before training on it, and fetch published data."""

import typer

from rnnlab.cli.data_check import check
from rnnlab.cli.data_fetch import fetch
from rnnlab.cli.data_show import show
from rnnlab.cli.data_words import words
from rnnlab.cli.modules import with_modules

data = typer.Typer(no_args_is_help=True, help="Fetch, check and look at data.")
data.command()(fetch)
data.command()(check)
data.command()(with_modules(show))
data.command()(with_modules(words))
