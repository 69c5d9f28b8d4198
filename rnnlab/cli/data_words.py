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
    """
    import numpy as np

    from rnnlab.core.errors import InputError
    from rnnlab.core.files import atomic_path, write_text
    from rnnlab.data.running_text import WordIndex
    from rnnlab.experiment.build import build_task, check_fit
    from rnnlab.experiment.compose import checked, compose_config
    from rnnlab.experiment.task_data import data_settings
    from rnnlab.terminal.messages import printable

    config = checked(compose_config(["task=language", "task.token=word", *(overrides or [])]))
    task = build_task(config)
    check_fit(config, task)
    tokens = task.chosen_tokens(data_settings(config))
    known = WordIndex.of(tokens)
    print(f"{len(tokens):,} tokens, {len(known.words):,} distinct")
    for word, number in zip(look_up or [], known.encode(look_up or []), strict=True):
        print(f"{printable(word)} {number}")
    for number in index or []:
        if number >= len(known.words):
            raise InputError(f"--index {number}: expected 0 to {len(known.words) - 1}")
        print(f"{number} {printable(known.words[number])}")
    try:
        if output is not None:
            write_text(output, "".join(f"{word}\n" for word in known.words))
        if one_hot is not None:
            matrix = known.one_hot(tokens)
            with atomic_path(one_hot) as temporary, temporary.open("wb") as file:
                np.savez_compressed(
                    file,
                    allow_pickle=False,
                    format=np.array(b"csr"),
                    shape=np.array(matrix.shape),
                    indptr=np.arange(len(tokens) + 1),
                    indices=matrix.indices()[1].numpy(),
                    data=matrix.values().numpy(),
                )
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be written ({error.strerror})") from None
