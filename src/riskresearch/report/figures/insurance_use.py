"""Pictures of a policy in use: what is not covered, what clauses take, when indemnities arrive."""

import numpy as np
from matplotlib.axes import Axes
from pandas import DataFrame

from riskresearch.report.codes import coded
from riskresearch.report.figures.style import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    RULE,
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

MONTHS_A_YEAR = 12


@picture
def uncovered_waterfall(uncovered_causes: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw the way from what customers owe to what a policy covers, one step per cause.

    Parameters
    ----------
    uncovered_causes : table `uncovered_causes`, the rows of one policy
    words : language and currency
    axis : where to draw
    """
    title = words.t("figure.uncovered_title")
    rows = uncovered_causes[uncovered_causes["uncovered_amount"] > 0]
    if rows.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.nothing_uncovered"))
    rows = rows.sort_values(["uncovered_amount", "cause_code"], ascending=[False, True])
    steps = rows["uncovered_amount"].to_numpy(float)
    owed = owed_amount(uncovered_causes)
    left_after = owed - np.cumsum(steps)
    axis.barh(0, owed, color=MUTED, height=0.6)
    axis.barh(np.arange(1, len(rows) + 1), steps, left=left_after, color=ORANGE, height=0.6)
    axis.barh(len(rows) + 1, left_after[-1], color=BLUE, height=0.6)
    ends = [owed, *(left_after + steps), left_after[-1]]
    told = [
        words.compact(owed),
        *(words.t("figure.step_share", amount=words.compact(-step), share=words.ratio(step / owed)) for step in steps),
        words.t("figure.step_share", amount=words.compact(left_after[-1]), share=words.ratio(left_after[-1] / owed)),
    ]
    for place, (end, one) in enumerate(zip(ends, told, strict=True)):
        axis.annotate(one, (end, place), (5, 0), textcoords="offset points", va="center", fontsize=8, color=INK)
    causes = [fitted(coded(code, "cause_code", words), width=24) for code in rows["cause_code"]]
    name_rows(axis, [words.t("figure.owed"), *causes, words.t("figure.covered")])
    axis.set_xlim(0, 1.32 * owed)
    axis.set_title(title)
    axis.locator_params(axis="x", nbins=5)
    ticks(axis, "x", words.compact)
    return set_height(axis, 1.2 + 0.36 * (len(rows) + 2))


def owed_amount(uncovered_causes: DataFrame) -> float:
    """Return what is owed in all: a cause's amount over its share of what is owed, from the largest cause."""
    rows = uncovered_causes[uncovered_causes["owed_ratio"] > 0]
    if rows.empty:
        return 0.0
    largest = rows.loc[rows["uncovered_amount"].idxmax()]
    return float(largest["uncovered_amount"] / largest["owed_ratio"])


@picture
def clause_bars(clause_costs: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw the mean yearly indemnity each clause takes: its share of what all take, and alone.

    Parameters
    ----------
    clause_costs : table `clause_costs`, the rows of one policy
    words : language and currency
    axis : where to draw
    """
    title = words.t("figure.clauses_title")
    amounts = clause_costs[["shapley_amount", "switched_off_amount"]].fillna(0.0)
    rows = clause_costs.assign(size=amounts.max(axis=1))
    rows = rows[rows["size"].round(2) > 0].sort_values(["size", "clause_code"], ascending=[False, True])
    if rows.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_clause"))
    places = np.arange(len(rows))
    for name, colour, shift in (("shapley_amount", BLUE, -0.19), ("switched_off_amount", SKY, 0.19)):
        bars = axis.barh(
            places + shift, rows[name].fillna(0.0), color=colour, height=0.36, label=words.t(f"column.{name}")
        )
        told = [words.t("missing.none") if np.isnan(v) else words.compact(v) for v in rows[name].astype(float)]
        axis.bar_label(bars, told, padding=3, fontsize=7.5, color=MUTED)
    name_rows(axis, [fitted(words.label("clause", code), width=24) for code in rows["clause_code"]])
    axis.set_xlim(min(0.0, 1.2 * float(amounts.min(axis=None))), 1.2 * float(rows["size"].max()))
    axis.axvline(0, color=RULE, linewidth=1)
    axis.set_title(title)
    axis.locator_params(axis="x", nbins=5)
    ticks(axis, "x", words.compact)
    legend_below(axis)
    return set_height(axis, 1.6 + 0.5 * len(rows))


@picture
def indemnity_bars(indemnity_months: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw the mean indemnity that arrives in each month of the policy year and after its end.

    Parameters
    ----------
    indemnity_months : table `indemnity_months`, the rows of one policy
    words : language and currency
    axis : where to draw
    """
    title = words.t("figure.months_title")
    rows = indemnity_months.sort_values("month_number")
    if rows.empty or rows["paid_to_date_ratio"].isna().all():
        return not_computable(axis, words, title=title, reason=words.t("figure.no_indemnity"))
    is_after = rows["month_number"] > MONTHS_A_YEAR
    for mask, colour, label in ((~is_after, BLUE, "figure.within_year"), (is_after, ORANGE, "figure.after_year")):
        axis.bar(rows.loc[mask, "month_number"], rows.loc[mask, "paid_amount"], color=colour, label=words.t(label))
    top = float(rows["paid_amount"].max())
    year_end = rows[~is_after].iloc[-1]
    told = words.t("figure.paid_by_then", share=words.ratio(year_end["paid_to_date_ratio"], 0))
    axis.axvline(MONTHS_A_YEAR + 0.5, color=INK, linewidth=1, linestyle="--")
    axis.text(MONTHS_A_YEAR + 0.3, 1.1 * top, told, ha="right", va="center", fontsize=8, color=INK)
    axis.set_ylim(0, 1.22 * top if top > 0 else 1.0)
    axis.set_title(title)
    axis.set_xlabel(words.t("figure.months_axis"))
    axis.set_xticks(range(3, int(rows["month_number"].max()) + 1, 3))
    ticks(axis, "y", words.compact)
    axis.xaxis.grid(False)
    legend_below(axis)
    return set_height(axis, 3.0)
