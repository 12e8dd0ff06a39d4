"""Blend of what several sources say of one customer: a weighted mean of log-odds, drawn towards the prior."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series
from pydantic import Field, model_validator
from scipy.special import expit, logit

from riskresearch.model.expert.behaviour import PriorSettings

SOURCES = ("behaviour", "accounts", "external", "questionnaire")
PRIOR = "prior"


class BlendSettings(PriorSettings):
    """Weights of the sources of the expert rating."""

    blend_weights: dict[str, float] = Field(
        {"behaviour": 0.40, "accounts": 0.25, "external": 0.20, "questionnaire": 0.15},
        description="weight of each source, together 1: behaviour, accounts, external, questionnaire; "
        "the company's own judgement",
    )
    blend_prior_weight: float = Field(
        0.2,
        gt=0,
        le=10,
        description="weight of the prior default rate beside the sources, which draws a customer with "
        "few sources towards it; the company's own judgement",
    )
    history_weight_months: float = Field(
        12.0,
        ge=0,
        description="months of history at which the weight of behaviour is half its full weight, n / (n + k); "
        "the company's own judgement",
    )
    source_pd_floor: float = Field(
        0.0005,
        gt=0,
        lt=0.5,
        description="lowest PD a source may bring into the blend; 1 less it is the highest; "
        "source: floor of corporate PDs, Regulation (EU) 2024/1623 (CRR3)",
    )

    @model_validator(mode="after")
    def _are_weights(self) -> Self:
        weights = self.blend_weights
        if set(weights) != set(SOURCES) or min(weights.values(), default=0.0) < 0:
            raise ValueError(f"blend_weights: must be one weight of 0 or more for each of {list(SOURCES)}")
        if abs(sum(weights.values()) - 1) > 1e-9:
            raise ValueError(f"blend_weights add up to {sum(weights.values()):.4%}, must be 100 %")
        return self


@dataclass(frozen=True)
class Evidence:
    """What the sources say of each customer, all indexed by customer_id.

    Parameters
    ----------
    pds : one column per source (`SOURCES`), probabilities of default; empty = the source is missing
    months : whole months of history, 0 without invoices
    has_payments : whether receipts or overdue invoices of its own say how the customer pays
    pd_default_rated : lowest PD of customers that a provider says are in default; empty for all others
    """

    pds: DataFrame
    months: Series
    has_payments: Series
    pd_default_rated: Series | None = None

    def of(self, kept: Series) -> "Evidence":
        """Return the evidence of some of the customers."""
        rated = None if self.pd_default_rated is None else self.pd_default_rated[kept]
        return Evidence(self.pds[kept], self.months[kept], self.has_payments[kept], rated)


@dataclass(frozen=True)
class Weights:
    """Weights of the sources and of the prior."""

    sources: Mapping[str, float]
    prior: float

    @classmethod
    def of(cls, settings: BlendSettings) -> Self:
        """Return the weights of the settings."""
        return cls({name: settings.blend_weights[name] for name in SOURCES}, settings.blend_prior_weight)


def bounded(evidence: Evidence, settings: BlendSettings) -> NDArray[np.float64]:
    """Return the PDs of `SOURCES`, a column each, within the bounds of the blend; missing stays missing."""
    pds = evidence.pds[list(SOURCES)].to_numpy(dtype=float)
    return np.clip(pds, settings.source_pd_floor, 1 - settings.source_pd_floor)


def blend_shares(evidence: Evidence, settings: BlendSettings, weights: Weights | None = None) -> DataFrame:
    """Return the share of each source, and of the prior, in the blend of each customer; each row adds up to 1.

    A missing source leaves the blend; behaviour counts with n / (n + k) of its weight after n months of history; the
    prior is always there, so the fewer and shorter the sources, the more it weighs.

    Parameters
    ----------
    evidence : PDs and months of history
    settings : k
    weights : weights; those of the settings where none are given

    Returns
    -------
    DataFrame indexed by customer_id, columns `SOURCES` and ``prior``.
    """
    counted = _shares(evidence, settings, weights or Weights.of(settings))
    return DataFrame(counted, index=evidence.pds.index, columns=[*SOURCES, PRIOR])


def blended(evidence: Evidence, settings: BlendSettings, weights: Weights | None = None) -> Series:
    """Return the blended PD of each customer: the mean of the log-odds of its sources and the prior, by share.

    Parameters
    ----------
    evidence : PDs and months of history
    settings : prior rate, k, bounds
    weights : weights; those of the settings where none are given

    Examples
    --------
    >>> pds = DataFrame({"behaviour": [None], "accounts": [None], "external": [0.005], "questionnaire": [None]}, ["C1"])
    >>> evidence = Evidence(pds.astype(float), Series([0], ["C1"]), Series([False], ["C1"]))
    >>> blended(evidence, BlendSettings(blend_prior_weight=0.2)).round(4).tolist()  # half external, half prior of 2 %
    [0.01]
    """
    shares = _shares(evidence, settings, weights or Weights.of(settings))
    odds = np.nan_to_num(logit(bounded(evidence, settings)), nan=0.0)
    mean = (shares[:, :-1] * odds).sum(axis=1) + shares[:, -1] * logit(settings.prior_default_ratio)
    return Series(expit(mean), index=evidence.pds.index, name="pd_blend")


def without(evidence: Evidence, source: str) -> Evidence:
    """Return the evidence without one source."""
    return replace(evidence, pds=evidence.pds.assign(**{source: np.nan}))


def _shares(evidence: Evidence, settings: BlendSettings, weights: Weights) -> NDArray[np.float64]:
    months, k = evidence.months.to_numpy(dtype=float), settings.history_weight_months
    trust = np.ones((len(months), len(SOURCES)))
    trust[:, SOURCES.index("behaviour")] = np.where(months > 0, months / np.maximum(months + k, 1e-9), 0.0)
    full = trust * np.array([weights.sources[name] for name in SOURCES])
    counted = np.where(evidence.pds[list(SOURCES)].notna(), full, 0.0)
    counted = np.column_stack([counted, np.full(len(months), weights.prior)])
    return counted / counted.sum(axis=1, keepdims=True)
