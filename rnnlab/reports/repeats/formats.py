"""A comparison as text: Markdown, LaTeX, JSON and CSV."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from rnnlab.reports.repeats.comparison import METHOD, Comparison

INTERVAL, NUMBER, DIFFERENCE = "95 % interval", "no.", "Δ"
APART = {"told apart": "yes", "not told apart": "no", "too few seeds": "?"}
LATEX = str.maketrans(
    {
        **{character: f"\\{character}" for character in "&%$#_{}"},
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "−": "$-$",
        "Δ": r"$\Delta$",
        "–": "--",
        "…": r"\dots{}",
    }
)
MARKDOWN = str.maketrans({character: f"\\{character}" for character in r"\`*_{}[]<>|#"})


def shown_groups(found: Comparison) -> pd.DataFrame:
    """Returns the groups for a person: numbered, and texts with as many digits as say something."""
    table = found.groups
    names = list(table.columns[: table.columns.get_loc("n")])
    rows = table[[*names, "n"]].astype(str)
    rows.insert(0, NUMBER, [str(place) for place in range(1, len(table) + 1)])
    for column in ("mean", "sd"):
        rows[column] = [_number(value) for value in table[column]]
    rows[INTERVAL] = _intervals(table)
    return rows


def shown_pairs(found: Comparison) -> pd.DataFrame:
    """Returns the pairs for a person, groups by their numbers."""
    table = found.pairs
    places = {group.label: place for place, group in enumerate(found.found, start=1)}
    rows = pd.DataFrame(
        {"pair": [f"{places[a]} – {places[b]}" for a, b in zip(table["one"], table["other"], strict=True)]}
    )
    rows["n"] = table["n"].astype(str)
    rows[DIFFERENCE] = [_number(value) for value in table["difference"]]
    rows[INTERVAL] = _intervals(table)
    for column in ("d", "p", "p_holm"):
        rows[column.replace("_", " ")] = [_short(value) for value in table[column]]
    rows["apart"] = table["verdict"].map(APART)
    return rows


def as_markdown(found: Comparison) -> str:
    """Returns the comparison as Markdown, what stands in it for Markdown's own signs escaped."""
    parts = [_escaped(found.metric.sentence, MARKDOWN), _markdown(shown_groups(found))]
    if len(found.pairs):
        parts += [_markdown(shown_pairs(found))]
        parts += ["\n".join(f"- {_escaped(text, MARKDOWN)}" for text in found.sentences)]
    parts += [_escaped(METHOD, MARKDOWN)]
    parts += ["\n".join(f"- {_escaped(note, MARKDOWN)}" for note in found.notes)] if found.notes else []
    return "\n\n".join(parts) + "\n"


def as_latex(found: Comparison) -> str:
    """Returns the comparison as two tables for LaTeX's booktabs, and sentences as comments below them."""
    parts = [_latex(shown_groups(found))]
    if len(found.pairs):
        parts += [_latex(shown_pairs(found))]
    comments = [found.metric.sentence, *found.sentences, METHOD, *found.notes]
    return "\n".join([*parts, *(f"% {' '.join(comment.split())}" for comment in comments)]) + "\n"


def as_json(found: Comparison) -> str:
    """Returns the comparison as one JSON object; what is not there is null."""
    facts: Mapping[str, Any] = {
        "metric": found.metric.name,
        "what": found.metric.sentence,
        "method": METHOD,
        "groups": _records(found.groups),
        "pairs": [
            row | {"sentence": text} for row, text in zip(_records(found.pairs), found.sentences, strict=True)
        ],
        "notes": found.notes,
    }
    return json.dumps(facts, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def as_csv(table: pd.DataFrame) -> str:
    """Returns a table of the comparison as CSV, numbers in full."""
    return str(table.to_csv(index=False, lineterminator="\n"))


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [
        {name: None if isinstance(v, float) and not math.isfinite(v) else v for name, v in row.items()}
        for row in rows
    ]


def _intervals(table: pd.DataFrame) -> list[str]:
    ends = zip(table["low"], table["high"], strict=True)
    return ["-" if math.isnan(low) else f"[{_number(low)}, {_number(high)}]" for low, high in ends]


def _number(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:.4f}" if value == 0 or 0.001 <= abs(value) < 1000 else f"{value:.4g}"


def _short(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2g}"


def _escaped(text: object, signs: Mapping[int, str]) -> str:
    return " ".join(str(text).split()).translate(signs)


def _rows(table: pd.DataFrame, escape: Callable[[object], str]) -> list[Sequence[str]]:
    return [[escape(cell) for cell in row] for row in [list(table.columns), *table.to_numpy().tolist()]]


def _markdown(table: pd.DataFrame) -> str:
    head, *rows = _rows(table, lambda cell: _escaped(cell, MARKDOWN))
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def _latex(table: pd.DataFrame) -> str:
    head, *rows = (f"{' & '.join(row)} \\\\" for row in _rows(table, lambda cell: _escaped(cell, LATEX)))
    lines = [r"\toprule", head, r"\midrule", *rows, r"\bottomrule"]
    return "\n".join([rf"\begin{{tabular}}{{{'l' * len(table.columns)}}}", *lines, r"\end{tabular}"])
