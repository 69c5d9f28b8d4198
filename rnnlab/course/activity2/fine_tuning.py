"""Questions 1.2.1 and 1.2.2: what it helps, hurts and costs that word vectors are trained, and from when."""

from dataclasses import replace

from rnnlab.course.activity2.gain import gain, gain_by_epoch, gain_by_seed, pace, says_when
from rnnlab.course.activity2.gain_figure import gain_picture
from rnnlab.course.evidence import METRICS, Course
from rnnlab.course.measure import Measured, compare, shown
from rnnlab.course.metrics import metrics
from rnnlab.course.question import Answer, Questions, Sentence, say
from rnnlab.course.tables import curves, results
from rnnlab.reports.blocks import Table

QUESTIONS = Questions("Fine-tuning")
ask = QUESTIONS.ask
TUNED, GIVEN = "rnn-unfrozen", "rnn"


@ask("1.2.1", "The last epochs and the time: what do fine-tuned vectors help, what do they hurt?")
def helped(course: Course) -> Answer:
    """Compares all metrics, the gap, the best epoch and the time with and without fine-tuning."""
    found = metrics(course, TUNED, GIVEN, "With fine-tuned vectors", "without fine-tuning")
    best, other = (course.best(preset) for preset in (TUNED, GIVEN))
    found += [
        say(
            "With fine-tuned vectors, the best validation accuracy of any epoch",
            compare(best[0], other[0]),
            "without fine-tuning",
        ),
        Sentence(
            f"It is reached after epoch {best[1]} with fine-tuning, after epoch {other[1]} without.",
            figures=(best[1], other[1]),
        ),
        ahead(course),
        say(
            "An epoch with fine-tuning",
            compare(course.seconds(TUNED), course.seconds(GIVEN)),
            "one without, in CPU seconds",
            "slower",
            "faster",
        ),
    ]
    gap = say(
        "With fine-tuning the gap, training accuracy less validation accuracy,",
        compare(course.gap(TUNED), course.gap(GIVEN)),
        "without fine-tuning",
        "wider",
        "narrower",
    )
    loss_gap = say(
        "With fine-tuning the gap of the losses, validation loss less training loss,",
        compare(_turned(course.gap(TUNED, "loss")), _turned(course.gap(GIVEN, "loss"))),
        "without fine-tuning",
        "wider",
        "narrower",
    )
    pair = [TUNED, GIVEN]
    return Answer(
        found,
        [results(course, pair), gain_by_seed(course, TUNED, GIVEN), *curves(course, pair)],
        [costs(course), gap, loss_gap],
    )


def ahead(course: Course) -> Sentence:
    """Returns in how many of the last epochs the fine-tuned net has the higher accuracy."""
    last, counts = course.window(TUNED), []
    for name in ("train_after_acc", "valid_acc"):
        pairs = zip(course.runs[TUNED], course.runs[GIVEN], strict=True)
        values = tuple(float((gain(run, its, name, 1).tail(last) > 0).sum()) for run, its in pairs)
        counts.append(Measured(TUNED, f"epochs ahead in {METRICS[name]}", values, "count"))
    return Sentence(
        f"Of the last {last} epochs those in which the fine-tuned net has the higher accuracy: in training "
        f"{counts[0]}, in validation {counts[1]}.",
        figures=counts,
    )


def _turned(figure: Measured) -> Measured:
    return replace(figure, values=tuple(-value for value in figure.values))


def costs(course: Course) -> Sentence:
    """Returns the trainable parameters of both, and how many of them fine-tuning adds for each text."""
    figures = [
        Measured(preset, "trainable parameters", (course.parameters(preset),) * course.seeds, "count")
        for preset in (TUNED, GIVEN)
    ]
    vectors = course.parameters(TUNED) - course.parameters(TUNED, words=False)
    texts = int(course.first(TUNED).summary["examples"]["train"])
    return Sentence(
        f"Fine-tuning has {figures[0]} trainable parameters instead of {figures[1]}: {vectors:,} are numbers "
        f"of word vectors, {shown(vectors / texts, 'count')} for each of {texts:,} training texts.",
        figures=figures,
    )


@ask("1.2.2", "From which epoch does the gain of fine-tuning show; is it fast or slow, and why?")
def since(course: Course) -> Answer:
    """Finds per seed the epoch from which the fine-tuned net stays ahead; compares early and late gains."""
    found = [says_when(course, TUNED, GIVEN, name) for name in METRICS]
    found += pace(course, TUNED, GIVEN, "train_after_acc")
    return Answer(
        found,
        [gain_picture(course, TUNED, GIVEN)],
        [*_steps(course), *_reach(course)],
        [_by_epoch(course)],
    )


def _steps(course: Course) -> list[Sentence]:
    """Returns how far a step moves the vectors and the input weights, and what the gradient becomes."""
    vectors = course.health(TUNED, "embedding.weight", "update_ratio", when=0)
    weights = course.health(TUNED, "recurrent.weight_ih_l0", "update_ratio", when=0)
    first, last = (
        course.health(TUNED, "embedding.weight", "gradient_norm", when=when) for when in (0, "last")
    )
    return [
        say(
            "In the untrained net the update ratio of the word vectors, all of them together,",
            compare(vectors, weights),
            "that of the input weights",
            "larger",
            "smaller",
        ),
        say(
            "In the trained net the gradient norm at the word vectors",
            compare(last, first),
            "in the untrained one",
            "larger",
            "smaller",
        ),
    ]


def _reach(course: Course) -> list[Sentence]:
    first, last = (course.half_life(TUNED, when=when) for when in (0, "last"))
    return [
        say(
            "In the trained net the half-life of the gradient, in steps back from a text's end,",
            compare(last, first),
            "in the untrained one",
            "longer",
            "shorter",
        )
    ]


def _by_epoch(course: Course) -> Table:
    rows = gain_by_epoch(course, TUNED, GIVEN)
    header = [
        "epoch", "gain in validation accuracy", "gain in training accuracy", "half-life of the gradient",
        "gradient norm at the word vectors", "update ratio of the word vectors",
    ]  # fmt: skip
    caption = (
        f"{TUNED} less {GIVEN}, mean of the {max(1, course.epochs(TUNED) // 10)} epochs up to the epoch; "
        f"beside it what the probes saw in {TUNED} (half-life in steps), over some of the validation texts"
    )
    return Table(header, rows, caption)
