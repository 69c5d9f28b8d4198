"""`rnnlab data check`: what is in files of labelled texts, and every bad line of them."""

from pathlib import Path
from typing import Annotated, Literal

import typer


def check(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH", help="TSV or CSV files, or folders of texts; first that of training."),
    ],
    vectors: Annotated[
        Path | None,
        typer.Option(help="Word vectors (GloVe or word2vec text form) to see how many words they cover."),
    ] = None,
    tokenizer: Annotated[
        Literal["spacy", "wordpunct", "whitespace"], typer.Option(help="What cuts texts into tokens.")
    ] = "spacy",
    strip_html: Annotated[
        bool, typer.Option("--strip-html/--keep-html", help="Take HTML such as <br /> out first.")
    ] = True,
) -> None:
    """Rows, balance, lengths, vocabulary, duplicates and every bad line; exit code 2 if there is one.

    As in training, the first file has all labels that there are.

    Example: rnnlab data check train.tsv valid.tsv --vectors glove.txt
    """
    from rnnlab.data.check import check_files
    from rnnlab.terminal.console import PlainConsole
    from rnnlab.terminal.data_report import show_report

    with PlainConsole(stderr=True).status("Reading and tokenizing"):
        report = check_files(paths, vectors=vectors, tokenizer=tokenizer, strip_html=strip_html)
    errors = show_report(report, PlainConsole())
    if errors:
        raise typer.Exit(2)
