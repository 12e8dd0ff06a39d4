"""Bins of a feature that follow its declared direction, and their weights of evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from riskresearch.base.config import StageSettings

Floats = NDArray[np.float64]

TRENDS = {1: "ascending", -1: "descending", 0: "auto"}
CUT_RATIOS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)


class BinningSettings(StageSettings):
    """Bins of the scorecard."""

    scorecard_max_bins: int = Field(6, ge=2, le=20, description="bins per feature, without the one of missing values")
    scorecard_min_bin_ratio: float = Field(
        0.02, gt=0, le=0.5, description="smallest share of the rows in a bin; the company's own judgement"
    )
    scorecard_min_bin_defaults: int = Field(
        5,
        ge=1,
        description="defaults, and rows without one, that a bin needs for a weight of its own; the company's own "
        "judgement",
    )


@dataclass(frozen=True)
class Characteristic:
    """One feature of a scorecard: its bins, what was seen in them and their points.

    Parameters
    ----------
    feature_code : feature
    edges : rising bounds between bins; bin k holds values from edge k-1 (included) to edge k (excluded)
    n_rows, n_defaults : rows fitted on and defaults among them, by bin; the last bin holds missing values, also below
    woe : weight of evidence by bin, above 0 where defaults are rarer than overall
    points : points by bin
    """

    feature_code: str
    edges: tuple[float, ...]
    n_rows: tuple[int, ...]
    n_defaults: tuple[int, ...]
    woe: tuple[float, ...]
    points: tuple[float, ...] = ()

    @property
    def ivs(self) -> Floats:
        """Information value by bin: (share of non-defaults − share of defaults) × weight of evidence."""
        bad = np.array(self.n_defaults)
        good = np.array(self.n_rows) - bad
        return (good / good.sum() - bad / bad.sum()) * np.array(self.woe)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Characteristic":
        """Return the feature of a mapping that may hold lists."""
        return cls(content["feature_code"], *(tuple(content[field.name]) for field in fields(cls)[1:]))

    def bins(self, values: Floats) -> NDArray[np.int64]:
        """Return the bin of each value, counted from 0."""
        return np.where(np.isnan(values), len(self.edges) + 1, np.searchsorted(self.edges, values, side="right"))


def characteristic(
    name: str, values: Floats, outcome: NDArray[np.int64], *, direction: int, settings: BinningSettings
) -> Characteristic:
    """Return the bins of a feature and their weights of evidence, without points yet.

    Weight of evidence = ln((non-defaults in the bin / all non-defaults) / (defaults in the bin / all defaults)).
    A bin with fewer defaults or non-defaults than a weight of its own needs, be it the one of missing values or the
    only one, first gets as many rows of the overall default rate as hold one default: its weight is near 0 when it
    holds few rows.

    Parameters
    ----------
    name : feature
    values : its values; NaN = missing
    outcome : 1 = default, one per value
    direction : +1: default rates never fall from bin to bin; -1: never rise; 0: free
    settings : smallest and largest number of bins, rows and defaults
    """
    empty = Characteristic(name, _edges(values, outcome, direction, settings), (), (), ())
    place, n_bins = empty.bins(values), len(empty.edges) + 2
    rows = np.bincount(place, minlength=n_bins)
    defaults = np.bincount(place, weights=outcome, minlength=n_bins).astype(int)
    overall = outcome.mean()
    thin = np.minimum(defaults, rows - defaults) < settings.scorecard_min_bin_defaults
    bad, good = defaults + thin, rows - defaults + thin * (1 - overall) / overall
    woe = np.log(good / bad) - np.log((1 - overall) / overall)
    return replace(empty, n_rows=plain(rows), n_defaults=plain(defaults), woe=plain(woe))


def _edges(values: Floats, outcome: NDArray[np.int64], direction: int, settings: BinningSettings) -> tuple[float, ...]:
    """Bounds between bins of high information value that follow the direction; none where rows are too few."""
    is_known = ~np.isnan(values)
    known, hits = values[is_known], outcome[is_known]
    share = settings.scorecard_min_bin_ratio * len(values) / max(len(known), 1)
    least = settings.scorecard_min_bin_defaults
    if share > 0.5 or min(hits.sum(), len(hits) - hits.sum()) < 2 * least:
        return ()
    cuts = _cuts(known)
    if not len(cuts):
        return ()
    from optbinning import OptimalBinning

    solved = OptimalBinning(
        user_splits=cuts,
        monotonic_trend=TRENDS[direction],
        max_n_bins=settings.scorecard_max_bins,
        min_bin_size=share,
        min_bin_n_event=least,
        min_bin_n_nonevent=least,
        time_limit=600,
    ).fit(known, hits)
    return _ordered(np.asarray(solved.splits, float), known, hits, direction)


def _cuts(known: Floats) -> Floats:
    """Candidates for bounds: quantiles, cut down to four significant digits."""
    quantiles = np.quantile(known, CUT_RATIOS, method="higher")
    scale = 10.0 ** (np.floor(np.log10(np.abs(quantiles), where=quantiles != 0, out=np.zeros(len(quantiles)))) - 3)
    cut = [float(f"{value:.4g}") for value in np.floor(quantiles / scale + 1e-9) * scale]
    cuts = np.unique(cut)
    return cuts[(cuts > known.min()) & (cuts <= known.max())]


def _ordered(edges: Floats, known: Floats, hits: NDArray[np.int64], direction: int) -> tuple[float, ...]:
    """Bounds without those at which the default rate turns against the direction."""
    while direction and len(edges):
        place = np.searchsorted(edges, known, side="right")
        rates = np.bincount(place, weights=hits, minlength=len(edges) + 1) / np.bincount(place)
        wrong = np.diff(rates) * direction <= 0
        if not wrong.any():
            break
        edges = np.delete(edges, np.argmax(wrong))
    return plain(edges)


def plain(numbers: NDArray[Any]) -> tuple[Any, ...]:
    """Return an array as a tuple of Python numbers."""
    return tuple(numbers.tolist())
