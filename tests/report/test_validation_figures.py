"""Pictures of the validation: right marks in right places, in both languages, and a reason where there is nothing."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from pandas import DataFrame
from validation_tables import HOSTILE, MODEL, RULE

from riskresearch.report import figures
from riskresearch.report.figures.stability import scenario_name
from riskresearch.report.translator import Translator, translator

ENGLISH, FRENCH = translator("en"), translator("fr")
OF_MODEL = {"model_code": MODEL}
DRAWN: dict[str, tuple[Callable[..., object], str, dict[str, str]]] = {
    "cap": (figures.ranking_curves, "curves", {**OF_MODEL, "rule_code": RULE}),
    "roc": (figures.ranking_curves, "curves", {**OF_MODEL, "curve_code": "roc"}),
    "benefit": (figures.net_benefit_lines, "curves", {**OF_MODEL, "rule_code": RULE}),
    "auc by quarter": (figures.quarter_intervals, "measures", OF_MODEL),
    "auc by segment": (figures.segment_measures, "measures", OF_MODEL),
    "ratio by segment": (figures.segment_measures, "measures", {**OF_MODEL, "measure_code": "observed_to_expected"}),
    "shifts": (figures.shift_bars, "stability_index", {}),
    "moves": (figures.migration_matrix, "grade_migrations", {}),
    "sensitivity": (figures.sensitivity_bars, "sensitivities", {}),
}


def drawn(name: str, tables: dict[str, DataFrame], words: Translator = ENGLISH) -> Axes:
    draw, table, options = DRAWN[name]
    return draw(tables[table], words=words, **options).axes[0]  # type: ignore[attr-defined]


def texts(axis: Axes) -> str:
    figure = axis.get_figure()
    assert figure is not None
    legends = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    ticks = [label.get_text() for label in (*axis.get_xticklabels(), *axis.get_yticklabels())]
    inner = [text.get_text() for text in axis.texts]
    return " | ".join([axis.get_title("left"), axis.get_xlabel(), axis.get_ylabel(), *legends, *ticks, *inner])


@pytest.mark.parametrize("name", DRAWN)
def test_pictures_speak_both_languages(name: str, tables: dict[str, DataFrame]) -> None:
    english, french = (drawn(name, tables, words) for words in (ENGLISH, FRENCH))
    assert english.get_title("left") or english.get_title()
    assert texts(english) != texts(french)
    assert "Not computable" not in texts(english)


@pytest.mark.parametrize("name", DRAWN)
def test_pictures_of_nothing_say_why(name: str, tables: dict[str, DataFrame]) -> None:
    _, table, _ = DRAWN[name]
    axis = drawn(name, {table: tables[table].head(0)})
    assert any(text.get_text().startswith("Not computable") for text in axis.texts)


def test_curves_are_those_of_the_table(tables: dict[str, DataFrame]) -> None:
    chance, rule, model = drawn("cap", tables).get_lines()
    assert chance.get_xydata().tolist() == [[0, 0], [1, 1]]
    assert model.get_xydata().tolist() == [[0.0, 0.0], [0.2, 0.5], [1.0, 1.0]]
    assert rule.get_xydata()[1].tolist() == pytest.approx([0.2, 0.45])
    assert len(drawn("roc", tables).get_lines()) == 2


def test_net_benefit_is_drawn_beside_selling_to_all_and_to_none(tables: dict[str, DataFrame]) -> None:
    axis = drawn("benefit", tables)
    to_all, to_none, rule, model = axis.get_lines()
    assert set(to_all.get_ydata()) == {0.0}
    assert np.asarray(to_none.get_ydata())[-1] == pytest.approx(-0.9)
    assert np.asarray(model.get_ydata())[1] == pytest.approx(0.02)
    assert np.asarray(rule.get_ydata())[1] == pytest.approx(0.018)
    low, high = axis.get_ylim()
    assert -0.03 < low < 0 < 0.06 < high


def test_quarters_stand_in_order_without_those_that_have_no_value(tables: dict[str, DataFrame]) -> None:
    axis = drawn("auc by quarter", tables)
    assert [label.get_text() for label in axis.get_xticklabels()] == ["Q2\n2024", "Q3\n2024"]
    points = [line for line in axis.get_lines() if line.get_marker() == "o"]
    assert [list(line.get_ydata()) for line in points] == [[0.83, 0.78]]
    first = tables["measures"].assign(sample_code=tables["measures"]["sample_code"].replace("scoring", "development"))
    psi = figures.quarter_intervals(first, words=ENGLISH, model_code=MODEL, measure_code="psi").axes[0]
    assert "learnt from" in texts(psi)


def test_segments_stand_under_their_division_with_defaults(tables: dict[str, DataFrame]) -> None:
    rows = tables["measures"]
    more = rows[(rows["axis_code"] == "sector") & (rows["part_code"] == "trade")].assign(axis_code="size")
    both = DataFrame({name: [*rows[name], *more[name], *more[name]] for name in rows})
    both["part_code"] = [*rows["part_code"], *["large"] * len(more), *["micro"] * len(more)]
    axis = figures.segment_measures(both, words=ENGLISH, model_code=MODEL).axes[0]
    named = dict(zip([label.get_text() for label in axis.get_yticklabels()], axis.get_yticks(), strict=True))
    assert list(named) == ["size", "micro (11)", "large (11)", "sector", "<script>alert(1)</ … (11)", "trade (11)"]
    dots = axis.collections[1].get_offsets()
    assert {tuple(dot) for dot in np.asarray(dots)} >= {(0.85, named["trade (11)"]), (0.85, named["micro (11)"])}


def test_a_red_segment_is_red(tables: dict[str, DataFrame]) -> None:
    axis = drawn("auc by segment", tables)
    colours = {tuple(np.round(colour, 2)) for colour in axis.collections[1].get_facecolors()}
    assert len(colours) == 2
    assert HOSTILE[:18] in texts(axis)


def test_features_that_moved_most_come_first(tables: dict[str, DataFrame]) -> None:
    axis = drawn("shifts", tables)
    assert [bar.get_width() for bar in axis.patches] == [1.9, 0.07]
    assert "reached by chance 1 time in 20" in texts(axis)


def test_the_matrix_shows_share_and_number(tables: dict[str, DataFrame]) -> None:
    shown = texts(drawn("moves", tables))
    assert "83%\n100" in shown
    assert "B (120)" in shown
    assert "E (0)" not in shown


def test_scenarios_are_named(tables: dict[str, DataFrame]) -> None:
    assert scenario_name("stale", "1", ENGLISH) == "figures 1 month old"
    assert scenario_name("stale", "3", FRENCH) == "chiffres d'il y a 3 mois"
    assert scenario_name("family_missing", "accounts", ENGLISH) == "without annual accounts"
    assert scenario_name("notch_up", "rating", ENGLISH) == "rating: a notch higher"
    rows = tables["sensitivities"]
    shown = rows[(rows["sample_code"] == "scoring") & rows["scenario_code"].isin(["family_missing", "stale"])]
    assert len(drawn("sensitivity", tables).patches) == shown["grade_change_ratio"].notna().sum()
