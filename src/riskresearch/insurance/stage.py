"""Stage insurance: what each option would have paid, what it costs, and whether self-insurance is cheaper."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame

from riskresearch.base.schema import Table, check
from riskresearch.insurance.alternatives.base import Alternative
from riskresearch.insurance.compare import losses, options_on, quotes, retention_reasons
from riskresearch.insurance.events import Events
from riskresearch.insurance.expected import expected_gross, expected_indemnity
from riskresearch.insurance.exposures import check_exposures
from riskresearch.insurance.options import Option
from riskresearch.insurance.policy import Policy, check_policies
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.simulation import simulate
from riskresearch.insurance.tables import COVER, LOSSES, QUOTES, RETENTION

JANUARY = 1


@dataclass(frozen=True)
class Comparison:
    """What the tables of the stage are made of.

    Parameters
    ----------
    exposures : table `exposures`, checked
    months : table `exposure_months`, where there is one
    policies, alternatives : what is compared with self-insurance
    settings : settings of the stage
    events : simulated defaults
    options : self-insurance, each policy, each alternative
    """

    exposures: DataFrame
    months: DataFrame | None
    policies: tuple[Policy, ...]
    alternatives: tuple[Alternative, ...]
    settings: InsuranceSettings
    events: Events
    options: tuple[Option, ...]

    @property
    def season(self) -> DataFrame | None:
        """Months of the exposures, where the settings use them."""
        return self.months if self.settings.use_season else None


Maker = Callable[[Comparison], DataFrame]


def insure(
    exposures: DataFrame,
    policies: Sequence[Policy],
    settings: InsuranceSettings,
    *,
    alternatives: Sequence[Alternative] = (),
    months: DataFrame | None = None,
    currency_code: str | None = None,
) -> dict[str, DataFrame]:
    """Return the tables of the insurance stage.

    The same simulated events are settled without policy, under each policy and by each alternative, so differences
    between options carry no sampling noise of their own.

    Parameters
    ----------
    exposures : table `exposures`, see `riskresearch.insurance.exposures.check_exposures`; may be empty
    policies : policies and quotes to compare; none = self-insurance alone
    settings : dependence, recoveries, number of years, seed, capital charge, confidence
    alternatives : captive, factoring, guarantees
    months : table `exposure_months`: season of each customer's exposure; None = the same all year
    currency_code : currency of the exposures; None = that of the first policy

    Returns
    -------
    one table for each of `TABLES`

    Raises
    ------
    TableError
        The exposures do not agree with their declaration.
    SettingsError
        Policies in different currencies or with the same code.
    """
    made = comparison(
        exposures, policies, settings, alternatives=alternatives, months=months, currency_code=currency_code
    )
    return comparison_tables(made)


def comparison_tables(made: Comparison) -> dict[str, DataFrame]:
    """Return one table for each of `TABLES`, checked against its declaration."""
    return {table.name: check(make(made), table) for table, make in TABLES}


def comparison(
    exposures: DataFrame,
    policies: Sequence[Policy],
    settings: InsuranceSettings,
    *,
    alternatives: Sequence[Alternative] = (),
    months: DataFrame | None = None,
    currency_code: str | None = None,
) -> Comparison:
    """Return the options of a run on common events, see `insure`."""
    compared = check_policies(policies, currency_code=currency_code)
    checked = check_exposures(exposures, lgd_ratio=settings.lgd_ratio)
    events = events_of(checked, compared, settings, months=months)
    options = options_on(events, checked, compared, settings, alternatives=alternatives, currency_code=currency_code)
    return Comparison(checked, months, tuple(compared), tuple(alternatives), settings, events, tuple(options))


def events_of(
    exposures: DataFrame, policies: Sequence[Policy], settings: InsuranceSettings, *, months: DataFrame | None = None
) -> Events:
    """Return the simulated defaults every option is settled on; the year begins with that of the first policy.

    Parameters
    ----------
    exposures : table `exposures`, checked
    policies : policies and quotes, may be none
    settings : settings of the stage
    months : table `exposure_months`; None = the same all year
    """
    season = months if settings.use_season else None
    return simulate(exposures, settings, months=season, policy_start_month=start_month(policies))


def covers(made: Comparison) -> DataFrame:
    """Return table `covers`: cover of each customer by each option, and its part of means and tail."""
    return pd.concat([option.covers for option in made.options], ignore_index=True)


def loss_table(made: Comparison) -> DataFrame:
    """Return table `losses`, with exact means where a formula gives them."""
    return losses(made.options, made.settings, exact=exact_means(made))


def exact_means(made: Comparison) -> dict[tuple[str, str], float]:
    """Return the exact mean of each option's yearly amounts where a formula gives it, by (option_id, quantity_code)."""
    known: dict[str, Any] = {
        "settings": made.settings,
        "months": made.season,
        "policy_start_month": start_month(made.policies),
    }
    by_customer = expected_gross(made.exposures, **known)
    if by_customer is None:
        return {}
    gross = float(by_customer.sum())
    found = {(option.option_id, "gross"): gross for option in made.options}
    for option in made.options:
        paid = np.zeros(1) if not option.indemnity.any() else None
        if option.policy is not None and option.underlying is None:
            paid = expected_indemnity(made.exposures, policy=option.policy, **known)
        if paid is not None:
            indemnity = float(paid.sum())
            found |= {(option.option_id, "indemnity"): indemnity, (option.option_id, "retained"): gross - indemnity}
    return found


def start_month(policies: Sequence[Policy]) -> int:
    """Calendar month in which the simulated year begins: that of the first policy, January without policies."""
    return policies[0].start_date.month if policies else JANUARY


TABLES: tuple[tuple[Table, Maker], ...] = (
    (COVER, covers),
    (QUOTES, lambda made: quotes(made.options, made.settings)),
    (LOSSES, loss_table),
    (RETENTION, lambda made: retention_reasons(made.options)),
)
