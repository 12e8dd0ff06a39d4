"""Chapter on reasons: drivers, customers, improvements, changes, disagreements; also where a run lacks them."""

import re
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from explanation_tables import explanation_tables
from pandas import DataFrame

from riskresearch.features.stage import feature_dictionary
from riskresearch.pipeline.stages import labels
from riskresearch.report.facts import PageFacts
from riskresearch.report.page.context import Block, Context
from riskresearch.report.page.customer_reasons import brief_reasons
from riskresearch.report.page.why import why_chapter
from riskresearch.report.translator import translator

HARD, NARROW = "\u00a0", "\u202f"
NEEDED = ("credit_limits", "scored")


def context(tables: dict[str, DataFrame], facts: PageFacts, language: str = "en") -> Context:
    return Context(tables, facts, translator(language, labels()))


def told(tables: dict[str, DataFrame], facts: PageFacts, language: str = "en") -> str:
    """Text of the chapter, tables without their tags; pictures have their own tests."""
    with patch("riskresearch.report.page.context.data_uri", return_value="data:,"):
        chapter = why_chapter(context(tables, facts, language))
    text = " ".join(part for block in chapter.blocks for part in texts(block))
    return re.sub(r"\s+", " ", text.replace(HARD, " ").replace(NARROW, " "))


def texts(block: Block) -> Iterator[str]:
    yield re.sub(r"<[^>]+>", " ", block.text) if block.kind == "table" else block.text
    yield from block.items
    for part in block.parts:
        yield from texts(part)


def test_the_strongest_drivers_are_told_with_sign_and_stability(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = told(tables, facts)
    assert "The 5 strongest of the 5 features of the model carry 100% of what moves the probabilities." in text
    assert (
        "In each of 2 periods the order of the features stays near that of the whole (rank correlation 0.50 to 1.00)"
        in text
    )
    assert "mean delay of the receipts of 3 months 47% higher value, higher risk 2 of 2 periods 1 to 2" in text
    assert "months of history 13% higher value, lower risk 1 of 2 periods 3" in text
    assert "sales of 3 months against the year 6% no single direction 0 of 0 periods not computable" in text


def test_groups_name_their_members_and_the_threshold_is_the_companys(
    tables: dict[str, DataFrame], facts: PageFacts
) -> None:
    text = told(tables, facts)
    assert "mean delay of the receipts of 3 months 52% share of invoices late over 12 months" in text
    assert "rank correlation of 0.7 or more, a threshold of the company" in text


def test_pairs_are_told_or_why_they_are_not(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    assert "mean delay of the receipts of 3 months, with months of history: 0.8% of what moves the log-odds" in told(
        tables, facts
    )
    refused = tables["interactions"].assign(rank=0, reason_code="native_categories", feature_code=None)
    text = told({**tables, "interactions": refused}, facts)
    assert "Pairs that act together: not computed for trees with categories." in text


def test_the_customers_with_most_at_stake_get_reasons_change_and_improvements(
    tables: dict[str, DataFrame], facts: PageFacts
) -> None:
    text = told(tables, facts)
    assert "The 3 customers with the most at stake" in text
    assert "C004: grade G, probability of default 25.0%, €150K open" in text
    assert "Why net worth in yearly revenue: 20% on 31 Dec 2025 (median of all customers: 10%)" in text
    assert "What changed Since 30 Nov 2025 the probability went from 40.0% to 25.0%" in text
    assert "Had it paid the day before If item I7 (€500.00) had been paid on 30 Dec 2025" in text


def test_improvements_count_customers_and_show_the_best(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = told(tables, facts)
    assert "1 of the 2 customers with an overdue item would have a better grade had it paid the day before." in text
    assert "One single item each would do for 15 of them, €29.5K in all." in text
    assert "1 I&lt;0123&gt; 12,000 D C 3.0% 1.8%" in text
    nobody = tables["improvements"].assign(is_grade_better=False)
    assert "None of the 2 customers with an overdue item" in told({**tables, "improvements": nobody}, facts)


def test_changes_count_grades_and_name_what_moved_them(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = told(tables, facts)
    assert "What changed since 30 November 2025? 2 of the grades of 4 customers moved: 1 worse, 1 better." in text
    assert "1 came into default." in text
    run = tables["customer_changes"].assign(comparison_code="previous_run", n_notches=0)
    text = told({**tables, "customer_changes": run}, facts)
    assert "What changed since the run of 30 November 2025? None of the grades of 5 customers moved." in text


def test_disagreements_are_counted_and_listed(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = told(tables, facts)
    assert "Of the 2 customers that both rate, 1 is seen far apart; the median gap is +1.5 grades." in text
    assert "C004 G 25.0% D 3.0% questionnaire 3 150,000" in text
    agreed = tables["disagreements"].assign(is_disagreement=False)
    assert "agree on all 2 customers" in told({**tables, "disagreements": agreed}, facts)


def test_the_french_chapter_is_french(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = told(tables, facts, "fr")
    assert "Les 5 plus fortes des 5 caractéristiques du modèle portent 100 %" in text
    assert "S'il avait réglé la veille Si le poste I7 (500,00 €) avait été réglé le 30 déc. 2025" in text
    assert not re.search(r"\b(days|the|customers|of|None|nan)\b", text)


def test_an_expert_rating_has_reasons_but_no_drivers(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    model = [name for name in explanation_tables(list("abcde")) if name.startswith("driver") or name == "dependence"]
    without = {**tables, **{name: tables[name].head(0) for name in (*model, "interactions", "improvements")}}
    sources = {"days_late_mean_3m": "behaviour", "overdue_30_ratio": "accounts", "net_worth_ratio": "external"}
    for name in ("contributions", "reasons"):
        frame = without[name]
        without[name] = frame.assign(reason_scope_code="expert", feature_code=frame["feature_code"].replace(sources))
    text = told(without, facts)
    assert "come from no model of many features" in text
    assert "external rating: probability 20.0%" in text
    assert "The strongest drivers" not in text
    assert "What would improve a grade?" not in text


@pytest.mark.parametrize(
    "lacking", ["credit_limits", "scored", "contributions", "reasons", "drivers", "driver_stability", "driver_periods",
                "driver_groups", "driver_families", "dependence", "feature_dictionary", "interactions", "score_changes",
                "customer_changes", "disagreements", "improvements", "window_dressing"]
)  # fmt: skip
@pytest.mark.parametrize("how", ["absent", "empty"])
def test_a_table_that_is_not_there_leaves_the_rest(
    tables: dict[str, DataFrame], facts: PageFacts, lacking: str, how: str
) -> None:
    kept = {name: frame for name, frame in tables.items() if name != lacking}
    text = told(kept if how == "absent" else {**kept, lacking: tables[lacking].head(0)}, facts)
    assert "Reasons describe the model, not causes." in text
    assert "nan" not in text


def test_without_reasons_and_drivers_the_chapter_says_so(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    assert told({name: tables[name] for name in NEEDED}, facts).startswith("This run tells no reasons")


def test_brief_reasons_leave_out_what_is_no_reason(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    shown = {**tables, "feature_dictionary": feature_dictionary()}
    assert brief_reasons(context(shown, facts), "C005", limit=2) == []
    first, second = brief_reasons(context(shown, facts), "007", limit=2)
    assert first == "mean delay of the receipts of 3 months: 38.0 days (median of the sector construction: 19.0 days)"
    assert second.startswith("share of the open amount over 30 days late: 40%")
    assert brief_reasons(context({}, facts), "007", limit=2) == []
