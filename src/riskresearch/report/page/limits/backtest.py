"""Chapter: history replayed under the policy and its rivals, and whether the policy may be adopted."""

from collections.abc import Callable, Iterator

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid
from riskresearch.report.figures.limit_tests import NET_RESULT, policies_in_order, policy_differences, policy_months
from riskresearch.report.page.context import Block, Chapter, Context, figure, grid_block, missing, note, pair, text
from riskresearch.report.page.limits.adoption import adoption_blocks, verdict_block
from riskresearch.report.page.limits.parts import counted, interval, label_of, listing, share, signed
from riskresearch.report.page.limits.rule_costs import rule_cost_blocks
from riskresearch.report.translator import Translator

ASSUMPTIONS = ("lost", "delayed", "prepaid")
MONEY = ("sales_lost_amount", "margin_lost_amount", "loss_avoided_amount", "net_result_amount")
CONDUCT = (
    "blocked_ratio",
    "false_block_ratio",
    "n_changes_per_year",
    "n_reversals_per_year",
    "use_mean_ratio",
    "breach_ratio",
    "peak_share_ratio",
    "shortfall_amount",
)


def backtest_chapter(context: Context) -> Chapter:
    """Return the chapter: verdict, pictures, measures by policy and assumption, extrapolation, adoption."""
    words, backtest = context.words, context.table("limit_backtest")
    title = words.t("limits.backtest")
    if backtest is None:
        known = context.table("limit_adoption") is not None
        told = verdict_block(context) if known else missing(words.t("limits.no_backtest"))
        return Chapter("backtest", title, (told,))
    blocks = (
        text(_assumed(context)),
        *_pictures(context, backtest),
        *(block for code in ASSUMPTIONS for block in _measures(backtest, code, words)),
        note(words.t("limits.backtest_note")),
        *_extrapolation(context),
        *adoption_blocks(context),
        *rule_cost_blocks(context),
    )
    return Chapter("backtest", title, blocks)


def _assumed(context: Context) -> str:
    """What the three assumptions on blocked orders are, with the numbers of the settings."""
    words, setting = context.words, context.facts.setting
    days, ratio = setting("limits", "delay_max_days"), setting("limits", "prepaid_ratio")
    months = setting("limits", "backtest_months")
    if days is None or ratio is None or months is None:
        return words.t("limits.assumed_plain")
    shown = {"months": words.months(months), "days": words.threshold_days(days), "ratio": words.ratio(ratio, 0)}
    return words.t("limits.assumed", **shown)


def _pictures(context: Context, backtest: DataFrame) -> Iterator[Block]:
    words, months = context.words, context.table("limit_backtest_months")
    drawn = figure(policy_differences(backtest, words=words), alt=words.t("alt.policy_difference"))
    if months is None:
        yield drawn
        return
    names = ("exposure_amount", "blocked_amount")
    lines = [
        figure(
            policy_months(months, words=words, amount_name=name),
            alt=words.t("alt.policy_months", amount=words.t(f"column.{name}")),
        )
        for name in names
    ]
    yield pair(drawn, Block("group", parts=tuple(lines)))
    yield note(words.t("limits.months_note"))


def _measures(backtest: DataFrame, assumption: str, words: Translator) -> Iterator[Block]:
    """What the policies earn, and how they behave; paid in advance in part they block what they block when lost."""
    rows = backtest[backtest["sales_assumption_code"] == assumption]
    if rows.empty:
        return
    fate = words.label("sales_fate", assumption)
    yield Block("heading", words.t("limits.if_blocked", fate=fate))
    yield grid_block(_grid(rows, MONEY, words, with_difference=True), caption=words.t("limits.money_table"))
    if assumption != "prepaid":
        yield grid_block(_grid(rows, CONDUCT, words), caption=words.t("limits.conduct_table"))


def _grid(rows: DataFrame, measures: tuple[str, ...], words: Translator, *, with_difference: bool = False) -> Grid:
    """One line per policy, one column per measure, each with its interval."""
    known = [code for code in measures if (rows["measure_code"] == code).any()]
    found = rows.set_index(["policy_code", "measure_code"])
    lines = []
    for policy in policies_in_order(rows):
        own = [_cell(found, policy, code, words) for code in known]
        own += [_difference(found, policy, words)] if with_difference else []
        lines.append((words.label("limit_policy", policy), *own))
    heads = [label_of(words, "measure_code", code) for code in known]
    heads += [words.t("limits.against_history")] if with_difference else []
    return Grid((words.t("column.policy_code"), *heads), tuple(lines), (False, *(True for _ in heads)))


def _cell(found: DataFrame, policy: str, measure: str, words: Translator) -> str:
    if (policy, measure) not in found.index:
        return words.t("missing.none")
    row = found.loc[(policy, measure)]
    return measured(row, ("value", "value_low", "value_high"), shown_as(measure, words), words)


def _difference(found: DataFrame, policy: str, words: Translator) -> str:
    if policy == "history" or (policy, NET_RESULT) not in found.index:
        return words.t("missing.none")
    names = ("difference", "difference_low", "difference_high")
    return measured(found.loc[(policy, NET_RESULT)], names, lambda value: signed(words, value), words)


def measured(row: Series, names: tuple[str, str, str], show: Callable[[float], str], words: Translator) -> str:
    """Return a measure with its interval; without value the reason, without interval the figure alone."""
    value, low, high = (row[name] for name in names)
    if pd.isna(value):
        return label_of(words, "reason_code", row["reason_code"])
    if pd.isna(low) or pd.isna(high) or low == high:
        return show(value)
    return words.t("table.value_interval", value=show(value), interval=interval(words, low, high, show))


def shown_as(measure: str, words: Translator) -> Callable[[float], str]:
    """Return how a measure is shown: an amount, a share or a number of one decimal."""
    if measure.endswith("_amount"):
        return words.compact
    return words.ratio if measure.endswith("_ratio") else lambda value: words.number(value, 1)


def _extrapolation(context: Context) -> Iterator[Block]:
    """How far each policy goes beyond what history can tell."""
    words, rows = context.words, context.table("limit_extrapolation")
    if rows is None:
        return
    order = {code: place for place, code in enumerate(policies_in_order(rows))}
    ranked = rows.assign(rank=rows["policy_code"].map(order)).sort_values("rank")
    columns = [
        (words.t("column.policy_code"), lambda row: words.label("limit_policy", row["policy_code"]), False),
        share(words, "beyond_days_ratio"),
        share(words, "beyond_limit_ratio"),
        counted(words, "n_customers_beyond"),
        share(words, "assumed_orders_ratio"),
        counted(words, "n_orders_not_judged"),
    ]
    yield listing(ranked, columns, words=words, caption=words.t("limits.extrapolation"))
    yield note(words.t("limits.extrapolation_note"))
