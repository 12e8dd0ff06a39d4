"""Pictures of what drives the PDs: strength and sign, stability over time, families, shape of the effect."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from pandas import DataFrame, Series

from riskresearch.report.cells import with_unit
from riskresearch.report.explained import effect_code, strongest
from riskresearch.report.figures.style import (
    BLUE,
    INK,
    MUTED,
    RED,
    RULE,
    SERIES,
    fitted,
    legend_below,
    name_rows,
    not_computable,
    picture,
    set_height,
    ticks,
)
from riskresearch.report.translator import Translator

EFFECTS = {"raises": RED, "lowers": BLUE, "mixed": MUTED}
EFFECT_TEXTS = {"raises": "figure.raises", "lowers": "figure.lowers", "mixed": "figure.mixed"}
FIRST_PERIODS = ("Q1",)
PANEL_COLUMNS = 2
PANEL_INCHES = 1.75
TICKED_BINS = 3
MISSING_PLACE = -2.4


@picture
def drivers_bars(drivers: DataFrame, *, words: Translator, axis: Axes, n_drivers: int = 8) -> None:
    """Draw the strongest drivers of the PD over all customers, with the direction of their effect.

    Parameters
    ----------
    drivers : table `drivers`
    words : language
    axis : where to draw
    n_drivers : drivers shown
    """
    title = words.t("figure.drivers_title")
    if drivers.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_model"))
    rows = strongest(drivers, n_drivers=n_drivers)
    effects = [effect_code(value) for value in rows["value_correlation"]]
    _share_bars(axis, words, [words.label("feature", code) for code in rows["feature_code"]], rows, effects)
    axis.set_title(title)
    known = [code for code in EFFECTS if code in effects]
    legend_below(axis, [Patch(color=EFFECTS[code], label=words.t(EFFECT_TEXTS[code])) for code in known])
    set_height(axis, 1.5 + 0.34 * len(rows))
    return None


@picture
def family_bars(driver_families: DataFrame, *, words: Translator, axis: Axes, n_families: int = 8) -> None:
    """Draw what each family of features carries of what moves the PDs.

    Parameters
    ----------
    driver_families : table `driver_families`
    words : language
    axis : where to draw
    n_families : families shown
    """
    title = words.t("figure.families_title")
    if driver_families.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_model"))
    rows = driver_families.sort_values(["importance_ratio", "family_code"], ascending=[False, True]).head(n_families)
    names = [words.label("family", code) for code in rows["family_code"]]
    _share_bars(axis, words, names, rows, ["lowers"] * len(rows))
    axis.set_title(title)
    set_height(axis, 1.1 + 0.34 * len(rows))
    return None


def _share_bars(axis: Axes, words: Translator, names: list[str], rows: DataFrame, effects: list[str]) -> None:
    """Named bars of shares, each with its share beside it."""
    shares = rows["importance_ratio"].to_numpy(float)
    bars = axis.barh(np.arange(len(rows)), shares, color=[EFFECTS[code] for code in effects], height=0.66)
    axis.bar_label(bars, [words.ratio(value, 0) for value in shares], padding=3, color=MUTED, fontsize=8)
    name_rows(axis, [fitted(name, width=30) for name in names])
    axis.set_xlim(0, max(float(shares.max()) * 1.15, 0.01))
    ticks(axis, "x", lambda value: words.ratio(value, 0))


@picture
def driver_shares(
    driver_stability: DataFrame, drivers: DataFrame, *, words: Translator, axis: Axes, n_drivers: int = 5
) -> None:
    """Draw the share of the strongest drivers period by period: a driver that comes and goes is no base for a rule.

    Parameters
    ----------
    driver_stability, drivers : tables of that name
    words : language
    axis : where to draw
    n_drivers : drivers shown, those strongest on the date of the run
    """
    title = words.t("figure.driver_shares_title")
    single = driver_stability[driver_stability["level_code"] == "feature"]
    if single.empty or drivers.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_model"))
    periods = sorted(single["period_code"].unique())
    shares = single.pivot(index="period_code", columns="driver_code", values="importance_ratio").reindex(periods)
    top = [code for code in strongest(drivers, n_drivers=n_drivers)["feature_code"] if code in shares]
    for code, colour in zip(top, SERIES, strict=False):
        name = words.label("feature", code)
        axis.plot(range(len(periods)), shares[code], color=colour, marker="o", markersize=3.5, label=name)
    shown = [place for place, code in enumerate(periods) if code[4:] in ("", *FIRST_PERIODS)] or [0]
    axis.set_xticks(shown, [_period(periods[place], words) for place in shown])
    axis.set_ylim(0, max(float(shares[top].max().max()) * 1.15, 0.01) if top else 0.01)
    axis.set_title(title)
    ticks(axis, "y", lambda value: words.ratio(value, 0))
    axis.locator_params(axis="y", nbins=6, steps=[1, 2, 5, 10])
    legend_below(axis)
    set_height(axis, 2.6 + 0.2 * len(top))
    return None


def _period(code: str, words: Translator) -> str:
    """A year as it is, a quarter in the words of the language."""
    year, _, quarter = code.partition("Q")
    return words.t("figure.quarter", year=year, quarter=quarter) if quarter else year


@picture
def dependence_panels(
    dependence: DataFrame, feature_dictionary: DataFrame, *, words: Translator, axis: Axes, n_features: int = 6
) -> None:
    """Draw how the risk goes with the value of the strongest drivers, one small picture each, on one scale.

    Bars are the mean contribution of the rows of a bin, lines hold eight tenths of the rows, the bin without a value
    stands apart on the left.

    Parameters
    ----------
    dependence, feature_dictionary : tables of that name
    words : language
    axis : where to draw
    n_features : features shown, those whose mean contribution differs most between the bins
    """
    title = words.t("figure.dependence_title")
    if dependence.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_model"))
    span = dependence.groupby("feature_code")["contribution_mean"].agg(lambda values: values.max() - values.min())
    shown = list(span.sort_values(ascending=False, kind="stable").index[:n_features])
    kept = dependence[dependence["feature_code"].isin(shown)]
    units = feature_dictionary.set_index("feature_code")
    limits = (min(float(kept["contribution_p10"].min()), 0.0), max(float(kept["contribution_p90"].max()), 0.0))
    axis.set_axis_off()
    axis.set_title(title)
    n_rows = -(-len(shown) // PANEL_COLUMNS)
    for place, code in enumerate(shown):
        row, column = divmod(place, PANEL_COLUMNS)
        box = (column * 0.53, 1 - (row + 0.82) / n_rows, 0.47, 0.6 / n_rows)
        panel = axis.inset_axes(box)
        _dependence_panel(panel, words, kept[kept["feature_code"] == code].sort_values("bin_number"), units)
        panel.set_ylim(limits[0] * 1.15, limits[1] * 1.15 or 0.01)
        panel.tick_params(labelleft=column == 0)
    set_height(axis, 0.7 + PANEL_INCHES * n_rows)
    return None


def _dependence_panel(panel: Axes, words: Translator, rows: DataFrame, units: DataFrame) -> None:
    code = str(rows["feature_code"].iloc[0])
    is_missing = (rows["bin_code"] == "missing").to_numpy(bool)
    places = np.where(is_missing, MISSING_PLACE, rows["bin_number"].to_numpy(float) - 1)
    means = rows["contribution_mean"].to_numpy(float)
    panel.bar(places, means, color=[RED if mean > 0 else BLUE for mean in means], width=0.8, alpha=0.85)
    panel.vlines(places, rows["contribution_p10"], rows["contribution_p90"], color=INK, linewidth=0.9)
    panel.axhline(0, color=RULE, linewidth=0.8)
    values = rows[~is_missing]
    told = _ticked(len(values))
    names = [_bin_edge(values.iloc[place], words, units, is_last=place == len(values) - 1 > 0) for place in told]
    missing = [(MISSING_PLACE, words.t("figure.bin_missing"))] if is_missing.any() else []
    marks = missing + [
        (float(values["bin_number"].iloc[place]) - 1, name) for place, name in zip(told, names, strict=True)
    ]
    panel.set_xticks([place for place, _ in marks], [name for _, name in marks], fontsize=7)
    panel.set_title(fitted(words.label("feature", code), width=36), fontsize=8, fontweight="normal", color=INK, pad=4)
    panel.tick_params(axis="y", labelsize=7)
    ticks(panel, "y", lambda value: words.signed(value, 1))
    panel.locator_params(axis="y", nbins=4)


def _ticked(n_bins: int) -> list[int]:
    """The bins named on the axis: all where there are few, else the first, the middle and the last."""
    return list(range(n_bins)) if n_bins < TICKED_BINS else [0, n_bins // 2, n_bins - 1]


def _bin_edge(row: Series, words: Translator, units: DataFrame, *, is_last: bool) -> str:
    """Smallest value of a bin, of the last one the largest."""
    code, value = str(row["feature_code"]), row["value_high" if is_last else "value_low"]
    if code not in units.index:
        return words.number(value, 2)
    return with_unit(value, str(units.at[code, "unit_code"]), words, decimals=int(units.at[code, "decimals"]))
