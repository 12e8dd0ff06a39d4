"""Customers of a book as arrays, sorted by id, and the groups in which they default together."""

from dataclasses import dataclass

import numpy as np
from pandas import DataFrame, Series

from riskresearch.insurance.claims import Array, Integers
from riskresearch.insurance.events import EVENT_CODES, N_MONTHS
from riskresearch.insurance.exact.factors import has_sectors
from riskresearch.insurance.settings import InsuranceSettings

STATUTORY_TERMS_DAYS = 30.0  # Directive 2011/7/EU article 3: where nothing was agreed with anybody


@dataclass(frozen=True)
class Book:
    """What the laws need to know of the customers.

    Parameters
    ----------
    p_default : probability of default within the year
    exposure : owed in each month of the policy year, customer x month; one month where it is the same all year
    lgd : mean loss given default
    after_cut_ratio : share of the debt delivered after a cut; 0 = no named limit
    remaining_ratio : limit after a cut / limit before
    sector, group, country : number of each; customers without group have one of their own, unknown countries share one
    country_codes : ISO codes by number; empty = unknown
    political : probability of a political event in the customer's country
    """

    p_default: Array
    exposure: Array
    lgd: Array
    after_cut_ratio: Array
    remaining_ratio: float
    sector: Integers
    group: Integers
    country: Integers
    country_codes: tuple[str, ...]
    political: Array

    @property
    def n_months(self) -> int:
        """Months told apart."""
        return int(self.exposure.shape[1])

    @property
    def n(self) -> int:
        """Number of customers."""
        return len(self.p_default)


def book_of(
    exposures: DataFrame, settings: InsuranceSettings, *, months: DataFrame | None = None, policy_start_month: int = 1
) -> Book:
    """Return the book of a table `exposures` sorted by customer.

    Parameters
    ----------
    exposures : table `exposures`
    settings : severity, cuts, political events, model of dependence
    months : table `exposure_months`, calendar months; None = the same exposure all year
    policy_start_month : calendar month in which the policy year begins
    """
    country = exposures["country_code"].fillna("").astype(object)
    codes, names = country.factorize(sort=True)
    axis = exposures[settings.dependence.sector_axis].astype(object).fillna("")
    sector = axis.factorize(sort=True)[0] if has_sectors(settings.dependence) else np.zeros(len(exposures))
    alone = Series([f"\0{number}" for number in range(len(exposures))], exposures.index, dtype=object)
    group = exposures["group_id"].astype(object).where(exposures["group_id"].notna(), alone)
    is_grouped = settings.dependence.contagion_ratio > 0
    days = exposures["terms_days"].astype("float64")
    usual = days.mean() if days.notna().any() else STATUTORY_TERMS_DAYS
    window = days.fillna(usual).to_numpy() + settings.deliveries_after_days
    lead = np.minimum(settings.cuts.lead_days, window)
    after_cut = np.divide(lead, window, out=np.full(len(window), float(settings.cuts.lead_days > 0)), where=window > 0)
    return Book(
        exposures["pd_12m"].to_numpy(dtype="float64"),
        _exposure(exposures, months if settings.use_season else None, start=policy_start_month),
        exposures["lgd_ratio"].fillna(settings.lgd_ratio).to_numpy(dtype="float64"),
        np.where(exposures["buyer_limit_amount"].gt(0), after_cut, 0.0),
        settings.cuts.remaining_ratio,
        np.asarray(sector, dtype=np.int64),
        np.asarray((group if is_grouped else alone).factorize()[0], dtype=np.int64),
        np.asarray(codes, dtype=np.int64),
        tuple(str(name) for name in names),
        country.map(settings.political_probabilities).fillna(0.0).to_numpy(dtype="float64"),
    )


def recovery_ratios(settings: InsuranceSettings) -> tuple[Array, Array]:
    """Share of the recoveries before the date of loss, and probability, of each kind of event."""
    ratios = {str(code): ratio for code, ratio in settings.early_recovery_ratios.items()}
    early = np.array([ratios.get(code, 0.0) for code in EVENT_CODES])
    return early, np.array([1.0 - settings.protracted_ratio, settings.protracted_ratio, 1.0])


def _exposure(exposures: DataFrame, months: DataFrame | None, *, start: int) -> Array:
    """Customer x month of the policy year."""
    amount = exposures["exposure_amount"].to_numpy(dtype="float64")[:, None]
    if months is None or months.empty:
        return np.asarray(amount)
    calendar = [(start - 1 + number) % N_MONTHS + 1 for number in range(N_MONTHS)]
    ratio = months.set_index(["customer_id", "month_number"])["exposure_ratio"].unstack()
    return np.asarray(amount * ratio.reindex(index=exposures["customer_id"], columns=calendar).fillna(1.0).to_numpy())
