"""Profit: what the PD is worth to the seller when it decides whom to refuse credit.

All amounts are shares of the exposure of a customer (the receivable at selling price) over the horizon of the PD.
A customer that pays brings ``b`` = gross margin x turns of the exposure; one that defaults costs ``L``, the loss given
default, and its margin is not counted as earned (the prudent side: it pays for dunning and lawyers). Selling on account
is worth (1 - PD) b - PD L, so refusing pays from the PD t = b / (b + L) on. One customer counts as much as another.
"""

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from riskresearch.base.config import StageSettings
from riskresearch.validation.measures.discrimination import unranked
from riskresearch.validation.registry import BATTERY, Evidence, Measure, Result, Verdict, one_class
from riskresearch.validation.roc import Hull, around, centred, hull, pooled, resampled, steps

Floats = NDArray[np.float64]
ROUNDING = 1e-9
VERBRAKEN = "Verbraken, Bravo, Weber and Baesens 2014"
VICKERS = "Vickers and Elkin 2006; threshold = b / (b + LGD)"


class ProfitSettings(StageSettings):
    """Profit: what a customer that pays brings, and what one that defaults costs."""

    gross_margin_ratio: float = Field(
        0.2644,
        gt=0,
        le=1,
        description="gross margin of the seller, share of its sales, 0-1; the default is the return on consumer loans "
        "of Verbraken 2014: replace it by the seller's own",
    )
    exposure_turns: float = Field(
        1.0,
        gt=0,
        le=365,
        description="sales over the horizon of the PD per unit of exposure; 1 = the margin of one exposure, the "
        "decision on one delivery; 365 / DSO = the margin of a whole year with the customer; own judgement",
    )
    seller_lgd_ratio: float = Field(
        0.6,
        gt=0,
        le=1,
        description="loss given default behind net benefit and cut-off, share of the exposure; keep it equal to "
        "lgd_ratio of the model; own judgement",
    )
    no_loss_ratio: float = Field(
        0.55,
        ge=0,
        le=1,
        description="share of defaults without any loss in the expected maximum profit, 0-1; source: Verbraken 2014, "
        "consumer loans: replace it by own recoveries and cover",
    )
    total_loss_ratio: float = Field(
        0.10,
        ge=0,
        le=1,
        description="share of defaults with a total loss in the expected maximum profit, 0-1, the rest lose a share "
        "spread evenly between 0 and 1; source: Verbraken 2014, consumer loans: replace it by own recoveries and cover",
    )

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        if self.no_loss_ratio + self.total_loss_ratio > 1 + 1e-12:
            raise ValueError(
                f"no_loss_ratio {self.no_loss_ratio} and total_loss_ratio {self.total_loss_ratio} are shares of the "
                "same defaults and must not exceed 1 together"
            )
        return self

    @property
    def payer_margin_ratio(self) -> float:
        """What a customer that pays brings over the horizon of the PD, share of its exposure."""
        return self.gross_margin_ratio * self.exposure_turns

    @property
    def refusal_pd(self) -> float:
        """PD from which refusing is worth more than selling: b / (b + L)."""
        return self.payer_margin_ratio / (self.payer_margin_ratio + self.seller_lgd_ratio)


@BATTERY.register(
    Measure(
        "Expected maximum profit",
        "Profit maximal espéré",
        1,
        0,
        1,
        f"{VERBRAKEN}; return = own gross margin; interval centred",
        "use",
    )
)
def expected_maximum_profit(evidence: Evidence) -> Result:
    """Profit per customer, share of its exposure, of the best refusals by this PD over selling to all on account.

    Averaged over the law of the loss given default: nothing (setting ``no_loss_ratio``), everything
    (``total_loss_ratio``) or evenly between; the cut-off follows the loss.
    """
    return _of_emp(evidence, 0)


@BATTERY.register(
    Measure(
        "Refused at the maximum profit",
        "Part refusée au profit maximal",
        0,
        0,
        1,
        f"{VERBRAKEN}; return = own gross margin; interval centred",
        "use",
    )
)
def emp_rejected_ratio(evidence: Evidence) -> Result:
    """Share of the customers, the riskiest, that the expected maximum profit refuses."""
    return _of_emp(evidence, 1)


def _of_emp(evidence: Evidence, part: int) -> Result:
    refused = unranked(evidence)
    if refused is not None:
        return refused
    settings, found = evidence.settings, steps(evidence.p, evidence.outcome)

    def drawn(bad: Floats, good: Floats) -> Floats:
        return np.array([_emp(hull(b, g), settings)[part] for b, g in zip(bad.T, good.T, strict=True)])

    value = _emp(hull(found.n_defaults, found.n_others), settings)[part]
    low, high = centred(evidence, resampled(evidence, pooled(found), drawn), value=value, low=0, high=1)
    return Result(value, low, high)


def _emp(found: Hull, settings: ProfitSettings) -> tuple[float, float]:
    """Expected maximum profit and share refused: block i is refused where the loss exceeds b x others / defaulters."""
    n = (found.n_defaults + found.n_others).sum()
    turn = np.divide(
        settings.payer_margin_ratio * found.n_others,
        found.n_defaults,
        out=np.full_like(found.n_others, np.inf),
        where=found.n_defaults > 0,
    )
    worth = turn < 1
    edges = np.concatenate([[0.0], turn[worth], [1.0]])
    defaults = np.append(0.0, np.cumsum(found.n_defaults[worth])) / n
    others = np.append(0.0, np.cumsum(found.n_others[worth])) / n
    between = 1 - settings.no_loss_ratio - settings.total_loss_ratio
    spread = between * np.diff(edges)
    at_mean_loss = defaults * (edges[1:] + edges[:-1]) / 2 - settings.payer_margin_ratio * others
    at_total_loss = defaults[-1] - settings.payer_margin_ratio * others[-1]
    profit = spread @ at_mean_loss + settings.total_loss_ratio * at_total_loss
    share = spread @ (defaults + others) + settings.total_loss_ratio * (defaults[-1] + others[-1])
    return float(profit), float(share)


@BATTERY.register(Measure("Net benefit", "Bénéfice net", 1, -np.inf, 1, VICKERS, "use"))
def net_benefit(evidence: Evidence) -> Result:
    """Defaulters refused less payers refused x t / (1 - t), per customer, refusing from the seller's PD t on.

    One unit is the loss of one default: times the loss given default it is the profit over selling to all, as a share
    of the exposure.
    """
    refused = one_class(evidence)
    return _benefit(evidence, against_none=False) if refused is None else refused


@BATTERY.register(
    Measure(
        "Net benefit over a blanket rule",
        "Bénéfice net sur une règle unique",
        1,
        -np.inf,
        1,
        f"{VICKERS}; compared with selling to all and to none",
        "use",
    )
)
def net_benefit_gain(evidence: Evidence) -> Result:
    """Net benefit of refusing from the seller's PD t on, less that of the better of selling to all and to none.

    Green where the whole interval is above 0, red where it is below 0, amber where the gain is not proven. It informs
    only where the customers that the model treats otherwise than the blanket rule are too few to tell: fewer than
    `hosmer_min_expected` defaults or survivors expected among them, each customer counted once.
    """
    refused = one_class(evidence)
    if refused is not None:
        return refused
    found = _benefit(evidence, against_none=True)
    if found.low is None or found.high is None:
        return found
    proven = Verdict.GREEN if found.low > 0 else Verdict.RED if found.high < 0 else Verdict.AMBER
    return Result(found.value, found.low, found.high, proven if _tells(evidence) else Verdict.INFORMATION)


def _tells(evidence: Evidence) -> bool:
    """Tell whether enough customers are treated otherwise than by the better of selling to all and to none."""
    settings, hit = evidence.settings, evidence.outcome
    odds = settings.payer_margin_ratio / settings.seller_lgd_ratio
    is_refused = evidence.p >= settings.refusal_pd
    other = is_refused if hit.sum() < odds * (~hit).sum() else ~is_refused
    rows = np.bincount(evidence.owner[other])
    expected = np.bincount(evidence.owner[other], weights=evidence.p[other])[rows > 0] / rows[rows > 0]
    return bool(min(expected.sum(), (1 - expected).sum()) >= settings.hosmer_min_expected)


def _benefit(evidence: Evidence, *, against_none: bool) -> Result:
    settings = evidence.settings
    refused, hit = evidence.p >= settings.refusal_pd, evidence.outcome
    odds = settings.payer_margin_ratio / settings.seller_lgd_ratio

    def benefit(caught: Floats, lost: Floats, defaults: Floats, others: Floats) -> Floats:
        of_all = np.maximum(defaults - odds * others, 0) if against_none else 0.0
        return np.asarray((caught - odds * lost - of_all) / (defaults + others))

    sums = [part.astype(float) for part in (refused & hit, refused & ~hit, hit, ~hit)]
    value = float(benefit(*(part.sum() for part in sums)))
    low, high = around(evidence.interval_of_sums(*sums, value=benefit), value=value, low=-np.inf, high=1)
    return Result(value, low, high)


@BATTERY.register(
    Measure(
        "PD of the best cut-off",
        "PD du meilleur seuil",
        0,
        0,
        1,
        "cut-off of the largest observed profit; compare with b / (b + LGD)",
        "use",
    )
)
def best_cut_off(evidence: Evidence) -> Result:
    """PD from which refusing would have brought most: the loss given default per defaulter, less b per payer.

    1 = nobody short of certainty is refused. Among equal profits the cut-off that refuses fewest. It lies far from the
    seller's PD t where the PDs are not calibrated.
    """
    refused = one_class(evidence)
    if refused is not None:
        return refused
    settings, found = evidence.settings, steps(evidence.p, evidence.outcome)
    value = _best_cut_off(found.n_defaults[:, None], found.n_others[:, None], found.pd, settings)[0]
    drawn = pooled(found)

    def best(bad: Floats, good: Floats) -> Floats:
        return _best_cut_off(bad, good, drawn.pd, settings)

    low, high = around(evidence.bounds(resampled(evidence, drawn, best)), value=float(value), low=0, high=1)
    return Result(float(value), low, high)


def _best_cut_off(bad: Floats, good: Floats, pds: Floats, settings: ProfitSettings) -> Floats:
    """PD of the first step, riskiest first, at which the profit of refusing is largest; 1 before all steps."""
    rises = settings.seller_lgd_ratio * bad - settings.payer_margin_ratio * good
    profit = np.cumsum(np.vstack([np.zeros_like(rises[:1]), rises]), axis=0)
    return np.append(1.0, pds)[(profit >= profit.max(axis=0) - ROUNDING).argmax(axis=0)]
