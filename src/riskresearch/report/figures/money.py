"""Pictures of money: costs and losses with and without a policy."""

import numpy as np
from matplotlib.axes import Axes
from pandas import DataFrame

from riskresearch.report.figures.style import (
    BLUE,
    HOLLOW,
    INK,
    MUTED,
    ORANGE,
    RED,
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

COST_PARTS = {
    "figure.cost_premium": (("premium_amount",), BLUE),
    "figure.cost_fees_tax": (("fees_amount", "tax_amount"), SKY),
    "figure.cost_other": (("admin_amount", "adjustment_amount", "financing_amount"), MUTED),
    "figure.cost_retained": (("expected_retained_amount",), ORANGE),
}
BAD_YEARS = {0.9: SKY, 0.99: ORANGE, 0.999: RED}
SELF_INSURANCE = "self_insurance"


@picture
def cost_of_options(quotes: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw the yearly cost of each option by part, cheapest on top, and its economic cost beside it.

    What lowers a cost, such as a bonus or the interest of an advance, stands left of zero.

    Parameters
    ----------
    quotes : table `quotes`
    words : language and currency
    axis : where to draw
    """
    title = words.t("figure.costs_title")
    if quotes.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_quotes"))
    rows = quotes.sort_values(["total_cost_of_risk_amount", "option_id"], ignore_index=True)
    places = np.arange(len(rows))
    high, low = np.zeros(len(rows)), np.zeros(len(rows))
    for message, (names, colour) in COST_PARTS.items():
        values = rows[list(names)].sum(axis=1).to_numpy(float)
        left = np.where(values >= 0, high, low)
        axis.barh(places, values, left=left, color=colour, height=0.56, label=words.t(message))
        high, low = high + values.clip(min=0), low + values.clip(max=0)
    total, economic = (rows[f"{name}_amount"].to_numpy(float) for name in ("total_cost_of_risk", "economic_cost"))
    bars = 2 * rows["total_cost_of_risk_amount_se"].fillna(0.0).to_numpy(float)
    axis.errorbar(total, places, xerr=bars, fmt="|", color=INK, markersize=13, elinewidth=1, capsize=3)
    axis.plot(economic, places, marker="D", label=words.t("column.economic_cost_amount"), **HOLLOW)
    for place, (one, two, end) in enumerate(zip(total, economic, np.maximum(high, economic), strict=True)):
        told = words.t("figure.total_economic", total=words.compact(one), economic=words.compact(two))
        axis.annotate(told, (end, place), (7, 0), textcoords="offset points", va="center", fontsize=8, color=MUTED)
    name_rows(axis, [fitted(name) for name in option_names(rows, words)])
    axis.set_xlim(min(0.0, 1.15 * low.min()), 1.45 * max(high.max(), economic.max(), 1.0))
    axis.axvline(0, color=RULE, linewidth=1, zorder=0)
    axis.set_title(title)
    axis.locator_params(axis="x", nbins=5)
    ticks(axis, "x", words.compact)
    legend_below(axis)
    return set_height(axis, 2.0 + 0.42 * len(rows))


@picture
def gross_to_retained(quotes: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw what becomes of the expected loss under each option: indemnified or kept.

    Parameters
    ----------
    quotes : table `quotes`
    words : language and currency
    axis : where to draw
    """
    title = words.t("figure.split_title")
    if quotes.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_quotes"))
    places = np.arange(len(quotes))
    kept, paid = (quotes[f"expected_{name}_amount"].to_numpy(float) for name in ("retained", "indemnity"))
    for values, left, colour, name in ((kept, np.zeros(len(kept)), ORANGE, "retained"), (paid, kept, SKY, "indemnity")):
        bars = axis.barh(places, values, left=left, color=colour, height=0.56, label=words.label("quantity", name))
        axis.bar_label(
            bars,
            [words.compact(value) if value > 0 else "" for value in values],
            label_type="center",
            fontsize=8,
            color=INK,
        )
    name_rows(axis, [fitted(name) for name in option_names(quotes, words)])
    axis.set_title(title)
    ticks(axis, "x", words.compact)
    legend_below(axis)
    set_height(axis, 1.7 + 0.45 * len(quotes))


@picture
def loss_quantiles(losses: DataFrame, quotes: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw how bad a year may become under each option: losses kept in 1 year of 10, of 100 and of 1,000.

    Parameters
    ----------
    losses : table `losses`
    quotes : table `quotes`, for the names of the options and their order
    words : language and currency
    axis : where to draw
    """
    title = words.t("figure.quantiles_title")
    rows = losses[(losses["statistic_code"] == "quantile") & (losses["quantity_code"] == "retained")]
    rows = rows[rows["confidence_ratio"].isin(BAD_YEARS)]
    names = dict(zip(quotes["option_id"], option_names(quotes, words), strict=True))
    wide = rows.pivot(index="option_id", columns="confidence_ratio", values="value_amount")
    wide = wide.loc[[option for option in names if option in wide.index]]
    if wide.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_quotes"))
    wide = wide.sort_values(wide.columns[-1], kind="stable")
    places = np.arange(len(wide))
    axis.hlines(places, wide.min(axis=1), wide.max(axis=1), color=RULE, linewidth=3, zorder=1)
    for ratio in wide.columns:
        label = words.n("figure.one_year_of", round(1 / (1 - ratio)))
        axis.plot(wide[ratio], places, "o", color=BAD_YEARS[ratio], markersize=7, label=label)
    for place, value in enumerate(wide.max(axis=1)):
        told = words.compact(value)
        axis.annotate(told, (value, place), (8, 0), textcoords="offset points", va="center", fontsize=8, color=MUTED)
    name_rows(axis, [fitted(names[str(option)]) for option in wide.index])
    axis.set_xlim(0, 1.2 * max(float(wide.max(axis=None)), 1.0))
    axis.set_title(title)
    axis.locator_params(axis="x", nbins=5)
    ticks(axis, "x", words.compact)
    legend_below(axis)
    return set_height(axis, 1.7 + 0.42 * len(wide))


def option_names(quotes: DataFrame, words: Translator) -> list[str]:
    """Return the names of the options as shown: a policy's own name, or self-insurance in words."""
    return [
        words.label("option_kind", kind) if kind == SELF_INSURANCE else str(name)
        for kind, name in zip(quotes["option_kind_code"], quotes["option_name"], strict=True)
    ]
