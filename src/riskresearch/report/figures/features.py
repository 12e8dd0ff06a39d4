"""Pictures of the panel: which dates serve for what, default rates by year, what each feature tells alone."""

from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter, YearLocator, date2num
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter
from pandas import DataFrame, DateOffset, Series

from riskresearch.report.figures.style import (
    BLUE,
    GREEN,
    HOLLOW,
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

SAMPLES = {
    "development": BLUE,
    "embargo": RULE,
    "purged": RULE,
    "out_of_time": GREEN,
    "immature": RULE,
    "scoring": ORANGE,
}
UNKNOWN = ("immature", "scoring")
SHOWN_FEATURES = 20
FAMILY_COLOURS = (BLUE, ORANGE, GREEN, INK, SKY, MUTED)


@picture
def sample_timeline(sample_counts: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw from when to when the observation dates of each sample lie, with rows and defaulters.

    Parameters
    ----------
    sample_counts : table `sample_counts`
    words : language and labels
    axis : where to draw
    """
    title = words.t("figure.timeline_title")
    used = sample_counts[sample_counts["sample_code"].isin(list(SAMPLES))]
    if used.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    rows = used.set_index("sample_code").reindex([code for code in SAMPLES if code in set(used["sample_code"])])
    for place, (code, row) in enumerate(rows.iterrows()):
        first, last = (date2num(day) for day in (row["first_date"] - DateOffset(months=1), row["last_date"]))
        axis.barh(place, last - first, left=first, color=SAMPLES[str(code)], height=0.6)
    name_rows(axis, [_sample_name(str(code), row, words) for code, row in rows.iterrows()])
    axis.tick_params(axis="y", labelsize=7.5)
    axis.xaxis_date()
    axis.xaxis.set_major_locator(YearLocator())
    axis.xaxis.set_major_formatter(DateFormatter("%Y"))
    axis.xaxis.grid(True)
    axis.set_title(title)
    set_height(axis, 0.9 + 0.5 * len(rows))
    return None


def _sample_name(code: str, row: Series, words: Translator) -> str:
    rows = words.t("figure.timeline_rows", rows=words.count(row["n_rows"]))
    if code not in UNKNOWN:
        rows = words.t("figure.timeline_row", rows=rows, defaulters=words.count(row["n_defaulters"]))
    return f"{fitted(words.label('sample', code), width=30, lines=2)}\n{rows}"


@picture
def cohort_rates(default_cohorts: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw the default rate of each year's cohort; a year not known to its end is pale.

    Parameters
    ----------
    default_cohorts : table `default_cohorts`
    words : language and labels
    axis : where to draw
    """
    title = words.t("figure.cohorts_title")
    known = default_cohorts[default_cohorts["default_ratio"].notna()]
    if known.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    colours = [BLUE if whole else SKY for whole in known["is_complete"]]
    bars = axis.bar(range(len(known)), known["default_ratio"], color=colours, width=0.6)
    details = [
        words.t("figure.cohorts_bar", hit=words.count(row.n_defaulters), n=words.count(row.n_at_start))
        for row in known.itertuples()
    ]
    axis.bar_label(bars, details, fontsize=7.5, color=MUTED, padding=2)
    axis.set_xticks(range(len(known)), list(known["year"]))
    axis.margins(y=0.15)
    ticks(axis, "y", words.ratio)
    axis.set_title(title)
    legend_below(
        axis,
        [
            Patch(color=BLUE, label=words.t("figure.cohorts_whole")),
            Patch(color=SKY, label=words.t("figure.cohorts_part")),
        ],
    )
    return None


@picture
def feature_strength(feature_profile: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw how far each feature separates defaulters alone: bar in development, ring out of time; the best of all.

    Parameters
    ----------
    feature_profile : table `feature_profile`
    words : language and labels
    axis : where to draw
    """
    title = words.t("figure.strength_title")
    known = feature_profile[feature_profile["auc_development"].notna()]
    if known.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_outcome"))
    reach = (known["auc_development"] - 0.5).abs()
    shown = known.loc[reach.sort_values(ascending=False, kind="stable").index[:SHOWN_FEATURES]]
    families = list(dict.fromkeys(shown["family_code"]))
    colours = {family: FAMILY_COLOURS[i % len(FAMILY_COLOURS)] for i, family in enumerate(families)}
    for place, row in enumerate(shown.itertuples()):
        axis.barh(place, row.auc_development - 0.5, left=0.5, color=colours[row.family_code], height=0.62)
        axis.plot(row.auc_out_of_time, place, marker="o", **HOLLOW)
    axis.axvline(0.5, color=MUTED, linewidth=1)
    name_rows(axis, [fitted(words.label("feature", code), width=44, lines=1) for code in shown["feature_code"]])
    axis.tick_params(axis="y", labelsize=7.5)
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, place: words.number(value, 2)))
    axis.xaxis.grid(True)
    axis.set_xlabel(words.t("figure.strength_axis"), fontsize=8.5)
    axis.set_title(title)
    legend_below(axis, [Patch(color=colours[code], label=words.label("family", code)) for code in families])
    set_height(axis, 1.6 + 0.22 * len(shown))
    return None
