from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from rnnlab.reports.figures import save_figure
from rnnlab.reports.through_time_figure import draw_over_training, draw_through_time


def rows(path: str, *, layer: int = 1, direction: str = "forward", epoch: int | None = None) -> pd.DataFrame:
    distance = np.arange(30)
    table = pd.DataFrame({"layer": layer, "direction": direction, "path": path, "distance": distance})
    if epoch is not None:
        table.insert(0, "epoch", epoch)
    for norm, start in (("gradient", 0.1), ("jacobian", 1.0)):
        for part, factor in (("q1", 0.5), ("median", 1.0), ("q3", 2.0)):
            table[f"{norm}_{part}"] = factor * start * 0.8**distance
        table[f"{norm}_half_life"], table[f"{norm}_half_life_r2"] = 3.11, 0.99
        table[f"{norm}_half_life_low"], table[f"{norm}_half_life_high"] = 3.0, 3.2
    table["predicted"] = np.nan if path == "hidden" else 0.7**distance
    table["predicted_radius"] = np.nan
    return table


def legend(figure: Figure, panel: int) -> list[str]:
    return [text.get_text() for text in figure.axes[panel].get_legend().get_texts()]


def test_each_path_is_a_line_with_its_half_life_and_a_prediction_is_drawn_once() -> None:
    figure = draw_through_time(pd.concat([rows("hidden"), rows("cell"), rows("cell_only")]))
    assert len(figure.axes) == 2
    for panel, start in ((0, 0.1), (1, 1.0)):
        axes = figure.axes[panel]
        *measured, predicted = legend(figure, panel)
        names = ["hidden states", "cell states", "forget gates alone"]
        assert [label.partition(":")[0] for label in measured] == names
        assert all("3.11 steps (3 to 3.2)" in label for label in measured)
        assert predicted == "predicted: mean gate"
        np.testing.assert_allclose(axes.get_lines()[-1].get_ydata(), start * 0.7 ** np.arange(30))
        assert axes.get_yscale() == "log" and len(axes.collections) == 3
        # Told apart without colour.
        styles = {(line.get_linestyle(), line.get_marker()) for line in axes.get_lines()}
        assert len(styles) == len(axes.get_lines())


def test_an_rnn_has_predictions_by_singular_value_and_by_spectral_radius() -> None:
    distance = np.arange(30)
    table = rows("hidden").assign(predicted=0.9**distance, predicted_radius=0.8**distance)
    labels = legend(draw_through_time(table), 1)
    assert ["σ_max" in labels[1], "ρ" in labels[2]] == [True, True]


def test_layers_and_directions_have_a_row_each() -> None:
    ways = [(layer, direction) for layer in (1, 2) for direction in ("forward", "backward")]
    table = pd.concat([rows("hidden", layer=layer, direction=direction) for layer, direction in ways])
    figure = draw_through_time(table)
    titles = [axes.get_title(loc="left").partition(":")[0] for axes in figure.axes]
    assert titles[::2] == titles[1::2] == [f"layer {layer}, {direction}" for layer, direction in ways]


def test_zeros_and_gaps_are_left_out(tmp_path: Path) -> None:
    table = rows("hidden")
    table.loc[5:, "gradient_median"] = 0.0
    table.loc[::2, "jacobian_median"] = np.nan
    figure = draw_through_time(table)
    counts = [len(axes.get_lines()[0].get_xdata()) for axes in figure.axes]
    assert counts == [5, 15]
    save_figure(figure, tmp_path / "gaps.png")


def test_heatmaps_show_the_logarithm_by_epoch_and_distance(tmp_path: Path) -> None:
    table = pd.concat([rows("hidden", epoch=epoch) for epoch in (0, 5, 10)])
    table.loc[table["distance"] == 29, "gradient_median"] = 0.0
    figure = draw_over_training(table)
    gradient, jacobian = (axes.collections[0].get_array() for axes in figure.axes[:2])
    assert gradient.shape == jacobian.shape == (30, 3)
    np.testing.assert_allclose(jacobian[:, 1], np.log10(0.8) * np.arange(30), atol=1e-12)
    assert gradient[29].mask.all() and not gradient[:29].mask.any()
    save_figure(figure, tmp_path / "heat.png")
    assert (tmp_path / "heat.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("column", ["gradient_median", "jacobian_median"])
def test_nothing_measured_gives_empty_panels(column: str, tmp_path: Path) -> None:
    table = rows("hidden").assign(**{column: 0.0})
    save_figure(draw_through_time(table), tmp_path / "empty.png")


def test_what_the_weights_predict_is_no_prediction_of_the_gradient_of_pooled_states() -> None:
    labels = [legend(draw_through_time(rows("cell").assign(pooling="mean")), panel) for panel in (0, 1)]
    assert [len(of_panel) for of_panel in labels] == [1, 2]
    assert labels[1][1] == "predicted: mean gate"


def test_over_training_a_path_without_a_norm_has_no_panel_of_it() -> None:
    table = pd.concat(
        [rows(path, epoch=epoch) for path in ("cell", "cell_only") for epoch in (0, 1)], ignore_index=True
    )
    assert len(draw_over_training(table).axes) == 4
    gate_alone = table["path"] == "cell_only"
    table.loc[gate_alone, [name for name in table if name.startswith("gradient")]] = np.nan
    titles = [axes.get_title(loc="left") for axes in draw_over_training(table).axes]
    assert len(titles) == 3 and sum("forget gates alone" in title for title in titles) == 1
