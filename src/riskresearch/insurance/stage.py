"""Stage insurance: what each policy would have paid, what it costs, and whether self-insurance is cheaper."""

from collections.abc import Sequence

import pandas as pd
from pandas import DataFrame

from riskresearch.base.schema import check
from riskresearch.insurance.compare import losses, options_on, quotes, retention_reasons
from riskresearch.insurance.expected import expected_gross, expected_indemnity
from riskresearch.insurance.exposures import check_exposures
from riskresearch.insurance.indicators import policy_indicators
from riskresearch.insurance.losses import simulate_losses
from riskresearch.insurance.options import Option
from riskresearch.insurance.policy import Policy, check_policies
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.tables import INSURANCE_TABLES


def insure(
    exposures: DataFrame, policies: Sequence[Policy], settings: InsuranceSettings, *, currency_code: str | None = None
) -> dict[str, DataFrame]:
    """Return the tables of the insurance stage.

    The same simulated events are settled without policy and under each policy, so differences between options carry
    no sampling noise of their own. A loss is exposure x loss given default: recoveries are taken to arrive before the
    date of loss and to reduce the covered debt first.

    Parameters
    ----------
    exposures : table `exposures`, see `riskresearch.insurance.exposures.check_exposures`; may be empty
    policies : policies and quotes to compare; none = self-insurance alone
    settings : correlation, loss given default, number of years, seed, capital charge, confidence
    currency_code : currency of the exposures; None = that of the first policy

    Returns
    -------
    tables ``covers``, ``quotes``, ``losses``, ``retention_reasons`` and ``policy_indicators``

    Raises
    ------
    TableError
        The exposures do not agree with their declaration.
    SettingsError
        Policies in different currencies or with the same code.
    """
    compared = check_policies(policies, currency_code=currency_code)
    checked = check_exposures(exposures, lgd_ratio=settings.lgd_ratio)
    events = simulate_losses(
        checked,
        correlation_ratio=settings.correlation_ratio,
        lgd_concentration=settings.lgd_concentration,
        n_years=settings.n_years,
        seed=settings.seed,
    )
    confidence = settings.confidence_ratio
    options = options_on(events, exposures=checked, policies=compared, confidence_ratio=confidence)
    exact = exact_means(options, exposures=checked, settings=settings)
    made = {
        "covers": pd.concat([option.covers for option in options], ignore_index=True),
        "quotes": quotes(options, capital_charge_ratio=settings.capital_charge_ratio, confidence_ratio=confidence),
        "losses": losses(options, quantile_ratios=settings.quantile_ratios, confidence_ratio=confidence, exact=exact),
        "retention_reasons": retention_reasons(options),
        "policy_indicators": policy_indicators(options),
    }
    return {table.name: check(made[table.name], table) for table in INSURANCE_TABLES}


def exact_means(
    options: Sequence[Option], *, exposures: DataFrame, settings: InsuranceSettings
) -> dict[tuple[str, str], float]:
    """Return the exact mean of each option's yearly amounts where a formula gives it, by (option_id, quantity_code)."""
    gross = float(expected_gross(exposures).sum())
    found = {(option.option_id, "gross"): gross for option in options}
    for option in options:
        if option.policy is None:
            found |= {(option.option_id, "indemnity"): 0.0, (option.option_id, "retained"): gross}
            continue
        paid = expected_indemnity(exposures, policy=option.policy, lgd_concentration=settings.lgd_concentration)
        if paid is not None:
            indemnity = float(paid.sum())
            found |= {(option.option_id, "indemnity"): indemnity, (option.option_id, "retained"): gross - indemnity}
    return found
