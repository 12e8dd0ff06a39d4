"""The page on credit insurance: whole, safe, right to the cent, and honest about what is missing."""

import re
from pathlib import Path

import pytest
from html_page import Page, is_accessible, loads_nothing
from pandas import DataFrame

from riskresearch.report import figures
from riskresearch.report.facts import PageFacts
from riskresearch.report.page.context import Context
from riskresearch.report.page.insurance.chapter import insurance_chapter
from riskresearch.report.page.insurance.parts import focus
from riskresearch.report.render import INSURANCE_CHAPTERS, insurance_page, write_insurance_pages
from riskresearch.report.translator import translator

LINKS = r"(index|insurance)\.(en|fr)\.html$"
MISSING = (
    "This run compares no policies",
    "No losses were simulated",
    "What the clauses take was not computed",
    "No designs were priced",
    "The assumptions were not varied",
    "The loading for slow payment was not computed",
    "Longer terms were not simulated",
    "No stress was simulated",
    "When indemnities arrive was not computed",
    "not computable, because no use of a policy was measured",
    "Not computable, because the stage made no indicators",
    "No rule was applied",
    "The calendar of declarations is not computable, because",
    "The steps of claims are not computable, because",
    "No request would win more than its fees",
    "The five criteria were not judged",
    "was not checked against exact values",
    "How often limits were cut before defaults is not known",
)


@pytest.fixture
def html(language: str, tables: dict[str, DataFrame], facts: PageFacts, whole: dict[str, str]) -> str:
    if language not in whole:
        whole[language] = insurance_page(tables, facts, language)
    return whole[language]


@pytest.fixture
def text(tables: dict[str, DataFrame], facts: PageFacts, whole: dict[str, str]) -> str:
    if "en" not in whole:
        whole["en"] = insurance_page(tables, facts, "en")
    return plain(whole["en"])


def plain(html: str) -> str:
    return Page(html).text.replace("\u00a0", " ").replace("\u2060", "")


def test_the_page_is_whole_in_itself(html: str, language: str) -> None:
    loads_nothing(html, LINKS)
    is_accessible(Page(html), language)
    anchors = [attrs["id"] for tag, attrs in Page(html).tags if tag == "h2"]
    assert len(anchors) == len(set(anchors)) == len(INSURANCE_CHAPTERS) == 15


def test_no_number_is_left_raw_and_no_name_runs(html: str) -> None:
    assert "<script" not in html.lower()
    assert "&lt;script&gt;" in html
    assert not re.search(r"\b(nan|NaN|None|NaT|inf|<NA>)\b|\d\.\d{6}|\d,\d{6}", Page(html).text)
    assert "SYNTHETIC" in Page(html).text or "SYNTHÉTIQUES" in Page(html).text


def test_the_french_page_is_french(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    shown = Page(insurance_page(tables, facts, "fr")).text
    assert "limite de décaissement" in shown or "quotité" in shown
    assert not re.search(r"\b(limits|customers|of the|premium|missed|not computable|self insurance)\b", shown)


def test_every_option_shows_cost_risk_and_both_ranks(text: str) -> None:
    costs = "€40K €2K €3.8K €1K -€1.5K €500 €45.8K €100K €60K €5K €40K €85.8K ± €1K 1"
    assert f"Whole turnover <b>90/60</b> {costs}" in text
    assert "€500K ± €1K €460K €440K €123K ± €1K 1 €85K (€83K to €87K) 31.1% 107.9% ± 1.0% €1M 1.0% 150.0%" in text
    assert "Both criteria, total cost and economic cost, prefer Whole turnover" in text
    assert "Big $policy$: covers no customer." in text


def test_two_policies_that_change_places_are_told_with_their_reason(
    tables: dict[str, DataFrame], facts: PageFacts
) -> None:
    changed = tables["quotes"].assign(
        total_cost_of_risk_amount=[80_000.0, 100_000.0, 85_780.0],
        economic_cost_amount=[150_000.0, 172_000.0, 122_580.0],
        total_cost_rank=[1, 3, 2],
        economic_cost_rank=[2, 3, 1],
    )
    shown = plain(insurance_page({"quotes": changed, "labels": tables["labels"]}, facts, "en"))
    assert "The two criteria do not agree: Big $policy$ costs least in total, Whole turnover <b>90/60</b> once" in shown
    assert (
        "Big $policy$ is €5.8K a year cheaper in total than Whole turnover <b>90/60</b>, but keeps €900K instead of "
        "€500K of a bad year; with 8.0% charged on that capital it is €27.4K dearer." in shown
    )


def test_laws_show_intervals_and_exact_values(text: str) -> None:
    assert "€100K ± €1K (exactly €99.5K)" in text
    assert "€396K (€356K to €436K)" in text


def test_clauses_show_their_share_and_their_gain_alone(text: str) -> None:
    assert "insured share €7K / €6K –" in text
    assert "deadlines of declaration – / €0 –" in text
    assert "credit limits of the customers €13K / €12K €1K / €1K" in text


def test_the_best_design_is_named_with_what_it_saves(tables: dict[str, DataFrame], facts: PageFacts, text: str) -> None:
    best = "95% insured, first loss €50K, €20K without named limit, maximum €1.5M"
    assert f"Lowest economic cost: {best}; that is €7.2K a year below the quote." in text
    assert "1 other design cannot be told from it on the simulated years." in text
    assert f"Capital charge 8% {best}: €115K (quote €123K)" in text
    alone = tables["policy_designs"].assign(is_optimal=[False, False, False, True])
    kept = {"policy_designs": alone, "labels": tables["labels"]}
    assert "no design of this grid is cheaper than self-insurance" in plain(insurance_page(kept, facts, "en"))


def test_assumptions_show_the_value_tried_and_the_new_rank(text: str) -> None:
    assert "limit cuts before defaults: 40%" in text
    assert "€0 (rank 1)" in text
    assert "+€30K (rank 2)" in text


def test_slow_payment_and_longer_terms_are_told(text: str) -> None:
    assert "The seller's own DSO calls for a loading of 15.0%." in text
    assert "Up to a loading of 112.5% the policy costs no more than self-insurance" in text
    assert "Sales gain that pays for it 1.4%" in text


def test_stress_shows_what_is_paid_kept_and_left(text: str) -> None:
    assert "Largest customer lost 1 €400K €300K €100K €700K €146K €700K 20.0%" in text
    assert "Shock to trade 2 €150K €90K €60K" in text


def test_what_no_policy_has_stands_once_with_its_reason(text: str) -> None:
    assert "Net cover rate 80.0% not computable: " in text
    assert text.count("Loss to payment, median") == 1
    assert "Not computable for any policy Because " in text


def test_causes_add_up_to_what_is_not_covered(tables: dict[str, DataFrame], text: str) -> None:
    causes = tables["uncovered_causes"]
    drawn = figures.uncovered_waterfall(causes, words=translator("en"))
    told = [one.get_text() for one in drawn.axes[0].texts]
    assert told == ["€500K", "-€100K (20.0%)", "-€50K (10.0%)", "€350K (70.0%)"]
    assert "€100K (2 customers)" in text


def test_actions_say_what_they_save_and_what_cannot_be_judged(text: str) -> None:
    assert "Whole turnover <b>90/60</b>: 1 of 3 rules calls for an action." in text
    assert "60.0% 50.0% €51K ± €400 simulated" in text
    assert re.search(r"not computable: [^.]*claims[^.]* 80\.0%", text)


def test_deadlines_show_status_amounts_and_the_next_ones(text: str) -> None:
    assert "2 of 4 open items have a deadline near, past or not kept: €27K insured is at risk." in text
    assert "Declared claims: 1; overdue accounts to be declared next: 0." in text
    assert text.index("I2 15 Nov 2025") < text.index("I1 31 Oct 2025")
    assert "claim file 18 Feb 2026" in text


def test_requests_come_in_the_order_of_what_they_win(text: str) -> None:
    assert "2 requests win more than their fees: €650 of mean indemnity a year, of which €650 by the first 2." in text
    assert "1 007 ask for a named limit 0 20,000 15,000 5.0% €400 ± €10 €45 €400" in text
    assert "1 named limit stands without debt: €30K, €45 of fees a year." in text


def test_criteria_and_advice_are_told_and_the_unknown_is_no_no(text: str) -> None:
    assert "By the five criteria: study" in text
    assert "(1 of 2 that could be judged speak for it)" in text
    assert re.search(r"not computable €50M not computable", text)


def test_the_check_says_whether_the_simulation_agrees(
    tables: dict[str, DataFrame], facts: PageFacts, text: str
) -> None:
    assert "Of 2 figures known exactly none is further than 1.5 standard errors" in text
    assert "€100,000 €1,000 €99,500 +0.5" in text
    assert "20 customers with a limit defaulted, 5 after a cut: 25% (95% interval 11% to 47%)." in text
    wrong = {"simulation_checks": tables["simulation_checks"].assign(z=[4.1, 0.0])}
    assert "does not agree with the exact values" in plain(insurance_page(wrong, facts, "en"))


def test_lists_are_shown_for_the_policy_the_claims_were_made_on(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    options = tables["policy_indicators"]["option_id"]
    context = Context(tables, facts, translator("en"))
    assert focus(context, options) == "whole_turnover"
    claims = DataFrame({"policy_id": ["big", "big", "whole_turnover"]})
    assert focus(Context({**tables, "insurer_claims": claims}, facts, translator("en")), options) == "big"


def test_names_of_customers_stay_hidden(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    named = {name: frame.assign(customer_name="Secret Ltd") for name, frame in tables.items() if "customer_id" in frame}
    assert "Secret Ltd" not in insurance_page({**tables, **named}, facts, "en")


def test_the_chapter_of_the_management_page_is_short_and_leads_to_the_page(
    tables: dict[str, DataFrame], facts: PageFacts
) -> None:
    blocks = insurance_chapter(Context(tables, facts, translator("en", tables["labels"]))).blocks
    assert len(blocks) <= 8
    assert [block.source for block in blocks if block.kind == "link"] == ["insurance.en.html"]
    assert "loss" in next(block for block in blocks if block.kind == "pair").parts[1].text.lower()


@pytest.mark.parametrize("present", [(), ("quotes",), ("policy_designs",), ("policy_indicators",), ("tornado",)])
def test_what_is_missing_is_said_and_empty_is_as_good_as_absent(
    tables: dict[str, DataFrame], facts: PageFacts, present: tuple[str, ...], language: str
) -> None:
    kept = {name: frame if name in present else frame.head(0) for name, frame in tables.items()}
    absent = {name: frame for name, frame in kept.items() if name in present}
    shown = [Page(insurance_page(made, facts, language)).text for made in (kept, absent)]
    assert shown[0] == shown[1]
    if not present and language == "en":
        assert [sentence for sentence in MISSING if sentence not in shown[0]] == []


def test_the_pages_are_written_in_both_languages(facts: PageFacts, tmp_path: Path) -> None:
    files = write_insurance_pages({}, facts, tmp_path, "fr")
    assert [file.name for file in files] == ["insurance.en.html", "insurance.fr.html", "insurance.html"]
    assert files[-1].read_bytes() == files[1].read_bytes()
