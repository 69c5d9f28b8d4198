"""1.1.1 and 1.1.2: the zeros of a padded batch, and the states that are read of them without packing."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from rnnlab.course.evidence import Course
from rnnlab.course.measure import Measured, Source, Unit, compare
from rnnlab.course.padding_figure import draw_batch, draw_states
from rnnlab.course.question import Answer, Questions, Sentence, choose, say
from rnnlab.reports.blocks import Block, Picture, Table
from rnnlab.reports.records import Records
from rnnlab.runs import files

QUESTIONS = Questions("1.1 Padding")
ask = QUESTIONS.ask

TERMS = ("padding", "packing")
END_IDS, FIRST_IDS = 2, 4  # of a text's ids, those that the table shows


@ask("1.1.1", "Where do the zeros of a padded batch come from, why there, and why so many?")
def zeros(course: Course) -> Answer:
    """Counts them, and in batches of like lengths those that would be left."""
    share = of_batches(course, "share of zeros in the training batches", _share, "share")
    alike = of_batches(course, "share of zeros in batches of like lengths", _share_alike, "share")
    longest = of_batches(course, "longest text of a batch, mean", _mean_longest, "count")
    mean = of_batches(course, "words of a text, mean", _mean_words, "count")
    first = [
        _of_first(course, what, number)
        for what, number in (("texts", len), ("shortest", min), ("longest", max), ("zeros", _zeros))
    ]
    texts, shortest, most, padded = first
    apart = compare(share, alike)
    found = [
        Sentence(
            "A batch is one table of numbers, a row per text and a column per step, so every text needs as "
            f"many steps as the longest. The {texts} texts of the first batch (seed 1) have {shortest} to "
            f"{most} words; each shorter one is filled up to {most} with the id 0, which stands for no word, "
            f"<pad>: {padded} zeros.",
            figures=first,
        ),
        Sentence(
            "They stand after a text's last word, never before or between: all texts begin at step one, and "
            "a length per text is enough to say where the words end (packing needs no more)."
        ),
        Sentence(
            f"Over an epoch {share} of all numbers in the batches are zeros: texts are put together at "
            f"random, and the longest of a batch has {longest} words, where the mean text has {mean}.",
            figures=(share, longest, mean),
        ),
        choose(
            apart,
            higher="That is so many because of who shares a batch: the same texts, batched by length, would "
            f"have fewer ({apart}).",
            lower=f"Batched by length the same texts would have more ({apart}).",
            same="Batched by length the same texts would have just as many: who shares a batch does not "
            f"matter here ({apart}).",
            open=f"Whether batching by length would change that is not shown ({apart}).",
        ),
    ]
    return Answer(found, [*_batch(course), *_ids(course)], terms=TERMS)


def of_batches(course: Course, what: str, figure: Callable[[pd.DataFrame], float], unit: Unit) -> Measured:
    """Returns a figure computed of the texts' lengths in each seed's batches of the first epoch."""

    def read(run: Records) -> float:
        table = run.table(files.BATCHES)
        return math.nan if table is None else figure(table)

    return course.computed("rnn", what, read, unit)


def _share(batches: pd.DataFrame) -> float:
    words = batches.groupby("batch")["words"]
    return 1 - float(batches["words"].sum() / (words.max() * words.size()).sum())


def _share_alike(batches: pd.DataFrame) -> float:
    """Returns the share of zeros if the texts were batched from the shortest to the longest."""
    return _share(batches.assign(words=np.sort(batches["words"])))


def _mean_longest(batches: pd.DataFrame) -> float:
    return float(batches.groupby("batch")["words"].max().mean())


def _mean_words(batches: pd.DataFrame) -> float:
    return float(batches["words"].mean())


def _first_batch(course: Course) -> list[int]:
    table = course.first("rnn").table(files.BATCHES)
    return [] if table is None else table["words"][table["batch"] == table["batch"].iloc[0]].tolist()


def _of_first(course: Course, what: str, number: Callable[[list[int]], int]) -> Measured:
    lengths = _first_batch(course)
    value = float(number(lengths)) if lengths else math.nan
    return Measured("rnn", f"{what} of the first batch", (value,), "count")


def _zeros(lengths: list[int]) -> int:
    return sum(max(lengths) - length for length in lengths)


def _batch(course: Course) -> list[Block]:
    lengths = _first_batch(course)
    if not lengths:
        return []
    reading = "Each row is a text; hatched: zeros. Only a longest text has none."
    return [Picture("padded-batch", "The first batch of training, seed 1", draw_batch(lengths), reading)]


def _states(course: Course) -> pd.DataFrame | None:
    table = course.first("rnn").table(files.PADDING)
    if table is None:
        return None
    table = table[(table["layer"] == 1) & (table["direction"] == "forward")]
    return table.assign(state_packed=table["state_packed"].fillna(""))


def _ids(course: Course) -> list[Block]:
    table = _states(course)
    if table is None:
        return []
    rows = []
    for _, steps in table.groupby("text", sort=False):
        words = int((~steps["is_padding"]).sum())
        ids = steps["id"].astype(str).tolist()
        shown = list(range(min(FIRST_IDS, words)))
        shown += [n for n in range(words - END_IDS, words + END_IDS) if FIRST_IDS <= n < len(ids)]
        shown += [n for n in range(len(ids) - END_IDS, len(ids)) if n > max(shown)]
        text = ""
        for before, number in zip([-1, *shown], shown, strict=False):
            text += ("" if number == 0 else " " if number == before + 1 else " … ") + ids[number]
        rows.append([text, str(words), str(len(ids) - words)])
    caption = "Its shortest, middle and longest text as ids, by step; 0 is <pad>"
    return [Table(["ids", "words", "zeros"], rows, caption)]


@ask("1.1.2", "Which step is the last with packing and without, when do they agree, what goes wrong?")
def last_step(course: Course) -> Answer:
    """Compares what the trained net says of padded batches when it is told where texts end, and when not."""
    packed, padded = (
        course.at(
            "rnn", Source(files.UNPACKED, f"right_{how}"), f"validation accuracy {what} packing", "share"
        )
        for how, what in (("packed", "with"), ("padded", "without"))
    )
    longest, shorter = (
        _of_texts(course, f"share of texts {what} with the same probability", _agreeing(whole))
        for whole, what in ((True, "as long as their batch"), (False, "shorter than their batch"))
    )
    other = _of_texts(course, "share of shorter texts that get another class", _other_class)
    moved = _of_texts(course, "change of the probability of shorter texts, mean", _moved)
    spreads = [
        _of_texts(course, f"standard deviation of the probability over shorter texts, {what} packing", spread)
        for what, spread in (("without", _spread("padded")), ("with", _spread("packed")))
    ]
    worse, narrower = compare(padded, packed), compare(spreads[0], spreads[1])
    found = [
        Sentence(
            "With packing the last state is the one after the text's own last word. Without, it is the one "
            "after the last step of the batch, for every text; a shorter one has read zeros since its end. "
            "Each zero takes a step as a word does (its vector is all zeros), so the state moves on."
        ),
    ]
    if not shorter.known:
        found.append(
            Sentence(
                "Here every validation text is as long as its batch, so no zeros are read: of them "
                f"{longest} get the same probability both ways.",
                figures=(longest,),
            )
        )
        return Answer(found, _shown(course), terms=TERMS)
    found += [
        Sentence(
            f"Of the validation texts as long as their batch, {longest} get the same probability both ways; "
            f"of the shorter ones {shorter}.",
            (compare(longest, shorter),),
            (longest, shorter),
        ),
        Sentence(
            f"Without packing {other} of the shorter texts get the other class from the same trained net, "
            f"and the probability is {moved} away from the one with packing.",
            figures=(other, moved),
        ),
        say("Validation accuracy without packing", worse, "with packing"),
        say("The standard deviation of the probability over the shorter texts", narrower, "with packing"),
        choose(
            narrower,
            lower="So without packing less of a text is left in the state that the net decides by.",
            higher="So without packing it is not true that less of a text is left in the state.",
            open="That less of a text is left after the zeros is not shown.",
        ),
    ]
    return Answer(found, _shown(course), terms=TERMS)


def _of_texts(course: Course, what: str, figure: Callable[[pd.DataFrame], float]) -> Measured:
    """Returns a share computed of each seed's unpacked.csv."""

    def read(run: Records) -> float:
        table = run.table(files.UNPACKED)
        return math.nan if table is None else figure(table)

    return course.computed("rnn", what, read, "share")


def _agreeing(longest: bool) -> Callable[[pd.DataFrame], float]:
    return lambda texts: float(texts["agree"][(texts["words"] == texts["longest"]) == longest].mean())


def _shorter(texts: pd.DataFrame) -> pd.DataFrame:
    return texts[texts["words"] < texts["longest"]]


def _other_class(texts: pd.DataFrame) -> float:
    chosen = _shorter(texts)[["probability_packed", "probability_padded"]] > 0.5
    return float((chosen.iloc[:, 0] != chosen.iloc[:, 1]).mean())


def _moved(texts: pd.DataFrame) -> float:
    texts = _shorter(texts)
    return float((texts["probability_padded"] - texts["probability_packed"]).abs().mean())


def _spread(how: str) -> Callable[[pd.DataFrame], float]:
    return lambda texts: float(_shorter(texts)[f"probability_{how}"].std())


def _shown(course: Course) -> list[Block]:
    table = _states(course)
    if table is None:
        return []
    texts = table["text"].unique().tolist()
    reading = (
        "Up to the end of a text both ways have the same states. On grey ground zeros are read: those "
        "states are wrong, and without packing the last of them is what the net decides by."
    )
    figure = draw_states(table, texts)
    title = "State after every step, first units, trained RNN (seed 1)"
    return [
        _lasts(table),
        Picture("padding-states", title, figure, reading),
        _every_step(table[table["text"] == texts[0]]),
    ]


def _lasts(table: pd.DataFrame) -> Table:
    rows = []
    for _, steps in table.groupby("text", sort=False):
        packed, padded = (steps[steps[f"last_{how}"]].iloc[0] for how in ("packed", "padded"))
        rows.append(
            [
                str(int((~steps["is_padding"]).sum())),
                str(packed["step"]),
                str(padded["step"]),
                "wrong" if padded["differs"] else "right",
                _minus(packed["state_packed"]),
                _minus(padded["state_padded"]),
                str(int(steps["differs"].sum())),
            ]
        )
    header = [
        "words",
        "last step with packing",
        "last step without",
        "state read without packing",
        "state after the last step with packing",
        "after the last step without",
        "wrong states",
    ]
    return Table(header, rows, "Three texts of the first batch of training, seed 1; first units of the state")


def _every_step(steps: pd.DataFrame) -> Table:
    """Returns the state at every step of a text, both ways; equal ones that follow each other in one row."""
    rows: list[list[str]] = []
    since = 0
    for step in steps.to_dict("records"):
        states = [_minus(step["state_packed"]) or "no step", _minus(step["state_padded"])]
        row = [str(step["word"]), *states, "wrong" if step["differs"] else ""]
        if rows and rows[-1][1:] == row:
            rows[-1][0] = f"{since} to {step['step']}"
        else:
            since = step["step"]
            rows.append([str(since), *row])
    header = ["step", "word", "state with packing", "state without", ""]
    return Table(header, rows, "Every step of the shortest text, both ways", folded=True)


def _minus(units: str) -> str:
    return units.replace("-", "−")
