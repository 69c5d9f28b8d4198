"""The `rnnlab` command: its subcommands, and how errors reach a person."""

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from rnnlab.cli.check import check
from rnnlab.cli.data import data
from rnnlab.cli.doctor import doctor
from rnnlab.cli.evaluate import evaluate
from rnnlab.cli.explain import explain
from rnnlab.cli.generate import generate
from rnnlab.cli.gradcheck import gradcheck
from rnnlab.cli.grads import grads
from rnnlab.cli.graph import graph
from rnnlab.cli.horizon import horizon
from rnnlab.cli.modules import with_modules
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

PANELS: dict[str, list[Callable[..., None]]] = {
    "Train": [train, evaluate, predict, generate],
    "Look inside": [
        *(probe, grads, through_time, positions, pairs, similarity, neighbours, weights, doctor, graph),
    ],
    "Compare": [runs, show, report, reproduce, horizon],
    "From scratch": [check, gradcheck, explain],
}
app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich")
for panel, commands in PANELS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(with_modules(command))
app.add_typer(data, name="data", rich_help_panel="Data")


def _print_version(wanted: bool) -> bool:
    if wanted:
        from importlib.metadata import version

        print(f"rnnlab {version('rnnlab')}")
        raise typer.Exit
    return wanted


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
