"""Valid files of every kind, from which broken ones are made."""

import gzip
import io
from pathlib import Path
from typing import Any

import numpy as np

from tests.fuzz.trees import Tree, read_tree

TEXTS = [
    ("pos", "a fine film, <br /> really"),
    ("neg", "boring and “long”"),
    ("pos", "good"),
    ("neg", "bad é"),
]
TSV = "".join(f"{label}\t{text}\n" for label, text in TEXTS).encode()
NAMED = b"sports\ta match\nscience\ta star\nsports\ta goal\nscience\tan atom\narts\ta song\narts\ta play\n"
CSV = b'review,sentiment\n"a ""fine"" film",positive\n"long,\nboring",negative\ngood,positive\nbad,negative\n'
STARS = b"id,text,stars\n1,a fine film,5\n2,boring,1\n3,so so,3\n4,good,5\n5,bad,1\n6,hm,3\n"
GLOVE = b"the 0.1 -0.2 3e-1\nfilm 1 2 3\n. . . 0.5 0.25 -1\n\xc3\xa9 0 0 0\n"
WORD2VEC = b"3 2\nthe 0.1 0.2 \nfilm 0.3 0.4 \ncut\xe2\x82 1 2 \n"
PAIRS = b'positive,negative\na fine film,a boring film\n"good, ""very""",bad\n'
TAGS = b"the\tDET\tO\ncat\tNOUN\tB\n\nit\tPRON\tO\nis\tVERB\tO\n"
SERIES = b"time,price\n1,2.5\n2,3.5\n3,-1e3\n4,0.5\n"
STEPS = b"sequence,step,x1,x2,y\na,1,0.5,1,\na,2,0.25,2,1\nb,1,3,-1,0\n"
EVERY_STEP = b"sequence,step,x,y\na,0,1,cat\na,1,2,dog\nb,0,3,cat\nb,1,4,\n"
TEXT = "Call me Ishmael. Some years ago – never mind how long –\nhaving little money…\n".encode()
WORDS = b"the\nand\n\xc3\xa9t\xc3\xa9\n"
GIVEN = b"a fine film\na boring film\n"
AT = b'"time": "2026-11-29T15:17:57Z", "job": "lstm-length5-seed1", "hash": "a1"'
TRIALS = (
    b'{"event": "planned", "time": "2026-11-29T15:17:56Z", "settings": {"training.steps": "20"}, '
    b'"jobs": {"lstm-length5-seed1": {"hash": "a1", "words": ["seed=1"], "settings": {"seed": "1"}}}, '
    b'"asked": ["lstm-length5-seed1"]}\n'
    b'{"event": "running", ' + AT + b', "host": "here", "pid": 1}\n'
    b'{"event": "done", ' + AT + b', "best": {"success": 1, "steps": 20, "best": 0.2, "seconds": 1.5}}\n'
)
SIMILARITY = b"epoch,word1,word2,similarity,note\n0,good,bad,0.5,\n1,good,bad,,zero\n"
JOURNAL = b"""\
{"event": "planned", "time": "2026-11-01T10:00:00+00:00", "settings": {"freeze": "false", "lr": "0.1"}, \
"jobs": {"a-1": {"hash": "h1", "words": ["seed=1"], "settings": {"seed": "1", "model": "lstm"}}, \
"b-2": {"hash": "h2", "words": ["seed=2"], "settings": {"seed": "2", "model": "rnn"}}}, \
"asked": ["a-1", "b-2"]}
{"event": "running", "time": "2026-11-01T10:00:01+00:00", "job": "a-1", "hash": "h1", "host": "x", "pid": 1}
{"event": "running", "time": "2026-11-01T10:00:01+00:00", "job": "b-2", "hash": "h2", "host": "x", "pid": 2}
{"event": "done", "time": "2026-11-01T10:00:02+00:00", "job": "a-1", "hash": "h1", "host": "x", "pid": 1, \
"best": {"epoch": 2, "valid_loss": 0.25, "valid_acc": null}, "stopped": "patience"}
{"event": "failed", "time": "2026-11-01T10:00:03+00:00", "job": "b-2", "hash": "h2", "host": "x", "pid": 2, \
"error": "loss is NaN"}
"""
CONFIGURATION = b"""\
# @package _global_
defaults: [{override /model: lstm}, _self_]
model: {hidden_size: 8, num_layers: 2}
optimizer: {lr: 0.5}
training: {epochs: 2, threads: null}
data: {max_length: "${model.hidden_size}"}
seed: 7
hydra: {run: {dir: "outputs/${seed}"}, job: {name: x}, sweeper: {params: {seed: "1,2"}}}
"""
MODULE = b"""from torch import nn


class MyCell(nn.RNNCell):
    def forward(self, x, h=None):
        return super().forward(x, h)
"""
EXERCISE = b'''import numpy as np


def tanh(x):
    """Of an exercise."""
    return np.tanh(x)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))
'''


def one(name: str, *contents: bytes, packed: bool = True) -> list[Tree]:
    """Returns a tree of one file for each content, and the first one compressed."""
    trees: list[Tree] = [{name: content} for content in contents]
    return [*trees, {f"{name}.gz": gzip.compress(contents[0], 1, mtime=0)}] if packed else trees


def folders() -> list[Tree]:
    """Returns folders of labelled texts, in each layout."""
    of_files: Tree = {f"{label}/{number}_7.txt": text.encode() for number, (label, text) in enumerate(TEXTS)}
    of_lines: Tree = {"rt.pos": b"good\nfine\n", "rt.neg": b"bad\nboring\n"}
    of_labels: Tree = {
        f"{label}/{number}.txt": b"a text" for number in range(2) for label in ("arts", "sport")
    }
    return [of_files, of_lines, of_labels, {f"{name}.gz": gzip.compress(b"x\n") for name in of_lines}]


def npz(**arrays: Any) -> bytes:
    """Returns a .npz file."""
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def npzs() -> list[Tree]:
    """Returns .npz files of sequences, right and wrong ones."""
    x, y = np.arange(12.0).reshape(3, 4), np.array([0.5, 1.5, 2.5])
    contents = [
        npz(x=x, y=y),
        npz(x=x[..., None], y=np.array([0, 1, 1])),
        npz(x=x, y=np.array([["a", "b", "a", ""]] * 3)),
        npz(x=x, y=y.astype(np.float16), z=y),
        npz(x=x.astype(np.complex128), y=y),
        npz(x=np.array([x, None], dtype=object), y=y),
        npz(x=np.array([(1, 2.0)], dtype="i4,f8"), y=np.array(["2020-01-01"], dtype="M8[D]")),
    ]
    return [{"x.npz": content} for content in contents]


def run_folder(trained: Path) -> Tree:
    """Returns a finished run's folder."""
    return {f"one/{name}": content for name, content in read_tree(trained / "outputs" / "one").items()}


def checkpoint(trained: Path) -> Tree:
    """Returns a run's checkpoint alone."""
    return {"x.safetensors": (trained / "outputs/one/checkpoints/last.safetensors").read_bytes()}
