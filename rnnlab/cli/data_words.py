"""`rnnlab data words`: the words of a text that task=language reads, and their numbers."""

from pathlib import Path
from typing import Annotated

import typer

from rnnlab.cli.options import Overrides


def words(
    overrides: Overrides = None,
    look_up: Annotated[
        list[str] | None, typer.Option("--word", help="A word whose index is asked for; may be repeated.")
    ] = None,
    index: Annotated[
        list[int] | None, typer.Option("--index", min=0, help="An index whose word is asked for; likewise.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file for all words, one a line, by index.")
    ] = None,
    one_hot: Annotated[
        Path | None,
        typer.Option("--one-hot", help="A .npz file for the sparse one-hot matrix (tokens × words), as CSR."),
    ] = None,
) -> None:
    """Count the tokens of data.train as task=language cuts and chooses them, and number the distinct ones.

    Indices are places in sorted order, from 0. The one-hot matrix is written as its CSR parts, arrays
    `data`, `indices`, `indptr` and `shape`, which scipy.sparse.load_npz reads, too.

    Example: rnnlab data words data.train=moby-dick.txt.gz --word captain --index 0
    """
    from rnnlab.terminal.messages import print_line
    from rnnlab.workflows.count_words import count_words

    counted = count_words(overrides or [])
    print_line(f"{len(counted.tokens):,} tokens, {len(counted.index.words):,} distinct")
    for word, number in zip(look_up or [], counted.index.encode(look_up or []), strict=True):
        print_line(f"{word} {number}")
    for number in index or []:
        print_line(f"{number} {counted.word(number)}")
    if output is not None:
        counted.write_words(output)
    if one_hot is not None:
        counted.write_one_hot(one_hot)
