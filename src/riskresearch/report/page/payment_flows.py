"""Section of the payment chapter: what becomes of receivables, from month to month and in the end."""

import pandas as pd
from pandas import DataFrame

from riskresearch.report.figures.flows import transition_matrix, vintage_heatmap
from riskresearch.report.page.context import Block, Context, figure, pair
from riskresearch.report.page.payment_parts import one, told
from riskresearch.report.translator import Translator

LATE_STATES = ("61_90", "31_60", "1_30")
WORSE = {"1_30": "31_60", "31_60": "61_90", "61_90": "over_90"}
VINTAGE_DAYS = (60, 30, 90, 0, 180)


def flow_blocks(context: Context) -> list[Block]:
    """Return the transition matrix with where it leads, and the unpaid shares of each month's invoices."""
    blocks = [*_transitions(context), *_vintages(context)]
    return [pair(*blocks)] if blocks else []


def _transitions(context: Context) -> list[Block]:
    words, transitions = context.words, context.table("transitions")
    if transitions is None:
        return []
    sentences = [_monthly(transitions, words), _in_the_end(context), _verdict(context)]
    sentence = " ".join(part for part in sentences if part)
    drawn = transition_matrix(transitions, words=words)
    return [told(figure(drawn, alt=words.t("alt.transitions", sentence=sentence)), sentence)]


def _monthly(transitions: DataFrame, words: Translator) -> str:
    """What became within a month of the latest ageing state that anything was in."""
    for state in LATE_STATES:
        paid, worse = (one(transitions, from_code=state, to_code=code) for code in ("paid", WORSE[state]))
        if paid is not None and worse is not None and pd.notna(paid["ratio"]) and pd.notna(worse["ratio"]):
            return words.t(
                "chapter.transitions",
                state=words.label("bucket", state),
                paid=words.ratio(paid["ratio"], 0),
                worse=words.ratio(worse["ratio"], 0),
            )
    return words.t("chapter.transitions_missing")


def _in_the_end(context: Context) -> str:
    """What of today's book is lost in the end, if the matrix goes on to hold."""
    words, absorption = context.words, context.table("absorption")
    lost = None if absorption is None else one(absorption, from_code="all", to_code="lost")
    if lost is None or pd.isna(lost["expected_amount"]):
        return ""
    message_id = "chapter.absorption_none" if lost["expected_amount"] == 0 else "chapter.absorption"
    shown = {"amount": words.compact(lost["expected_amount"]), "open": words.compact(lost["open_amount"])}
    if pd.isna(lost["interval_low"]) or pd.isna(lost["interval_high"]):
        return words.t(message_id, **shown, ratio=words.ratio(lost["ratio"]))
    interval = words.t(
        "chapter.interval", low=words.ratio(lost["interval_low"]), high=words.ratio(lost["interval_high"])
    )
    ratio = words.t("table.value_interval", value=words.ratio(lost["ratio"]), interval=interval)
    return words.t(message_id, **shown, ratio=ratio)


def _verdict(context: Context) -> str:
    """Whether one monthly matrix tells the whole story."""
    words, tests = context.words, context.table("transition_tests")
    test = None if tests is None else one(tests, test_code="chapman_kolmogorov", from_code="all")
    if test is None:
        return ""
    verdicts = {"holds": "chapter.matrix_holds", "fails": "chapter.matrix_fails", "too_few": "chapter.matrix_untested"}
    code = str(test["verdict_code"])
    return words.t(verdicts[code]) if code in verdicts else ""


def _vintages(context: Context) -> list[Block]:
    words, vintages = context.words, context.table("vintages")
    if vintages is None:
        return []
    drawn = vintage_heatmap(vintages, words=words)
    sentence = _vintage(vintages, words)
    return [told(figure(drawn, alt=words.t("alt.vintages", sentence=sentence)), sentence)]


def _vintage(vintages: DataFrame, words: Translator) -> str:
    """The last fully observed month, and the same month a year earlier."""
    known = vintages[(vintages["basis_code"] == "due_date") & vintages["unpaid_ratio"].notna()]
    days = next((days for days in VINTAGE_DAYS if (known["after_days"] == days).any()), None)
    if days is None:
        return words.t("chapter.vintages_missing")
    line = known[known["after_days"] == days].set_index("issue_month_date")["unpaid_ratio"].sort_index()
    month, earlier = line.index[-1], line.index[-1] - pd.DateOffset(years=1)
    shown = {"month": words.month(month), "ratio": words.ratio(line.iloc[-1]), "days": words.threshold_days(days)}
    if earlier not in line.index:
        return words.t("chapter.vintages", **shown)
    return words.t("chapter.vintages_compared", **shown, earlier=words.ratio(line[earlier]))
