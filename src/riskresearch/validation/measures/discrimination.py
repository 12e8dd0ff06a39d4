"""Discrimination: whether the PD puts defaulters above the others."""

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from scipy.special import betainc
from scipy.stats import norm

from riskresearch.base.config import StageSettings
from riskresearch.validation.registry import BATTERY, Evidence, Measure, Result, not_computable, one_class
from riskresearch.validation.roc import Hull, centred, hull, pooled, resampled, roc_area, steps, widest_gap

Floats = NDArray[np.float64]
CostLaw = Literal["severity_ratio", "class_shares", "symmetric"]
SEGMENTS = ("sector", "size", "country", "customer_type", "tenure", "insured")


class DiscriminationSettings(StageSettings):
    """Discrimination: thresholds of the AUC, weights of the H-measure."""

    auc_green: float = Field(0.75, gt=0.5, lt=1, description="AUC from which discrimination is green; own threshold")
    auc_amber: float = Field(0.65, ge=0.5, lt=1, description="AUC from which discrimination is amber; own threshold")
    h_cost_law: CostLaw = Field(
        "severity_ratio",
        description="weight of the cost shares in the H-measure: severity_ratio = Beta(2, 1 + (1 - rate) / rate), "
        "class_shares = Beta(1 + rate, 2 - rate), symmetric = Beta(2, 2), rate = share of defaulters; the first two "
        "are most dense where the cost share equals the rate; source: Hand and Anagnostopoulos 2014, Hand 2009",
    )

    @model_validator(mode="after")
    def _thresholds_fall(self) -> Self:
        if self.auc_amber > self.auc_green:
            raise ValueError(f"auc_amber {self.auc_amber} must not exceed auc_green {self.auc_green}")
        return self


def unranked(evidence: Evidence) -> Result | None:
    """Return the result for rows that no measure of ranking can judge; None where one can."""
    single = one_class(evidence)
    if single is not None:
        return single
    if np.ptp(evidence.p) == 0:
        return not_computable("constant_score")
    return not_computable("too_few_customers") if evidence.owner.max() == 0 else None


@BATTERY.register(
    Measure(
        "AUC",
        "AUC (aire sous la courbe ROC)",
        1,
        0,
        1,
        "Mann-Whitney; interval by resampling customers (Field and Welsh 2007)",
        "discrimination",
        axes=("quarter", *SEGMENTS),
        thresholds=("auc_green", "auc_amber"),
    )
)
def auc(evidence: Evidence) -> Result:
    """Probability that a defaulter has a higher PD than a non-defaulter, ties counting one half."""
    refused = unranked(evidence)
    if refused is not None:
        return refused
    found = steps(evidence.p, evidence.outcome)
    value = float(roc_area(found.n_defaults, found.n_others))
    low, high = centred(evidence, resampled(evidence, pooled(found), roc_area), value=value, low=0, high=1)
    return Result(value, low, high)


@BATTERY.register(Measure("Gini", "Gini", 1, -1, 1, "2 AUC - 1 (Engelmann, Hayden and Tasche 2003)", "discrimination"))
def gini(evidence: Evidence) -> Result:
    """Gini coefficient: 2 AUC - 1, with the interval of the AUC; 0 = chance, 1 = every defaulter on top."""
    found = auc(evidence)
    value, low, high = (None if x is None else 2 * x - 1 for x in (found.value, found.low, found.high))
    return Result(value, low, high, found.verdict, found.reason)


@BATTERY.register(
    Measure(
        "Accuracy ratio (CAP)",
        "Ratio de précision (courbe CAP)",
        1,
        -1,
        1,
        "area between CAP and diagonal / that of a perfect order; Sobehart, Keenan and Stein 2000",
        "discrimination",
    )
)
def accuracy_ratio(evidence: Evidence) -> Result:
    """Area between the CAP curve and the diagonal, as a share of that of a perfect order, ties joined by a line.

    CAP: share of the defaulters among the riskiest share of rows. The value equals the Gini coefficient; it is
    computed from the CAP itself.
    """
    refused = unranked(evidence)
    if refused is not None:
        return refused
    found = steps(evidence.p, evidence.outcome)
    x, y = cap(found.n_defaults, found.n_others)
    return Result(float((np.trapezoid(y, x) - 0.5) / (0.5 * (1 - evidence.outcome.mean()))))


def cap(bad: Floats, good: Floats) -> tuple[Floats, Floats]:
    """Return the CAP curve from steps, riskiest first: share of all rows and share of the defaulters."""
    rows = np.cumsum(bad + good)
    return np.append(0.0, rows / rows[-1]), np.append(0.0, np.cumsum(bad) / bad.sum())


@BATTERY.register(
    Measure(
        "Kolmogorov-Smirnov",
        "Kolmogorov-Smirnov",
        1,
        0,
        1,
        "max |TPR - FPR|; interval by resampling customers, centred",
        "discrimination",
    )
)
def ks(evidence: Evidence) -> Result:
    """Largest absolute distance between the shares of defaulters and of others at or above a PD, over distinct PDs."""
    refused = unranked(evidence)
    if refused is not None:
        return refused
    found = steps(evidence.p, evidence.outcome)
    value = float(widest_gap(found.n_defaults, found.n_others))
    low, high = centred(evidence, resampled(evidence, pooled(found), widest_gap), value=value, low=0, high=1)
    return Result(value, low, high)


@BATTERY.register(
    Measure(
        "H-measure",
        "Mesure H",
        1,
        0,
        1,
        "Hand 2009; Beta weight of Hand and Anagnostopoulos 2014, setting h_cost_law; interval centred",
        "discrimination",
    )
)
def h_measure(evidence: Evidence) -> Result:
    """Share of the loss of the best decision without score that the PD saves, averaged over shares of cost.

    With cost share c of refusing a payer and 1 - c of selling to a defaulter, the loss at the best cut-off is
    min over cut-offs of c (1 - rate) FPR + (1 - c) rate FNR; it is averaged over c with a Beta weight (setting
    ``h_cost_law``), exactly, along the convex hull of the ROC curve.
    """
    refused = unranked(evidence)
    if refused is not None:
        return refused
    law = evidence.settings.h_cost_law
    found = steps(evidence.p, evidence.outcome)
    value = _saved(hull(found.n_defaults, found.n_others), law=law)

    def drawn(bad: Floats, good: Floats) -> Floats:
        both = (bad.sum(axis=0) > 0) & (good.sum(axis=0) > 0)
        return np.array(
            [_saved(hull(b, g), law=law) if ok else np.nan for b, g, ok in zip(bad.T, good.T, both, strict=True)]
        )

    low, high = centred(evidence, resampled(evidence, pooled(found), drawn), value=value, low=0, high=1)
    return Result(value, low, high)


def cost_weight(rate: float, *, law: CostLaw) -> tuple[float, float]:
    """Return both parameters of the Beta weight of the cost share of refusing a payer.

    Parameters
    ----------
    rate : share of defaulters, 0-1
    law : see setting ``h_cost_law``

    Examples
    --------
    >>> cost_weight(0.2, law="severity_ratio"), cost_weight(0.25, law="class_shares")
    ((2.0, 5.0), (1.25, 1.75))
    """
    laws = {"severity_ratio": (2.0, 1 + (1 - rate) / rate), "class_shares": (1 + rate, 2 - rate), "symmetric": (2, 2)}
    a, b = laws[law]
    return float(a), float(b)


def _saved(found: Hull, *, law: CostLaw) -> float:
    """1 - averaged loss / averaged loss of the better of refusing all and none."""
    n = found.n_defaults.sum() + found.n_others.sum()
    rate = found.n_defaults.sum() / n
    a, b = cost_weight(float(rate), law=law)
    turn = found.n_defaults / (found.n_defaults + found.n_others)
    wrong_refused = np.append(0.0, np.cumsum(found.n_others)) / n
    wrong_sold = rate - np.append(0.0, np.cumsum(found.n_defaults)) / n
    edges = np.concatenate([[1.0], turn, [0.0]])
    best = _averaged(edges, wrong_refused, wrong_sold, a=a, b=b)
    blind = _averaged(np.array([1.0, rate, 0.0]), np.array([0.0, 1 - rate]), np.array([rate, 0.0]), a=a, b=b)
    return min(max(1 - best / blind, 0.0), 1.0)


def _averaged(edges: Floats, on_cost: Floats, on_rest: Floats, *, a: float, b: float) -> float:
    """Mean over c ~ Beta(a, b) of c x + (1 - c) y, where x and y are constant between falling edges of c."""
    cost = -np.diff(betainc(a + 1, b, edges)) * a / (a + b)
    rest = -np.diff(betainc(a, b + 1, edges)) * b / (a + b)
    return float(cost @ on_cost + rest @ on_rest)


@BATTERY.register(
    Measure(
        "AUC, Hanley-McNeil interval",
        "AUC, intervalle de Hanley et McNeil",
        1,
        0,
        1,
        "Hanley and McNeil 1982; rows of one date, independent",
        "discrimination",
        rows="cohort",
    )
)
def auc_hanley_mcneil(evidence: Evidence) -> Result:
    """AUC on one observation date with the normal interval of its Hanley-McNeil standard error, within 0-1."""
    refused = unranked(evidence)
    if refused is not None:
        return refused
    found = steps(evidence.p, evidence.outcome)
    value, d = float(roc_area(found.n_defaults, found.n_others)), evidence.n_defaults
    error = hanley_mcneil_error(value, n_defaults=d, n_others=len(evidence.rows) - d)
    half = float(norm.isf(evidence.tail)) * error
    return Result(value, max(value - half, 0.0), min(value + half, 1.0))


def hanley_mcneil_error(area: float, *, n_defaults: int, n_others: int) -> float:
    """Return the standard error of an AUC known only by its value and the numbers of both classes.

    Exponential scores are assumed: Q1 = A / (2 - A), Q2 = 2 A^2 / (1 + A), and the variance is
    (A (1 - A) + (m - 1)(Q1 - A^2) + (n - 1)(Q2 - A^2)) / (m n).

    Source: Hanley and McNeil 1982, Radiology 143(1).

    Examples
    --------
    >>> round(hanley_mcneil_error(0.893, n_defaults=51, n_others=58), 4)
    0.0325
    """
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (n_defaults - 1) * (q1 - area**2) + (n_others - 1) * (q2 - area**2)
    return float(np.sqrt(spread / (n_defaults * n_others)))
