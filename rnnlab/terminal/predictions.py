"""What a net says of texts, as a person or a program reads it."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from rich.text import Text

from rnnlab.core.printable import printable
from rnnlab.terminal.messages import print_line
from rnnlab.terminal.tables import make_console, print_frame, print_rows

if TYPE_CHECKING:
    import pandas as pd

UNKNOWN, ATTENTION = "Unknown words", "Attention"
FIRST_ROWS = 10  # of a forecast
NUMBER_WIDTH = 6  # characters, as in 0.1234
WIDE = 0.6  # of a terminal's width
LARGEST, CONFUSIONS = 3, 10  # shown, of more than fit


def print_predictions(
    rows: "pd.DataFrame", form: str, *, accuracy: float | None = None, confusion: "pd.DataFrame | None" = None
) -> None:
    """Prints a row per text, unknown words only where there are some, and how many are right, if known.

    form: `table`, `csv` or `jsonl`.
    """
    plain = form == "table" and UNKNOWN in rows and not rows[UNKNOWN].any()
    shown = rows.drop(columns=UNKNOWN) if plain else rows
    print_frame(_with_fewer_columns(shown) if form == "table" else shown, form)
    if confusion is not None:
        # Beside CSV or JSON lines it would be in the way of the program that reads them.
        stream = sys.stdout if form == "table" else sys.stderr
        print_line(f"accuracy {accuracy:.4f} over {len(rows):,} texts", stream)
        print_confusion(confusion, stream)


def print_forecast(rows: "pd.DataFrame", errors: dict[str, float]) -> None:
    """Prints the first rows of a series that a net goes on with, and the mean squared errors over all."""
    import pandas as pd

    numbers = dict.fromkeys(rows.columns[1:], ".4f")
    caption = f"the first {FIRST_ROWS} of {len(rows):,} rows" if len(rows) > FIRST_ROWS else ""
    print_rows(rows.head(FIRST_ROWS), numbers, title="standard deviations", caption=caption)
    title = f"mean squared error over {len(rows):,} rows, in squared standard deviations"
    print_rows(pd.DataFrame(errors.items(), columns=["rule", "error"]), {"error": ".4f"}, title=title)


def print_confusion(counts: "pd.DataFrame", stream: TextIO | None = None, *, unit: str = "texts") -> None:
    """Prints how many texts, or other units, of each label (row) are called what (column)."""
    title = f"confusion ({unit})"
    if len(counts) == 2:
        shown, first = counts.map("{:,}".format).rename(columns=lambda name: f"predicted {name}"), "label"
    else:
        shown, first = counts.copy(), "label / predicted"
    shown.insert(0, first, counts.index, allow_duplicates=True)
    if _width(shown.columns) > make_console(stream).width:
        shown, title = _most_frequent_confusions(counts, unit), f"the most frequent confusions ({unit})"
    print_rows(shown, title=title, file=stream)


def _most_frequent_confusions(counts: "pd.DataFrame", unit: str) -> "pd.DataFrame":
    """Returns which label is taken for which other, the most frequent first, for more labels than fit beside
    each other.
    """
    import pandas as pd

    names = list(map(str, counts.columns))
    wrong = [
        (label, predicted, int(texts))
        for label, row in zip(names, counts.to_numpy(), strict=True)
        for predicted, texts in zip(names, row, strict=True)
        if label != predicted and texts
    ]
    wrong.sort(key=lambda confusion: -confusion[2])
    return pd.DataFrame(wrong[:CONFUSIONS], columns=["label", "predicted", unit])


def _with_fewer_columns(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Returns rows with the largest probabilities in one column, where all take too much of the width."""
    shares = [str(name) for name in rows if str(name).startswith("P(")]
    if _width(shares) <= WIDE * make_console().width:
        return rows
    largest = [
        ", ".join(f"{name[2:-1]} {share:.4f}" for name, share in of_text.nlargest(LARGEST).items())
        for _, of_text in rows[shares].iterrows()
    ]
    compact = rows.drop(columns=shares)
    compact.insert(int(rows.columns.get_loc(shares[0])), "Largest probabilities", largest)
    return compact


def _width(names: Iterable[str]) -> int:
    """Returns how many characters columns of numbers with these names take in a table."""
    return sum(max(len(str(name)), NUMBER_WIDTH) + 3 for name in names)


def print_tokens(tables: "list[pd.DataFrame]", form: str) -> None:
    """Prints a row per token; on a terminal, as a table, the tokens themselves on coloured ground."""
    import pandas as pd

    if form == "table" and sys.stdout.isatty():
        for table in tables:
            make_console().print(_coloured(table))
        return
    for number, table in enumerate(tables, start=1):
        table.insert(0, "Text", number)
    print_frame(pd.concat(tables, ignore_index=True), form)


def _coloured(table: "pd.DataFrame") -> Text:
    """Returns the tokens on red (negative) to blue (positive) ground, each followed by its number, and by its
    weight where there is attention.

    Of labels of one's own the number is the probability of the one that is most probable in the end.
    """
    attributed = "Attribution" in table
    shares = [str(name) for name in table if str(name).startswith("P(")]
    column = "Attribution" if attributed else "Classifier probability"
    if shares:
        column = table[shares].iloc[-1].idxmax()
    values = table[column]
    leanings = values / (values.abs().max() or 1.0) if attributed else values if shares else 2 * values - 1
    line, weights = Text(), table.get(ATTENTION)
    beside = [""] * len(table) if weights is None else [f" ({weight:.3f})" for weight in weights]
    for token, value, leaning, known, weight in zip(
        table["Token"], values, leanings, table["Known"], beside, strict=True
    ):
        line.append(f" {printable(token)} ", style=ground(leaning) + ("" if known else " strike"))
        line.append(f" {value:+.2f}  " if attributed else f" {value:.2f}{weight}  ", style="dim")
    if weights is not None:
        line.append(f"\nin brackets: attention's weights, which add up to {weights.sum():.3f}", style="dim")
    if attributed:
        last = table.iloc[-1]
        line.append(
            f"\nlogit {last['Baseline logit']:+.4f} at the baseline, {last['Logit']:+.4f} for the text; "
            f"the attributions add up to {values.sum():+.4f} ({last['Steps']:,} steps)"
        )
    if shares:
        line.append(f"\n{printable(column)} after each token", style="dim")
    if "Label" in table:
        line.append(f"\nof the logit of {printable(str(table['Label'].iloc[0]))}", style="dim")
    if not table["Known"].all():
        line.append("\nstruck out: unknown to the run", style="dim")
    return line


def ground(leaning: float) -> str:
    """Returns the style of black text on red for −1, white for 0, blue for 1; few mix up these two."""
    towards = (70, 130, 250) if leaning > 0 else (250, 90, 70)
    share = min(1.0, abs(leaning))
    red, green, blue = (round(247 + share * (end - 247)) for end in towards)
    return f"black on rgb({red},{green},{blue})"
