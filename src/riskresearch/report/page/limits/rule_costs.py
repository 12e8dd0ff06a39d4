"""What each rule of the policy costs and saves, told from the replay without it."""

from collections.abc import Iterator

from pandas import DataFrame

from riskresearch.report.figures.limit_tests import rule_cost_bars
from riskresearch.report.page.context import Block, Context, figure, note, text
from riskresearch.report.page.limits.adoption import POLICY, adoption_rows
from riskresearch.report.page.limits.parts import interval, listing, signed, with_interval
from riskresearch.report.translator import Translator

LOST = "lost"
NET = ("net_gained_amount", "net_gained_low_amount", "net_gained_high_amount")


def rules_left_out(context: Context) -> DataFrame | None:
    """Return the rules of the policy, the dearest first, if blocked orders are lost; None where none was left out."""
    costs = context.table("limit_rule_costs")
    rows = None if costs is None else costs[costs["sales_assumption_code"] == LOST]
    if rows is None or rows.empty:
        return None
    return rows.sort_values([NET[0], "rule_code"], ascending=[False, True])


def costly_rule(context: Context) -> str:
    """Return which rule costs most, where the policy is worse than what it replaces; nothing where it is not."""
    rows = adoption_rows(context, POLICY)
    if rows is None or rows["verdict_code"].iloc[0] != "worse":
        return ""
    return dearest(context)


def dearest(context: Context) -> str:
    """Return the dearest rule in a sentence, and whether that is certain; nothing where no rule was left out."""
    words, rows = context.words, rules_left_out(context)
    if rows is None:
        return ""
    row = rows.iloc[0]
    if row[NET[0]] <= 0:
        return words.t("limits.rule_none")
    shown = {
        "rule": words.label("policy_rule", row["rule_code"]),
        "net": words.compact(row[NET[0]]),
        "loss": words.compact(row["loss_added_amount"]),
        "interval": interval(words, row[NET[1]], row[NET[2]], lambda value: signed(words, value)),
    }
    told = words.t("limits.rule_costly" if row[NET[1]] > 0 else "limits.rule_uncertain", **shown)
    return f"{told} {_certain(rows, words)}"


def _certain(rows: DataFrame, words: Translator) -> str:
    """The rules whose whole interval lies above 0."""
    parts = [
        words.t("limits.n_of", verdict=words.label("policy_rule", row["rule_code"]), n=signed(words, row[NET[0]]))
        for _, row in rows[rows[NET[1]] > 0].iterrows()
    ]
    return words.t("limits.rules_certain", parts=words.listed(parts)) if parts else words.t("limits.rules_certain_none")


def rule_cost_blocks(context: Context) -> Iterator[Block]:
    """Yield the replay without each rule: sentence, picture and table; nothing where it was not made."""
    words, rows = context.words, rules_left_out(context)
    if rows is None:
        return
    yield Block("heading", words.t("limits.rule_costs"))
    yield text(dearest(context))
    yield figure(rule_cost_bars(rows, words=words), alt=words.t("alt.rule_costs"))
    columns = [
        (words.t("column.rule_code"), lambda row: words.label("policy_rule", row["rule_code"]), False),
        (words.t("column.unblocked_amount"), lambda row: words.compact(row["unblocked_amount"]), True),
        (words.t("column.margin_gained_amount"), lambda row: signed(words, row["margin_gained_amount"]), True),
        (words.t("column.loss_added_amount"), lambda row: signed(words, row["loss_added_amount"]), True),
        (
            words.t("limits.net_gained_interval"),
            lambda row: with_interval(words, row, NET, lambda value: signed(words, value)),
            True,
        ),
    ]
    yield listing(rows, columns, words=words, caption=words.t("limits.rule_costs_table"))
    yield note(words.t("limits.rule_costs_note"))
