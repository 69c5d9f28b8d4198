"""Files within files: what an edit has to open first if it is to get past the checksum around it."""

import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    OSError,
    EOFError,
    ValueError,
)
Change = Callable[[bytes], bytes]


def changed_inside(data: bytes, change: Change, where: int) -> bytes:
    """Returns a file of which the part that `where` points at is changed, packed anew so that it opens."""
    if data[:2] == b"\x1f\x8b":
        with suppress(OSError, EOFError, zlib.error):
            return gzip.compress(change(gzip.decompress(data)), 1, mtime=0)
    if data[:2] == b"PK":
        with suppress(*BROKEN_ZIP):
            return _changed_zip(data, change, where)
    if len(data) > 8 and data[8:9] == b"{":
        with suppress(struct.error, ValueError, RecursionError):
            return _changed_safetensors(data, change, where)
    return change(data)


def _changed_zip(data: bytes, change: Change, where: int) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        members = [(name, opened.read(name)) for name in opened.namelist()]
    if members:
        name, content = members[where % len(members)]
        members[where % len(members)] = (name, change(content))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as new:
        for name, content in members:
            new.writestr(name, content)
    return packed.getvalue()


def _changed_safetensors(data: bytes, change: Change, where: int) -> bytes:
    """Changes the header, or the JSON within its metadata; the length in front is set right."""
    (size,) = struct.unpack("<Q", data[:8])
    header: dict[str, Any] = json.loads(data[8 : 8 + size])
    metadata = header.get("__metadata__")
    if where % 2 and isinstance(metadata, dict) and isinstance(metadata.get("rnnlab"), str):
        metadata["rnnlab"] = change(metadata["rnnlab"].encode()).decode(errors="replace")
        text = json.dumps(header).encode()
    else:
        text = change(data[8 : 8 + size])
    return struct.pack("<Q", len(text)) + text + data[8 + size :]


def changed_json(data: bytes, where: int, value: object, name: str | None) -> bytes:
    """Returns JSON in which one value, the `where`th, is another; or its key, where `name` is given.

    Of JSON lines, one is changed.
    """
    lines = data.split(b"\n")
    whole = [number for number, line in enumerate(lines) if line[:1] == b"{" and line[-1:] == b"}"]
    if len(whole) > 1:
        line = whole[where % len(whole)]
        lines[line] = changed_json(lines[line], where // len(whole), value, name)
        return b"\n".join(lines)
    try:
        root = [json.loads(data)]
    except (ValueError, RecursionError):
        return data
    places: list[tuple[Any, Any]] = []
    waiting: list[Any] = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (dict, list)):
            keys = list(node) if isinstance(node, dict) else range(len(node))
            places += [(node, key) for key in keys]
            waiting += [node[key] for key in keys]
    node, key = places[where % len(places)]
    if name is not None and isinstance(node, dict):
        node[name] = node.pop(key)
    else:
        node[key] = value
    return json.dumps(root[0]).encode()
