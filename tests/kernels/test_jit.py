"""Compiled code is kept on the disk for as long as no source of it has changed."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from rnnlab.kernels import jit


def test_compiled_code_is_taken_up_again_only_while_all_sources_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "doubled.py"
    path.write_text("def doubled(x):\n    return x + x\n")

    def from_disk() -> bool:
        spec = importlib.util.spec_from_file_location("doubled", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        function: Any = jit.compiled_on_disk(module.doubled)
        assert function(2.0) == 4.0
        hits, misses = function.stats.cache_hits, function.stats.cache_misses
        assert sum(hits.values()) + sum(misses.values()) == 1
        return bool(hits)

    assert not from_disk() and from_disk()
    monkeypatch.setattr(jit, "SOURCES", "others")
    assert not from_disk() and from_disk()
