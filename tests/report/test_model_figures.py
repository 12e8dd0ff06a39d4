"""Pictures of the default model: what they say is what the tables hold."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from pandas import DataFrame

from riskresearch.report import figures
from riskresearch.report.figures.style import GREEN, MUTED, ORANGE, RED
from riskresearch.report.translator import translator

ENGLISH, FRENCH = translator("en"), translator("fr")


def names(figure: Figure) -> list[str]:
    return [label.get_text().replace("\n", " ") for label in figure.axes[0].get_yticklabels()]


def legend(figure: Figure) -> list[str]:
    return [text.get_text().replace("\n", " ") for box in figure.legends for text in box.get_texts()]


def dots(figure: Figure) -> DataFrame:
    """Place and colour of the dots of the first scatter."""
    points = next(c for c in figure.axes[0].collections if len(c.get_offsets()) > 1)
    colours = [to_hex(colour) for colour in points.get_facecolor()]
    return DataFrame(np.asarray(points.get_offsets()), columns=["x", "y"]).assign(colour=colours)


def test_candidates_stand_in_order_with_champion_and_rule_named(tables: dict[str, DataFrame]) -> None:
    drawn = figures.model_candidates(tables["model_choice"], words=ENGLISH)
    assert names(drawn) == ["Boosted trees (champion, in use)", "Logistic regression", "Past late rate (rule to beat)"]
    assert "simple rule: Past late rate" in legend(drawn)
    rule = [line.get_xdata()[0] for line in drawn.axes[0].lines if line.get_color() == RED]
    assert rule == pytest.approx([0.75])


def test_the_interval_of_a_candidate_is_that_of_its_gain_over_the_rule(tables: dict[str, DataFrame]) -> None:
    bars = figures.model_candidates(tables["model_choice"], words=ENGLISH).axes[0].collections[0]
    ends = [segment[:, 0].tolist() for segment in bars.get_segments()]
    assert ends[:2] == [pytest.approx([0.77, 0.85]), pytest.approx([0.74, 0.84])]


def test_without_candidates_the_picture_says_why(tables: dict[str, DataFrame]) -> None:
    few = tables["model_choice"].assign(auc=float("nan"), champion_gain=float("nan"), reason_code="too_few_defaulters")
    for draw in (figures.model_candidates, figures.champion_gains):
        told = " ".join(text.get_text() for text in draw(few, words=ENGLISH).axes[0].texts)
        assert "too few customers in default to fit a model" in told


@pytest.mark.parametrize(
    ("low", "high", "colour"), [(0.01, 0.06, GREEN), (-0.02, 0.06, MUTED), (-0.06, -0.01, RED), (0.0, 0.1, MUTED)]
)
def test_the_champion_is_called_better_only_beyond_chance(
    tables: dict[str, DataFrame], low: float, high: float, colour: str
) -> None:
    choice = tables["model_choice"]
    choice.loc[choice["model_code"] == "logistic", ["champion_gain_low", "champion_gain_high"]] = [low, high]
    drawn = figures.champion_gains(choice, words=ENGLISH)
    assert names(drawn) == ["Logistic regression", "Past late rate (rule to beat)"]
    assert dots(drawn)["colour"].tolist() == [colour, GREEN]


def test_only_whole_years_carry_the_level(tables: dict[str, DataFrame]) -> None:
    drawn = figures.pd_level_lines(tables["default_cohorts"], tables["pd_levels"], words=ENGLISH)
    axis = drawn.axes[0]
    assert [bar.get_height() for bar in axis.patches] == pytest.approx([0.05])
    assert [label.get_text() for label in axis.get_xticklabels()] == ["2023\n10 of 200"]
    assert [line.get_ydata()[0] for line in axis.lines] == pytest.approx([0.042, 0.033, 0.05, 0.07])
    assert "in use 5.0%" in legend(drawn)


def test_a_level_that_is_not_known_is_not_drawn(tables: dict[str, DataFrame]) -> None:
    levels = tables["pd_levels"].copy()
    levels.loc[levels["level_code"] == "mean_pd_with_margin", "value"] = float("nan")
    drawn = figures.pd_level_lines(tables["default_cohorts"], levels, words=FRENCH)
    assert not [text for text in legend(drawn) if "avec marge" in text]


def test_pds_come_with_interval_and_months_of_history_and_without_names(tables: dict[str, DataFrame]) -> None:
    drawn = figures.pd_intervals(tables["scored"], words=ENGLISH, n_customers=2)
    assert (
        names(drawn) == ["C004 · 10 months", '=HYPERLINK("http:… · 20 months'] or names(drawn)[0] == "C004 · 10 months"
    )
    ends = [segment[:, 0].tolist() for segment in drawn.axes[0].collections[0].get_segments()]
    assert ends == [pytest.approx([0.1, 0.5]), pytest.approx([0.03, 0.12])]


def test_customers_in_default_have_no_interval_to_show(tables: dict[str, DataFrame]) -> None:
    assert not [name for name in names(figures.pd_intervals(tables["scored"], words=ENGLISH)) if "C005" in name]


def test_where_no_interval_is_known_none_is_named(tables: dict[str, DataFrame]) -> None:
    rated = tables["scored"].assign(pd_low=float("nan"), pd_high=float("nan"))
    assert legend(figures.pd_intervals(rated, words=ENGLISH)) == ["customer"]
    prospects = rated.assign(customer_status_code="prospect")
    assert legend(figures.pd_intervals(prospects, words=ENGLISH)) == ["prospect"]


def test_the_months_of_a_grade_are_the_mean_of_its_customers(tables: dict[str, DataFrame]) -> None:
    scored = tables["scored"].assign(
        grade_code=["B", "D", "D", "G", "X"], segment_code=["reliable", *["to_watch"] * 2, "risky", "defaulted"]
    )
    axis = figures.pd_over_months(tables["pd_term_structure"], scored, words=ENGLISH).axes[0]
    assert [line.get_ydata().tolist() for line in axis.lines] == [
        pytest.approx([0.0024, 0.0048, 0.0072]),
        pytest.approx([0.015, 0.03, 0.045]),
        pytest.approx([0.08, 0.16, 0.24]),
    ]
    assert [text.get_text() for text in axis.texts] == ["B", "D", "G"]


def test_grades_show_customers_defaults_to_expect_and_rates(tables: dict[str, DataFrame]) -> None:
    drawn = figures.grade_quality_bars(tables["grade_quality"], tables["grade_estimates"], words=ENGLISH)
    today, later = drawn.axes[0].child_axes
    assert [bar.get_height() for bar in today.patches] == [0, 1, 0, 2, 0, 0, 1, 0]
    assert "2 (0.1)" in [text.get_text() for text in today.texts]
    assert [to_hex(bar.get_facecolor()) == ORANGE for bar in today.patches].count(True) == 1
    bound, observed, predicted = (line.get_ydata() for line in later.lines)
    assert (bound[3], observed[3], predicted[3]) == pytest.approx((0.1, 0.0, 0.03))
    assert [label.get_text() for label in later.get_xticklabels()][2] == "C\n1 / 25"
    assert "too many customers in one grade" in legend(drawn)


def test_grades_that_were_never_tested_say_so(tables: dict[str, DataFrame]) -> None:
    untested = tables["grade_estimates"].assign(n_rows=0)
    drawn = figures.grade_quality_bars(tables["grade_quality"], untested, words=FRENCH)
    assert len(drawn.axes[0].child_axes) == 1
    assert "Pas de dates postérieures" in drawn.axes[0].texts[0].get_text()


def test_the_strongest_feature_of_the_scorecard_comes_first(tables: dict[str, DataFrame]) -> None:
    drawn = figures.scorecard_dots(tables["scorecard_points"], words=translator("en", tables["labels"]))
    assert names(drawn) == ["share of invoices late over 12 months", "months of history"]
    clouds = [c for c in drawn.axes[0].collections if len(c.get_offsets()) > 1]
    first = np.asarray(clouds[0].get_offsets())
    assert first[:, 0].tolist() == [60.0, 31.0, 40.0]
    assert [to_hex(colour) for colour in clouds[0].get_facecolor()][2] == "#ffffff"
    sizes = clouds[0].get_sizes()
    assert sizes[0] / sizes[1] == pytest.approx(250 / 200)


def test_shares_of_the_expert_rating_add_up_by_history(tables: dict[str, DataFrame]) -> None:
    drawn = figures.rating_shares(tables["expert_ratings"], words=ENGLISH)
    assert names(drawn) == [
        "no history (n = 1)",
        "1–11 months (n = 1)",
        "12–35 months (n = 1)",
        "36 months and more (n = 1)",
    ]
    ends = DataFrame([(round(bar.get_y(), 1), bar.get_width()) for bar in drawn.axes[0].patches], columns=["row", "w"])
    assert ends.groupby("row")["w"].sum().tolist() == pytest.approx([1.0] * 4)
    widths = [bar.get_width() for bar in drawn.axes[0].patches]
    assert widths[-4:] == pytest.approx([0.8, 0.4, 0.2, 0.1])


def test_weights_of_sources_are_moved_both_ways(tables: dict[str, DataFrame]) -> None:
    drawn = figures.weight_moves(tables["weight_sensitivity"], words=ENGLISH)
    assert names(drawn)[0] == "payments 20% → 15% / 25%"
    assert len(names(drawn)) == 5
    assert [bar.get_width() for bar in drawn.axes[0].patches][:2] == pytest.approx([0.25, 0.0])


def test_pictures_of_the_model_speak_french(tables: dict[str, DataFrame]) -> None:
    assert "règle simple : Taux de retard passé".replace(" :", "\u00a0:") in legend(
        figures.model_candidates(tables["model_choice"], words=FRENCH)
    )
    shares = names(figures.rating_shares(tables["expert_ratings"], words=FRENCH))
    assert shares[0] == "sans historique (n = 1)"
    assert pd.Series(shares).is_unique
