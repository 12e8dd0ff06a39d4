"""The management page: complete in itself, safe, right in every case, in both languages."""

import re
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd
import pytest
from html_page import Page, is_accessible, loads_nothing
from pandas import DataFrame

from riskresearch.base.errors import ParameterError
from riskresearch.pipeline.settings import Settings
from riskresearch.report.facts import PageFacts
from riskresearch.report.render import management_page, write_pages

SETTINGS = Settings().model_dump(mode="json")


@pytest.fixture
def html(language: str, tables: dict[str, DataFrame], facts: PageFacts, whole: dict[str, str]) -> str:
    if language not in whole:
        whole[language] = management_page(tables, facts, language)
    return whole[language]


def text_of(tables: dict[str, DataFrame], facts: PageFacts, language: str = "en") -> str:
    """Text of the page, its pictures drawn but not turned into bytes: these have their own tests."""
    with patch("riskresearch.report.page.context.data_uri", return_value="data:image/png;base64,AAAA"):
        return Page(management_page(tables, facts, language)).text.replace("\u00a0", " ")


def changed(facts: PageFacts, **changes: Any) -> PageFacts:
    return PageFacts(**{**vars(facts), **changes})


def test_nothing_is_loaded_from_outside(html: str) -> None:
    loads_nothing(html, r"(index|validation|limits|insurance)\.(en|fr)\.html$|01_behaviour\.html$")


def test_text_of_customers_is_shown_but_never_run(html: str) -> None:
    assert "<script" not in html.lower()
    assert "<b>90/60" not in html
    page = Page(html)
    assert any("<script>alert(1)</script>" in text for text in page.texts)
    assert any("Whole turnover <b>90/60</b>" in text for text in page.texts)


def test_the_page_is_accessible(html: str, language: str) -> None:
    page = Page(html)
    is_accessible(page, language)
    assert [tag for tag, _ in page.tags].count("table") > 10


def test_the_page_is_small_and_the_same_every_time(
    html: str, language: str, tables: dict[str, DataFrame], facts: PageFacts
) -> None:
    assert len(html.encode()) < 1_600_000
    assert html == management_page(tables, facts, language)


def test_synthetic_data_are_named_in_title_and_banner(
    html: str, language: str, tables: dict[str, DataFrame], facts: PageFacts
) -> None:
    word = {"en": "SYNTHETIC DATA", "fr": "DONNÉES SYNTHÉTIQUES"}[language]
    assert html.count(word) == 2
    assert word not in management_page({}, changed(facts, is_synthetic=False), language)


def test_the_french_page_has_french_numbers_and_no_english_left(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    html = management_page(tables, facts, "fr")
    assert "\u202f" in html
    assert "1,2\u00a0M\u00a0€" in html
    assert "31 décembre 2025" in html
    text = Page(html).text
    assert not re.search(r"\b(days|not computable|overdue|customers|of the)\b", text)


def test_no_number_is_left_raw(html: str) -> None:
    text = Page(html).text
    assert not re.search(r"\b(nan|NaN|None|NaT|inf|<NA>)\b", text)
    assert not re.search(r"\d\.\d{5,}|\d{7,}", text)
    assert "{" not in text


def test_tiles_show_the_figures_of_the_date(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = text_of(tables, facts)
    for shown in (
        "Open receivables €1.2M 1,046 open invoices",
        "Overdue share 25.0% 5.0% for more than 90 days",
        "DSO, count-back 68.2 days a year earlier: 58.5 days",
        "Days beyond terms 12.9 days 48.7% of the amount",
        "€100K before insurance; worse than €990K in 1 year of 100",
        "Risky customers 2 of 5 1 to watch · 1 in default, owing €50K",
    ):
        assert shown in text


def test_assumed_due_dates_show_their_bounds(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    assumed = tables["kpis"]["indicator_code"].isin(["overdue_ratio"])
    tables["kpis"].loc[assumed, ["value_low", "value_high"]] = [0.1, 0.3]
    text = text_of(tables, facts)
    assert "Overdue share 25.0% due dates assumed: 10.0% to 30.0%" in text
    assert "Due dates are assumed: the overdue share lies between 10.0% and 30.0%" in text


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        (68.2, "DSO by count-back is 68.2 days, above the upper band of 60 days."),
        (60.0, "DSO by count-back is 60.0 days, between the bands of 30 days and 60 days."),
        (12.0, "DSO by count-back is 12.0 days, below the lower band of 30 days."),
    ],
)
def test_dso_is_held_against_the_companys_bands(
    tables: dict[str, DataFrame], facts: PageFacts, days: float, sentence: str
) -> None:
    tables["kpis"].loc[tables["kpis"]["indicator_code"] == "dso_count_back_days", "value"] = days
    assert sentence in text_of(tables, facts)


def test_without_settings_no_threshold_is_claimed(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = text_of(tables, changed(facts, settings={}))
    assert "band" not in text
    assert "Default means" not in text


def test_early_payers_are_said_to_pay_early(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    tables["kpis"].loc[tables["kpis"]["indicator_code"] == "days_beyond_terms", "value"] = -3.25
    assert "came 3.2 days before the due date on average" in text_of(tables, facts)


def test_an_indicator_without_value_gives_its_reason(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    missing = tables["kpis"]["indicator_code"].isin(["overdue_ratio", "days_beyond_terms", "dso_count_back_days"])
    tables["kpis"] = tables["kpis"].assign(
        value=tables["kpis"]["value"].mask(missing),
        reason_code=tables["kpis"]["reason_code"].mask(missing, "no_due_date"),
    )
    text = text_of(tables, facts)
    assert "Overdue share not computable no due dates in the source" in text
    assert "€1.2M is open; how much of it is overdue cannot be computed." in text


def test_the_payment_chapter_tells_every_picture_in_figures(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = text_of(tables, facts)
    for sentence in (
        "DSO by count-back is 68.2 days in Dec 2025, after 58.5 days in Dec 2024.",
        "If nothing were overdue, the simple DSO would be 54.3 days; overdue receivables add 18.1 days.",
        "One day of DSO ties up €17K.",
        "On 31 December 2025: not due 75.0%, 1–30 days 15.0%, 31–60 days 5.0%, over 90 days 5.0%.",
        "The middle receipt of 12 months came 4.0 days after its due date; one in ten came more than 35.0 days after.",
        "Slowest: trade × micro: 15.5 days (12.5 to 18.5), n = 28.",
        "Fastest: transport × large: 2.5 days (-0.5 to 5.5), n = 6.",
        "The simple DSO went from 61.0 days on 31 December 2024 to 72.4 days on 31 December 2025:",
        "Since Nov 2025 the DSO stands on a level of 67.1 days, 8.6 days above the one before",
        "3 customers pay slower or owe more overdue than on 30 September 2025. 1 moved for the better.",
        "The receivables of 5 customers are as concentrated as those of 2.4 equal ones (Gini 0.52).",
        "Of the amount 61–90 days past due, 59% is paid a month later and 37% is one state later.",
        "€43.2K of the €1.2M open today is lost in the end, 3.5% (2.0% to 5.0%).",
        "Moves over two months do not agree with those of one month applied twice",
        "Of the invoices of Aug 2025, 3.0% was unpaid 60 days after the due date.",
        "In the next seven days, €40K is expected, with 80% confidence between €24K and €60K.",
        "Within 5 weeks: €600K, of which €60K on items overdue today. €43K is expected to be written off",
        "The middle item is settled 7 days after its due date (95%: 0 to 12); the paid items alone would say 5.",
        "Of the amount, 25.0% is still open 30 days after the due date and 3.0% after 90 days.",
    ):
        assert sentence in text


def test_an_index_has_one_decimal_and_no_unit(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    assert "Payment index, own experience 71.2 74.5" in text_of(tables, facts)


def test_segments_are_told_with_their_intervals(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = text_of(tables, facts)
    assert "micro 40 €4M 14.0 days (11.0 to 17.0)" in text
    assert "small 1 – 20.0 days" in text
    assert "medium 0 – not computable: no receipts in the window" in text


def test_what_moved_is_listed_by_segment_and_customer(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = text_of(tables, facts)
    assert "trade +1.4 +1.5 +4.6 +7.5 61.0 72.4" in text
    assert re.search(r"007 pays slower 9\.0 41\.0 40,000 80,000", text)
    nobody = {**tables, "customer_moves": tables["customer_moves"].head(0)}
    assert "No customer pays slower or faster" in text_of(nobody, facts)


def test_a_change_of_a_share_is_told_in_points(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    largest = tables["largest_customer"]
    rows = largest["measure_code"] == "overdue_ratio"
    largest.loc[rows, ["after_value", "change_value", "reason_code"]] = [0.31, 0.06, None]
    assert "Overdue ratio 25.0% 31.0% +6.0 points" in text_of({**tables, "largest_customer": largest}, facts)


@pytest.mark.parametrize(
    ("reason", "method", "sentence"),
    [
        ("model_beats_rule", "hazard", "weekly error over four weeks was 40.0% of the receipts, against 48.0%"),
        (
            "not_certain",
            "last_delay",
            "lies between -12.0 and -3.0 points (95%) and is not certain, so the rule stays.",
        ),
        ("rule_not_beaten", "last_delay", "On 12 past dates no model did better: 40.0% weekly error"),
        ("too_few_origins", "due_date", "untested, as the ledger is too short"),
    ],
)
def test_a_model_foresees_receipts_only_where_it_beat_the_rule(
    tables: dict[str, DataFrame], facts: PageFacts, reason: str, method: str, sentence: str
) -> None:
    choice = tables["forecast_choice"].assign(reason_code=reason, chosen_method_code=method)
    assert sentence in text_of({**tables, "forecast_choice": choice}, facts)


def test_too_few_receipts_give_no_forecast(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    choice = tables["forecast_choice"].assign(reason_code="too_few_receipts", chosen_method_code="none")
    text = text_of({**tables, "forecast_choice": choice, "receipts_forecast": DataFrame()}, facts)
    assert "Too few receipts are known to foresee the next ones" in text
    assert "In use:" not in text


def test_warnings_are_listed_by_points_with_their_evidence(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = text_of(tables, facts)
    assert "3 of the 5 customers that owe something or give a warning give at least one. For 1 of them" in text
    assert "Legal event; Old open item: 120.0 days (from 90.0 days); " in text
    assert "6.2 standard deviations (from 5.0 standard deviations); and 1 more" in text
    assert "2 incidents are open" in text


@pytest.mark.parametrize(("low", "sentence"), [(0.22, "against 18.0% of as many"), (0.15, "not reliably more than")])
def test_the_list_is_called_better_only_beyond_its_error(
    tables: dict[str, DataFrame], facts: PageFacts, low: float, sentence: str
) -> None:
    quality = tables["alert_quality"]
    ranked = (quality["signal_code"] == "ranked_list") & (quality["measure_code"] == "precision_ratio")
    quality.loc[ranked, "value_low"] = low
    text = text_of({**tables, "alert_quality": quality}, facts)
    assert sentence in text
    assert f"31.0% ({low:.1%} to 41.0%) of the first 20 customers of this list" in text


def test_nobody_warned_of_is_said(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    quiet = tables["signal_families"].assign(rank_number=None, severity_code=None)
    assert "No customer gives a warning on this date." in text_of({**tables, "signal_families": quiet}, facts)


@pytest.mark.parametrize(("low", "certain"), [(0.02, True), (-0.01, False)])
def test_the_gain_of_a_model_is_called_certain_only_where_its_interval_is(
    tables: dict[str, DataFrame], facts: PageFacts, low: float, certain: bool
) -> None:
    tables["model_choice"].loc[tables["model_choice"]["is_chosen"], "auc_gain_low"] = low
    text = text_of(tables, facts)
    assert "AUC 0.810 on later dates against 0.750" in text
    assert ("(95%) and is not certain. It learned" in text) is not certain


def chosen(tables: dict[str, DataFrame], model: str, **reasons: str) -> None:
    choice = tables["model_choice"]
    tables["model_choice"] = choice.assign(
        is_chosen=choice["model_code"] == model,
        reason_code=[reasons.get(code, "compared") for code in choice["model_code"]],
    )


def test_the_rule_is_named_where_no_model_beats_it(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    chosen(tables, "late_rate", lightgbm="not_better_than_rule")
    assert 'No model beats the rule "who paid late before"' in text_of(tables, facts)


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("too_few_defaulters", "to fit a model (48 in the development sample)"),
        ("too_few_test_defaulters", "to test a model (21 on the later dates)"),
    ],
)
def test_an_expert_rating_is_no_forecast(
    tables: dict[str, DataFrame], facts: PageFacts, reason: str, sentence: str
) -> None:
    chosen(tables, "expert", lightgbm=reason, logistic=reason, late_rate=reason, expert="accepted")
    for name in ("measures", "reliability", "drivers", "reasons", "contributions"):
        tables[name] = tables[name].head(0)
    least = SETTINGS["model"]["min_defaulters" if reason == "too_few_defaulters" else "min_test_defaulters"]
    text = text_of(tables, facts)
    assert sentence in text
    assert f"The company asks for at least {least}." in text
    assert "Treat them as an order of risk, not as a forecast." in text
    assert "This run tells no reasons" in text
    assert "paid 20.0 days late on average over 12 months; oldest overdue invoice 40 days past due" in text


def test_verdicts_have_a_sign_and_a_word(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = text_of(tables, facts)
    for shown in (
        "Is the level right? ■ red a measure of the whole is red: Jeffreys test, p-value, 0.004 (test on later dates)",
        "Does it last? ○ not computable only rows the model has learnt from",
        "AUC 0.810 0.700 to 0.900 green from 0.75, red below 0.65 ● green",
        "Observed / expected defaults 1.40 1.10 to 1.90 green if the interval holds 1, red if surely off and by",
        "Jeffreys test, p-value 0.004 – green from 0.05, red below 0.01 ■ red",
        "Brier skill not computable: no default – – ○ not computable",
    ):
        assert shown in text


def test_the_chapter_leads_to_the_whole_validation(html: str, language: str) -> None:
    links = [attrs["href"] for tag, attrs in Page(html).tags if tag == "a"]
    assert links.count(f"validation.{language}.html") == 1


def test_expected_and_observed_defaults_are_counted(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    assert "11.2 defaults were expected among 220 customers and 11 came" in text_of(tables, facts)
    tables["reliability"] = tables["reliability"].assign(n_defaults=0)
    assert "and none came" in text_of(tables, facts)


def test_limits_sentences_agree_with_their_numbers(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    assert "3 of the 5 customers use more than their proposed limits, by €285K in all." in text_of(tables, facts)
    one = tables["credit_limits"].assign(over_limit_amount=[0.0, 0.0, 0.0, 500.0, 0.0])
    assert "1 of the 5 customers uses more than its proposed limit, by €500." in text_of(
        {**tables, "credit_limits": one}, facts
    )
    none = tables["credit_limits"].assign(over_limit_amount=0.0, current_limit_amount=float("nan"))
    text = text_of({**tables, "credit_limits": none}, facts)
    assert "None of the 5 customers uses more than its proposed limit." in text
    assert "The ledger holds no internal limits" in text
    assert "Customers above their proposed limit" not in text


def test_the_customers_with_most_at_stake_come_first(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = text_of(tables, facts)
    order = [
        text.index(f"{pd_shown} {amount}")
        for pd_shown, amount in (
            ("25.0%", "€150,000"),
            ("6.0%", "€234,568"),
            ("3.0%", "€300,000"),
            ("0.72%", "€500,000"),
        )
    ]
    assert order == sorted(order)


def test_policies_are_ranked_by_both_costs(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = text_of(tables, facts)
    assert "Lowest total cost of risk: Whole turnover <b>90/60</b> (€85.8K a year). Lowest economic cost" in text
    assert (
        "By total cost of risk: 1. Whole turnover <b>90/60</b> (€85.8K ± €1K); 2. Self-insurance (€100K ± €1K); 3."
        in text
    )
    assert "Big $policy$: covers no customer." in text
    assert "The lead over the next option" not in text


def test_a_lead_within_two_standard_errors_is_called_close(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    tables["quotes"]["expected_indemnity_amount_se"] = 7_200.0
    text = text_of(tables, facts)
    assert text.count("The lead over the next option is within the error of the simulation.") == 1
    tables["quotes"]["expected_indemnity_amount_se"] = 7_100.0
    assert "The lead over the next option" not in text_of(tables, facts)


def test_self_insurance_alone_is_no_comparison(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    alone = tables["quotes"].query("option_id == 'self_insurance'")
    assert "No policy in the currency of the run was given to compare" in text_of({**tables, "quotes": alone}, facts)
    empty = alone.assign(status_code="no_customer")
    assert "there is nothing to insure" in text_of({**tables, "quotes": empty}, facts)


def test_the_ledgers_gaps_and_rows_set_aside_are_told(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = text_of(tables, facts)
    assert "Disputes disputed invoices count" in text
    assert "4 rows were set aside, for the reasons below." in text
    assert "1 of 2 checks of rows and totals agrees with the source, to the cent." in text
    assert "For 1 more check the source states no figure to compare with." in text
    assert "invoices.amount.EUR 50,000.00 50,000.50 0.50" in text
    french = text_of(tables, facts, "fr")
    assert "Litiges une facture en litige compte en retard comme les autres" in french


@pytest.mark.parametrize(
    "present",
    [
        (),
        ("kpis",),
        ("kpis", "ageing", "delays", "concentration"),
        ("kpis", "segment_values", "lorenz", "dso_changes", "survival", "vintages"),
        ("kpis", "forecast_choice", "forecast_backtest", "warnings", "transition_tests", "absorption"),
        ("kpis", "receipts_forecast", "forecast_choice", "transitions", "time_to_pay"),
        ("credit_limits",),
        ("model_choice",),
        ("quotes",),
        ("credit_limits", "drivers", "reasons"),
        ("reliability", "model_choice"),
        ("gaps",),
    ],
)
def test_a_run_without_some_stages_says_what_is_missing(
    tables: dict[str, DataFrame], facts: PageFacts, present: tuple[str, ...], language: str
) -> None:
    told_empty = {"level_changes", "customer_moves", "signal_families", "warnings"}
    kept = {name: frame if name in present else frame.head(0) for name, frame in tables.items()}
    absent = {name: frame for name, frame in kept.items() if name in present or name in told_empty}
    assert text_of(kept, facts, language) == text_of(absent | {"labels": kept["labels"]}, facts, language)


def test_an_empty_run_names_every_stage_to_run(facts: PageFacts) -> None:
    text = text_of({}, facts)
    for sentence in (
        "No stage of this run has given a figure yet.",
        "run the behaviour stage",
        "run the limits stage",
        "run the insurance stage",
        "were not scored",
    ):
        assert sentence in text


def test_nothing_open_is_no_error(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    amounts = tables["kpis"]["unit_code"] == "amount"
    tables["kpis"] = tables["kpis"].assign(
        value=tables["kpis"]["value"].where(~amounts, 0.0), reason_code="nothing_open"
    )
    tables["ageing"] = tables["ageing"].assign(open_amount=0.0, open_ratio=0.0)
    tables["credit_limits"] = tables["credit_limits"].assign(open_amount=0.0, over_limit_amount=0.0)
    text = text_of(tables, facts)
    assert "Nothing is open on this date." in text
    assert "No customer outside default has an open amount." in text


def test_checks_of_counts_show_no_cents(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    checks = (
        tables["reconciliation"]
        .head(2)
        .assign(check_code=["lettrage_groups", "balance"], expected_minor=1310, rebuilt_minor=1309, difference_minor=-1)
    )
    text = text_of({**tables, "reconciliation": checks}, facts)
    assert "lettrage_groups 1,310 1,309 -1 balance 13.10 13.09 -0.01" in text
    assert "None of the 2 checks of rows and totals agrees with the source." in text


def test_a_year_is_compared_only_where_the_table_goes_back(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    recent = tables["kpis"]["observation_date"] > pd.Timestamp("2025-01-01")
    assert "simple method: 72.4 days" in text_of({**tables, "kpis": tables["kpis"][recent]}, facts)


def test_both_languages_are_written_and_linked(tables: dict[str, DataFrame], facts: PageFacts, tmp_path: Path) -> None:
    files = write_pages(tables, facts, tmp_path, "fr")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["index.en.html", "index.fr.html", "index.html"]
    assert files[-1].name == "index.html"
    pages = {name: (tmp_path / f"index{name}.html").read_text(encoding="utf-8") for name in (".en", ".fr", "")}
    assert pages[""] == pages[".fr"] != pages[".en"]
    assert 'href="index.fr.html"' in pages[".en"]
    assert 'href="index.en.html"' in pages[".fr"]
    assert 'href="01_behaviour.html"' in pages[".en"]


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "https://example.org/x", "/etc/passwd", "\\\\host\\x", "file:x"]
)
def test_links_out_of_the_folder_are_refused(facts: PageFacts, link: str) -> None:
    with pytest.raises(ParameterError, match="relative"):
        changed(facts, notebooks=(("x", link),))
