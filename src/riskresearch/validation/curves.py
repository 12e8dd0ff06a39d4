"""Table `curves`: ROC, CAP and net benefit of each model out of time, as points of the curves themselves."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

from riskresearch.base.schema import Column, Table
from riskresearch.base.schema import empty as no_rows
from riskresearch.validation.measures.discrimination import cap
from riskresearch.validation.roc import Steps, steps

Floats = NDArray[np.float64]
CODES = ("roc", "cap", "net_benefit", "net_benefit_none")
MOST_POINTS = 200
THRESHOLDS = 101
LARGEST_THRESHOLD = 0.99

CURVES = Table(
    "curves",
    "validation",
    "one row per curve, model and point, rows out of time",
    ("curve_code", "model_code", "point"),
    (
        Column(
            "curve_code",
            "code",
            "roc: x = share of the others, y = share of the defaulters at or above a PD; cap: x = share of all rows, "
            "riskiest first, y = share of the defaulters; net_benefit: x = PD t from which is refused, y = defaulters "
            "refused less payers refused x t / (1 - t), per row; net_benefit_none: the same where nobody is sold to",
            False,
            CODES,
        ),
        Column("model_code", "text", "model"),
        Column("point", "int", "number of the point along the curve, from 0"),
        Column("x", "float", "abscissa, 0-1"),
        Column("y", "float", "ordinate; 0-1 for roc and cap"),
    ),
)


def curves(ratings: DataFrame) -> DataFrame:
    """Return table `curves` of every model on the rows out of time whose outcome is known.

    A curve holds at most 200 points. Of a ROC or CAP curve with more steps, the points nearest to an even walk along
    the curve are kept, both ends among them; none is interpolated. Net benefit is taken at 101 thresholds from 0 to the
    highest PD (0.99 at most). A model whose rows all have the same outcome has no curve.

    Parameters
    ----------
    ratings : ``model_code sample_code pd_12m is_default``
    """
    known = ratings[(ratings["sample_code"] == "out_of_time") & ratings["is_default"].notna()]
    parts = [
        _frame(code, str(model), x, y)
        for model, rows in known.groupby("model_code", sort=True)
        if rows["is_default"].nunique() == 2
        for code, (x, y) in _curves(rows).items()
    ]
    return pd.concat(parts, ignore_index=True) if parts else no_rows(CURVES)


def net_benefit_curve(found: Steps, thresholds: Floats) -> Floats:
    """Net benefit of refusing from each threshold on, per row (Vickers and Elkin 2006).

    Parameters
    ----------
    found : defaulters and others by distinct PD
    thresholds : PDs from which is refused, below 1

    Examples
    --------
    >>> net_benefit_curve(steps([0.1, 0.5, 0.5, 0.9], [0, 0, 1, 1]), np.array([0.0, 0.5, 0.75])).tolist()
    [0.5, 0.25, 0.25]
    """
    n_refused = len(found.pd) - np.searchsorted(found.pd[::-1], thresholds, side="left")
    bad, good = (np.append(0.0, np.cumsum(part))[n_refused] for part in (found.n_defaults, found.n_others))
    n = found.n_defaults.sum() + found.n_others.sum()
    return np.asarray((bad - good * thresholds / (1 - thresholds)) / n)


def _curves(rows: DataFrame) -> dict[str, tuple[Floats, Floats]]:
    found = steps(rows["pd_12m"].to_numpy(float), rows["is_default"].to_numpy(bool))
    bad, good = found.n_defaults, found.n_others
    roc = np.append(0.0, np.cumsum(good) / good.sum()), np.append(0.0, np.cumsum(bad) / bad.sum())
    thresholds = np.linspace(0.0, min(float(found.pd.max()), LARGEST_THRESHOLD), THRESHOLDS)
    rate = bad.sum() / (bad.sum() + good.sum())
    return {
        "roc": _thinned(*roc),
        "cap": _thinned(*cap(bad, good)),
        "net_benefit": (thresholds, net_benefit_curve(found, thresholds)),
        "net_benefit_none": (thresholds, rate - (1 - rate) * thresholds / (1 - thresholds)),
    }


def _thinned(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """At most as many points as allowed, evenly spread along the walk x + y, which rises from 0 to 2."""
    if len(x) <= MOST_POINTS:
        return x, y
    walk = np.linspace(0.0, 2.0, MOST_POINTS)
    near = np.searchsorted(x + y, walk, side="left").clip(0, len(x) - 1)
    kept = np.unique(np.append(near[:-1], [0, len(x) - 1]))
    return x[kept], y[kept]


def _frame(code: str, model: str, x: Floats, y: Floats) -> DataFrame:
    return DataFrame({"curve_code": code, "model_code": model, "point": np.arange(len(x)), "x": x, "y": y})
