"""The page of the credit committee: whole, safe, right to the cent, and honest about what is missing."""

import re
from pathlib import Path

import pytest
from html_page import Page, is_accessible, loads_nothing
from pandas import DataFrame

from riskresearch.report.facts import PageFacts
from riskresearch.report.render import LIMIT_CHAPTERS, limits_page, write_limits_pages

LINKS = r"(index|limits)\.(en|fr)\.html$"
MISSING = (
    "This run holds no recommended limits",
    "suggests no limit factors",
    "No optimum was computed",
    "not tested on the past",
    "Which reviews are due is not known",
    "no decisions against the proposal",
    "was not computed; run the limits stage",
    "Terms were not advised",
    "late fees were not computed",
)


@pytest.fixture
def html(language: str, tables: dict[str, DataFrame], facts: PageFacts, whole: dict[str, str]) -> str:
    if language not in whole:
        whole[language] = limits_page(tables, facts, language)
    return whole[language]


@pytest.fixture
def text(tables: dict[str, DataFrame], facts: PageFacts, whole: dict[str, str]) -> str:
    if "en" not in whole:
        whole["en"] = limits_page(tables, facts, "en")
    return plain(whole["en"])


def plain(html: str) -> str:
    return re.sub("[\u00a0\u2060]", lambda found: " " if found[0] == "\u00a0" else "", Page(html).text)


def test_the_page_is_whole_in_itself(html: str, language: str) -> None:
    loads_nothing(html, LINKS)
    is_accessible(Page(html), language)
    anchors = [attrs["id"] for tag, attrs in Page(html).tags if tag == "h2"]
    assert len(anchors) == len(set(anchors)) == len(LIMIT_CHAPTERS) == 9


def test_no_number_is_left_raw_and_no_name_runs(html: str) -> None:
    assert "<script" not in html.lower()
    assert not re.search(r"\b(nan|NaN|None|NaT|inf|<NA>)\b|\d\.\d{6}|\d,\d{6}", Page(html).text)


def test_the_french_page_is_french(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    shown = Page(limits_page(tables, facts, "fr")).text
    assert re.search(r"134\s568", shown)
    assert not re.search(r"\b(limits|customers|of the|binds|blocked|reviews|not computable)\b", shown)


def test_the_sums_are_those_of_the_table_to_the_cent(tables: dict[str, DataFrame], text: str) -> None:
    limits = tables["credit_limits"]
    risky = limits[limits["segment_code"] == "risky"]
    shown = [f"{risky[name].sum():,.0f}" for name in ("current_limit_amount", "limit_amount")]
    used, above = (f"{risky[name].sum():,.0f}" for name in ("unsecured_amount", "over_limit_amount"))
    assert (shown, used, above) == (["350,000", "150,000"], "384,568", "234,568")
    assert f"risky lower 2 350,000 150,000 -€200K {used} {above}" in text
    assert "Limits in force add up to €900K, those proposed to €1.1M." in text
    assert "1 limit rises from €500K to €600K (use €500K)" in text


def test_the_largest_changes_come_with_their_reason(text: str) -> None:
    reason = "Need binds: €365,000 of sales a year; 30 days of terms; 10 days of delay; peak 1.3. "
    assert reason + "Raised in part; the rest of €700,000 follows at later reviews." in text
    assert "Capacity binds: net worth of €1,000,000; 10% of it." in text
    assert "Decided by a person: €50,000 in place of €20,000." in text
    assert "In default or in proceedings: nothing is sold on account." in text


def test_the_verdict_names_amount_interval_and_assumption(text: str) -> None:
    worse = "The policy should not be adopted as it is: held against the limits in force"
    assert f"{worse}, its net result (losses as they came) over the backtest differs by -€2M (90% interval -€3M" in text
    assert "to -€500K), if blocked orders are lost. Of 12 comparisons" in text


@pytest.mark.parametrize(
    ("verdict", "sentence", "colour"),
    [
        ("not_worse", "The policy may be adopted", "green"),
        ("not_certain", "cannot tell whether the policy is worse", "amber"),
        ("too_few_defaults", "too few defaults (28)", "amber"),
        ("not_computable", "cannot be computed: no PDs known in the past", "none"),
    ],
)
def test_every_verdict_is_told_as_it_is(
    tables: dict[str, DataFrame], facts: PageFacts, verdict: str, sentence: str, colour: str
) -> None:
    known = verdict != "not_computable"
    changed = tables["limit_adoption"].assign(verdict_code=verdict, reason_code="ok" if known else "no_pds_known")
    kept = {name: tables[name] for name in ("labels", "credit_limits")}
    html = limits_page({**kept, "limit_adoption": changed}, facts, "en")
    assert sentence in plain(html)
    assert f'class="verdict" data-code="{colour}"' in html


def test_budgets_that_bind_are_priced_in_words(text: str) -> None:
    assert "expected shortfall: one more EUR is worth 0.42 EUR a year" in text
    assert "the best simple rule (Score matrix) earns €4K less" in text
    assert "€500K is allowed, at least €640K is used as limits may not fall faster (3 customers held up" in text


def test_an_optimum_that_gains_nothing_says_so(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    same = tables["optimiser_comparison"].assign(gap_amount=0.0, net_value_amount=270_000.0)
    free = tables["optimiser_budgets"].assign(is_binding=False, price=0.0)
    kept = {"labels": tables["labels"], "optimiser_comparison": same, "optimiser_budgets": free}
    shown = plain(limits_page(kept, facts, "en"))
    assert "Choosing limits together gains nothing as long as the appetite is that wide." in shown
    assert "No budget binds" in shown


def test_the_table_to_sign_shows_factors_with_what_they_rest_on(text: str) -> None:
    assert "to watch 1.30 1.75 (0.90 to 2.60) 1.50 35 4 5.7% 5.8% 0.9% → 1.1% 98.6% → 97.5%" in text
    assert "reliable 1.50 – 1.50 40 0 0.0% 1.2%" in text
    assert "largest customer 12.4% 5.0% €2.6M no" in text
    assert "With the factors “fitted on history”, all would have to be multiplied by 0.40" in text
    assert text.count("…" * 12) == 9


def test_the_replay_shows_each_policy_under_each_assumption(text: str) -> None:
    assert "Credit policy €4.8M (€3.8M to €5.8M) -€2M (-€3M to -€1.5M)" in text
    assert "Credit policy €5.2M (€4.2M to €6.2M) -€1.6M (-€2.4M to -€1.2M)" in text
    assert "Score matrix 6.4% (5.0% to 7.8%) nothing to measure 1.9 (1.8 to 2.0)" in text
    assert "without it the policy would have earned €1.1M more, but that is not certain (-€40.6K to +€2.3M)" in text
    assert "Costly beyond chance: caps +€475K." in text


def test_reviews_runoff_and_overrides_are_told(text: str) -> None:
    assert "2 customers are due for a review today; most often: Past due 2; Accounts too old 1." in text
    assert "now 1 (€500K unsecured); this week 1 (€300K unsecured)" in text
    assert "234,568 100,000 134,568 4,568 130,000 0 5 Feb 2026" in text
    assert "2 decisions were taken against the proposal; in force: 1; against a rule of the policy: 1." in text
    assert "3.3 (1.9 to 5.7)" in text or "3.2 (1.9 to 5.7)" in text


def test_late_fees_add_up_and_an_unknown_rate_is_counted(tables: dict[str, DataFrame], text: str) -> None:
    fees = tables["late_fees"]
    assert (round(fees["interest_amount"].sum(), 2), fees["fixed_fee_amount"].sum()) == (183.76, 120.0)
    assert "3 late items give a right to €184 of interest to date and €120 of fixed sums." in text
    assert "French law 2 2 3,000 184 80 0" in text
    assert "EU directive on late payment 1 1 400 0 40 1" in text


def test_a_customer_beyond_break_even_is_named(text: str) -> None:
    assert "For 1 customer outside default one more order is worth less than its risk (in default: 1)." in text


@pytest.mark.parametrize("present", [(), ("credit_limits",), ("limit_backtest",), ("limit_factors",)])
def test_what_is_missing_is_said_and_empty_is_as_good_as_absent(
    tables: dict[str, DataFrame], facts: PageFacts, present: tuple[str, ...], language: str
) -> None:
    kept = {name: frame if name in present else frame.head(0) for name, frame in tables.items()}
    absent = {name: frame for name, frame in kept.items() if name in present}
    shown = [Page(limits_page(made, facts, language)).text for made in (kept, absent)]
    assert shown[0] == shown[1]
    if not present and language == "en":
        assert [sentence for sentence in MISSING if sentence not in shown[0]] == []


def test_the_pages_are_written_in_both_languages(facts: PageFacts, tmp_path: Path) -> None:
    files = write_limits_pages({}, facts, tmp_path, "fr")
    assert [file.name for file in files] == ["limits.en.html", "limits.fr.html", "limits.html"]
    assert files[-1].read_bytes() == files[1].read_bytes()
