"""`rnnlab predict`: what a finished run says of any text, and why."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rnnlab.cli.options import Checkpoint, Format, RunName

if TYPE_CHECKING:
    import pandas as pd
    from rich.text import Text

    from rnnlab.data.encoded_text import EncodedText
    from rnnlab.experiment.restore import RestoredRun


def predict(
    run: RunName,
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="[TEXT]...", help="Texts; without any, the lines of a pipe.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(help="A text a line; or TSV or CSV with labels, for accuracy and confusion table, too."),
    ] = None,
    trace: Annotated[bool, typer.Option("--trace", help="The probability after every token.")] = False,
    attribute: Annotated[
        bool, typer.Option("--attribute", help="Integrated gradients: each token's share of the logit.")
    ] = False,
    checkpoint: Checkpoint = "last",
    form: Format = "table",
) -> None:
    """Print the probability, 0 to 1, that a finished run gives to each text's being positive.

    Texts get no inserted tokens. Words that the run does not know are listed with each text. Of a run of
    task=tagging: a tag for every word, words being cut at white space.
    """
    from rnnlab.core.errors import InputError
    from rnnlab.experiment.probe_input import require_labelled_texts
    from rnnlab.experiment.restore import restore
    from rnnlab.runs.finder import find_run
    from rnnlab.workflows.given_texts import given_texts

    if trace and attribute:
        raise InputError("--trace and --attribute: make no sense together; leave one of them out")
    restored = restore(find_run(run), checkpoint=checkpoint)
    if trace or attribute:
        require_labelled_texts(restored, "predict")
    given = given_texts(texts or [], file)
    encoded = restored.encode(given.texts, given.places)
    if trace or attribute:
        _print_tokens(restored, encoded, form, attribute=attribute)
    else:
        _print_predictions(restored, encoded, given.labels, form)


def _print_predictions(
    restored: "RestoredRun", encoded: "list[EncodedText]", labels: list[int] | None, form: str
) -> None:
    from rnnlab.tasks.sentiment import LABEL, UNKNOWN
    from rnnlab.terminal.tables import print_frame

    frame = restored.predictions(encoded)
    if LABEL not in frame:
        labels = None
    if labels is not None:
        frame.insert(3, "True label", [restored.classes[label] for label in labels])
    plain = form == "table" and UNKNOWN in frame and not frame[UNKNOWN].any()
    print_frame(frame.drop(columns=UNKNOWN) if plain else frame, form)
    if labels is not None:
        # Beside CSV or JSON lines it would be in the way of the program that reads them.
        stream = sys.stdout if form == "table" else sys.stderr
        _print_accuracy(frame["True label"], frame[LABEL], restored.classes, stream)


def _print_accuracy(
    labels: "pd.Series[str]", predicted: "pd.Series[str]", classes: tuple[str, ...], stream: object
) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(file=stream, highlight=False)  # type: ignore[arg-type]
    console.print(f"accuracy {(labels == predicted).mean():.4f} over {len(labels):,} texts")
    table = Table("label", *(f"predicted {name}" for name in classes), title="confusion (texts)")
    for name in classes:
        counts = [int(((labels == name) & (predicted == guess)).sum()) for guess in classes]
        table.add_row(name, *(f"{count:,}" for count in counts))
    console.print(table)


def _print_tokens(
    restored: "RestoredRun", encoded: "list[EncodedText]", form: str, *, attribute: bool
) -> None:
    """Prints a row a token; on a terminal, as a table, the tokens themselves on coloured ground."""
    import pandas as pd

    from rnnlab.experiment.torch_settings import torch_settings
    from rnnlab.terminal.messages import print_note
    from rnnlab.terminal.tables import make_console, print_frame

    with torch_settings(restored.config):
        tables = [_tokens_of(restored, text, attribute=attribute) for text in encoded]
    if attribute:
        from rnnlab.probes.attribution import BASELINE

        print_note(f"attributions in units of the logit of pos; baseline: {BASELINE}")
    if form == "table" and sys.stdout.isatty():
        for table in tables:
            make_console().print(_coloured(table, attribute=attribute))
        return
    for number, table in enumerate(tables, start=1):
        table.insert(0, "Text", number)
    print_frame(pd.concat(tables, ignore_index=True), form)


def _tokens_of(restored: "RestoredRun", text: "EncodedText", *, attribute: bool) -> "pd.DataFrame":
    from rnnlab.probes.attribution import integrated_gradients
    from rnnlab.probes.prediction import trace

    if attribute:
        return integrated_gradients(restored.model, text, device=restored.device).table(text)
    return trace(restored.model, text, device=restored.device)


def _coloured(table: "pd.DataFrame", *, attribute: bool) -> "Text":
    """Returns the tokens on red (negative) to blue (positive) ground, each followed by its number."""
    from rich.text import Text

    from rnnlab.probes.prediction import PROBABILITY
    from rnnlab.terminal.messages import printable

    values = table["Attribution"] if attribute else table[PROBABILITY]
    leanings = values / (values.abs().max() or 1.0) if attribute else 2 * values - 1
    line = Text()
    for token, value, leaning, known in zip(table["Token"], values, leanings, table["Known"], strict=True):
        line.append(f" {printable(token)} ", style=ground(leaning) + ("" if known else " strike"))
        line.append(f" {value:+.2f}  " if attribute else f" {value:.2f}  ", style="dim")
    if attribute:
        last = table.iloc[-1]
        line.append(
            f"\nlogit {last['Baseline logit']:+.4f} at the baseline, {last['Logit']:+.4f} for the text; "
            f"the attributions add up to {values.sum():+.4f} ({last['Steps']:,} steps)"
        )
    if not table["Known"].all():
        line.append("\nstruck out: unknown to the run", style="dim")
    return line


def ground(leaning: float) -> str:
    """Returns the style of black text on red for −1, white for 0, blue for 1; few mix up these two."""
    towards = (70, 130, 250) if leaning > 0 else (250, 90, 70)
    share = min(1.0, abs(leaning))
    red, green, blue = (round(247 + share * (end - 247)) for end in towards)
    return f"black on rgb({red},{green},{blue})"
