"""Tables and curves of the reproduced course, over its seeds."""

import math
from collections.abc import Sequence

from rnnlab.course.cosines import chance
from rnnlab.course.evidence import METRICS, PRESETS, Course
from rnnlab.course.measure import Measured
from rnnlab.reports.blocks import Block, Paragraph, Picture, Table
from rnnlab.reports.curve_figure import draw_curves
from rnnlab.runs import files

COLUMNS = ("valid_acc", "train_after_acc", "valid_loss", "train_after_loss")
"""What answers most comes first: a narrow screen shows the first columns only."""
GAP = ""
COLOURS = {preset: number for number, preset in enumerate(PRESETS)} | {"birnn-start": 16}
"""Of each run, wherever it is drawn; none of two that are compared has that of the other."""


def results(course: Course, presets: Sequence[str]) -> Table:
    """Returns each preset's metrics over the last fifth of its epochs, its costs beside them."""
    rows = [
        [
            preset,
            *(str(course.metric(preset, name)) for name in COLUMNS),
            str(course.best(preset)[0]),
            str(course.seconds(preset)),
            f"{course.parameters(preset, words=False):,}",
            f"{course.parameters(preset):,}",
            f"{course.epochs(preset):,}",
        ]
        for preset in presets
    ]
    header = [
        "run",
        *(METRICS[name] for name in COLUMNS),
        "best validation accuracy",
        "CPU seconds per epoch",
        "trainable parameters without word vectors",
        "all trainable parameters",
        "epochs",
    ]
    return Table(
        header,
        rows,
        "Means over the last fifth of the epochs, measured after each epoch" + over_seeds(course),
    )


def over_seeds(course: Course) -> str:
    """Returns what ± means on the page, as the end of a caption."""
    return f"; ± standard deviation over {course.seeds} seeds" if course.seeds > 1 else "; one seed"


def curves(course: Course, presets: Sequence[str]) -> list[Block]:
    """Returns accuracy and loss against the epoch; of several seeds, the mean with its range as a band.

    Both splits are drawn as they were measured after each epoch; a run has one colour on the whole page.
    """
    runs = {
        preset: [
            run.metrics[["epoch"]].assign(
                train_acc=run.metrics["train_after_acc"],
                train_loss=run.metrics["train_after_loss"],
                valid_acc=run.metrics["valid_acc"],
                valid_loss=run.metrics["valid_loss"],
            )
            for run in course.runs[preset]
        ]
        for preset in presets
    }
    title = f"Learning curves: {' and '.join(presets)}"
    return [Picture(f"curves-{'-'.join(presets)}", title, draw_curves(runs, numbers=COLOURS))]


def similarity(course: Course, presets: Sequence[str], words: Sequence[str]) -> Table:
    """Returns, preset by preset, the cosines of the class tokens with each other and with `words`."""
    first, second = course.tokens
    pairs = [(first, second), *((token, word) for word in words for token in course.tokens)]
    rows = [[f"{a} – {b}", *(cell(course.cosine(preset, a, b)) for preset in presets)] for a, b in pairs]
    rows += [
        [f"length of {token}", *(cell(course.length(preset, token)) for preset in presets)]
        for token in (*course.tokens, *words)
    ]
    caption = (
        "Cosines, and lengths of the vectors, after the training"
        f"{over_seeds(course)}. Of random vectors of {course.embedding_size} numbers 95 of 100 pairs have a "
        f"cosine within ±{chance(course):.2f}"
    )
    return Table(["vectors", *presets], rows, caption)


def gradients(course: Course, presets: Sequence[str], *, trained: bool = False) -> Table:
    """Returns the gradient of the loss at the class tokens by position, of untrained or trained nets."""
    columns = ["ratio_to_end", "cosine", *(f"{token[1:-1]}_norm" for token in course.tokens)]
    rows = [
        [
            preset,
            position,
            *(cell(course.gradient(preset, position, column, trained=trained)) for column in columns),
        ]
        for preset in presets
        for position in ("start", "middle", "end")
    ]
    header = ["run", "position", "ratio to end", "cosine", *(f"norm at {token}" for token in course.tokens)]
    net = "trained" if trained else "untrained"
    caption = (
        f"Gradients of the {net} nets at the two tokens' vectors, all validation texts, token at each "
        "position; ratio to end: mean norm over the mean norm at the end; cosine: between the two tokens' "
        f"gradients; median (lowest to highest) of norms over {course.seeds} seeds"
    )
    return Table(header, rows, caption)


def texts(course: Course, presets: Sequence[str], questions: Sequence[str] = ()) -> Table:
    """Returns the probability of the second class that each preset's nets give to the course's texts.

    questions: those of texts.csv whose texts are shown, all for none.
    """
    first = course.first(presets[0]).table(files.TEXTS)
    assert first is not None
    rows = [
        [question, text, *(cell(course.probability(preset, question)) for preset in presets)]
        for question, text in zip(first["question"], first["Input text"], strict=True)
        if question in (questions or list(first["question"]))
    ]
    return Table(["which", "text", *presets], rows, f"Probability of {course.classes[1]}{over_seeds(course)}")


def pairs(course: Course, presets: Sequence[str], suites: Sequence[str]) -> Table:
    """Returns which share of many minimal pairs each preset's nets put in the right order."""
    rows = [
        [
            suite,
            preset,
            cell(course.pairs(preset, suite, "share")),
            _intervals(course, preset, suite),
            cell(course.pairs(preset, suite, "ties")),
            cell(course.pairs(preset, suite, "pairs")),
            cell(course.pairs(preset, suite, "shift")),
        ]
        for suite in suites
        for preset in presets
    ]
    header = [
        "pairs",
        "run",
        "share in the right order",
        "95 % interval of each net",
        "ties",
        "pairs asked",
        "mean shift of the probability",
    ]
    return Table(
        header, rows, "Minimal pairs; the share is that of the pairs that are no ties" + over_seeds(course)
    )


def _intervals(course: Course, preset: str, suite: str) -> str:
    """Returns Wilson's interval of the share, net by net in the order of their seeds."""
    low, high = (course.pairs(preset, suite, column).values for column in ("low", "high"))
    ends = zip(low, high, strict=True)
    return "; ".join(f"{a:.2f} to {b:.2f}" for a, b in ends if not math.isnan(a))


def cell(figure: Measured) -> str:
    """Returns a figure as a table's cell, empty where no seed has one."""
    return GAP if math.isnan(figure.middle) else str(figure)


def texts_source(course: Course) -> Paragraph:
    """Returns where the course's texts are from, and which of their words the nets do not know."""
    table = course.first("boe").table(files.TEXTS)
    assert table is not None
    unknown = dict.fromkeys(" ".join(table["Unknown words"].dropna().astype(str)).split())
    said = f"Unknown to the nets: {', '.join(unknown)}." if unknown else "The nets know all of their words."
    return Paragraph(f"Texts: {table['source'][0]}. {said}")
