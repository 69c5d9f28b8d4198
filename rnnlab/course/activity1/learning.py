"""1.1.3 to 1.1.7: what the RNN and the bag learn of training texts and of others, and in which time."""

import math

import pandas as pd

from rnnlab.course.activity1.order import ORDER, reach
from rnnlab.course.activity1.padding import of_batches
from rnnlab.course.evidence import METRICS, Course
from rnnlab.course.measure import Measured, compare
from rnnlab.course.question import Answer, Questions, Sentence, choose, say
from rnnlab.course.stages import epochs_of, fifths, movement, stages, stages_table
from rnnlab.course.tables import curves, gradients, over_seeds, pairs
from rnnlab.reports.blocks import Table
from rnnlab.reports.records import Records

QUESTIONS = Questions("1.1 Learning")
ask = QUESTIONS.ask

BOTH = ["rnn", "boe"]


@ask("1.1.3", "How do the RNN's training accuracy and loss move over the epochs?")
def training(course: Course) -> Answer:
    """Compares the last epochs with the untrained net, and each fifth of the epochs with the one before."""
    names = ("train_after_acc", "train_after_loss")
    found = []
    for name in names:
        late, untrained = course.metric("rnn", name), course.after("rnn", name, 0)
        found.append(say(_start(late.what), compare(late, untrained), "that of the untrained net"))
        found += movement(METRICS[name].capitalize(), stages(course, "rnn", name))
    best, epoch = course.best("rnn", "train_after_acc")
    found.append(
        Sentence(f"The highest training accuracy is {best}, after epoch {epoch}.", (), (best, epoch))
    )
    last = course.after("rnn", "train_after_acc", course.epochs("rnn"))
    step = course.computed("rnn", "change from epoch to epoch", _step, "share")
    found.append(
        Sentence(
            f"From one epoch to the next it moves by {step} (median, up or down), so single epochs say "
            f"little; after the last one it is {last}.",
            figures=(step, last),
        )
    )
    return Answer(
        found, [*curves(course, ["rnn"]), stages_table(course, ["rnn"], names)], terms=("accuracy", "loss")
    )


def _start(text: str) -> str:
    return text[0].upper() + text[1:]


def _step(run: Records) -> float:
    return float(run.metrics["train_after_acc"].diff().abs().median())


@ask("1.1.4", "How do validation accuracy and loss move beside them, what parts them, and from when?")
def validation(course: Course) -> Answer:
    """Finds the epochs from which training stays above validation, and whether validation loss turns."""
    trained, valid = (course.metric("rnn", name) for name in ("train_after_acc", "valid_acc"))
    found = [say(_start(trained.what), compare(trained, valid), valid.what), *_parting(course)]
    for name in ("valid_acc", "valid_loss"):
        found += movement(METRICS[name].capitalize(), stages(course, "rnn", name))
    found += _turn(course)
    best, at = course.best("rnn")
    found.append(Sentence(f"The best validation accuracy is {best}, after epoch {at}.", (), (best, at)))
    loss = compare(course.metric("rnn", "valid_loss"), course.metric("rnn", "train_after_loss"))
    mechanism = [
        choose(
            loss,
            higher="The same net, at the same moment, measured alike, has a higher loss on validation texts "
            f"than on training texts ({loss}). Only the texts differ, those it was trained on and others: "
            "the difference is what it learned of its training texts that does not hold for others.",
            open=f"That the loss on validation texts is above that on training texts is not shown ({loss}).",
        ),
        Sentence(
            f"It has {_own(course, 'rnn')} trainable parameters (the word vectors are frozen) for "
            f"{_texts(course)} training texts.",
            figures=(_own(course, "rnn"), _texts(course)),
        ),
    ]
    names = ("valid_acc", "train_after_acc", "valid_loss", "train_after_loss")
    evidence = [*curves(course, ["rnn"]), stages_table(course, ["rnn"], names)]
    return Answer(found, evidence, mechanism, terms=("overfitting", "loss"))


def _parting(course: Course) -> list[Sentence]:
    """Returns from which fifth, and in each seed which epoch, training accuracy stays above validation."""
    claims = [
        compare(trained, valid)
        for trained, valid in zip(
            stages(course, "rnn", "train_after_acc"), stages(course, "rnn", "valid_acc"), strict=True
        )
    ]
    first = len(claims)
    while first and claims[first - 1].verdict == "higher":
        first -= 1
    epoch = course.computed("rnn", "epoch from which training stays ahead", _ahead, "epoch")
    if first == len(claims):
        return [
            Sentence("That training accuracy is ahead in the last fifth is not shown.", claims[-1:]),
        ]
    since = epochs_of(*fifths(course.epochs("rnn"))[first])
    found = [Sentence(f"It is ahead from {since} on (means of fifths of the epochs).", claims[first:])]
    if epoch.known:
        found.append(
            Sentence(
                f"Taken epoch by epoch it stays ahead from epoch {epoch} on (median, lowest to highest of "
                f"the seeds; {len(epoch.known)} of {course.seeds} seeds have such an epoch).",
                figures=(epoch,),
            )
        )
    return found


def _ahead(run: Records) -> float:
    """Returns the first epoch from which training accuracy stays above validation accuracy, NaN for none."""
    ahead = run.metrics["train_after_acc"] > run.metrics["valid_acc"]
    behind = run.metrics["epoch"][~ahead]
    if behind.empty:
        return float(run.metrics["epoch"].iloc[0])
    after = run.metrics["epoch"][run.metrics["epoch"] > behind.iloc[-1]]
    return float(after.iloc[0]) if len(after) else math.nan


def _turn(course: Course) -> list[Sentence]:
    """Returns whether validation loss rises again after its lowest fifth, and what accuracy does then."""
    losses = stages(course, "rnn", "valid_loss")
    if len(losses) < 2:
        return []
    lowest = min(range(len(losses) - 1), key=lambda part: losses[part].middle)
    when = epochs_of(*fifths(course.epochs("rnn"))[lowest])
    turn = compare(losses[-1], losses[lowest])
    accuracies = stages(course, "rnn", "valid_acc")
    return [
        choose(
            turn,
            higher=f"Validation loss turns: it is lowest over {when}, and higher in the last fifth ({turn}).",
            lower=f"Validation loss does not turn: it is lower in the last fifth than ever before ({turn}).",
            open=f"That validation loss rises again after {when}, where it is lowest, is not shown ({turn}).",
        ),
        say(
            f"Validation accuracy in the last fifth, compared with {when},",
            compare(accuracies[-1], accuracies[lowest]),
            "then",
        ),
    ]


@ask("1.1.5", "How do RNN and bag differ on training texts: capacity, and where does it come from?")
def capacity(course: Course) -> Answer:
    """Compares training figures, then parameters and what each net can tell apart."""
    found = _compared(course, ("train_after_acc", "train_after_loss"))
    ahead = _share_ahead(course)
    best, best_bag = (course.best(preset, "train_after_acc")[0] for preset in BOTH)
    last = course.window("rnn")
    found += [
        say("The best training accuracy of any epoch, the RNN's,", compare(best, best_bag), "the bag's"),
        Sentence(
            f"Of the last {last} epochs the RNN's training accuracy is above the bag's in {ahead} of them.",
            figures=(ahead,),
        ),
    ]
    more = compare(_own(course, "rnn"), _own(course, "boe"))
    mechanism = [
        say("The number of the RNN's trainable parameters", more, "the bag's", "larger", "smaller"),
        *_recurrent(course),
        _ties(course),
    ]
    evidence = [*curves(course, BOTH), stages_table(course, BOTH, ("train_after_acc", "train_after_loss"))]
    return Answer(found, evidence, mechanism, [_parameters(course), pairs(course, BOTH, [ORDER])])


def _compared(course: Course, names: tuple[str, ...]) -> list[Sentence]:
    found = []
    for name in names:
        rnn, boe = (course.metric(preset, name) for preset in BOTH)
        found.append(say(f"The RNN's {rnn.what}", compare(rnn, boe), "the bag's"))
    return found


def _share_ahead(course: Course) -> Measured:
    last = course.window("rnn")
    values = []
    for rnn, boe in zip(course.runs["rnn"], course.runs["boe"], strict=True):
        pair = rnn.metrics[["epoch", "train_after_acc"]].merge(boe.metrics, on="epoch").tail(last)
        values.append(float((pair["train_after_acc_x"] > pair["train_after_acc_y"]).mean()))
    return Measured("rnn", "share of epochs above the bag", tuple(values), "share")


def _own(course: Course, preset: str) -> Measured:
    """Returns the number of trainable parameters beside the word vectors, of each seed's run the same."""
    value = float(course.parameters(preset, words=False))
    return Measured(preset, "trainable parameters", (value,) * course.seeds, "count")


def _texts(course: Course) -> Measured:
    value = float(course.first("rnn").summary["examples"]["train"])
    return Measured("rnn", "training texts", (value,) * course.seeds, "count")


def _recurrent(course: Course) -> list[Sentence]:
    """Returns where the RNN has more parameters, where the layers behind the state are the bag's."""
    hidden = course.first("rnn").settings.get("model.hidden_size")
    if hidden != str(course.embedding_size):
        return []
    more = course.parameters("rnn", words=False) - course.parameters("boe", words=False)
    figure = Measured("rnn", "parameters beyond the bag's", (float(more),) * course.seeds, "count")
    return [
        Sentence(
            f"The {figure} that it has more are those of the recurrent layer: its state has as many numbers "
            "as a word vector, so the layers behind it are as large as the bag's.",
            figures=(figure,),
        )
    ]


def _ties(course: Course) -> Sentence:
    rnn, boe = (course.pairs(preset, ORDER, "ties") for preset in BOTH)
    asked = course.pairs("boe", ORDER, "pairs")
    ties = compare(rnn, boe)
    return choose(
        ties,
        lower="The recurrent layer can tell the order of words: to texts with the same words in another "
        f"order the bag gives the same probability in {boe} of {asked} pairs, the RNN in {rnn}.",
        open="That the RNN tells orders of words apart that the bag does not is not shown: the same "
        f"probability in {rnn} of {asked} pairs, the bag in {boe}.",
    )


def _parameters(course: Course) -> Table:
    rows = [
        [preset, f"{course.parameters(preset, words=False):,}", f"{course.parameters(preset):,}"]
        for preset in BOTH
    ]
    header = ["run", "trainable without word vectors", "all trainable"]
    return Table(header, rows, "Trainable parameters; the word vectors of both are frozen")


@ask("1.1.6", "How do they differ on validation texts: overfitting, and where does it come from?")
def overfitting(course: Course) -> Answer:
    """Compares validation figures and the gaps to training; then what either answer rests on."""
    gaps = compare(course.gap("rnn"), course.gap("boe"))
    own_gap = compare(course.metric("boe", "train_after_acc"), course.metric("boe", "valid_acc"))
    found = [
        *_compared(course, ("valid_acc", "valid_loss")),
        say("The RNN's accuracy on training less that on validation texts", gaps, "the bag's"),
        say("The bag's own training accuracy", own_gap, "its validation accuracy"),
    ]
    for preset, whose in (("rnn", "RNN's"), ("boe", "bag's")):
        found += movement(f"The {whose} validation loss", stages(course, preset, "valid_loss"))
    arrives, all_words = (course.gradient(preset, "start", "ratio_to_end", trained=True) for preset in BOTH)
    mechanism = [
        say(
            "The number of the RNN's trainable parameters, which can be fitted to the same texts,",
            compare(_own(course, "rnn"), _own(course, "boe")),
            "the bag's",
            "larger",
            "smaller",
        ),
        say(
            "What reaches a text's first word of the gradient at its end in the trained RNN",
            compare(arrives, all_words),
            "in the trained bag, where every word counts alike",
            "more",
            "less",
        ),
        *reach(course),
    ]
    names = ("valid_acc", "train_after_acc", "valid_loss", "train_after_loss")
    evidence = [stages_table(course, BOTH, names), *curves(course, BOTH)]
    shown = [gradients(course, BOTH, trained=True)]
    return Answer(found, evidence, mechanism, shown, ("overfitting", "gradient norm", "ratio to the end"))


@ask("1.1.7", "How do their training times compare, and why?")
def time(course: Course) -> Answer:
    """Compares CPU seconds of a training pass, and how many steps must be taken one after the other."""
    rnn, boe = (course.seconds(preset) for preset in BOTH)
    longer = compare(rnn, boe)
    found = [
        say("An epoch of the RNN's training, in CPU seconds,", longer, "one of the bag's", "slower", "faster")
    ]
    batches = of_batches(course, "batches of an epoch", lambda rows: rows["batch"].nunique(), "count")
    steps = of_batches(course, "steps of an epoch", _steps, "count")
    parameters = compare(_own(course, "rnn"), _own(course, "boe"))
    mechanism = [
        Sentence(
            f"An epoch has {batches} batches. The RNN takes a step per word of each batch's longest text, "
            f"{steps} in all, and again as many backwards; each needs the state before it, so they cannot be "
            "taken at once. The bag takes one mean per batch.",
            figures=(batches, steps),
        ),
        say("The number of parameters to update", parameters, "the bag's", "larger", "smaller"),
    ]
    return Answer(found, [_times(course)], mechanism)


def _steps(batches: pd.DataFrame) -> float:
    return float(batches.groupby("batch")["words"].max().sum())


def _times(course: Course) -> Table:
    rows = [[preset, str(course.seconds(preset))] for preset in BOTH]
    caption = f"Training passes, median over the epochs from the second on{over_seeds(course)}"
    return Table(["run", "CPU seconds per epoch"], rows, caption)
