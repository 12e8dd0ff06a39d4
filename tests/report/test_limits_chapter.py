"""The chapter on limits of the management page, and the reasons of limits in words."""

import re
from html import unescape

import pytest
from limits_tables import credit_limits
from pandas import DataFrame, Series

from riskresearch.report import totals
from riskresearch.report.facts import PageFacts
from riskresearch.report.limit_reasons import limit_reason, told_limits, what_binds
from riskresearch.report.page.context import Context
from riskresearch.report.page.limits.chapter import limits_chapter
from riskresearch.report.translator import Translator, translator

ENGLISH = translator("en")


def chapter_text(tables: dict[str, DataFrame], facts: PageFacts, language: str = "en") -> str:
    chapter = limits_chapter(Context(tables, facts, translator(language, tables.get("labels"))))
    told = [part for block in chapter.blocks for part in (block.parts or (block,))]
    shown = " ".join(inner.text for block in told for inner in (block.parts or (block,)))
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", shown)).replace("\u2060", ""))


def test_management_sees_sums_verdict_reviews_and_who_is_above(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = chapter_text(tables, facts)
    for sentence in (
        "The policy should not be adopted as it is",
        "Dearest is the rule on capacity",
        "Limits in force add up to €900K, those proposed to €1.1M.",
        "2 customers are due for a review today",
        "risky 2 384,568 350,000 150,000 234,568",
        "134,568 lower Capacity binds: net worth of €1,000,000; 10% of it.",
    ):
        assert sentence in text


def test_the_chapter_links_to_the_page_of_its_language(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    chapter = limits_chapter(Context(tables, facts, translator("fr", tables["labels"])))
    parts = [inner for block in chapter.blocks for part in block.parts for inner in (part.parts or (part,))]
    assert [part.source for part in parts if part.kind == "link"] == ["limits.fr.html"]


def test_without_limits_in_force_nothing_is_compared(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    none = tables["credit_limits"].assign(current_limit_amount=float("nan"), over_limit_amount=0.0)
    text = chapter_text({**tables, "credit_limits": none}, facts)
    assert "The ledger holds no internal limits" in text
    assert "Limits in force add up" not in text
    assert "Customers above their proposed limit" not in text


def test_a_policy_that_is_not_worse_blames_no_rule(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    better = tables["limit_adoption"].assign(verdict_code="not_worse")
    text = chapter_text({**tables, "limit_adoption": better}, facts)
    assert "The policy may be adopted" in text
    assert "Dearest is the rule" not in text


def test_only_figures_of_the_binding_method_on_the_last_day_are_told(tables: dict[str, DataFrame]) -> None:
    limits = tables["credit_limits"].set_index("customer_id")
    told = told_limits(limits.reset_index(), tables["limit_figures"], words=ENGLISH).set_axis(limits.index)
    assert told["C004"] == "Capacity binds. Decided by a person: €50,000 in place of €20,000."
    assert all("99 days" not in sentence and "€7" not in sentence.replace("€700,000", "") for sentence in told)


def test_reasons_keep_the_rows_and_stand_without_figures(words: Translator) -> None:
    limits = credit_limits(["a", "b", "c", "d", "e"]).set_axis([9, 7, 5, 3, 1])
    none = DataFrame({"customer_id": [], "review_date": [], "method_code": [], "figure_code": [], "value": []})
    told = told_limits(limits, none, words=words)
    assert told.index.tolist() == [9, 7, 5, 3, 1]
    assert all(sentence.endswith(".") for sentence in told)


@pytest.mark.parametrize(
    ("code", "figures", "sentence"),
    [
        ("default", {}, "In default or in proceedings: nothing is sold on account."),
        (
            "insurer_cap",
            {"uninsured_max_amount": 50_000.0},
            "Insurer's limit binds: at most €50,000 without insurance.",
        ),
        (
            "new_customer_cap",
            {"is_check_open": 1.0},
            "Rule for new customers binds: credit check not passed or without result.",
        ),
        ("sales_need", {"need_factor": 1.0, "delay_days": 0.0, "peak_ratio": 1.0, "terms_days": 1.0}, "1 day of terms"),
        ("sales_need", {"need_factor": 1.25, "terms_days": float("nan")}, "Need binds: factor 1.25."),
        ("net_worth_share", {"net_worth_ratio": 0.075, "kept_ratio": 0.8}, "7.5% of it; 80% kept for country"),
        ("own_method", {"own_amount": 3.14159}, "own method: own amount 3.14."),
    ],
)
def test_what_binds_is_told_with_the_figures_that_count(code: str, figures: dict[str, float], sentence: str) -> None:
    told = what_binds(code, figures, words=ENGLISH)
    assert sentence in told
    assert not re.search(r"nan|0 days|peak 1\.0", told)


@pytest.mark.parametrize("code", ["first_limit", "raise_in_full", "proposal_lower", "proposal_zero", "in_default"])
def test_a_limit_that_is_the_proposal_says_no_more(code: str) -> None:
    row = Series({"binding_code": "sales_need", "move_reason_code": code, "decision_code": "policy"})
    assert limit_reason(row, {"terms_days": 30.0}, words=ENGLISH) == "Need binds: 30 days of terms."


def test_sums_lose_no_customer_and_no_cent(tables: dict[str, DataFrame]) -> None:
    limits = tables["credit_limits"]
    for rows in (
        totals.limits_by_action(limits, ("segment_code", "action_code")),
        totals.limits_by_action(limits),
        totals.limits_by_binding(limits),
    ):
        assert rows["n_customers"].sum() == len(limits)
        for name in ("unsecured_amount", "limit_amount", "over_limit_amount"):
            assert rows[name].sum() == pytest.approx(limits[name].sum(), abs=0.005)
    changes = totals.limits_by_action(limits)
    before = limits["current_limit_amount"].fillna(0.0)
    assert changes["change_amount"].sum() == pytest.approx((limits["limit_amount"] - before).sum(), abs=0.005)


def test_a_customer_due_twice_counts_once_under_its_most_urgent_trigger(tables: dict[str, DataFrame]) -> None:
    rows = totals.reviews_by_priority(tables["limit_reviews"])
    assert rows["priority_code"].tolist() == ["now", "this_week"]
    assert rows["unsecured_amount"].tolist() == [500_000.0, 300_000.0]
    first = totals.first_reviews(tables["limit_reviews"], n_customers=9)
    assert first["rank_number"].tolist() == [1, 2]
    assert first["trigger_codes"].tolist() == ["past_due", "past_due+accounts_old"]


def test_economics_count_customers_without_sales_apart(tables: dict[str, DataFrame]) -> None:
    rows = totals.economics_by_segment(tables["limit_economics"], tables["credit_limits"]).set_index("segment_code")
    assert rows.loc["risky", "value_amount"] == 63_600.0 - 17_800.0
    assert rows["n_without_sales"].to_dict() == {"reliable": 0, "to_watch": 0, "risky": 0, "defaulted": 1}
    assert rows["n_above_break_even"].sum() == 2
