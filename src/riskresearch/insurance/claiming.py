"""From simulated defaults to the claims a policy sees: VAT, recoveries, limit cuts, and what is not eligible."""

import numpy as np
from pandas import DataFrame

from riskresearch.base.errors import TableError
from riskresearch.insurance.claims import Array, Claims, Integers
from riskresearch.insurance.events import EVENT_CODES, Events
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.terms import CreditPeriod, LimitCuts, StopShipment

NOWHERE = -1


def claims_of(
    events: Events, exposures: DataFrame, covers: DataFrame, *, policy: Policy, settings: InsuranceSettings
) -> Claims:
    """Return every simulated default as a claim under a policy, year after year, VAT included.

    The exposure is without VAT; the debt that is claimed holds it. A default recovers debt x (1 - loss given default),
    the share `early_recovery_ratios` of it before the date of loss and the rest after the indemnity, at a cost. Only
    named limits are cut. Debts agreed beyond the maximum credit period, and what was delivered after the maximum
    extension period, are not eligible; claims are declared in time and undisputed.

    Parameters
    ----------
    events : simulated defaults
    exposures : table `exposures`, checked, of the customers of the events
    covers : cover of each customer, see `riskresearch.insurance.exposures.cover`
    policy : policy or quote
    settings : recoveries, collection cost, cuts, days of deliveries after the first unpaid due date
    """
    check_same_customers(events, exposures)
    who = events.customer
    vat = vat_of(exposures)[who]
    owed = events.debt * (1.0 + vat)
    before, after = recoveries_of(events, settings=settings)
    limit = covers["limit_amount"].to_numpy(dtype="float64")[who]
    is_cut, cut_to = _cuts(events, covers, policy=policy, settings=settings)
    codes, country = countries_of(exposures)
    return Claims(
        debt=owed,
        n_per_year=events.n_per_year,
        limit=np.where(is_cut, limit * cut_to, limit),
        insured_ratio=covers["insured_ratio"].to_numpy(dtype="float64")[who],
        vat_ratio=vat,
        recovered_before=before * (1.0 + vat),
        recovered_after=after * (1.0 + vat),
        collection_cost=after * (1.0 + vat) * settings.collection_cost_ratio,
        delivered_after_cut=np.where(is_cut, owed * events.after_cut_ratio, 0.0),
        limit_before_cut=limit,
        country=country[who],
        country_codes=codes,
        ineligible=_ineligible(owed, exposures, who=who, policy=policy, settings=settings),
    )


def recoveries_of(events: Events, *, settings: InsuranceSettings) -> tuple[Array, Array]:
    """Return what each default recovers before the date of loss and after the indemnity, without VAT and costs."""
    recovered = events.debt - events.loss
    ratios: dict[str, float] = {str(code): share for code, share in settings.early_recovery_ratios.items()}
    early = np.array([ratios.get(code, 0.0) for code in EVENT_CODES])[events.event]
    return recovered * early, recovered * (1.0 - early)


def gross_loss(events: Events, *, settings: InsuranceSettings) -> Array:
    """Loss of each default after all recoveries and what they cost, without VAT: the same for every option."""
    return events.loss + recoveries_of(events, settings=settings)[1] * settings.collection_cost_ratio


def check_same_customers(events: Events, exposures: DataFrame) -> None:
    """Refuse exposures of other customers than those of the events, or in another order.

    Raises
    ------
    TableError
        The customers differ.
    """
    if not np.array_equal(exposures["customer_id"].to_numpy(dtype=object), events.customer_ids):
        raise TableError(
            f"exposures: {len(exposures)} customers are not the {len(events.customer_ids)} of the simulated events in "
            "the same order; sort them by customer_id and simulate the same table"
        )


def vat_of(exposures: DataFrame) -> Array:
    """VAT per unit of the amount without VAT of each customer; 0 where none is known."""
    return exposures["vat_ratio"].fillna(0.0).to_numpy(dtype="float64")


def countries_of(exposures: DataFrame) -> tuple[tuple[str, ...], Integers]:
    """Return the countries of a book, sorted, and each customer's position among them (-1 = unknown)."""
    named = exposures["country_code"]
    codes = tuple(sorted(str(code) for code in named.dropna().unique()))
    position = named.map({code: number for number, code in enumerate(codes)}).fillna(NOWHERE)
    return codes, position.to_numpy(dtype="int64")


def _cuts(
    events: Events, covers: DataFrame, *, policy: Policy, settings: InsuranceSettings
) -> tuple[np.ndarray, float]:
    """Return which defaults followed a cut of a named limit, and what is left of a limit that is cut."""
    term = policy.find(LimitCuts)
    if term is not None and not term.is_possible:
        return np.zeros(len(events.customer), dtype=bool), 1.0
    named = covers["cover_code"].eq("named").to_numpy()
    return (events.after_cut_ratio > 0) & named[events.customer], settings.cuts.remaining_ratio


def _ineligible(
    owed: Array, exposures: DataFrame, *, who: np.ndarray, policy: Policy, settings: InsuranceSettings
) -> dict[str, Array]:
    """Part of each debt that is not covered, by reason; a part counts once, under the first reason."""
    period, stop = policy.find(CreditPeriod), policy.find(StopShipment)
    days = exposures["terms_days"].to_numpy(dtype="float64")
    beyond = np.zeros(len(days)) if period is None else period.is_beyond(days).astype("float64")
    parts: dict[str, Array] = {}
    if period is not None:
        parts[period.reason] = owed * beyond[who]
    if stop is not None:
        after = stop.after_stop_ratio(days, deliveries_after_days=settings.deliveries_after_days)
        parts[stop.reason] = owed * (after * (1.0 - beyond))[who]
    return parts
