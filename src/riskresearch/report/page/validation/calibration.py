"""Chapter: whether as many customers defaulted as the probabilities said."""

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid
from riskresearch.report.figures.risk import reliability_plot
from riskresearch.report.page.context import Block, Chapter, figure, grid_block, missing, note, pair, table, text
from riskresearch.report.page.validation.judged import Judged
from riskresearch.report.page.validation.measures import measure_block, unbroken
from riskresearch.report.totals import expected_and_observed
from riskresearch.report.translator import Translator

PORTFOLIO = (
    "jeffreys",
    "binomial",
    "binomial_correlated",
    "traffic_light",
    "normal_multi_year",
    "observed_to_expected",
)
GRADES = ("hosmer_lemeshow", "grade_heterogeneity", "grade_inversion")
SLOPE = ("calibration_slope", "calibration_intercept", "calibration_in_the_large", "slope_and_level", "spiegelhalter")
BOUNDS = {
    "default": "validation.interval_jeffreys",
    "wilson": "validation.interval_wilson",
    "clopper_pearson": "validation.interval_exact",
}
ERRORS = ("ece", "mce", "smooth_ece")


def calibration_chapter(judged: Judged) -> Chapter:
    """Return the chapter: the portfolio first, then its grades, then slope and level, then the mean errors."""
    words, reliability = judged.words, judged.context.table("reliability")
    title = words.label("area", "calibration")
    asked = judged.of_area("calibration")
    if not asked:
        return Chapter("calibration", title, (missing(words.t("validation.nothing")),))
    others = [code for code in asked if code not in {*PORTFOLIO, *GRADES, *SLOPE, *ERRORS}]
    blocks = [Block("heading", words.t("validation.portfolio"))]
    blocks += [text(sentence) for sentence in ([] if reliability is None else [portfolio_sentence(judged)])]
    blocks += _measures(judged, (*PORTFOLIO, *others), "validation.portfolio_tests")
    blocks += [note(words.t("validation.portfolio_note")), Block("heading", words.t("validation.by_grade"))]
    blocks += [*_grades(judged), *_measures(judged, GRADES, "validation.grade_tests"), *_pairs(judged)]
    blocks += [Block("heading", words.t("validation.slope"))]
    blocks += [*_measures(judged, SLOPE, "validation.slope_tests"), note(words.t("validation.slope_note"))]
    blocks += _measures(judged, ERRORS, "validation.errors")
    blocks += _measures(judged, judged.of_area("accuracy"), "validation.accuracy")
    return Chapter("calibration", title, tuple(blocks))


def _measures(judged: Judged, codes: tuple[str, ...] | list[str], caption: str) -> list[Block]:
    return measure_block(judged, codes, caption=judged.words.t(caption), with_development=True)


def portfolio_sentence(judged: Judged) -> str:
    """Return how many defaults the newest date was to bring, how many it brought, and what Jeffreys' test says.

    Parameters
    ----------
    judged : model under judgement, with a table `reliability`
    """
    words, sample, test = judged.words, judged.samples("out_of_time"), judged.measure("jeffreys", sample="out_of_time")
    expected, observed, n = expected_and_observed(judged.context.tables["reliability"])
    told = words.n(
        "validation.expected_observed",
        observed,
        date=words.t("validation.newest_date") if sample is None else words.date(sample["last_date"]),
        customers=words.count(n),
        expected=words.number(expected, 1),
    )
    if test is None or pd.isna(test["value"]):
        return told
    return f"{told} {words.t('validation.jeffreys', p=words.p_value(test['value']))}"


def _grades(judged: Judged) -> list[Block]:
    words, reliability = judged.words, judged.context.table("reliability")
    if reliability is None:
        return [missing(words.t("validation.no_grades"))]
    sentence = portfolio_sentence(judged)
    plot = reliability_plot(reliability, words=words, confidence_ratio=judged.confidence)
    drawn = figure(plot, alt=words.t("alt.reliability", sentence=sentence))
    shown = grid_block(_grade_grid(reliability, judged), caption=words.t("validation.grades"))
    told = words.t("validation.grades_note", confidence=words.ratio(judged.confidence, 0))
    return [pair(drawn, Block("group", parts=(note(told),))), shown]


def _grade_grid(reliability: DataFrame, judged: Judged) -> Grid:
    """Grades with their rates, the intervals of the observed rate and the tests."""
    words = judged.words
    lines = [
        (
            words.label("grade", row["grade_code"]),
            *(words.count(row[name]) for name in ("n_rows", "n_defaults")),
            *(words.probability(row[name]) for name in ("pd_mean", "default_ratio")),
            *(_interval(row, name, words) for name in BOUNDS),
            *(words.p_value(row[name]) for name in ("p_jeffreys", "p_adjusted")),
        )
        for _, row in reliability.iterrows()
    ]
    names = ("grade_code", "n_customers", "n_defaults", "pd_mean", "default_ratio")
    headers = [words.t(f"column.{name}") for name in names]
    confidence = words.ratio(judged.confidence, 0)
    headers += [words.t(message_id, confidence=confidence) for message_id in BOUNDS.values()]
    headers += [words.t("column.p_jeffreys"), words.t("column.p_adjusted")]
    return Grid(tuple(headers), tuple(lines), (False, *(True for _ in headers[1:])))


def _interval(row: Series, name: str, words: Translator) -> str:
    if pd.isna(row[f"{name}_low"]):
        return words.t("missing.none")
    low, high = (words.probability(row[f"{name}_{side}"]) for side in ("low", "high"))
    return unbroken(words.t("chapter.interval", low=low, high=high))


def _pairs(judged: Judged) -> list[Block]:
    words, pairs = judged.words, judged.context.table("grade_pairs")
    if pairs is None:
        return []
    names = ["better_grade_code", "worse_grade_code", "default_ratio_better", "default_ratio_worse"]
    names += ["p_fisher", "p_adjusted", "p_inverse", "p_inverse_adjusted"]
    caption = words.t("validation.grade_pairs")
    return [table(pairs, judged.context, caption=caption, columns=names), note(words.t("validation.pairs_note"))]
