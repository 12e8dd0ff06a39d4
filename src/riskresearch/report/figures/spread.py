"""Pictures by shap and seaborn: contributions of all customers, payment delays of all segments."""

import importlib
import warnings
from collections.abc import Callable
from types import ModuleType

import numpy as np
import seaborn
from matplotlib.axes import Axes
from pandas import DataFrame

from riskresearch.report.figures.style import MUTED, fitted, not_computable, picture, set_height
from riskresearch.report.translator import Translator

QUANTILES = ("p10", "p25", "p50", "p75", "p90")
SHOWN_FEATURES = 10
SHOWN_SEGMENTS = 24
SCALE_DAYS = 60


@picture
def contribution_swarm(contributions: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw one point per customer and feature: its contribution, coloured by the value of the feature.

    Parameters
    ----------
    contributions : table `contributions`
    words : language and labels
    axis : where to draw
    """
    title = words.t("figure.swarm_title")
    if contributions.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_model"))
    shap = _shap()
    phi = contributions.pivot(index="customer_id", columns="feature_code", values="contribution")
    values = contributions.pivot(index="customer_id", columns="feature_code", values="feature_value")
    values = values.assign(**dict.fromkeys(values.columns[values.isna().all()], 0.0))
    names = [fitted(words.label("feature", code)) for code in phi.columns]
    explained = shap.Explanation(phi.to_numpy(float), data=values.to_numpy(float), feature_names=names)
    set_height(axis, 4.6)
    _swarm(shap.plots.beeswarm, explained, axis)
    axis.set_title(title)
    axis.set_xlabel(words.t("figure.swarm_axis"), fontsize=9, color=MUTED)
    axis.tick_params(labelsize=8)
    return None


def _shap() -> ModuleType:
    """The package shap, loaded where it is used; in a notebook it asks for progress widgets nobody needs here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("shap")


def _swarm(draw: Callable[..., object], explained: object, axis: Axes) -> None:
    """Beeswarm of shap; it spreads the points by NumPy's global chance, fixed here and given back."""
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    try:
        draw(
            explained,
            max_display=SHOWN_FEATURES,
            ax=axis,
            show=False,
            color_bar=False,
            plot_size=None,
            s=9,
            group_remaining_features=False,
        )
    finally:
        np.random.set_state(before)  # noqa: NPY002


@picture
def delay_heatmap(delays: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw days late by segment and share of the receipts: the darker, the later.

    Pairs of segmentations are left out; of more segments than have room those with most receipts are shown.

    Parameters
    ----------
    delays : table `delays`
    words : language and labels
    axis : where to draw
    """
    title = words.t("figure.heatmap_title")
    known = delays[(delays["axis_code"] != "portfolio") & delays["days_late_p50"].notna()]
    known = known[~known["axis_code"].str.contains("*", regex=False)]
    if known.empty:
        return not_computable(axis, words, title=title, reason=words.label("reason", "no_receipts_in_window"))
    largest = known.sort_values(["n_receipts", "axis_code", "segment_code"], ascending=[False, True, True])
    rows = largest.head(SHOWN_SEGMENTS).sort_values(["axis_code", "segment_code"])
    names = [
        f"{words.label('axis', axis_code)} · {words.label('segment', segment)}"
        for axis_code, segment in zip(rows["axis_code"], rows["segment_code"], strict=True)
    ]
    cells = rows[[f"days_late_{q}" for q in QUANTILES]].to_numpy(float).round() + 0.0  # 0.0 takes the sign off a zero
    set_height(axis, max(2.0, 0.24 * len(rows) + 1))
    seaborn.heatmap(
        cells,
        ax=axis,
        cmap="vlag",
        vmin=-SCALE_DAYS,
        vmax=SCALE_DAYS,
        annot=True,
        fmt=".0f",
        annot_kws={"fontsize": 7},
        cbar=False,
        xticklabels=[fitted(words.t("figure.heatmap_share", share=q[1:]), width=9) for q in QUANTILES],
        yticklabels=[fitted(name, width=40, lines=1) for name in names],
    )
    axis.set_title(title)
    axis.tick_params(labelsize=8, rotation=0)
    return None
