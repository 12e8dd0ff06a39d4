"""Pictures of options and designs: two orders, the frontier of cost and bad years, what costs hang on, stress."""

import numpy as np
from matplotlib.axes import Axes
from pandas import DataFrame, Series

from riskresearch.report.figures.money import option_names
from riskresearch.report.figures.style import (
    BLUE,
    GREEN,
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

NAME_WIDTH = 30
MARKED = {"is_quote": "figure.design_is_quote", "is_optimal": "figure.design_is_optimal"}
"""Names of the two designs that stand out."""
SELF_INSURANCE = "self_insurance"


@picture
def two_rankings(quotes: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw the order of the options by total cost beside that by economic cost; a line joins the two places.

    Parameters
    ----------
    quotes : table `quotes`
    words : language and currency
    axis : where to draw
    """
    title = words.t("figure.rankings_title")
    if quotes.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_quotes"))
    for name, (_, row) in zip(option_names(quotes, words), quotes.iterrows(), strict=True):
        left, right = int(row["total_cost_rank"]), int(row["economic_cost_rank"])
        colour = GREEN if right < left else RED if right > left else MUTED
        axis.plot((0, 1), (left, right), color=colour, marker="o", markersize=4)
        shown = fitted(name, width=NAME_WIDTH, lines=1)
        costs = [words.compact(row[f"{cost}_amount"]) for cost in ("total_cost_of_risk", "economic_cost")]
        axis.text(-0.06, left, f"{shown} {costs[0]}  {left}", ha="right", va="center", fontsize=8)
        axis.text(1.06, right, f"{right}  {costs[1]} {shown}", ha="left", va="center", fontsize=8)
    axis.text(0, 0.1, words.t("column.total_cost_of_risk_amount"), ha="right", fontsize=8.5, color=MUTED)
    axis.text(1, 0.1, words.t("column.economic_cost_amount"), ha="left", fontsize=8.5, color=MUTED)
    axis.set_xlim(-2.6, 3.6)
    axis.set_ylim(len(quotes) + 0.6, -0.4)
    axis.set_axis_off()
    axis.set_title(title)
    return set_height(axis, 1.1 + 0.3 * len(quotes))


@picture
def design_frontier(policy_designs: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw the designs around one quote: what they cost against what a bad year leaves, the efficient ones joined.

    Parameters
    ----------
    policy_designs : table `policy_designs`, the rows of one quote
    words : language and currency
    axis : where to draw
    """
    title = words.t("figure.designs_title")
    if policy_designs.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    x, y = "es_retained_amount", "total_cost_of_risk_amount"
    efficient = policy_designs["is_efficient"].astype(bool)
    others, best = policy_designs[~efficient], policy_designs[efficient].sort_values(x)
    axis.plot(others[x], others[y], "o", color=SKY, markersize=3.5, label=words.t("figure.design"))
    axis.plot(best[x], best[y], "o-", color=BLUE, markersize=4, linewidth=1.4, label=words.t("figure.design_efficient"))
    _mark(axis, policy_designs, words)
    axis.set_title(title)
    axis.set_xlabel(words.t("figure.designs_axis"))
    axis.set_ylabel(words.t("column.total_cost_of_risk_amount"))
    _zoom(axis, policy_designs, words)
    for side in ("x", "y"):
        axis.locator_params(axis=side, nbins=5)
        ticks(axis, side, words.compact)
    legend_below(axis)
    return set_height(axis, 3.7)


def _mark(axis: Axes, designs: DataFrame, words: Translator) -> None:
    """Mark the quote and the design of the lowest economic cost; their names stand where no design lies."""
    quote, best = (designs[designs[name].astype(bool)] for name in ("is_quote", "is_optimal"))
    is_same = set(quote["design_id"]) == set(best["design_id"])
    for name, rows, colour, height in (("is_quote", quote, ORANGE, 0.2), ("is_optimal", best, GREEN, 0.06)):
        for x, y in zip(rows["es_retained_amount"], rows["total_cost_of_risk_amount"], strict=True):
            axis.plot([x], [y], "D", color=colour, markeredgecolor=INK, markersize=7, zorder=5)
            if is_same and name == "is_quote":
                continue
            label = words.t("figure.design_both" if is_same else MARKED[name])
            line = {"arrowstyle": "-", "color": MUTED, "linewidth": 0.8}
            place = (0.02, height)
            axis.annotate(label, (x, y), place, textcoords="axes fraction", fontsize=8.5, arrowprops=line, zorder=6)


def _zoom(axis: Axes, designs: DataFrame, words: Translator) -> None:
    """Show the designs with a policy; self-insurance, far off, is told in the corner it lies in."""
    insured = designs[designs["design_id"] != SELF_INSURANCE]
    for values, limit in (
        (insured["es_retained_amount"], axis.set_xlim),
        (insured["total_cost_of_risk_amount"], axis.set_ylim),
    ):
        low, high = float(values.min()), float(values.max())
        edge = 0.12 * (high - low) if high > low else 0.1 * max(abs(high), 1.0)
        limit(low - edge, high + edge)
    for _, row in designs[designs["design_id"] == SELF_INSURANCE].iterrows():
        shown = {
            "es": words.compact(row["es_retained_amount"]),
            "cost": words.compact(row["total_cost_of_risk_amount"]),
        }
        told = words.t("figure.alone", **shown)
        axis.text(0.99, 0.97, told, transform=axis.transAxes, ha="right", va="top", fontsize=8, color=MUTED)


@picture
def cost_tornado(tornado: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw how far the economic cost of one option moves with each assumption, the widest span on top.

    Parameters
    ----------
    tornado : table `tornado`; of several options the first is drawn
    words : language and currency
    axis : where to draw
    """
    title = words.t("figure.tornado_title")
    if tornado.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    tornado = tornado[tornado["option_id"] == tornado["option_id"].iloc[0]]
    change = "economic_cost_change_amount"
    span = tornado.groupby("driver_code")[change].agg(lambda values: np.ptp(np.append(values, 0.0)))
    drivers = list(span.sort_values(ascending=False, kind="stable").index)
    for side, colour in (("low", SKY), ("high", BLUE)):
        rows = tornado[tornado["side_code"] == side].set_index("driver_code").reindex(drivers)
        values = rows[change].fillna(0.0)
        bars = axis.barh(np.arange(len(drivers)), values, color=colour, height=0.6, label=words.label("side", side))
        told = [tried(row, words) if value else "" for value, (_, row) in zip(values, rows.iterrows(), strict=True)]
        axis.bar_label(bars, told, padding=3, fontsize=8, color=MUTED)
    name_rows(axis, [words.label("driver", driver) for driver in drivers])
    reach = max(float(tornado[change].abs().max()), 1.0)
    axis.set_xlim(min(0.0, float(tornado[change].min())) - 0.35 * reach, float(tornado[change].max()) + 0.35 * reach)
    axis.axvline(0, color=INK, linewidth=1)
    axis.set_title(title)
    axis.set_xlabel(words.t("figure.tornado_axis"))
    axis.locator_params(axis="x", nbins=5)
    ticks(axis, "x", words.compact)
    legend_below(axis)
    return set_height(axis, 1.8 + 0.36 * len(drivers))


def tried(row: Series, words: Translator) -> str:
    """Return what an assumption was changed to, in its own unit."""
    value = float(row["changed_value"]) if "changed_value" in row else float("nan")
    driver = str(row.name if row.get("driver_code") is None else row["driver_code"])
    if driver == "limit_cuts":
        return words.ratio(value, 0)
    if driver == "waiting_period":
        return words.t("insurance.days_more", days=words.signed(value, 0))
    return words.t("insurance.times", n=words.number(value, 2))


@picture
def premium_lines(premium_sensitivity: DataFrame, *, words: Translator, axis: Axes, without: float) -> None:
    """Draw the economic cost of one policy against the loading of its premium, beside that of self-insurance.

    Parameters
    ----------
    premium_sensitivity : table `premium_sensitivity`, the rows of one policy
    words : language and currency
    axis : where to draw
    without : economic cost of self-insurance
    """
    title = words.t("figure.loading_title")
    if premium_sensitivity.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    cost = "economic_cost_amount"
    for (cut, rows), colour in zip(premium_sensitivity.groupby("cover_cut_ratio"), (BLUE, ORANGE, GREEN), strict=False):
        line = rows.sort_values("loading_ratio")
        label = words.t("figure.limits_cut", cut=words.ratio(cut, 0)) if cut else words.t("figure.limits_kept")
        axis.plot(line["loading_ratio"], line[cost], "o-", color=colour, markersize=4, label=label)
    axis.axhline(without, color=INK, linewidth=1.2, linestyle="--", label=words.label("option_kind", "self_insurance"))
    is_own = premium_sensitivity["is_own_dso"].astype(bool)
    ends = premium_sensitivity["loading_ratio"].isin(premium_sensitivity["loading_ratio"].agg(["min", "max"]))
    scale = premium_sensitivity[~is_own | ends].drop_duplicates("loading_ratio").sort_values("loading_ratio")
    names = [
        f"{words.ratio(loading, 0)}\n{words.t('figure.dso_at', days=_dso(days, words))}"
        for loading, days in zip(scale["loading_ratio"], scale["dso_days"], strict=True)
    ]
    axis.set_xticks(scale["loading_ratio"], names, fontsize=8)
    for own in premium_sensitivity.loc[is_own, "loading_ratio"].unique():
        axis.axvline(own, color=MUTED, linewidth=1, linestyle=":", label=words.t("figure.own_dso"))
    axis.set_title(title)
    ticks(axis, "y", words.compact)
    axis.margins(0.06, 0.12)
    legend_below(axis)
    return set_height(axis, 3.1)


def _dso(days: float, words: Translator) -> str:
    return words.t("missing.none") if np.isnan(days) else words.number(days)


@picture
def stress_bars(policy_stress: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw the mean loss of a year of each scenario: what the policy pays and what stays.

    Parameters
    ----------
    policy_stress : table `policy_stress`, the rows of one option
    words : language and currency
    axis : where to draw
    """
    title = words.t("figure.stress_title")
    if policy_stress.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    places, left = np.arange(len(policy_stress)), np.zeros(len(policy_stress))
    for name, colour in (("retained", ORANGE), ("indemnity", SKY)):
        values = policy_stress[f"expected_{name}_amount"].to_numpy(float)
        axis.barh(places, values, left=left, color=colour, height=0.58, label=words.label("quantity", name))
        left = left + values
    for place, (_, row) in enumerate(policy_stress.iterrows()):
        kept, gross = (words.compact(row[f"expected_{name}_amount"]) for name in ("retained", "gross"))
        told = words.t("figure.kept_of", kept=kept, gross=gross)
        axis.annotate(
            told, (left[place], place), (5, 0), textcoords="offset points", va="center", fontsize=8, color=MUTED
        )
    name_rows(axis, [fitted(scenario_name(row, words)) for _, row in policy_stress.iterrows()])
    axis.set_xlim(0, 1.4 * max(float(left.max()), 1.0))
    axis.axvline(0, color=RULE, linewidth=1)
    axis.set_title(title)
    axis.locator_params(axis="x", nbins=5)
    ticks(axis, "x", words.compact)
    legend_below(axis)
    return set_height(axis, 1.7 + 0.4 * len(policy_stress))


def scenario_name(row: Series, words: Translator) -> str:
    """Return the name of a scenario of stress."""
    code = str(row["scenario_code"])
    if code == "largest_buyers":
        return words.n("insurance.lose_buyers", int(row["n_customers"]))
    if code == "sector":
        return words.t("insurance.sector_shock", sector=words.label("segment", row["subject"]))
    return words.label("stress", code)
