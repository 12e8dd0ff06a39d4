"""What the page says of the default model: which one, against which rule, on which level, and why none."""

import pytest
from pandas import DataFrame, Timestamp

from riskresearch.pipeline.settings import Settings
from riskresearch.report.facts import PageFacts
from riskresearch.report.page.context import Block, Context
from riskresearch.report.page.default_model import (
    challenger_sentence,
    expert_blocks,
    level_blocks,
    model_sentence,
    prospects_block,
)
from riskresearch.report.page.risk import risk_chapter
from riskresearch.report.translator import translator


def context(tables: dict[str, DataFrame], language: str = "en") -> Context:
    settings = Settings().model_dump(mode="json")
    facts = PageFacts("small", Timestamp("2025-12-31"), "EUR", "books", "canonical", True, settings=settings)
    return Context(tables, facts, translator(language, tables["labels"]))


def told(blocks: list[Block]) -> str:
    """Text of blocks and of the blocks in them, alternative texts included."""
    return " ".join(f"{block.text} {told(list(block.parts))}" for block in blocks).replace("\u00a0", " ")


def changed(tables: dict[str, DataFrame], model: str, **values: object) -> dict[str, DataFrame]:
    choice = tables["model_choice"].copy()
    choice.loc[choice["model_code"] == model, list(values)] = list(values.values())
    return {**tables, "model_choice": choice}


def chosen(tables: dict[str, DataFrame], model: str) -> dict[str, DataFrame]:
    choice = tables["model_choice"]
    return {**tables, "model_choice": choice.assign(is_chosen=choice["model_code"] == model)}


def test_the_model_is_told_with_rule_gain_and_defaulters(tables: dict[str, DataFrame]) -> None:
    assert model_sentence(context(tables)) == (
        "The probabilities come from boosted trees (LightGBM): AUC 0.810 on later dates against 0.750 for the rule "
        '"who paid late before"; the gain lies between 0.020 and 0.100 (95%). '
        "It learned from 48 customers in default and was tested on 21."
    )


def test_the_rule_of_a_ledger_without_late_rates_is_named_by_its_label(tables: dict[str, DataFrame]) -> None:
    other = changed(tables, "late_rate", model_code="single_feature")
    assert "0.750 for “best single feature”" in model_sentence(context(other))
    assert "No model beats “best single feature”" in model_sentence(context(chosen(other, "single_feature")))


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-0.02, 0.06, "its lead lies between -0.060 and +0.020 (95%), so neither is surely better"),
        (-0.06, -0.01, "separates surely better (AUC 0.790): its lead lies between +0.010 and +0.060"),
        (0.01, 0.06, "surely worse than the one in use: between -0.060 and -0.010"),
    ],
)
def test_the_best_challenger_is_told_with_its_lead(
    tables: dict[str, DataFrame], low: float, high: float, words: str
) -> None:
    made = changed(tables, "logistic", champion_gain_low=low, champion_gain_high=high)
    assert words in challenger_sentence(context(made))


def test_without_a_champion_in_use_no_challenger_is_told(tables: dict[str, DataFrame]) -> None:
    assert challenger_sentence(context(chosen(tables, "late_rate"))) == ""
    alone = {**tables, "model_choice": tables["model_choice"].query("role_code != 'challenger'")}
    assert challenger_sentence(context(alone)) == ""


def test_the_level_is_told_in_figures(tables: dict[str, DataFrame]) -> None:
    text = told(level_blocks(context(tables)))
    assert "would see 4.2% of the customers default in a year" in text
    assert "moved to the long-run rate, 5.0%, the mean of 4 complete years" in text
    assert "In the latest complete year 3.0% defaulted; for a year like it the mean would be 3.3%." in text
    assert "which the probabilities in use do not hold, it is 7.0%" in text


def test_a_level_that_is_not_moved_says_why(tables: dict[str, DataFrame]) -> None:
    levels = tables["pd_levels"].copy()
    levels.loc[levels["level_code"] == "level_shift", "reason_code"] = "too_few_years"
    text = told(level_blocks(context({**tables, "pd_levels": levels}, "fr")))
    assert "il n'est pas ramené au long terme : trop peu d'années complètes" in text
    none = levels.assign(value=float("nan"))
    assert level_blocks(context({**tables, "pd_levels": none})) == []


def test_the_expert_rating_tells_what_it_rests_on(tables: dict[str, DataFrame]) -> None:
    assert expert_blocks(context(tables)) == []
    text = told(expert_blocks(context(chosen(tables, "expert"))))
    assert "rests on payments 28%; accounts 18%; external rating 8%; questionnaire 10%; prior default rate 38%" in text
    assert "4 customers pass, 0 fail, of 0 too little is known" in text
    assert "an assumption of the company" in text
    assert "In this ledger 5.0% of the customers defaulted in a year" in text


@pytest.mark.parametrize(("n", "words"), [(1, "1 prospect without any sale is scored"), (2, "2 prospects without")])
def test_prospects_are_counted(tables: dict[str, DataFrame], n: int, words: str) -> None:
    assert prospects_block(context(tables)) == []
    status = ["prospect"] * n + ["active"] * (4 - n) + ["in_default"]
    scored = tables["scored"].assign(customer_status_code=status, pd_source_code="cold_start")
    text = told(prospects_block(context({**tables, "scored": scored})))
    assert words in text
    assert "(without payment history)" in text


@pytest.mark.parametrize(("language", "label"), [("en", "very weak"), ("fr", "très faible")])
def test_grades_are_told_in_words(tables: dict[str, DataFrame], language: str, label: str) -> None:
    shown = told(list(risk_chapter(context(tables, language)).blocks))
    assert f">{label}</td>" in shown
    without = {name: frame for name, frame in tables.items() if name != "grade_scale"}
    assert f">{label}</td>" not in told(list(risk_chapter(context(without, language)).blocks))
