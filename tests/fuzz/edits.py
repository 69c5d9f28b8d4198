"""Edits that break a valid file where readers are likely to trust it."""

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.fuzz.containers import changed_inside, changed_json
from tests.fuzz.trees import Special, Tree

LONG, LONGER = 2_000, 100_000  # bytes of a line or field that is drawn out

NUMBERS = [
    *(
        "",
        "-",
        ".",
        "+",
        "0",
        "-0",
        "-1",
        "1e999",
        "-1e999",
        "1e-999",
        "1e38",
        "3.5e38",
        "1e308",
        "nan",
        "NaN",
    ),
    *(
        "inf",
        "-Infinity",
        "0x10",
        "0b1",
        "1_000",
        "1,5",
        "１２",
        "٣",
        "²",
        "1e",
        "1.2.3",
        "--1",
        "true",
        "null",
    ),
    *("9" * 20, "9" * 400, "9" * 5000, "1" + "0" * 400 + ".5", "9223372036854775808", "-9223372036854775809"),
    *("4294967296", "1000000000000", "1e12", "0.1e-400", " 1", "1 ", "None", "[]", "{}", '"1"', "1j", "1L"),
]
TEXTS = [
    *("", " ", "\t", "\n", "\r", "\r\n", "\0", "\x07", "\x1b[2J\x1b[31mred", "\x1b]0;title\x07", "\x9b31m"),
    *(
        "\x7f",
        "\x85",
        "\x0b",
        "\x0c",
        "\x1c",
        "\u2028",
        "\u2029",
        "\ufeff",
        "\u200b",
        "\xad",
        "\u202eabc\u202c",
    ),
    *("\u2066x\u2069", "\ufffe", "\U000e0001", "e\u0301" * 50, "[red]x[/red]", "[/]", "[link=file:///etc]"),
    *(
        "<script>alert(1)</script>",
        "<newpos>",
        "<pad>",
        "<unk>",
        "&amp;",
        '"',
        "'",
        '"""',
        '""',
        ",",
        ";",
        "\\",
    ),
    *(
        "\\n",
        "../../x",
        "/etc/passwd",
        "..",
        ".",
        "~",
        "${oc.env:HOME}",
        "${x}",
        "{0.__class__}",
        "%s%n",
        "$x^2$",
    ),
    *(
        "NaN",
        "null",
        "None",
        "True",
        "=1+1",
        "-rf",
        "--help",
        "label",
        "sentiment",
        "pos",
        "neg",
        "İ",
        "ß",
        "ŉ",
    ),
    *("!!python/object/apply:os.system [x]", "&a [*a, *a]", "? : - [", "x: y: z", "*a", "<<: *a", "@x", "`"),
    *(
        "pos\tx",
        "neg\t",
        "0",
        "1",
        "1.0",
        "01",
        "-5",
        "☃",
        "𝔘𝔫𝔦",
        "مرحبا",
        "日本語",
        "\ud800",
        "\udfff\udc00",
    ),
]
RAW = [
    *(
        b"\xff",
        b"\xfe\xff",
        b"\xff\xfe",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\x80",
        b"\xe2\x82",
    ),
    *(b"\xef\xbb\xbf", b"\x1f\x8b", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"%PDF-", b"\x7fELF", b"\x80\x04."),
]
HOSTILE = [text.encode("utf-8", "surrogatepass") for text in TEXTS] + RAW
NESTS = [b"[", b'{"a":', b"(", b"{a: ", b"- ", b"[[", b'"', b"f(", b"-", b"not ", b"a.", b"${a:", b"<<"]
VALUES = [
    *(
        None,
        True,
        0,
        -1,
        1.5,
        10**30,
        1e308,
        float("nan"),
        float("inf"),
        "",
        "x",
        "\x1b[31mx",
        "[red]x",
        "9" * 99,
    ),
    *(
        [],
        [[]],
        {},
        [1, "a", None],
        {"a": {"b": []}},
        {"": ""},
        ["x"] * 1000,
        "\u202e",
        "é" * 5000,
        [[[[[]]]]],
    ),
    *(-(2**63), 2**63, 2**64, "1", "nan", "../x", {"path": 1}, {"__class__": "x"}, [{}], ["\ud800"]),
]
NAMES = [
    *("a b", "a\nb", "\x1b[31mx", "\u202ex", "x\udcff", ".hidden", "-rf", "x" * 200, "[red]", "0", "9" * 150),
    *("²", "x.gz", "x.tsv", "pos", "neg", "unsup", "positive", "_x", "x\tx", "~", "$x", "日本", "\u2028"),
]


@dataclass(frozen=True)
class Edit:
    """One change: of which kind, where, to what, how much; numbers count round whatever there is."""

    kind: str
    where: int
    what: int
    size: int
    inside: bool

    def apply(self, data: bytes, donor: bytes) -> bytes:
        """Returns the changed file; donor: another valid one, from which parts may come."""
        change = EDITS[self.kind]
        if self.inside:
            return changed_inside(data, lambda part: change(self, part, donor), self.what)
        return change(self, data, donor)


def edits() -> st.SearchStrategy[Edit]:
    """Returns the strategy of single edits."""
    number = st.integers(0, 2**16)
    return st.builds(Edit, st.sampled_from(sorted(EDITS)), number, number, st.integers(0, 400), st.booleans())


def _flip(edit: Edit, data: bytes, donor: bytes) -> bytes:
    place = edit.where % max(len(data), 1)
    return data[:place] + bytes([edit.what % 256]) + data[place + 1 :]


def _cut(edit: Edit, data: bytes, donor: bytes) -> bytes:
    place = edit.where % max(len(data), 1)
    return data[:place] + data[place + edit.size :]


def _end(edit: Edit, data: bytes, donor: bytes) -> bytes:
    return data[: edit.where % (len(data) + 1)]


def _splice(edit: Edit, data: bytes, donor: bytes) -> bytes:
    place, other = edit.where % (len(data) + 1), edit.what % (len(donor) + 1)
    return data[:place] + donor[other : other + edit.size] + data[place:]


def _insert(edit: Edit, data: bytes, donor: bytes) -> bytes:
    place = edit.where % (len(data) + 1)
    return data[:place] + HOSTILE[edit.what % len(HOSTILE)] + data[place:]


def _nest(edit: Edit, data: bytes, donor: bytes) -> bytes:
    place = edit.where % (len(data) + 1)
    return data[:place] + NESTS[edit.what % len(NESTS)] * (edit.size**2 // 8) + data[place:]


def _draw_out(edit: Edit, data: bytes, donor: bytes) -> bytes:
    place = edit.where % (len(data) + 1)
    piece = HOSTILE[edit.what % len(HOSTILE)] or b"x"
    if edit.size % 2:
        piece = data[place : place + 1 + edit.size // 8] or b"x"
    length = LONGER if edit.size > 300 else LONG
    return data[:place] + piece * (length // len(piece)) + data[place:]


def _lines(edit: Edit, data: bytes, donor: bytes) -> bytes:
    """Repeats a line, leaves one out, or swaps two."""
    lines = data.split(b"\n")
    first, second = edit.where % len(lines), edit.what % len(lines)
    match edit.size % 4:
        case 0:
            lines[first], lines[second] = lines[second], lines[first]
        case 1:
            del lines[first]
        case 2:
            lines[first:first] = [lines[first]] * edit.size
        case 3:
            lines[first:first] = [lines[second]]
    return b"\n".join(lines)


def _fields(edit: Edit, data: bytes, donor: bytes) -> bytes:
    """Swaps, repeats, or leaves out a field of a line, or replaces it."""
    lines = data.split(b"\n")
    row = edit.where % len(lines)
    between = next((sign for sign in (b"\t", b",", b": ", b" ") if sign in lines[row]), b",")
    fields = lines[row].split(between)
    first, second = edit.what % len(fields), (edit.what + edit.size) % len(fields)
    match edit.size % 4:
        case 0:
            fields[first], fields[second] = fields[second], fields[first]
        case 1:
            del fields[first]
        case 2:
            fields[first:first] = [fields[first]] * (edit.size // 8)
        case 3:
            fields[first] = HOSTILE[edit.what % len(HOSTILE)]
    lines[row] = between.join(fields)
    return b"\n".join(lines)


def _number(edit: Edit, data: bytes, donor: bytes) -> bytes:
    found = list(re.finditer(rb"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?", data))
    if not found:
        return data
    start, end = found[edit.where % len(found)].span()
    return data[:start] + NUMBERS[edit.what % len(NUMBERS)].encode() + data[end:]


def _word(edit: Edit, data: bytes, donor: bytes) -> bytes:
    found = list(re.finditer(rb"[A-Za-z_]+", data))
    if not found:
        return data
    start, end = found[edit.where % len(found)].span()
    return data[:start] + HOSTILE[edit.what % len(HOSTILE)] + data[end:]


def _line_ends(edit: Edit, data: bytes, donor: bytes) -> bytes:
    ends = [b"\r\n", b"\r", b"\n\n", b"", b" \n", b"\xe2\x80\xa8", b"\xc2\x85", b"\x0b", b"\x0c\n", b"\n\r"]
    return data.replace(b"\n", ends[edit.what % len(ends)])


def _encode(edit: Edit, data: bytes, donor: bytes) -> bytes:
    text = data.decode(errors="replace")
    match edit.what % 6:
        case 0:
            return text.encode("utf-16")
        case 1:
            return text.encode("latin-1", "replace") + b"\xe9"
        case 2:
            return b"\xef\xbb\xbf" + data
        case 3:
            return gzip.compress(data, 1, mtime=0)
        case 4:
            return text.encode("utf-32-le")
        case _:
            return text.swapcase().encode()


def _json(edit: Edit, data: bytes, donor: bytes) -> bytes:
    value, name = VALUES[edit.what % len(VALUES)], TEXTS[edit.what % len(TEXTS)]
    return changed_json(data, edit.where, value, name if edit.size % 5 == 4 else None)


def _nothing(edit: Edit, data: bytes, donor: bytes) -> bytes:
    return b""


def _other(edit: Edit, data: bytes, donor: bytes) -> bytes:
    return HOSTILE[edit.what % len(HOSTILE)] * edit.size


EDITS: dict[str, Callable[[Edit, bytes, bytes], bytes]] = {
    "flip": _flip,
    "cut": _cut,
    "end": _end,
    "splice": _splice,
    "insert": _insert,
    "nest": _nest,
    "draw out": _draw_out,
    "lines": _lines,
    "fields": _fields,
    "number": _number,
    "word": _word,
    "line ends": _line_ends,
    "encode": _encode,
    "json": _json,
    "nothing": _nothing,
    "other": _other,
}


@dataclass(frozen=True)
class TreeEdit:
    """A change of names rather than contents: another name, file or kind of file in a tree."""

    kind: str
    where: int
    what: int

    def apply(self, tree: Tree) -> Tree:
        """Returns the changed tree."""
        names = sorted(tree)
        if not names:
            return tree
        name = names[self.where % len(names)]
        folder, slash, last = name.rpartition("/")
        new = NAMES[self.what % len(NAMES)]
        match self.kind:
            case "file":
                ending = last[last.find(".") :] if self.what % 2 and "." in last else ""
                return _renamed(tree, name, f"{folder}{slash}{new}{ending}")
            case "folder" if folder:
                return {
                    f"{new}/{other.removeprefix(f'{folder}/')}"
                    if other.startswith(f"{folder}/")
                    else other: part
                    for other, part in tree.items()
                }
            case "special":
                return tree | {name: list(Special)[self.what % len(Special)]}
            case "gone":
                return {other: part for other, part in tree.items() if other != name}
            case "twice":
                return _with(tree, f"{name}.gz", tree[name])
        return tree


def tree_edits() -> st.SearchStrategy[TreeEdit]:
    """Returns the strategy of changes of names."""
    kinds = st.sampled_from(["file", "folder", "special", "gone", "twice"])
    return st.builds(TreeEdit, kinds, st.integers(0, 99), st.integers(0, 99))


def _renamed(tree: Tree, name: str, new: str) -> Tree:
    return _with({other: part for other, part in tree.items() if other != name}, new, tree[name])


def _with(tree: Tree, name: str, content: bytes | Special) -> Tree:
    """Adds a file unless its path leads through another file."""
    parts = name.split("/")
    above = {"/".join(parts[:number]) for number in range(1, len(parts))}
    if above & tree.keys() or any(other.startswith(f"{name}/") for other in tree):
        return tree
    return tree | {name: content}
