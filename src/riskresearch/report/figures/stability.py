"""Pictures of stability: features that have moved, moves between grades, what a missing or old figure changes."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from pandas import DataFrame

from riskresearch.report.figures.matrix import draw_cells, name_cells, scaled
from riskresearch.report.figures.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    RED,
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

VERDICTS = {"green": GREEN, "amber": ORANGE, "red": RED}
NAMES = {"green": "figure.verdict_green", "amber": "figure.verdict_amber", "red": "figure.verdict_red"}
SCENARIOS = ("family_missing", "stale")
DIVERGENCE_TICKS = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)


@picture
def shift_bars(
    stability_index: DataFrame, *, words: Translator, axis: Axes, comparison_code: str = "scoring", n_features: int = 10
) -> None:
    """Draw the features whose values have moved most since development, with what chance alone may reach.

    Parameters
    ----------
    stability_index : table `stability_index`
    words : language and labels
    axis : where to draw
    comparison_code : rows that are compared with development
    n_features : features shown
    """
    title = fitted(words.t("figure.shift_title", comparison=words.label("comparison", comparison_code)), width=36)
    rows = stability_index[(stability_index["comparison_code"] == comparison_code) & stability_index["value"].notna()]
    if rows.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    rows = rows.sort_values(["value", "feature_code"], ascending=[False, True]).head(n_features)
    places = np.arange(len(rows))
    axis.set_xscale("symlog", linthresh=0.5)
    colours = [VERDICTS.get(code, MUTED) for code in rows["verdict_code"]]
    bars = axis.barh(places, rows["value"], color=colours, height=0.66)
    axis.bar_label(bars, [words.number(value, 2) for value in rows["value"]], padding=3, color=MUTED, fontsize=8)
    axis.vlines(rows["critical_value_95"], places - 0.42, places + 0.42, color=INK, linewidth=1.4)
    name_rows(axis, [fitted(words.label("feature", code), width=30) for code in rows["feature_code"]])
    largest = max(float(rows["value"].max()), float(rows["critical_value_95"].max()))
    axis.set_xlim(0, largest * 1.5)
    axis.set_xticks([tick for tick in DIVERGENCE_TICKS if tick <= largest * 1.3])
    axis.minorticks_off()
    axis.set_title(title)
    ticks(axis, "x", lambda value: words.number(value, 2 if 0 < value < 1 else 0))
    told = [code for code in VERDICTS if (rows["verdict_code"] == code).any()]
    handles: list[Patch | Line2D] = [Patch(color=VERDICTS[code], label=words.t(NAMES[code])) for code in told]
    handles.append(Line2D([], [], color=INK, linewidth=1.4, label=words.t("figure.by_chance")))
    legend_below(axis, handles)
    return set_height(axis, 1.5 + 0.36 * len(rows))


@picture
def migration_matrix(grade_migrations: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw to which grade the customers of each grade have moved within a year: share and number, darker the more.

    Parameters
    ----------
    grade_migrations : table `grade_migrations`
    words : language
    axis : where to draw
    """
    title = words.t("figure.migrations_title")
    used = grade_migrations[grade_migrations["move_ratio"].notna()]
    if used.empty:
        return not_computable(axis, words, title=title, reason=words.label("reason", "no_moves"))
    order = list(dict.fromkeys(grade_migrations["grade_from"]))
    reached = set(used.loc[used["n_moves"] > 0, "grade_to"])
    rows = [grade for grade in order if grade in set(used["grade_from"])]
    columns = [grade for grade in order if grade in reached or grade in rows]
    cells = used.set_index(["grade_from", "grade_to"])
    shares = np.array([[float(cells.loc[(row, column), "move_ratio"]) for column in columns] for row in rows])
    counts = [[int(cells.loc[(row, column), "n_moves"]) for column in columns] for row in rows]
    texts = [
        [f"{words.ratio(share, 0)}\n{words.count(n)}" if n else "" for share, n in zip(line, many, strict=True)]
        for line, many in zip(shares, counts, strict=True)
    ]
    shades = np.where(shares > 0, scaled(shares, low=0.0, high=1.0), np.nan)
    draw_cells(axis, shades, texts, font_size=7.5)
    axis.set_title(title)
    starters = [
        words.t("figure.starters", grade=row, n=words.count(sum(n))) for row, n in zip(rows, counts, strict=True)
    ]
    name_cells(axis, rows=starters, columns=columns, places=range(len(columns)))
    axis.set_xlabel(words.t("figure.migrations_axis"), fontsize=8.5)
    return set_height(axis, 1.3 + 0.36 * len(rows))


@picture
def sensitivity_bars(sensitivities: DataFrame, *, words: Translator, axis: Axes, sample_code: str = "scoring") -> None:
    """Draw how many customers change grade where a source fails or its figures are old.

    Parameters
    ----------
    sensitivities : table `sensitivities`
    words : language and labels
    axis : where to draw
    sample_code : rows that were scored again
    """
    title = words.t("figure.sensitivity_title")
    rows = sensitivities[sensitivities["scenario_code"].isin(SCENARIOS) & (sensitivities["sample_code"] == sample_code)]
    rows = rows[rows["grade_change_ratio"].notna()]
    if rows.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    rank = rows["scenario_code"].map({code: place for place, code in enumerate(SCENARIOS)})
    size = -rows["grade_change_ratio"].where(rows["scenario_code"] != "stale", 0.0)
    rows = rows.assign(rank=rank, size=size).sort_values(["rank", "size", "subject_code"])
    places = np.arange(len(rows))
    colours = [BLUE if code == "stale" else SKY for code in rows["scenario_code"]]
    bars = axis.barh(places, rows["grade_change_ratio"], color=colours, height=0.66)
    axis.bar_label(
        bars, [words.ratio(value, 0) for value in rows["grade_change_ratio"]], padding=3, color=MUTED, fontsize=8
    )
    name_rows(
        axis, [fitted(scenario_name(row.scenario_code, row.subject_code, words), width=34) for row in rows.itertuples()]
    )
    axis.set_xlim(0, max(float(rows["grade_change_ratio"].max()) * 1.15, 0.01))
    axis.set_title(title)
    ticks(axis, "x", lambda value: words.ratio(value, 0))
    return set_height(axis, 1.2 + 0.3 * len(rows))


def scenario_name(scenario_code: str, subject_code: str, words: Translator) -> str:
    """Return in words what a scenario changes: a family that is missing, figures of months ago, a feature moved."""
    if scenario_code == "stale":
        return words.n("figure.stale", int(subject_code))
    family = "family" if scenario_code == "family_missing" else "feature"
    ids = {"family_missing": "figure.without", "notch_up": "figure.notch_up", "notch_down": "figure.notch_down"}
    return words.t(ids[scenario_code], subject=words.label(family, subject_code))
