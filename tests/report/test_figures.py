"""Pictures: drawn from any table, same bytes, digest of their numbers."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from pandas import DataFrame

from riskresearch.report import figures
from riskresearch.report.figures import FigureView, figure_png, show_figure
from riskresearch.report.figures.style import digest, fitted
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
    "drivers_bars": ("drivers",),
    "customer_waterfall": ("contributions", "scored"),
    "limits_by_segment": ("credit_limits",),
    "cost_of_options": ("quotes",),
    "gross_to_retained": ("quotes",),
    "loss_quantiles": ("losses", "quotes"),
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
}
OPTIONS: dict[str, dict[str, str]] = {
    "customer_waterfall": {"customer_id": "007"},
    "payment_history": {"customer_id": "007"},
    "receipts_fan": {"method_code": "hazard", "rule_code": "last_delay"},
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
    assert len(first) < 80_000


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
    assert fitted("one two three four five", width=9, lines=1).endswith("…")
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


def test_a_waterfall_ends_at_the_score_of_the_customer(tables: dict[str, DataFrame]) -> None:
    axis = draw("customer_waterfall", tables, ENGLISH).axes[0]
    last = axis.patches[-1]
    assert last.get_x() + last.get_width() == pytest.approx(-4.9)
    assert axis.patches[0].get_x() == pytest.approx(-4.9 - (0.8 + 0.5 + 0.1 - 0.3 + 0.05))


def test_a_waterfall_joins_the_small_contributions(tables: dict[str, DataFrame]) -> None:
    shown = texts(draw("customer_waterfall", tables, ENGLISH, n_features=2))
    assert "3 other features" in shown


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
