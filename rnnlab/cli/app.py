"""The `rnnlab` command: its subcommands, and how errors reach a person."""

import os
import sys

import typer

from rnnlab.cli.data import data
from rnnlab.cli.evaluate import evaluate
from rnnlab.cli.messages import print_error
from rnnlab.cli.runs import runs, show
from rnnlab.cli.train import train
from rnnlab.core.errors import RnnlabError

app = typer.Typer(
    help="A laboratory for recurrent networks: see why a net learns, or fails to.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(train)
app.command()(evaluate)
app.command()(runs)
app.command()(show)
app.add_typer(data, name="data")


def main() -> None:
    """Runs the command line; a RnnlabError becomes one line on standard error and its exit code."""
    try:
        app()
    except RnnlabError as error:
        if not error.reported:
            print_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of a pipe (say, `head`) has gone; leave quietly, as other tools do.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
