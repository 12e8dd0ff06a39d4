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
    RULE,
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

COST_PARTS = {"premium_amount": BLUE, "fees_amount": SKY, "tax_amount": MUTED, "expected_retained_amount": ORANGE}


@picture
def cost_of_options(quotes: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw the yearly cost of risk of each option: premium, fees, tax and expected retained loss.

    Parameters
    ----------
    quotes : table `quotes`
    words : language and currency
    axis : where to draw
    """
    title = words.t("figure.costs_title")
    if quotes.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_quotes"))
    rows = quotes.sort_values("total_cost_of_risk_amount", ignore_index=True)
    left = np.zeros(len(rows))
    places = np.arange(len(rows))
    for name, colour in COST_PARTS.items():
        axis.barh(places, rows[name], left=left, color=colour, height=0.56, label=words.t(f"column.{name}"))
        left = left + rows[name].to_numpy(float)
    axis.errorbar(
        left,
        places,
        xerr=2 * rows["total_cost_of_risk_amount_se"].fillna(0.0),
        fmt="none",
        ecolor=INK,
        elinewidth=1,
        capsize=3,
    )
    label = words.t("column.economic_cost_amount")
    axis.plot(rows["economic_cost_amount"], places, marker="D", label=label, **HOLLOW)
    name_rows(axis, [fitted(name) for name in option_names(rows, words)])
    axis.set_xlim(left=0)
    axis.set_title(title)
    ticks(axis, "x", words.compact)
    legend_below(axis)
    set_height(axis, 1.9 + 0.45 * len(rows))


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
    """Draw how much a year may cost: quantiles of the loss without policy and of the loss kept under each.

    Parameters
    ----------
    losses : table `losses`
    quotes : table `quotes`, for the names of the options
    words : language and currency
    axis : where to draw
    """
    title = words.t("figure.quantiles_title")
    rows = losses[(losses["statistic_code"] == "quantile") & (losses["quantity_code"] == "retained")]
    if rows.empty or quotes.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_quotes"))
    ratios = sorted(rows["confidence_ratio"].unique())
    place_of = {ratio: place for place, ratio in enumerate(ratios)}
    names = dict(zip(quotes["option_id"], option_names(quotes, words), strict=True))
    for colour, (option, name) in zip(SERIES, names.items(), strict=False):
        line = rows[rows["option_id"] == option].sort_values("confidence_ratio")
        places = line["confidence_ratio"].map(place_of).to_numpy(float)
        axis.plot(places, line["value_amount"], color=colour, marker="o", markersize=4, label=name)
        axis.fill_between(
            places,
            line["low_amount"].fillna(line["value_amount"]),
            line["high_amount"].fillna(line["value_amount"]),
            color=colour,
            alpha=0.15,
            linewidth=0,
        )
    axis.set_xticks(range(len(ratios)), [words.ratio(ratio, 1 if ratio > 0.99 else 0) for ratio in ratios])
    axis.set_ylim(bottom=0)
    axis.set_title(title)
    ticks(axis, "y", words.compact)
    axis.set_xlabel(words.t("figure.quantiles_axis"))
    axis.spines["bottom"].set_color(RULE)
    legend_below(axis)


def option_names(quotes: DataFrame, words: Translator) -> list[str]:
    """Return the names of the options as shown: a policy's own name, or self-insurance in words."""
    return [
        words.label("option_kind", kind) if kind == "self_insurance" else str(name)
        for kind, name in zip(quotes["option_kind_code"], quotes["option_name"], strict=True)
    ]
