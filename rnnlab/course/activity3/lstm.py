"""Questions 1.3.7 and 1.3.8: an LSTM, what it does better and what it costs."""

from rnnlab.course.contrast import by_seed, from_the_middle_seed, parameters, seed_range, time
from rnnlab.course.evidence import Course
from rnnlab.course.measure import Comparison, compare
from rnnlab.course.metrics import metrics
from rnnlab.course.question import Answer, Questions, Sentence, say
from rnnlab.course.reach import (
    Way,
    arrives,
    compared_distance,
    mean_gate,
    reach_curves,
    reach_table,
)
from rnnlab.course.tables import curves, gradients, results
from rnnlab.course.token_use import reaches, read_at_output, token_table, with_and_without
from rnnlab.reports.blocks import Block

QUESTIONS = Questions("An LSTM")
ask = QUESTIONS.ask
PAIR = ("lstm-start-adam", "start-adam")
LSTM, RNN = PAIR


@ask("1.3.7", "What does the LSTM do better than the RNN under Adam, and what in it does that?")
def better(course: Course) -> Answer:
    """Compares accuracies, then what arrives from words far back, untrained and trained."""
    found = [
        *metrics(course, *PAIR, "With the LSTM", "with the RNN"),
        reaches(course, LSTM),
        reaches(course, RNN),
        *(with_and_without(course, preset) for preset in PAIR),
        *(read_at_output(course, preset) for preset in PAIR),
    ]
    ways = [
        Way(RNN, trained=False),
        Way(RNN),
        Way(LSTM, "cell", trained=False),
        Way(LSTM, "cell"),
        Way(LSTM, "cell_only", trained=False),
        Way(LSTM, "cell_only"),
    ]
    distance = compared_distance(course, ways)
    shown: list[Block] = [
        reach_curves(course, [*ways[:4], ways[5]]),
        reach_table(course, ways, distance),
        gradients(course, PAIR),
    ]
    evidence = [results(course, PAIR), by_seed(course, PAIR), token_table(course, PAIR)]
    return Answer(found, [*evidence, *curves(course, PAIR)], _why(course, ways, distance), shown)


def _why(course: Course, ways: list[Way], distance: int) -> list[Sentence]:
    """Returns sentences on the untrained nets' gradients, then on what trained nets retain, and by what."""
    gradient = [course.gradient(preset, "start", "ratio_to_end") for preset in PAIR]
    _, rnn, cell_before, cell, _, gates = (arrives(course, way, distance) for way in ways)
    open_, open_before = mean_gate(course, ways[5]), mean_gate(course, ways[4])
    average = course.through_time(LSTM, "predicted", distance, path="cell_only", trained=True)
    over = f"over {distance} words"
    return [
        say("Before training, the gradient at the start relative to the end in the LSTM",
            Comparison(*gradient), "in the RNN", "larger", "smaller"),
        say(f"After training, what arrives {over} along the LSTM's cell", compare(cell, rnn),
            "along the RNN's state", "larger", "smaller"),
        say(f"What arrives {over} along the LSTM's cell after training", compare(cell, cell_before),
            "before it", "larger", "smaller"),
        say(f"What the trained LSTM's forget gates alone let through {over}, in the unit that retains most,",
            compare(gates, cell), "all that arrives along its cell", "larger", "smaller"),
        say("The mean forget gate after training", compare(open_, open_before), "before it"),
        say(f"What the gates let through {over} in the unit that retains most", compare(gates, average),
            "what gates that all stood at their mean would", "larger", "smaller"),
    ]  # fmt: skip


@ask("1.3.8", "What does the LSTM cost: time, parameters, spread over seeds?")
def costs(course: Course) -> Answer:
    """Compares CPU seconds, parameters, and how far seeds lie apart."""
    found = [
        time(course, PAIR, "the LSTM", "the RNN"),
        parameters(course, PAIR, "The LSTM against the RNN"),
        *_spread(course),
    ]
    step = Sentence(
        "From word and state an RNN's step makes one product with a matrix each, an LSTM's step four: of "
        "three gates and of what is written into the cell."
    )
    return Answer(found, [results(course, PAIR), by_seed(course, PAIR), *curves(course, PAIR)], [step])


def _spread(course: Course) -> list[Sentence]:
    if course.seeds == 1:
        return [Sentence("A single seed says nothing about the spread over seeds.")]
    lstm, rnn = (seed_range(course, preset) for preset in PAIR)
    spread = compare(from_the_middle_seed(course, LSTM), from_the_middle_seed(course, RNN))
    return [
        Sentence(
            "Validation accuracy over seeds, the middle one (lowest to highest): of the LSTM "
            f"{lstm}, of the RNN {rnn}.",
            figures=(lstm, rnn),
        ),
        say("How far a seed's validation accuracy lies from the middle seed's with the LSTM", spread,
            "with the RNN", "more", "less"),
    ]  # fmt: skip
