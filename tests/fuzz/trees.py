"""What a reader is given: files by their paths in a folder, most often one."""

import os
import shutil
from enum import Enum
from pathlib import Path


class Special(Enum):
    """What may lie where a file is expected."""

    FOLDER = "a folder"
    LOOP = "a link to itself"
    DANGLING = "a link to nothing"


Tree = dict[str, bytes | Special]
"""Contents by relative path; a byte of a name that is not UTF-8 is a lone surrogate, as Python has it."""


def write_tree(tree: Tree, folder: Path) -> None:
    """Makes `folder` hold the tree and nothing else."""
    if folder.is_dir():
        for child in folder.iterdir():
            if child.is_dir() and not child.is_symlink():
                shutil.rmtree(child)
            else:
                child.unlink()
    for name, content in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        match content:
            case bytes():
                path.write_bytes(content)
            case Special.FOLDER:
                path.mkdir()
            case Special.LOOP:
                path.symlink_to(path.name)
            case Special.DANGLING:
                path.symlink_to("nowhere")


def read_tree(folder: Path) -> Tree:
    """Returns what lies in a folder: plain files only."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {os.path.relpath(path, folder): path.read_bytes() for path in files}
