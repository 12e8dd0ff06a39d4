"""Pictures of the backtest of limit policies: net result against the limits in force, month by month."""

import numpy as np
from matplotlib.axes import Axes
from pandas import DataFrame

from riskresearch.report.figures.style import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    SERIES,
    SKY,
    fitted,
    legend_below,
    name_rows,
    not_computable,
    picture,
    set_height,
    ticks,
)
from riskresearch.report.translator import Translator

ASSUMPTIONS = {"lost": INK, "delayed": ORANGE, "prepaid": SKY}
REFERENCE = "history"
SHOWN_BY_MONTH = ("history", "policy", "optimised", "score_matrix", "need")
NET_RESULT = "net_result_amount"


@picture
def policy_differences(
    limit_backtest: DataFrame, *, words: Translator, axis: Axes, measure_code: str = NET_RESULT
) -> None:
    """Draw how far each policy's result lies from that of the limits in force, with intervals.

    Parameters
    ----------
    limit_backtest : table `limit_backtest`
    words : language and currency
    axis : where to draw
    measure_code : amount that is compared
    """
    title = words.t("figure.policy_difference_title")
    rows = limit_backtest[(limit_backtest["measure_code"] == measure_code) & limit_backtest["difference"].notna()]
    rows = rows[rows["policy_code"] != REFERENCE]
    if rows.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    policies = policies_in_order(rows)
    axis.axvline(0.0, color=MUTED, linewidth=1, linestyle=(0, (4, 2)))
    known = [code for code in ASSUMPTIONS if (rows["sales_assumption_code"] == code).any()]
    for shift, code in enumerate(known):
        part = rows[rows["sales_assumption_code"] == code]
        places = part["policy_code"].map(policies.index) + 0.22 * (shift - (len(known) - 1) / 2)
        colour = ASSUMPTIONS[code]
        axis.hlines(places, part["difference_low"], part["difference_high"], color=colour, linewidth=2)
        label = words.t("figure.orders_are", fate=words.label("sales_assumption", code))
        axis.plot(part["difference"], places, "o", color=colour, markersize=4.5, label=label)
    name_rows(axis, [fitted(words.label("limit_policy", code), width=24) for code in policies])
    axis.set_title(title)
    ticks(axis, "x", words.compact)
    axis.locator_params(axis="x", nbins=6)
    legend_below(axis)
    return set_height(axis, 1.6 + 0.42 * len(policies))


def policies_in_order(limit_backtest: DataFrame) -> list[str]:
    """Return the policies of the backtest: the credit policy, the optimiser, then the others by name."""
    first = ("policy", "optimised", REFERENCE)
    codes = sorted({str(code) for code in limit_backtest["policy_code"]})
    return [code for code in first if code in codes] + [code for code in codes if code not in first]


@picture
def rule_cost_bars(
    limit_rule_costs: DataFrame, *, words: Translator, axis: Axes, assumption_code: str = "lost"
) -> None:
    """Draw the net result gained when one rule of the policy is left out, with intervals.

    Parameters
    ----------
    limit_rule_costs : table `limit_rule_costs`
    words : language and currency
    axis : where to draw
    assumption_code : what becomes of blocked orders
    """
    title = words.t("figure.rule_costs_title")
    rows = limit_rule_costs[limit_rule_costs["sales_assumption_code"] == assumption_code]
    if rows.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    rows = rows.sort_values(["net_gained_amount", "rule_code"], ascending=[False, True])
    places = np.arange(len(rows))
    axis.barh(places, rows["net_gained_amount"], color=BLUE, height=0.5)
    axis.hlines(places, rows["net_gained_low_amount"], rows["net_gained_high_amount"], color=INK, linewidth=1.4)
    axis.axvline(0.0, color=MUTED, linewidth=1)
    name_rows(axis, [fitted(words.label("policy_rule", code), width=24) for code in rows["rule_code"]])
    axis.set_title(title)
    ticks(axis, "x", words.compact)
    axis.locator_params(axis="x", nbins=6)
    return set_height(axis, 1.1 + 0.42 * len(rows))


@picture
def policy_months(
    limit_backtest_months: DataFrame,
    *,
    words: Translator,
    axis: Axes,
    amount_name: str = "exposure_amount",
    assumption_code: str = "lost",
) -> None:
    """Draw an amount of the backtest month by month, one line per policy.

    Parameters
    ----------
    limit_backtest_months : table `limit_backtest_months`
    words : language and currency
    axis : where to draw
    amount_name : ``exposure_amount``, ``blocked_amount`` or ``loss_amount``
    assumption_code : what becomes of blocked orders
    """
    title = words.t("figure.policy_months_title", amount=words.t(f"column.{amount_name}"))
    rows = limit_backtest_months[limit_backtest_months["sales_assumption_code"] == assumption_code]
    policies = [code for code in SHOWN_BY_MONTH if (rows["policy_code"] == code).any()]
    if not policies:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    months = sorted(rows["month_date"].unique())
    place_of = {month: place for place, month in enumerate(months)}
    colours = dict(zip(SHOWN_BY_MONTH, (MUTED, BLUE, ORANGE, *SERIES[3:]), strict=False))
    for code in policies:
        line = rows[rows["policy_code"] == code].sort_values("month_date")
        label = fitted(words.label("limit_policy", code), width=30, lines=1)
        axis.plot(line["month_date"].map(place_of), line[amount_name], color=colours[code], label=label)
    step = max(1, int(np.ceil(len(months) / 6)))
    axis.set_xticks(range(0, len(months), step), [words.month(month) for month in months[::step]])
    axis.set_ylim(bottom=0)
    axis.set_title(title)
    ticks(axis, "y", words.compact)
    legend_below(axis)
    return None
