"""Pictures of dependence on few customers: shares of the largest, Lorenz curves."""

import numpy as np
from matplotlib.axes import Axes
from pandas import DataFrame

from riskresearch.report.figures.style import (
    BLUE,
    MUTED,
    ORANGE,
    SKY,
    legend_below,
    name_rows,
    not_computable,
    picture,
    set_height,
    ticks,
)
from riskresearch.report.translator import Translator

BASES = {"sales_12m": (SKY, (0, (5, 2))), "exposure": (BLUE, "-"), "expected_loss": (ORANGE, (0, (1, 1)))}


@picture
def concentration_bars(concentration: DataFrame, *, words: Translator, axis: Axes, axis_code: str = "customer") -> None:
    """Draw the share of the largest customers in sales, in receivables and, where known, in the expected loss.

    Parameters
    ----------
    concentration : table `concentration`, to which rows of table `loss_concentration` may be joined
    words : language
    axis : where to draw
    axis_code : what is concentrated: customer, group, sector, country, region
    """
    title = words.t("figure.concentration_title")
    rows = concentration[
        (concentration["axis_code"] == axis_code) & concentration["measure_code"].str.fullmatch(r"top_\d+_ratio")
    ]
    if rows.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    rank = rows["measure_code"].str.extract(r"(\d+)", expand=False).astype(int)
    wide = rows.assign(rank=rank).pivot(index="rank", columns="base_code", values="value").sort_index()
    bases = [base for base in BASES if base in wide]
    places = np.arange(len(wide))
    width = 0.76 / len(bases)
    for shift, base in enumerate(bases):
        bars = axis.barh(
            places + (shift - (len(bases) - 1) / 2) * width,
            wide[base],
            height=0.95 * width,
            color=BASES[base][0],
            label=words.label("base", base),
        )
        axis.bar_label(bars, [words.ratio(value, 0) for value in wide[base]], padding=3, color=MUTED, fontsize=8)
    name_rows(axis, [words.n("figure.top", int(x)) for x in wide.index])
    axis.set_xlim(0, 1.05)
    axis.set_title(title)
    ticks(axis, "x", lambda value: words.ratio(value, 0))
    legend_below(axis)
    set_height(axis, 1.6 + 0.22 * len(bases) * len(wide))


@picture
def lorenz_curve(
    lorenz: DataFrame, concentration: DataFrame, *, words: Translator, axis: Axes, axis_code: str = "customer"
) -> None:
    """Draw which share of sales and receivables the smallest customers hold, beside customers of one size.

    Parameters
    ----------
    lorenz : table `lorenz`
    concentration : table `concentration`, for the Gini coefficients
    words : language
    axis : where to draw
    axis_code : members: customer, group, sector, country, region
    """
    title = words.t("figure.lorenz_title")
    rows = lorenz[lorenz["axis_code"] == axis_code]
    if rows.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    ginis = concentration[
        (concentration["axis_code"] == axis_code) & (concentration["measure_code"] == "gini_ratio")
    ].set_index("base_code")["value"]
    axis.plot([0, 1], [0, 1], color=MUTED, linewidth=1, label=words.t("figure.equal_members"))
    for base, (colour, dash) in BASES.items():
        line = rows[rows["base_code"] == base].sort_values("point_number")
        if line.empty:
            continue
        name = words.label("base", base)
        label = words.t("figure.with_gini", name=name, gini=words.number(ginis[base], 2)) if base in ginis else name
        axis.plot(line["member_ratio"], line["amount_ratio"], color=colour, linestyle=dash, label=label)
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 1)
    axis.set_title(title)
    for side in ("x", "y"):
        ticks(axis, side, lambda value: words.ratio(value, 0))
    axis.set_xlabel(words.t("figure.lorenz_members"))
    axis.set_ylabel(words.t("figure.lorenz_amount"))
    legend_below(axis)
    set_height(axis, 3.3)
