"""Pictures of drivers and of one customer: what is drawn is what the tables say."""

import numpy as np
import pytest
from explanation_tables import BASE, SCORES, explanation_tables
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from pandas import DataFrame

from riskresearch.features.stage import feature_dictionary
from riskresearch.pipeline.stages import labels
from riskresearch.report.figures import customer_waterfall, dependence_panels, driver_shares, drivers_bars, family_bars
from riskresearch.report.figures.style import BLUE, MUTED, RED
from riskresearch.report.translator import translator

ENGLISH, FRENCH = translator("en", labels()), translator("fr", labels())
CUSTOMERS = ["C1", "C2", "C3", "C4", "C5"]
PDS = (0.0074, 0.0293, 0.0573, 0.2497, 1.0)


@pytest.fixture
def tables() -> dict[str, DataFrame]:
    scored = DataFrame({"customer_id": CUSTOMERS, "pd_12m": PDS})
    return {**explanation_tables(CUSTOMERS), "scored": scored, "feature_dictionary": feature_dictionary()}


def waterfall(tables: dict[str, DataFrame], customer: str, **options: int) -> Figure:
    names = ("contributions", "scored", "drivers", "score_changes", "customer_changes")
    return customer_waterfall(*(tables[name] for name in names), words=ENGLISH, customer_id=customer, **options)


def panels(figure: Figure) -> list[Axes]:
    return list(figure.axes[0].child_axes)


def bars(panel: Axes) -> list[tuple[float, float]]:
    return [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in panel.patches]


@pytest.mark.parametrize(("customer", "score"), list(zip(CUSTOMERS[:4], SCORES, strict=True)))
@pytest.mark.parametrize("n_parts", [2, 8])
def test_steps_lead_without_a_gap_from_the_base_to_the_log_odds(
    tables: dict[str, DataFrame], customer: str, score: float, n_parts: int
) -> None:
    steps = bars(panels(waterfall(tables, customer, n_parts=n_parts))[0])
    assert steps[0][0] == pytest.approx(BASE)
    assert steps[-1][1] == pytest.approx(score)
    assert [start for start, _ in steps[1:]] == pytest.approx([end for _, end in steps[:-1]])


def test_changes_stand_beside_their_step_on_the_same_scale(tables: dict[str, DataFrame]) -> None:
    figure = waterfall(tables, "C1")
    steps, changes = panels(figure)
    names = [label.get_text().replace("\n", " ") for label in steps.get_yticklabels()]
    moved = dict(zip(names, (bar.get_width() for bar in changes.patches), strict=True))
    assert moved["mean delay of the receipts of 3 months (+1)"] == pytest.approx(0.3)
    assert sum(moved.values()) == pytest.approx(0.2)
    figure.canvas.draw()
    scale = [np.diff(panel.get_xlim())[0] / panel.get_window_extent().width for panel in (steps, changes)]
    assert scale[0] == pytest.approx(scale[1])
    assert changes.get_title(loc="left") == "since 30 Nov 2025\n0.60% → 0.72%"
    assert changes.get_ylim() == steps.get_ylim()


def test_a_large_change_is_not_cut(tables: dict[str, DataFrame]) -> None:
    larger = tables["score_changes"].assign(log_odds_change=[40.0, -0.1])
    changes = panels(waterfall({**tables, "score_changes": larger}, "C1"))[1]
    low, high = changes.get_xlim()
    assert all(low <= min(bar) <= max(bar) <= high for bar in bars(changes))


def test_the_scale_is_marked_with_the_probabilities_of_the_log_odds(tables: dict[str, DataFrame]) -> None:
    steps = panels(waterfall(tables, "C4"))[0]
    marks = {label.get_text(): place for label, place in zip(steps.get_xticklabels(), steps.get_xticks(), strict=True)}
    assert 2 <= len(marks) <= 5
    for text, place in marks.items():
        assert 1 / (1 + np.exp(-place)) == pytest.approx(float(text.rstrip("%")) / 100)
    assert "25.0%" in steps.get_xlabel()


def test_without_a_comparison_there_is_one_panel(tables: dict[str, DataFrame]) -> None:
    assert len(panels(waterfall(tables, "C3"))) == 1
    first = {**tables, "customer_changes": tables["customer_changes"].head(0)}
    assert len(panels(waterfall(first, "C1"))) == 1


def test_a_customer_in_default_gets_the_reason_why_nothing_is_drawn(tables: dict[str, DataFrame]) -> None:
    axis = waterfall(tables, "C5").axes[0]
    assert [text.get_text() for text in axis.texts] == ["Not computable: no reasons for this customer"]


def test_an_expert_rating_without_drivers_is_taken_apart_too(tables: dict[str, DataFrame]) -> None:
    steps = panels(waterfall({**tables, "drivers": tables["drivers"].head(0)}, "C1"))[0]
    assert len(steps.patches) == 6
    assert bars(steps)[-1][1] == pytest.approx(SCORES[0])


def test_drivers_have_the_colour_of_their_effect(tables: dict[str, DataFrame]) -> None:
    axis = drivers_bars(tables["drivers"], words=ENGLISH, n_drivers=4).axes[0]
    assert [bar.get_facecolor() for bar in axis.patches] == [to_rgba(colour) for colour in (RED, RED, BLUE, MUTED)]
    assert [bar.get_width() for bar in axis.patches] == [0.47, 0.3, 0.13, 0.06]


def test_families_stand_largest_first(tables: dict[str, DataFrame]) -> None:
    axis = family_bars(tables["driver_families"].iloc[::-1], words=ENGLISH, n_families=2).axes[0]
    assert [bar.get_width() for bar in axis.patches] == [0.52, 0.29]


def test_shares_of_the_drivers_are_drawn_period_by_period(tables: dict[str, DataFrame]) -> None:
    figure = driver_shares(tables["driver_stability"], tables["drivers"], words=FRENCH, n_drivers=2)
    axis = figure.axes[0]
    assert [list(line.get_ydata()) for line in axis.lines] == [[0.35, 0.5], [0.4, 0.3]]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["T1 2025"]
    years = tables["driver_stability"].assign(period_code=tables["driver_stability"]["period_code"].replace(
        {"2025Q1": "2024", "2025Q2": "2025"}))  # fmt: skip
    axis = driver_shares(years, tables["drivers"], words=FRENCH).axes[0]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["2024", "2025"]


def test_dependence_has_a_panel_for_each_feature_and_a_place_for_no_value(tables: dict[str, DataFrame]) -> None:
    figure = dependence_panels(tables["dependence"], tables["feature_dictionary"], words=ENGLISH)
    late, overdue = panels(figure)
    assert late.get_title(loc="left") == "mean delay of the receipts of 3\nmonths"
    assert [bar.get_height() for bar in late.patches] == [0.05, -0.4, 0.1, 0.6]
    assert [label.get_text() for label in late.get_xticklabels()] == ["none", "-5.0 days", "4.0 days", "90.0 days"]
    assert [label.get_text() for label in overdue.get_xticklabels()] == ["0%", "100%"]
    assert late.get_ylim() == overdue.get_ylim()
    low, high = late.get_ylim()
    assert low < -0.5
    assert high > 0.8


def test_dependence_shows_the_features_that_matter_most(tables: dict[str, DataFrame]) -> None:
    figure = dependence_panels(tables["dependence"], tables["feature_dictionary"], words=ENGLISH, n_features=1)
    assert [panel.get_title(loc="left")[:10] for panel in panels(figure)] == ["mean delay"]
    unknown = tables["feature_dictionary"].head(0)
    assert len(panels(dependence_panels(tables["dependence"], unknown, words=ENGLISH))) == 2
