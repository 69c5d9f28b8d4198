"""File names of a run folder: tables and probes are found by the names that they are written under."""

from pathlib import Path

from rnnlab.runs.files import METRICS, figure, probe_log, probes_in, table, tables_in


def test_tables_and_probes_are_found_by_their_names(tmp_path: Path) -> None:
    for name in (METRICS, table("scatter"), table("pairs"), probe_log("health"), figure("scatter")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert tables_in(tmp_path) == ["pairs", "scatter"]
    assert probes_in(tmp_path) == ["health"]
