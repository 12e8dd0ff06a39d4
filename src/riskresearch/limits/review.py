"""A review of all customers under a credit policy, on every day of the past that counts and today."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
from pandas import DataFrame, Timestamp

from riskresearch.limits.applicants import Applicants, applicants
from riskresearch.limits.backtest.backtest import KNOWN_RATIO
from riskresearch.limits.backtest.paths import first_known_review
from riskresearch.limits.inputs.build import limit_inputs
from riskresearch.limits.memory import held_amounts
from riskresearch.limits.movement import limit_path
from riskresearch.limits.policy.policy import CreditPolicy
from riskresearch.limits.proposals import proposals
from riskresearch.limits.segments import segments_on
from riskresearch.limits.settings import LimitSettings


@dataclass(frozen=True)
class Review:
    """A review of all customers under a policy: what is known, the segment held, the proposal, day by day.

    Parameters
    ----------
    tables : see `READS`, as known on `as_of`
    policy : credit policy
    settings : windows and seeds
    as_of : day of the run, last day of review
    currency_code : run currency
    reference_rates, legal_rates : interest for late payment by its first day, see `riskresearch.base.payment_law`
    """

    tables: Mapping[str, DataFrame]
    policy: CreditPolicy
    settings: LimitSettings
    as_of: Timestamp
    currency_code: str
    reference_rates: Mapping[date, float]
    legal_rates: Mapping[date, float]

    @cached_property
    def inputs(self) -> DataFrame:
        """Table `limit_inputs`."""
        months = max(self.settings.backtest_months, self.settings.calibration_months)
        first = self.as_of - pd.DateOffset(months=months)
        return limit_inputs(
            self.tables, self.policy, as_of=self.as_of, first_review_date=first, currency_code=self.currency_code
        )

    @cached_property
    def segments(self) -> DataFrame:
        """Table `limit_segments`."""
        return segments_on(self.inputs, self.policy)

    @cached_property
    def applicants(self) -> Applicants:
        """What the methods see: inputs and segments of every day."""
        return applicants(self.inputs, self.segments, self.policy)

    @cached_property
    def rows(self) -> DataFrame:
        """Inputs, segments and proposals, one row per customer and day of review."""
        known, proposed = self.applicants.rows, proposals(self.applicants)
        rows = known.assign(**{name: proposed[name] for name in proposed if name not in known})
        return rows.assign(held_amount=held_amounts(rows, self.applicants))

    @cached_property
    def replayed(self) -> DataFrame:
        """Rows of the days on which the policy is replayed: from the first day with PDs for enough customers."""
        window = self.rows[self.rows["review_date"] >= self.as_of - pd.DateOffset(months=self.settings.backtest_months)]
        first = first_known_review(window[window["review_date"] < self.as_of], known_ratio=KNOWN_RATIO)
        return (window if first is None else window[window["review_date"] >= first]).reset_index(drop=True)

    @cached_property
    def path(self) -> DataFrame:
        """Table `limit_path`: how the policy would have moved the limits in force at the start of the replay."""
        return limit_path(self.replayed, self.policy)

    @property
    def today(self) -> DataFrame:
        """Rows of the day of the run."""
        return self.rows[self.rows["review_date"] == self.as_of].reset_index(drop=True)

    def rng(self, part: int) -> np.random.Generator:
        """Chance of one part of the stage."""
        return np.random.default_rng((self.settings.seed, part))
