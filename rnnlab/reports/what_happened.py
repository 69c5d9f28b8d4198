"""What happened in a run, in about three sentences, each made of what was measured."""

import math
from typing import NamedTuple

import pandas as pd

from rnnlab.core.intervals import wilson
from rnnlab.probes.symptoms import fit_of, has_vanished, is_stuck
from rnnlab.reports.blocks import Finding, Findings, anchor_of
from rnnlab.reports.gradient_figure import norms_by_token
from rnnlab.reports.records import Records, step_column
from rnnlab.reports.style import SUPERSCRIPTS
from rnnlab.runs import files

CURVES, GRADIENTS, THROUGH_TIME, TOKEN = (
    "Learning curves",
    "Gradients by position",
    "Gradients through time",
    "Is the token used?",
)
FIGURES = ("train_acc", "train_loss", "valid_acc", "valid_loss")
MANY = 1e-3  # zeros behind the point no one counts below it
HEARD = 0.5  # nats: at even odds, from a probability of 0.50 to one of 0.62
ALIKE = 1.05  # times as large, at most
SETTLED = 0.1  # nats: a training loss that leaves little to be told
SLIGHT = 0.02  # of accuracy or loss
Z = 1.96  # of a normal distribution, 95 % lie within so many standard deviations
PLACES = {"start": "at the start", "middle": "in the middle", "end": "at the end"}


def what_happened(run: Records) -> Findings:
    """Returns whether the net learned, overfitted, used the token, and whether a gradient reached it."""
    reached = _gradients(run) if _log(run, "gradients") is not None else _states(run)
    said = [sentence for sentence in (_learned(run), _fit(run), _token(run), reached) if sentence]
    items = [Finding(sentence.text, see=anchor_of(sentence.section)) for sentence in said]
    return Findings(items, tuple(dict.fromkeys(term for sentence in said for term in sentence.terms)))


class _Sentence(NamedTuple):
    """What is said, the section that shows it, and the terms that it uses."""

    text: str
    section: str
    terms: tuple[str, ...]


def share(value: float, number: int) -> str:
    """Returns a share of `number` with the decimals that its standard error leaves meaning."""
    return f"{value:.{share_decimals(number)}f}"


def share_decimals(number: int) -> int:
    """Returns how many decimals a share of so many is worth, the last of them below half a standard error.

    That is at most 1 / (2√n).
    """
    return max(2, math.ceil(math.log10(4 * math.sqrt(max(number, 1)))))


def _learned(run: Records) -> _Sentence | None:
    last, classes = run.metrics.iloc[-1], run.summary.get("classes") or []
    split = "valid" if pd.notna(last.get("valid_loss")) else "train"
    name = {"valid": "validation", "train": "training"}[split]
    place = f"{step_column(run.metrics)} {int(last.iloc[0])}"
    if not last.iloc[0]:
        return _Sentence(f"No {step_column(run.metrics)} was finished.", CURVES, ())
    number = run.summary.get("examples", {}).get(split)
    if run.summary.get("task") == "classification" and number and f"{split}_acc" in last:
        accuracy = float(last[f"{split}_acc"])
        low, high = wilson(round(accuracy * number), number)
        said = (
            f"After {place} the net has {share(accuracy, number)} of {number:,} {name} texts right (95 % "
            f"interval {share(low, number)} to {share(high, number)})"
        )
        if is_stuck(float(last["train_loss"]), len(classes) or 2):
            said += f"; its training loss, {last['train_loss']:.3f}, is still that of guessing"
        said += _beside_majority(low, high, run.summary.get("majority"), number)
        return _Sentence(f"{said}.", CURVES, ("accuracy", "95 % interval", "majority"))
    return _beside_rules(run, last, split, f"After {place} the {name}")


def _beside_majority(low: float, high: float, majority: float | None, number: int) -> str:
    if majority is None:
        return ""
    rule = f"the most frequent label for all would be right for {share(majority, number)}"
    if low > majority:
        return f": it has learned, {rule}"
    if high < majority:
        return f": that is worse than no net, {rule}"
    return f": whether it has learned anything is not decided, {rule}"


def _beside_rules(run: Records, last: pd.Series, split: str, begin: str) -> _Sentence | None:
    """Returns a metric beside the best of the simple rules that the task knows."""
    baselines = run.summary.get("baselines") or {}
    metric = next(
        (name for name in ("acc", "loss") if baselines.get(name) and f"{split}_{name}" in last), None
    )
    if metric is None:
        if f"{split}_loss" not in last:
            return None
        return _Sentence(f"{begin} loss is {last[f'{split}_loss']:.3g}.", CURVES, ("loss",))
    value, better = float(last[f"{split}_{metric}"]), max if metric == "acc" else min
    rule = better(baselines[metric], key=baselines[metric].__getitem__)
    reference = baselines[metric][rule]
    ahead = value != reference and better(value, reference) == value
    called = "accuracy" if metric == "acc" else metric
    verdict = "better than" if ahead else "no better than"
    said = f"{begin} {called} is {value:.3g}, {verdict} the best simple rule ({rule}: {reference:.3g})."
    return _Sentence(said, CURVES, ("accuracy" if metric == "acc" else "loss",))


def _fit(run: Records) -> _Sentence | None:
    when = step_column(run.metrics)
    if not {when, *FIGURES} <= set(run.metrics) or run.summary.get("task") != "classification":
        return None
    fit = fit_of(run.metrics[[when, *FIGURES]].astype(float), when=when)
    if fit is None:
        return None
    numbers = run.summary.get("examples", {})
    train, valid = (share(fit.last[f"{s}_acc"], numbers.get(s, 100)) for s in ("train", "valid"))
    best, last = int(fit.best[when]), int(fit.last[when])
    ends = f"accuracy ends at {train} in training and at {valid} in validation"
    loss = f"validation loss was at its best in {when} {best} ({fit.best['valid_loss']:.3f})"
    loss += "" if best == last else f" and ends at {fit.last['valid_loss']:.3f}"
    terms = ("overfitting", "accuracy", "loss")
    if fit.overfitted:
        since = f" from {when} {best} on" if best != last else ""
        return _Sentence(f"It overfitted{since}: {ends}; {loss}.", CURVES, terms)
    gap, rise = fit.last["train_acc"] - fit.last["valid_acc"], fit.last["valid_loss"] - fit.best["valid_loss"]
    verdict = "It overfitted little" if max(gap, rise) > SLIGHT else "There is no sign of overfitting"
    return _Sentence(f"{verdict}: {ends}; {loss}.", CURVES, terms)


def _token(run: Records) -> _Sentence | None:
    use = run.table(files.TOKEN_USE)
    if use is None:
        return None
    row = use.iloc[0]
    number, with_token, without = int(row["texts"]), float(row["accuracy"]), float(row["accuracy_without"])
    figures = (
        f"of {number:,} texts {share(with_token, number)} are right with the token of their class "
        f"{PLACES[row['insert']]}, {share(without, number)} without one"
    )
    reach = Z * math.sqrt((with_token * (1 - with_token) + without * (1 - without)) / number)
    if with_token - without > reach:
        said = f"It uses the token: {figures}."
    elif without - with_token > reach:
        said = f"The token misleads it: {figures}."
    else:
        shift = float(row["shift"])
        verdict = "No use of the token can be seen"
        if abs(shift) >= HEARD:
            verdict = f"It hears the token{', but hardly needs it' if shift > 0 else ' the wrong way round'}"
        said = f"{verdict}: {figures}, and the tokens move the logit by {shift:.2g}."
    return _Sentence(said, TOKEN, ("accuracy", "logit"))


def _gradients(run: Records) -> _Sentence | None:
    log = _log(run, "gradients")
    assert log is not None
    when, insert = step_column(log), run.settings.get("insert")
    position = str(insert) if insert in PLACES else "start"
    losses = run.metrics.set_index(run.metrics.columns[0])["train_loss"]
    said = []
    for at in dict.fromkeys((log[when].min(), log[when].max())):
        norms = sum(rows.set_index("position")["norm"] for _, rows in norms_by_token(log[log[when] == at]))
        begin = "Before training" if at == 0 else f"After {when} {at}"
        loss = float(losses.get(at, math.nan))  # a killed run may lack the row
        said.append(_arrives(norms, position, begin, loss))
    return _Sentence(" ".join(said), GRADIENTS, ("gradient norm",))


def _arrives(norms: pd.Series, position: str, begin: str, loss: float) -> str:
    here, strongest = float(norms[position]), str(norms.idxmax())
    if not here:
        return f"{begin} no gradient reaches a token {PLACES[position]}."
    if norms.max() < ALIKE * norms.min():
        return f"{begin} the gradient is as large for a token wherever it stands."
    if position == strongest:
        return f"{begin} the gradient is largest for a token {PLACES[position]}."
    ratio = f"{_factor(here / norms[strongest])} that {PLACES[strongest]}"
    verdict = "has all but vanished" if has_vanished(here, norms[strongest]) else "arrives"
    if loss < SETTLED and verdict != "arrives":  # not for the way that it has to go
        verdict = f"is small, the training loss being down to {loss:.2g}"
    return f"{begin} the gradient for a token {PLACES[position]} {verdict}: it is {ratio}."


def _states(run: Records) -> _Sentence | None:
    log = _log(run, "through_time")
    if log is None:
        return None
    when, said = step_column(log), []
    top = log[(log["layer"] == log["layer"].max()) & (log["path"] == log["path"].iloc[0])]
    top = top[top["direction"] == top["direction"].iloc[0]]
    for at in dict.fromkeys((log[when].min(), log[when].max())):
        norms = top[top[when] == at].set_index("distance")["gradient_median"]
        begin = "Before training" if at == 0 else f"After {when} {at}"
        if len(norms) > 1 and norms.iloc[0] > 0:
            verdict = "has all but vanished" if has_vanished(norms.iloc[-1], norms.max()) else "arrives"
            back = f"{norms.index[-1]} step{'s' if norms.index[-1] > 1 else ''}"
            said.append(
                f"{begin} the gradient {verdict} {back} before the end: there it is "
                f"{_factor(norms.iloc[-1] / norms.iloc[0])} that at the end."
            )
    return _Sentence(" ".join(said), THROUGH_TIME, ("gradient norm",)) if said else None


def _factor(ratio: float) -> str:
    """Returns how large something is beside another, as in `0.03 of` or `4 times`."""
    if ratio >= 1:
        return f"{ratio:.0f} times" if ratio >= 10 else f"{ratio:.1f} times"
    if ratio >= MANY or not ratio:
        return f"{ratio:.1g} of"
    digits, _, power = f"{ratio:.0e}".partition("e")
    return f"{digits}·10{str(int(power)).translate(SUPERSCRIPTS)} of"


def _log(run: Records, name: str) -> pd.DataFrame | None:
    return run.table(files.probe_log(name))
