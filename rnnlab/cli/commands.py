"""The subcommands of `rnnlab`, in the panels of its help."""

from collections.abc import Callable
from typing import Annotated

import typer

from rnnlab.cli.bench import bench
from rnnlab.cli.check import check
from rnnlab.cli.clean import clean
from rnnlab.cli.compare import compare
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
from rnnlab.cli.verify_resume import verify_resume
from rnnlab.cli.weights import weights
from rnnlab.cli.why import why

PANELS: dict[str, list[Callable[..., None]]] = {
    "Train": [train, evaluate, predict, generate],
    "Look inside": [
        *(probe, grads, through_time, positions, pairs, similarity, neighbours, weights, doctor, graph),
    ],
    "Compare": [runs, show, compare, why, clean, report, reproduce, horizon, bench],
    "Trust": [verify_resume],
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
