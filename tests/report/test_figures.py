"""Pictures: drawn from any table, same bytes, digest of their numbers."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from pandas import DataFrame

from riskresearch.report import figures
from riskresearch.report.figures import FigureView, figure_png, show_figure
from riskresearch.report.figures.payment import apart
from riskresearch.report.figures.style import BLUE, PALE, digest, fitted
from riskresearch.report.translator import Translator, translator

ENGLISH = translator("en")
PICTURES: dict[str, tuple[str, ...]] = {
    "dso_lines": ("kpis",),
    "ageing_bars": ("ageing",),
    "contribution_swarm": ("contributions",),
    "delay_heatmap": ("delays",),
    "delay_ranges": ("delays",),
    "concentration_bars": ("concentration",),
    "reliability_plot": ("reliability",),
    "model_candidates": ("model_choice",),
    "champion_gains": ("model_choice",),
    "pd_level_lines": ("default_cohorts", "pd_levels"),
    "pd_intervals": ("scored",),
    "pd_over_months": ("pd_term_structure", "scored"),
    "grade_quality_bars": ("grade_quality", "grade_estimates"),
    "scorecard_dots": ("scorecard_points",),
    "rating_shares": ("expert_ratings",),
    "weight_moves": ("weight_sensitivity",),
    "drivers_bars": ("drivers",),
    "dependence_panels": ("dependence", "feature_dictionary"),
    "driver_shares": ("driver_stability", "drivers"),
    "family_bars": ("driver_families",),
    "customer_waterfall": ("contributions", "scored", "drivers", "score_changes", "customer_changes"),
    "limits_by_segment": ("credit_limits",),
    "binding_shares": ("credit_limits",),
    "rules_beside_optimum": ("optimiser_comparison",),
    "shortfall_frontier": ("optimiser_frontier",),
    "policy_differences": ("limit_backtest",),
    "policy_months": ("limit_backtest_months",),
    "rule_cost_bars": ("limit_rule_costs",),
    "cost_of_options": ("quotes",),
    "gross_to_retained": ("quotes",),
    "loss_quantiles": ("losses", "quotes"),
    "two_rankings": ("quotes",),
    "design_frontier": ("policy_designs",),
    "cost_tornado": ("tornado",),
    "premium_lines": ("premium_sensitivity",),
    "stress_bars": ("policy_stress",),
    "uncovered_waterfall": ("uncovered_causes",),
    "clause_bars": ("clause_costs",),
    "indemnity_bars": ("indemnity_months",),
    "segment_heatmap": ("segment_values",),
    "segment_intervals": ("segment_values",),
    "lorenz_curve": ("lorenz", "concentration"),
    "dso_waterfall": ("dso_changes",),
    "level_chart": ("kpis", "level_changes"),
    "moved_customers": ("customer_moves",),
    "payment_history": ("kpis",),
    "transition_matrix": ("transitions",),
    "vintage_heatmap": ("vintages",),
    "receipts_fan": ("receipts_forecast",),
    "forecast_errors": ("forecast_backtest",),
    "survival_curves": ("survival",),
    "sample_timeline": ("sample_counts",),
    "cohort_rates": ("default_cohorts",),
    "feature_strength": ("feature_profile",),
    "ranking_curves": ("curves",),
    "net_benefit_lines": ("curves",),
    "quarter_intervals": ("measures",),
    "segment_measures": ("measures",),
    "shift_bars": ("stability_index",),
    "migration_matrix": ("grade_migrations",),
    "sensitivity_bars": ("sensitivities",),
}
JUDGED = ("ranking_curves", "net_benefit_lines", "quarter_intervals", "segment_measures")
OPTIONS: dict[str, dict[str, Any]] = {
    "premium_lines": {"without": 172_000.0},
    "customer_waterfall": {"customer_id": "007"},
    "payment_history": {"customer_id": "007"},
    "receipts_fan": {"method_code": "hazard", "rule_code": "last_delay"},
    **{name: {"model_code": "lightgbm"} for name in JUDGED},
}


def draw(name: str, tables: dict[str, DataFrame], words: Translator, **options: object) -> Figure:
    picture: Callable[..., Figure] = getattr(figures, name)
    return picture(*(tables[table] for table in PICTURES[name]), words=words, **OPTIONS.get(name, {}), **options)


def texts(figure: Figure) -> list[str]:
    figure.canvas.draw()
    found = [
        text.get_text()
        for axis in figure.axes
        for text in [
            *axis.texts,
            axis.title,
            axis.xaxis.label,
            *axis.get_xticklabels(),
            *axis.get_yticklabels(),
            axis._left_title,
        ]
    ]
    return found + [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_every_picture_is_tested() -> None:
    helpers = {"FigureView", "data_uri", "figure_png", "show_figure"}
    assert set(figures.__all__) - helpers == set(PICTURES)


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_gives_the_same_bytes_every_time(name: str, tables: dict[str, DataFrame]) -> None:
    first, second = (figure_png(draw(name, tables, ENGLISH)) for _ in range(2))
    assert first == second
    assert first.startswith(b"\x89PNG")
    assert b"Software" not in first
    assert len(first) < 110_000


@pytest.mark.parametrize("name", PICTURES)
def test_an_empty_table_gives_a_panel_that_says_why(name: str, tables: dict[str, DataFrame], words: Translator) -> None:
    empty = {key: frame.head(0) for key, frame in tables.items()}
    shown = texts(draw(name, empty, words))
    start = {"en": "Not computable: ", "fr": "Non calculable\u00a0: "}[words.language]
    assert any(text.startswith(start) and len(text) > len(start) for text in shown)


@pytest.mark.parametrize("name", PICTURES)
def test_a_single_row_can_be_drawn(name: str, tables: dict[str, DataFrame]) -> None:
    one = {key: frame.head(1) for key, frame in tables.items()}
    assert figure_png(draw(name, one, ENGLISH))


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_can_be_drawn_onto_a_given_axis(name: str, tables: dict[str, DataFrame]) -> None:
    whole = Figure(figsize=(12, 5))
    axes = whole.subplots(1, 2)
    assert draw(name, tables, ENGLISH, axis=axes[1]) is whole
    assert not axes[0].has_data()
    assert whole.get_figheight() == 5


def test_names_from_outside_cannot_break_a_picture(tables: dict[str, DataFrame]) -> None:
    hostile = "$\\frac{1}$ 株式会社 " + "very long name of a policy " * 20
    quotes = tables["quotes"].assign(option_name=hostile)
    delays = tables["delays"].assign(segment_code=hostile)
    assert figure_png(figures.cost_of_options(quotes, words=ENGLISH))
    assert figure_png(figures.loss_quantiles(tables["losses"], quotes, words=ENGLISH))
    assert figure_png(figures.delay_ranges(delays, words=ENGLISH))


def test_text_is_wrapped_cut_and_freed_of_letters_the_font_lacks() -> None:
    assert fitted("mean delay of the receipts of 3 months", width=20) == "mean delay of the\nreceipts of 3 months"
    assert fitted("one two three four five", width=9, lines=1) == "one two …"
    assert fitted("Bauhauptgewerbe-und-Ausbau", width=10, lines=1) == "Bauhaupt …"
    assert fitted("株 Café 4 €") == "? Café 4 €"


def test_a_single_segment_is_not_shown_beside_the_portfolio(tables: dict[str, DataFrame]) -> None:
    delays = tables["delays"][tables["delays"]["segment_code"] != "large"]
    assert not [text for text in texts(figures.delay_ranges(delays, words=ENGLISH)) if "micro" in text]
    assert [text for text in texts(figures.delay_ranges(tables["delays"], words=ENGLISH)) if "micro" in text]


def test_dso_bands_are_drawn_only_where_they_are_given(tables: dict[str, DataFrame]) -> None:
    with_bands = texts(figures.dso_lines(tables["kpis"], words=ENGLISH, low_days=30.0, high_days=60.0))
    without = texts(figures.dso_lines(tables["kpis"], words=ENGLISH))
    assert "at risk above 60 days" in with_bands
    assert not [text for text in without if "at risk" in text]


def test_a_dso_that_is_not_known_gives_its_reason(tables: dict[str, DataFrame]) -> None:
    kpis = tables["kpis"].assign(value=float("nan"), reason_code="history_too_short")
    assert "Not computable: history too short" in texts(figures.dso_lines(kpis, words=ENGLISH))


def test_ageing_bars_add_up_to_the_open_amount(tables: dict[str, DataFrame]) -> None:
    axis = figures.ageing_bars(tables["ageing"], words=ENGLISH).axes[0]
    tops = [
        max(bar.get_y() + bar.get_height() for bar in axis.patches if round(bar.get_x() + 0.41) == place)
        for place in (0, 1)
    ]
    assert tops == pytest.approx([1_100_000.0, 1_234_567.89])


def test_ageing_is_drawn_by_one_basis_and_for_the_latest_dates(tables: dict[str, DataFrame]) -> None:
    by_issue = texts(figures.ageing_bars(tables["ageing"], words=ENGLISH, basis_code="invoice_date"))
    assert "not due" not in by_issue
    one = figures.ageing_bars(tables["ageing"], words=ENGLISH, n_dates=1).axes[0]
    assert sum(bar.get_height() for bar in one.patches) == pytest.approx(1_234_567.89)


def test_dso_with_assumed_terms_has_whiskers(tables: dict[str, DataFrame]) -> None:
    plain = figures.dso_lines(tables["kpis"], words=ENGLISH).axes[0]
    last = (tables["kpis"]["indicator_code"] == "dso_best_possible_days") & (
        tables["kpis"]["observation_date"] == tables["kpis"]["observation_date"].max()
    )
    tables["kpis"].loc[last, ["value_low", "value_high"]] = [50.0, 60.0]
    bounded = figures.dso_lines(tables["kpis"], words=ENGLISH).axes[0]
    assert len(bounded.collections) == len(plain.collections) + 1
    ends = bounded.collections[-1].get_segments()[0][:, 1]
    assert ends.tolist() == pytest.approx([50.0, 60.0])


def test_names_of_lines_do_not_overlap() -> None:
    assert apart([10.0, 11.0, 12.0, 40.0], 5.0) == [6.0, 11.0, 16.0, 40.0]
    assert apart([], 5.0) == []


def test_cells_of_few_customers_have_no_shade(tables: dict[str, DataFrame]) -> None:
    axis = figures.segment_heatmap(tables["segment_values"], words=ENGLISH).axes[0]
    cells = {text.get_text(): patch.get_facecolor() for text, patch in zip(axis.texts, axis.patches, strict=True)}
    assert set(cells) == {"15.5\nn = 28", "31.0\nn = 2", "9.0\nn = 12", "2.5\nn = 6"}
    pale = to_rgba(PALE)
    assert [text for text, colour in cells.items() if colour == pale] == ["31.0\nn = 2"]
    assert sum(cells["15.5\nn = 28"][:3]) < sum(cells["9.0\nn = 12"][:3]) < sum(cells["2.5\nn = 6"][:3])


def test_sizes_stand_from_small_to_large(tables: dict[str, DataFrame]) -> None:
    axis = figures.segment_intervals(tables["segment_values"], words=ENGLISH).axes[0]
    names = [text.get_text() for text in axis.get_yticklabels()]
    assert names == ["micro (n = 40)", "small (n = 1)", "large (n = 8)"]


def test_every_share_of_the_matrix_stands_in_its_cell(tables: dict[str, DataFrame]) -> None:
    axis = figures.transition_matrix(tables["transitions"], words=ENGLISH).axes[0]
    shown = {(round(t.get_position()[0], 2), t.get_position()[1]): t.get_text() for t in axis.texts}
    assert shown[(0.5, 0.5)] == "40%"
    assert shown[(1.5, 0.5)] == "20%"
    assert shown[(4.5, 3.5)] == "37%"
    assert shown[(5.85, 0.5)] == "39%"
    assert shown[(7.85, 4.5)] == "5.0%"
    assert shown[(7.85, 0.5)] == "–"
    assert "no due date" not in texts(axis.figure)


def test_vintages_leave_what_is_not_observed_empty(tables: dict[str, DataFrame]) -> None:
    axis = figures.vintage_heatmap(tables["vintages"], words=ENGLISH).axes[0]
    rows = [[t.get_text() for t in axis.texts if int(t.get_position()[1]) == row] for row in (0, 10, 13)]
    assert rows == [["50%", "20%", "2.0%", "1.0%"], ["51%", "21%", "3.0%", ""], ["51%", "", "", ""]]


def test_the_dso_waterfall_leads_from_one_dso_to_the_other(tables: dict[str, DataFrame]) -> None:
    axis = figures.dso_waterfall(tables["dso_changes"], words=ENGLISH).axes[0]
    bars = [(round(bar.get_x(), 1), round(bar.get_x() + bar.get_width(), 1)) for bar in axis.patches]
    assert bars == [(61.0, 63.4), (63.4, 67.4), (67.4, 72.4)]
    assert {"+2.4", "+4.0", "+5.0"} <= set(texts(axis.figure))


def test_a_change_that_is_not_known_gives_its_reason(tables: dict[str, DataFrame]) -> None:
    changes = tables["dso_changes"].assign(change_days=float("nan"), reason_code="history_too_short")
    assert "Not computable: history too short" in texts(figures.dso_waterfall(changes, words=ENGLISH))


def test_levels_change_where_the_table_says(tables: dict[str, DataFrame]) -> None:
    axis = figures.level_chart(tables["kpis"], tables["level_changes"], words=ENGLISH).axes[0]
    heights = [line.get_ydata()[0] for line in axis.lines if len(line.get_ydata()) == 2 and line.get_color() == BLUE]
    assert heights == [58.5, 67.1]
    assert "Nov 2025: +8.6" in texts(axis.figure)


def test_moves_are_ordered_by_cash_and_keep_their_direction(tables: dict[str, DataFrame]) -> None:
    moves = tables["customer_moves"].assign(customer_id=["A", "B", "C", "D"])
    axis = figures.moved_customers(moves, words=ENGLISH).axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["A", "C", "B"]
    ends = [segment[:, 0].tolist() for segment in axis.collections[0].get_segments()]
    assert ends == [[9.0, 41.0], [15.0, 5.0], [4.0, 12.0]]


def test_the_history_of_a_customer_has_one_panel_per_scale(tables: dict[str, DataFrame]) -> None:
    kpis = tables["kpis"].assign(indicator_code=tables["kpis"]["indicator_code"])
    axis = figures.payment_history(kpis, words=ENGLISH, customer_id="007").axes[0]
    assert len(axis.child_axes) == 3
    bars = [bar.get_height() for bar in axis.child_axes[1].patches]
    assert bars == pytest.approx([900_000.0, 1_100_000.0, 1_234_567.89])


def test_the_fan_holds_both_ranges_and_the_rule(tables: dict[str, DataFrame]) -> None:
    axis = draw("receipts_fan", tables, ENGLISH).axes[0]
    assert [line.get_ydata()[0] for line in axis.lines] == pytest.approx([40_000.0, 48_000.0])
    wide, narrow = (band.get_paths()[0].vertices[:, 1] for band in axis.collections)
    assert (wide.min(), wide.max()) == pytest.approx((12_000.0, 400_000.0))
    assert (narrow.min(), narrow.max()) == pytest.approx((24_000.0, 300_000.0))
    alone = figures.receipts_fan(tables["receipts_forecast"], words=ENGLISH, method_code="hazard", rule_code="hazard")
    assert len(alone.axes[0].lines) == 1


def test_a_forecast_without_ranges_names_none(tables: dict[str, DataFrame]) -> None:
    drawn = figures.receipts_fan(tables["receipts_forecast"], words=ENGLISH, method_code="due_date")
    assert len(drawn.axes[0].collections) == 0
    assert not [text for text in texts(drawn) if "range" in text]


def test_curves_by_segment_are_those_by_amount(tables: dict[str, DataFrame]) -> None:
    axis = figures.survival_curves(tables["survival"], words=ENGLISH, axis_code="size").axes[0]
    assert [line.get_ydata()[1] for line in axis.lines[:2]] == pytest.approx([0.5, 0.7])
    whole = figures.survival_curves(tables["survival"], words=ENGLISH).axes[0]
    assert [line.get_ydata()[1] for line in whole.lines[:2]] == pytest.approx([0.6, 0.55])


def test_lorenz_curves_name_their_gini(tables: dict[str, DataFrame]) -> None:
    shown = texts(draw("lorenz_curve", tables, ENGLISH))
    assert "receivables (Gini 0.52)" in shown


def test_pairs_are_left_out_of_the_heatmap_of_delays(tables: dict[str, DataFrame]) -> None:
    part = tables["delays"][tables["delays"]["axis_code"] == "size"]
    joined = pd.concat([part, part.assign(axis_code="sector*size", segment_code="trade*micro").head(1)])
    shown = texts(figures.delay_heatmap(joined, words=ENGLISH))
    assert not [text for text in shown if "×" in text]
    assert "size · micro" in shown


def test_a_delay_rounded_to_zero_has_no_sign(tables: dict[str, DataFrame]) -> None:
    part = tables["delays"][tables["delays"]["axis_code"] == "size"].assign(days_late_p25=-0.4)
    shown = texts(figures.delay_heatmap(part, words=ENGLISH))
    assert "0" in shown
    assert "-0" not in shown


def test_french_pictures_have_french_numbers_and_words(tables: dict[str, DataFrame]) -> None:
    french = translator("fr")
    assert "non échu" in texts(figures.ageing_bars(tables["ageing"], words=french))
    assert any(text.endswith("\u00a0€") for text in texts(figures.ageing_bars(tables["ageing"], words=french)))


def test_a_notebook_gets_picture_alternative_text_and_digest(tables: dict[str, DataFrame]) -> None:
    drawn = figures.ageing_bars(tables["ageing"], words=ENGLISH)
    view = show_figure(drawn, alt="Aged balance", digest_of=tables["ageing"])
    data, metadata = view._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert metadata == {"image/png": {"alt": "Aged balance"}}
    assert data["text/plain"] == repr(view) == f"[figure] {digest(tables['ageing'])}"
    assert drawn.axes == []


def test_the_digest_sees_the_fifth_digit_and_no_further(tables: dict[str, DataFrame]) -> None:
    frame = tables["ageing"]
    assert digest(frame) == digest(frame.assign(open_amount=frame["open_amount"] * (1 + 1e-9)))
    assert digest(frame) != digest(frame.assign(open_amount=frame["open_amount"] * 1.001))


def test_pictures_leave_the_style_of_others_alone(tables: dict[str, DataFrame]) -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    view: FigureView = show_figure(draw("ageing_bars", tables, ENGLISH), alt="x", digest_of=tables["ageing"])
    assert view.png
    assert dict(matplotlib.rcParams) == before


def test_only_report_draws() -> None:
    package = Path(__file__).parents[2] / "src" / "riskresearch"
    drawing = [
        file
        for file in package.rglob("*.py")
        if "matplotlib" in file.read_text(encoding="utf-8")
        and file.relative_to(package).parts[0] not in ("report", "pipeline")
    ]
    assert drawing == []


def test_the_swarm_is_coloured_by_the_values_of_the_features():
    n = 40
    frame = DataFrame(
        {
            "customer_id": [f"C{i:02d}" for i in range(n)],
            "feature_code": "late_ratio_12m",
            "feature_value": [i / n for i in range(n)],
            "contribution": [i / n - 0.5 for i in range(n)],
        }
    )
    axis = figures.contribution_swarm(frame, words=ENGLISH).axes[0]
    values = [points.get_array() for points in axis.collections if points.get_array() is not None]
    assert len({round(float(v), 6) for part in values for v in part}) > n // 2
