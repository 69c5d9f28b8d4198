"""Two runs' accuracy and loss side by side: over the last epochs, and epoch by epoch."""

from collections.abc import Sequence

from rnnlab.course.evidence import METRICS, Course
from rnnlab.course.measure import SAME, Comparison, Measured, Verdict, compare
from rnnlab.course.question import Sentence, say
from rnnlab.reports.blocks import Table

BETTER: dict[str, Verdict] = {name: "higher" if name.endswith("acc") else "lower" for name in METRICS}
"""On which side of another figure a metric is the better one."""


def metrics(course: Course, preset: str, other: str, subject: str, versus: str) -> list[Sentence]:
    """Returns which of the four metrics are better, which worse, then each of them with its figures."""
    claims = [compare(course.metric(preset, name), course.metric(other, name)) for name in METRICS]
    each = [say(f"{subject}, {claim.left.what}", claim, versus) for claim in claims]
    return [_summary(claims, f"{subject}, beside the run {versus}, over the last epochs"), *each]


def _summary(claims: Sequence[Comparison], subject: str) -> Sentence:
    sorted_: dict[str, list[str]] = {"better": [], "worse": [], "neither": []}
    for (name, metric), claim in zip(METRICS.items(), claims, strict=True):
        decided = claim.verdict in ("higher", "lower")
        kind = ("better" if claim.verdict == BETTER[name] else "worse") if decided else "neither"
        sorted_[kind].append(metric)
    parts = [f"{kind} in {_listed(sorted_[kind])}" for kind in ("better", "worse") if sorted_[kind]]
    if sorted_["neither"]:
        parts.append(f"no difference shown in {_listed(sorted_['neither'])}")
    return Sentence(f"{subject}: {'; '.join(parts)}.", claims)


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def same_epoch_by_epoch(course: Course, preset: str, other: str, called: str, so: str = "") -> Sentence:
    """Returns whether two runs have the same figures after every epoch; `so` is what follows if they do."""
    claims = every_epoch(course, preset, other)
    epochs = len(claims) // len(METRICS)
    if claims and all(claim.verdict == "same" for claim in claims):
        return Sentence(
            f"{called}: accuracy and loss, of training and of validation, are the same to six digits after "
            f"each of {epochs} epochs.{so and ' '}{so}",
            claims,
        )
    by_metric = [claims[number :: len(METRICS)] for number in range(len(METRICS))]
    largest = [_largest(metric, of) for metric, of in zip(METRICS, by_metric, strict=True)]
    alike = sum(max(seed) <= SAME for seed in zip(*(figure.values for figure in largest), strict=True))
    seeds = f"not the same to six digits, but in {alike} of {course.seeds} seeds"
    each = "; ".join(f"{METRICS[metric]} {one}" for metric, one in zip(METRICS, largest, strict=True))
    return Sentence(
        f"{called}: {seeds if alike else 'not the same to six digits'}. The largest difference after any of "
        f"{epochs} epochs: {each}.",
        figures=largest,
    )


def _largest(metric: str, claims: Sequence[Comparison]) -> Measured:
    """Returns each seed's largest difference after any epoch."""
    by_epoch = [
        [abs(a - b) for a, b in zip(claim.left.values, claim.right.values, strict=True)] for claim in claims
    ]
    values = tuple(max(seed) for seed in zip(*by_epoch, strict=True))
    return Measured(claims[0].left.of, f"largest difference of {METRICS[metric]}", values, "size")


def every_epoch(course: Course, preset: str, other: str) -> list[Comparison]:
    """Returns the comparison of every metric after every epoch that both runs trained."""
    epochs = [{int(epoch) for epoch in course.first(name).metrics["epoch"]} for name in (preset, other)]
    return [
        compare(course.after(preset, metric, epoch), course.after(other, metric, epoch))
        for epoch in sorted(epochs[0] & epochs[1] - {0})
        for metric in METRICS
    ]


def side_by_side(course: Course, presets: Sequence[str]) -> Table:
    """Returns the validation loss of seed 1 after every epoch that all runs trained, with seven digits."""
    columns = [course.first(preset).metrics.set_index("epoch")["valid_loss"] for preset in presets]
    epochs = sorted(set.intersection(*({int(epoch) for epoch in column.index} for column in columns)))
    rows = [[str(epoch), *(f"{column[epoch]:.7f}" for column in columns)] for epoch in epochs]
    caption = "Validation loss of seed 1 after each epoch; rnn-unfrozen and rnn have no token"
    return Table(["epoch", *presets], rows, caption)
