"""Two presets side by side: sentences on costs, seeds and the gradients at their tokens."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from rnnlab.course.evidence import Course
from rnnlab.course.measure import Comparison, Measured, compare
from rnnlab.course.question import Sentence, differences, say
from rnnlab.course.tables import cell
from rnnlab.reports.blocks import Table

Pair = tuple[str, str]


def time(course: Course, pair: Pair, left: str, right: str) -> Sentence:
    """Returns the sentence that compares CPU seconds of a training pass, as a ratio, too, if they differ."""
    seconds = compare(course.seconds(pair[0]), course.seconds(pair[1]))
    sentence = say(
        f"A training pass of {left}, in CPU seconds,", seconds, f"one of {right}", "slower", "faster"
    )
    if seconds.verdict not in ("higher", "lower"):
        return sentence
    ratio = _ratio(seconds.left, seconds.right)
    return replace(sentence, text=f"{sentence.text} That is {ratio} times as long.", figures=(ratio,))


def parameters(course: Course, pair: Pair, subject: str) -> Sentence:
    """Returns the sentence on the number of trainable parameters, with and without the word vectors."""
    own, whole = (
        [
            Measured(preset, "parameters", (course.parameters(preset, words=words),) * course.seeds, "count")
            for preset in pair
        ]
        for words in (False, True)
    )  # fmt: skip
    times, of_whole = _ratio(*own), _ratio(*whole)
    return Sentence(
        f"{subject[:1].upper()}{subject[1:]}: {own[0]} trainable parameters against {own[1]} without the "
        f"word vectors, {times} times as many; with them {whole[0]} against {whole[1]}, {of_whole} times.",
        figures=(*own, times, *whole, of_whole),
    )


def _ratio(left: Measured, right: Measured) -> Measured:
    values = tuple(a / b if b else float("nan") for a, b in zip(left.values, right.values, strict=True))
    return Measured(left.of, f"{left.what}, as a ratio", values, "size")


def gradient_at_token(course: Course, pair: Pair, subject: str) -> list[Sentence]:
    """Returns sentences that compare the untrained nets' gradients where the presets' tokens stand."""
    columns = {f"{token[1:-1]}_norm": f"gradient norm of {token}" for token in course.tokens}
    columns |= {"ratio_to_end": "ratio to the end", "cosine": "cosine of the two tokens' gradients"}
    position = {preset: course.first(preset).settings["insert"] for preset in pair}
    sides = [
        (name, Comparison(*(course.gradient(preset, position[preset], column) for preset in pair)))
        for column, name in columns.items()
    ]
    return differences(f"{subject}, untrained nets, where the token stands", sides)


def seed_range(course: Course, preset: str, name: str = "valid_acc") -> Measured:
    """Returns a metric over the last epochs that shows its range over seeds, not its deviation."""
    return replace(course.metric(preset, name), unit="size", texts=None)


def from_the_middle_seed(course: Course, preset: str) -> Measured:
    """Returns each seed's distance from the median of validation accuracy (Brown & Forsythe 1974)."""
    figure = course.metric(preset, "valid_acc")
    values = tuple(abs(value - median(figure.values)) for value in figure.values)
    what = f"distance from the middle seed of {figure.what}"
    return replace(figure, what=what, values=values, texts=None, source=None)


def by_seed(course: Course, presets: Sequence[str], name: str = "valid_acc") -> Table:
    """Returns a metric over the last epochs of every seed's run."""
    rows = []
    for preset in presets:
        figure = course.metric(preset, name)
        rows.append([preset, *(cell(replace(figure, values=(value,))) for value in figure.values)])
    header = ["run", *(f"seed {seed}" for seed in range(1, course.seeds + 1))]
    what = course.metric(presets[0], name).what
    return Table(header, rows, f"{what[:1].upper() + what[1:]}, seed by seed")
