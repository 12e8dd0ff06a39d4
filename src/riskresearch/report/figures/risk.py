"""Picture of risk: reliability of the PDs."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from pandas import DataFrame

from riskresearch.report.figures.style import (
    BLUE,
    HOLLOW,
    RED,
    SKY,
    USUAL_CONFIDENCE,
    interval_name,
    legend_below,
    not_computable,
    picture,
    set_height,
    ticks,
)
from riskresearch.report.translator import Translator

PD_TICKS = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
LINEAR_UP_TO = 0.01
PREDICTED: dict[str, Any] = {"markeredgecolor": RED, "markeredgewidth": 1.8, "markersize": 7}


@picture
def reliability_plot(
    reliability: DataFrame, *, words: Translator, axis: Axes, confidence_ratio: float = USUAL_CONFIDENCE
) -> None:
    """Draw predicted and observed default rate by grade, with the interval of the observed rate.

    Parameters
    ----------
    reliability : table `reliability`
    words : language
    axis : where to draw
    confidence_ratio : confidence of the intervals of the table
    """
    title = words.t("figure.reliability_title")
    if reliability.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_model"))
    rows = reliability.sort_values("grade_code")
    places = np.arange(len(rows))
    axis.set_yscale("symlog", linthresh=LINEAR_UP_TO, linscale=0.7)
    axis.vlines(places, rows["default_low"], rows["default_high"], color=SKY, linewidth=6)
    axis.plot(places, rows["default_ratio"], "o", color=BLUE, markersize=7, label=words.t("figure.observed"))
    axis.plot(places, rows["pd_mean"], marker="D", label=words.t("figure.predicted"), **(HOLLOW | PREDICTED))
    names = [
        f"{grade}\n{words.count(d)} / {words.count(n)}"
        for grade, d, n in zip(rows["grade_code"], rows["n_defaults"], rows["n_rows"], strict=True)
    ]
    axis.set_xticks(places, names)
    axis.set_xlim(-0.6, len(rows) - 0.4)
    axis.set_ylim(-0.001, 1.05)
    axis.set_yticks(PD_TICKS)
    axis.minorticks_off()
    axis.set_title(title)
    ticks(axis, "y", lambda value: words.ratio(value, 1 if 0 < value < 0.01 else 0))
    axis.set_xlabel(words.t("figure.reliability_axis"))
    handles = [*axis.get_legend_handles_labels()[0], Patch(color=SKY, label=interval_name(confidence_ratio, words))]
    legend_below(axis, handles)
    set_height(axis, 3.7)
