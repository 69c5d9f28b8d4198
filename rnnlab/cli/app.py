"""The `rnnlab` command: its subcommands, and how errors reach a person."""

import sys
from typing import Annotated

import typer

from rnnlab.cli.data import data
from rnnlab.cli.doctor import doctor
from rnnlab.cli.evaluate import evaluate
from rnnlab.cli.explain import explain
from rnnlab.cli.generate import generate
from rnnlab.cli.gradcheck import gradcheck
from rnnlab.cli.grads import grads
from rnnlab.cli.graph import graph
from rnnlab.cli.horizon import horizon
from rnnlab.cli.neighbours import neighbours
from rnnlab.cli.pairs import pairs
from rnnlab.cli.positions import positions
from rnnlab.cli.predict import predict
from rnnlab.cli.probe import probe
from rnnlab.cli.report import report
from rnnlab.cli.reproduce import reproduce
from rnnlab.cli.runs import runs, show
from rnnlab.cli.similarity import similarity
from rnnlab.cli.through_time import through_time
from rnnlab.cli.train import train
from rnnlab.cli.weights import weights
from rnnlab.core.errors import RnnlabError
from rnnlab.terminal.messages import print_error


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"rnnlab {version('rnnlab')}")
        raise typer.Exit


app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(train)
app.command()(evaluate)
app.command()(predict)
app.command()(pairs)
app.command()(runs)
app.command()(show)
app.command()(grads)
app.command()(through_time)
app.command()(graph)
app.command()(probe)
app.command()(similarity)
app.command()(neighbours)
app.command()(positions)
app.command()(weights)
app.command()(doctor)
app.command()(generate)
app.command()(report)
app.command()(reproduce)
app.command()(horizon)
app.command()(gradcheck)
app.command()(explain)
app.add_typer(data, name="data")


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A laboratory for recurrent networks: see why a net learns, or fails to."""


def main() -> None:
    """Runs the command line; a RnnlabError becomes one line on standard error and its exit code.

    Typer itself turns Ctrl-C into exit code 130 and ends quietly when the reader of a pipe has gone.
    """
    try:
        app()
    except RnnlabError as error:
        if not error.reported:
            print_error(error)
        sys.exit(error.exit_code)
