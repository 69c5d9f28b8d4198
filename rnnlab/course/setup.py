"""What a reader has to know before the first question: texts, tokens, nets, and on what they ran."""

import re

from rnnlab.course.evidence import PRESETS, Course
from rnnlab.reports.blocks import Block, Paragraph, Section, Table


def setup(course: Course) -> Section:
    """Returns the section on the data, the inserted tokens and every run's settings."""
    blocks: list[Block] = [Paragraph(_data(course)), Paragraph(_tokens(course))]
    blocks += [Paragraph(_nets(course), terms=("SGD", "Adam")), _settings(course)]
    blocks += [Paragraph(_figures(course), terms=("accuracy", "loss")), Paragraph(_machine(course))]
    return Section("Setup", blocks)


def _data(course: Course) -> str:
    summary = course.first("boe").summary
    files = {name: file.get("path") for name, file in summary["data"].items()}
    counts = summary["examples"]
    where = {name: f" ({path})" if path else "" for name, path in files.items()}
    return (
        f"{counts['train']:,} texts for training{where.get('train', '')}, {counts['valid']:,} for validation"
        f"{where.get('valid', '')}, each {course.classes[0]} or {course.classes[1]}. "
        f"{summary['vocabulary']:,} words, each a vector of {course.embedding_size} numbers"
        f"{where.get('vectors', '')}; words without a given vector start as zeros."
    )


def _tokens(course: Course) -> str:
    first, second = course.tokens
    return (
        f"In some runs every text gets one more token that gives its class away: {first} in texts of "
        f"{course.classes[0]}, {second} in those of {course.classes[1]}, in validation texts, too. A net "
        "that learns to read it is right about every text. Where it stands (start, middle or end) is what "
        "the runs vary; boe, rnn and rnn-unfrozen have none and show what the texts' own words give. Before "
        "training the vectors of both tokens are zeros."
    )


def _nets(course: Course) -> str:
    head = course.first("rnn").settings.get("model.head_size")
    hidden = "" if head in (None, "None") else f" a layer of {head} units with ReLU, then"
    return (
        "An RNN, a BiRNN and an LSTM read a text word by word; the state after the last word (of a BiRNN, "
        "the last states of both directions) goes into a small head. The bag of embeddings has no state: its "
        f"head gets the mean of the word vectors. The head is the same everywhere:{hidden} one number, of "
        f"which the logistic function makes the probability of {course.classes[1]}. What the runs differ in:"
    )


def _figures(course: Course) -> str:
    each = (
        f"Every run was repeated with seeds 1 to {course.seeds}: same texts, other initial weights, another "
        "order of texts. ± is the standard deviation over seeds; an interval of a difference is Student's "
        "95 % interval over seeds, paired; of validation accuracy it takes in what other texts would change."
        if course.seeds > 1
        else "Every run was made once, with seed 1: how much another seed would change is not known."
    )
    return (
        f"{each} Training and validation are measured alike, after each epoch, without changing the net. "
        "Figures are means over the last fifth of the epochs, since a single epoch may lie far from its "
        "neighbours. No difference shown means that the interval holds zero. Sizes that span powers of ten, "
        "as gradients do, are shown as median (lowest to highest) over seeds and compared by their ratio."
    )


def _settings(course: Course) -> Table:
    header = ["run", "net", "token", "optimizer", "word vectors", "state", "rate", "epochs", "batch"]
    rows = []
    for preset in PRESETS:
        settings = course.first(preset).settings
        rows.append(
            [
                preset,
                PRESETS[preset].split(",")[0].removeprefix("the "),
                settings["insert"],
                settings["optimizer._target_"].rsplit(".", 1)[-1],
                "frozen" if settings["freeze"] == "True" else "trained",
                settings.get("model.hidden_size", "none"),
                settings.get("optimizer.lr", ""),
                settings["training.epochs"],
                settings["training.batch_size"],
            ]
        )
    return Table(
        header, rows, "Every run of this page; state: units of the recurrent layer, of each direction"
    )


def _machine(course: Course) -> str:
    summary = course.first("boe").summary
    versions = summary.get("versions", {})
    threads = course.first("boe").settings.get("training.threads", "?")
    started = re.sub(r"\.\d+", "", str(summary.get("started"))).replace("T", " ").replace("+00:00", " UTC")
    return (
        f"Measured on {summary.get('machine', 'a machine that did not say what it is')}, device "
        f"{summary.get('device', '?')}, threads a run: {threads}; PyTorch {versions.get('torch', '?')}, "
        f"Python {versions.get('python', '?')}, rnnlab {versions.get('rnnlab', '?')}; first run started "
        f"{started}. "
        "Times are those of this machine; their ratios tell more than their seconds."
    )
