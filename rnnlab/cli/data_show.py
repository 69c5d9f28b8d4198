"""`rnnlab data show`: examples as a net gets to see them."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rnnlab.cli.train import Overrides

if TYPE_CHECKING:
    from rich.text import Text

    from rnnlab.data.vocabulary import Vocabulary


def show(
    overrides: Overrides = None,
    split: Annotated[Literal["train", "valid", "test"], typer.Option(help="Which texts.")] = "train",
    number: Annotated[int, typer.Option("--number", "-n", min=1, help="How many of them.")] = 3,
) -> None:
    """Show encoded examples: tokens and ids, inserted tokens marked, unknown words dimmed."""
    from rich.console import Console
    from rich.table import Table

    from rnnlab.cli.display import track_texts
    from rnnlab.config.build import build_corpus, with_insertion
    from rnnlab.config.compose import checked, compose_config
    from rnnlab.core.errors import InputError

    config = checked(compose_config(overrides or []))
    corpus = build_corpus(config, track=track_texts).keep()
    if split not in corpus.splits:
        raise InputError(f"--split {split}: there is none; there are {', '.join(corpus.splits)}")
    texts = with_insertion(corpus.splits[split], config, corpus.vocabulary)
    console = Console()
    table = Table("label", "length", "tokens and ids", show_lines=True)
    for index in range(min(number, len(texts))):
        ids = texts.text(index).tolist()
        table.add_row("pos" if texts.labels[index] else "neg", str(len(ids)), _tokens(ids, corpus.vocabulary))
    console.print(table)
    console.print(
        f"{split}: {len(texts):,} texts; vocabulary: {len(corpus.vocabulary):,} words; insert={config.insert}"
    )


def _tokens(ids: list[int], vocabulary: "Vocabulary") -> "Text":
    from rich.text import Text

    from rnnlab.cli.messages import printable
    from rnnlab.data.vocabulary import NEWNEG, NEWPOS, UNK

    styles = {NEWNEG: "bold reverse red", NEWPOS: "bold reverse green", UNK: "dim"}
    line = Text()
    for number in ids:
        word = vocabulary.words[number]
        line.append(printable(word), style=styles.get(word, ""))
        line.append(f" {number}  ", style="dim cyan")
    return line
