"""Premium against slow payment: what a loading for a high DSO, or a cut of cover with it, does to the cost."""

from collections.abc import Sequence
from dataclasses import replace

from pandas import DataFrame

from riskresearch.base.schema import Column, Table, check, empty
from riskresearch.insurance.design_settings import PremiumSensitivitySettings
from riskresearch.insurance.designs import cut_limits
from riskresearch.insurance.events import Events
from riskresearch.insurance.options import Option, priced, self_insured
from riskresearch.insurance.policy import Cost, Policy
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.tables import OPTION
from riskresearch.insurance.terms import MaximumLiability
from riskresearch.insurance.yearly_costs import quote_figures

_FIGURES = (
    "premium_amount",
    "maximum_liability_amount",
    "expected_indemnity_amount",
    "total_cost_of_risk_amount",
    "total_cost_of_risk_amount_se",
    "economic_cost_amount",
    "economic_cost_amount_se",
    "break_even_premium_amount",
    "break_even_premium_amount_se",
)

PREMIUM_SENSITIVITY = Table(
    "premium_sensitivity",
    "insurance",
    "one row per policy, loading of its premium and cut of its limits",
    ("option_id", "loading_ratio", "cover_cut_ratio"),
    (
        OPTION,
        Column("loading_ratio", "float", "loading on the premium for slow payment, 0-1; 0 = the quote"),
        Column("cover_cut_ratio", "float", "cut of all limits of the policy, 0-1; 0 = the quote"),
        Column("is_own_dso", "bool", "the loading the seller's own DSO calls for"),
        Column("dso_days", "float", "DSO that calls for the loading; empty = beyond the full loading", True),
        Column("premium_amount", "float", "premium before tax, loaded"),
        Column("maximum_liability_amount", "float", "most the insurer pays in the year; empty = no maximum", True),
        Column("expected_indemnity_amount", "float", "mean indemnity"),
        Column("total_cost_of_risk_amount", "float", "price, adjustment, wait, own work and mean loss kept"),
        Column("total_cost_of_risk_amount_se", "float", "standard error of total_cost_of_risk_amount", True),
        Column("economic_cost_amount", "float", "total cost of risk + capital charge x economic capital"),
        Column("economic_cost_amount_se", "float", "standard error of economic_cost_amount", True),
        Column("total_cost_change_amount", "float", "total cost of risk less that of the quote"),
        Column("economic_cost_change_amount", "float", "economic cost less that of the quote"),
        Column("break_even_premium_amount", "float", "premium at which it costs what self-insurance costs", True),
        Column("break_even_premium_amount_se", "float", "standard error of break_even_premium_amount", True),
        Column("break_even_loading_ratio", "float", "loading of the quote that reaches it; empty = no premium", True),
        Column("is_worth_it", "bool", "economic cost at or below that of self-insurance"),
    ),
)


def dso_loading_ratio(dso_days: float, *, settings: PremiumSensitivitySettings) -> float:
    """Loading a DSO calls for: 0 up to the sector's, full from `full_dso_days` on, on a straight line between.

    Parameters
    ----------
    dso_days : days sales outstanding
    settings : sector's DSO, DSO of the full loading, full loading

    Examples
    --------
    >>> scale = PremiumSensitivitySettings(sector_dso_days=45, full_dso_days=70, maximum_loading_ratio=0.15)
    >>> [round(dso_loading_ratio(days, settings=scale), 3) for days in (40, 45, 55, 70, 90)]
    [0.0, 0.0, 0.06, 0.15, 0.15]
    """
    way = (dso_days - settings.sector_dso_days) / (settings.full_dso_days - settings.sector_dso_days)
    return min(max(way, 0.0), 1.0) * settings.maximum_loading_ratio


def premium_sensitivity(
    events: Events,
    exposures: DataFrame,
    policies: Sequence[Policy],
    settings: InsuranceSettings,
    *,
    scale: PremiumSensitivitySettings,
    dso_days: float | None = None,
) -> DataFrame:
    """Return table `premium_sensitivity`: each policy with a loaded premium and with cut limits, settled again.

    A maximum that is a multiple of the premium grows with it. Loading 0 without cut is the quote itself.

    Parameters
    ----------
    events : simulated defaults
    exposures : table `exposures`, checked
    policies : policies and quotes; top-ups are left out, their premium hangs on another policy
    settings : capital charge, confidence
    scale : loadings and cuts shown, and how a DSO calls for a loading
    dso_days : the seller's own DSO; its loading is added as a row of its own; None = unknown
    """
    without = self_insured(events, exposures, settings)
    rows: list[dict[str, object]] = []
    for policy in policies:
        if policy.kind != "top_up":
            rows += _policy_rows(events, exposures, policy, settings, scale=scale, without=without, dso_days=dso_days)
    return check(DataFrame(rows), PREMIUM_SENSITIVITY) if rows else empty(PREMIUM_SENSITIVITY)


def _policy_rows(
    events: Events,
    exposures: DataFrame,
    policy: Policy,
    settings: InsuranceSettings,
    *,
    scale: PremiumSensitivitySettings,
    without: Option,
    dso_days: float | None,
) -> list[dict[str, object]]:
    own = None if dso_days is None else dso_loading_ratio(dso_days, settings=scale)
    loadings = sorted({*scale.loading_ratios, 0.0} | (set() if own is None else {own}))
    alone = quote_figures(without, without, settings)["economic_cost_amount"]
    rows: list[dict[str, object]] = []
    quote: dict[str, float] = {}
    for cut in sorted({*scale.cover_cut_ratios, 0.0}):
        cut_exposures, cut_policy = cut_limits(exposures, policy, remaining_ratio=1.0 - cut)
        settled = priced(events, cut_exposures, cut_policy, settings)
        for loading in loadings:
            cost = _loaded(settled.cost, loading)
            option = _repriced(settled, cost) or priced(events, cut_exposures, cut_policy, settings, cost=cost)
            row = quote_figures(option, without, settings)
            quote = quote or row
            rows.append(
                {
                    "option_id": policy.policy_id,
                    "loading_ratio": loading,
                    "cover_cut_ratio": cut,
                    "is_own_dso": loading == own,
                    "dso_days": dso_days if loading == own else _dso_days(loading, scale),
                    **{name: row[name] for name in _FIGURES},
                    "total_cost_change_amount": row["total_cost_of_risk_amount"] - quote["total_cost_of_risk_amount"],
                    "economic_cost_change_amount": row["economic_cost_amount"] - quote["economic_cost_amount"],
                    "break_even_loading_ratio": _over(row["break_even_premium_amount"], settled.cost.premium_amount),
                    "is_worth_it": row["economic_cost_amount"] <= alone,
                }
            )
    return rows


def _repriced(settled: Option, cost: Cost) -> Option | None:
    """Return the option at a higher premium; None where its maximum then pays something else."""
    maximum = settled.policy.find(MaximumLiability) if settled.policy else None
    if maximum is not None:
        before, after = (maximum.budget(premium_amount=each.premium_amount) for each in (settled.cost, cost))
        if after != before and settled.used_up[maximum.kind].any():
            return None
    return replace(settled, cost=cost, adjustment=settled.adjustment_at(cost.premium_amount))


def _loaded(cost: Cost, loading: float) -> Cost:
    more = 1.0 + loading
    return replace(
        cost,
        premium_amount=cost.premium_amount * more,
        tax_amount=cost.tax_amount + (cost.premium_amount * more - cost.premium_amount) * cost.tax_ratio,
        rated_amount=cost.rated_amount * more,
        deposit_amount=cost.deposit_amount * more,
    )


def _dso_days(loading: float, scale: PremiumSensitivitySettings) -> float:
    """DSO that calls for a loading; the sector's for none, empty beyond the full loading."""
    if loading > scale.maximum_loading_ratio:
        return float("nan")
    way = loading / scale.maximum_loading_ratio if scale.maximum_loading_ratio > 0 else 0.0
    return scale.sector_dso_days + way * (scale.full_dso_days - scale.sector_dso_days)


def _over(amount: float, premium_amount: float) -> float:
    return amount / premium_amount - 1.0 if premium_amount > 0 else float("nan")
