"""Tables the insurance stage reads and writes. Amounts in run currency, per policy year."""

from riskresearch.base.schema import Column, Table
from riskresearch.insurance.terms import RETENTION_REASONS

CAPTIVE_RETENTION, GUARANTEE_REFUSED = "captive_retention", "guarantee_refused"
OPTION_KINDS = (
    "self_insurance",
    "whole_turnover",
    "named_buyers",
    "top_up",
    "excess_of_loss",
    "captive",
    "factoring_with_recourse",
    "factoring_without_recourse",
    "guarantee",
)
QUANTITIES = ("gross", "indemnity", "retained")
STATISTICS = ("mean", "quantile", "expected_shortfall")
COVERS = (
    "named",
    "discretionary",
    "refused",
    "no_limit",
    "not_justified",
    "over_credit_period",
    "not_insurable",
    "no_policy",
)
STATUSES = ("ok", "no_customer", "no_loss_possible", "no_customer_covered")

REASONS = (*RETENTION_REASONS, CAPTIVE_RETENTION, GUARANTEE_REFUSED)

CUSTOMER = Column("customer_id", "text", "customer account")
OPTION = Column("option_id", "text", "policy_id, alternative_id, or self_insurance for the option without policy")


def _simulated(name: str, meaning: str, *, nullable: bool = False) -> tuple[Column, Column]:
    """Return a simulated figure and its standard error."""
    error = Column(f"{name}_se", "float", f"standard error of {name}", nullable)
    return Column(name, "float", meaning, nullable), error


EXPOSURES = Table(
    "exposures",
    "insurance",
    "one row per customer",
    ("customer_id",),
    (
        CUSTOMER,
        Column("pd_12m", "float", "probability of default within 12 months, 0-1"),
        Column("exposure_amount", "float", "exposure at default, run currency"),
        Column("lgd_ratio", "float", "mean loss given default, share of the exposure; empty = the setting", True),
        Column("buyer_limit_amount", "float", "limit granted by the insurer; 0 = refused, empty = none named", True),
        Column("limit_source", "text", "where the limit comes from", True),
        Column("turnover_amount", "float", "yearly sales that would be declared to the insurer, run currency"),
        Column("is_insurable", "bool", "no public body, private person or related company, and not in default"),
        Column("requested_limit_amount", "float", "limit asked of the insurer in its latest decision", True),
        Column("is_discretionary_justified", "bool", "own payment record or a report justifies a discretionary limit"),
        Column("sector_code", "code", "sector; empty = unknown", True),
        Column("country_code", "text", "ISO 3166 country; empty = unknown", True),
        Column("group_id", "text", "group of companies; empty = none known", True),
        Column("terms_days", "float", "agreed payment terms, weighted by amount; empty = unknown", True),
        Column("vat_ratio", "float", "VAT per unit of the amount without VAT; empty = none", True),
    ),
)
EXPOSURE_MONTHS = Table(
    "exposure_months",
    "insurance",
    "one row per customer and calendar month",
    ("customer_id", "month_number"),
    (
        CUSTOMER,
        Column("month_number", "int", "calendar month, 1-12"),
        Column("exposure_ratio", "float", "owed in that month by the customer's own history / its mean; mean 1"),
    ),
)
COVER = Table(
    "covers",
    "insurance",
    "one row per option and customer",
    ("option_id", "customer_id"),
    (
        OPTION,
        CUSTOMER,
        Column("cover_code", "code", "which limit covers the customer, or why none does", False, COVERS),
        Column("limit_source", "text", "where the named limit comes from", True),
        Column("limit_amount", "float", "limit in force; 0 = no cover"),
        Column("insured_ratio", "float", "insured share of a covered loss; 0 = no cover"),
        Column("exposure_amount", "float", "exposure at default"),
        Column("covered_amount", "float", "exposure within the limit, before the insured share"),
        Column("turnover_amount", "float", "yearly sales to the customer"),
        Column("is_lgd_assumed", "bool", "the loss given default is the setting, not an estimate"),
        Column("expected_gross_amount", "float", "mean simulated loss"),
        Column("expected_indemnity_amount", "float", "mean simulated indemnity, after the terms of the year"),
        Column("expected_retained_amount", "float", "mean simulated loss kept by the insured"),
        Column(
            "es_retained_contribution_amount",
            "float",
            "part of the option's expected shortfall of retained losses (Euler); parts add up",
        ),
    ),
)
QUOTES = Table(
    "quotes",
    "insurance",
    "one row per option, self-insurance included",
    ("option_id",),
    (
        OPTION,
        Column("option_name", "text", "name shown to readers"),
        Column("option_kind_code", "code", "kind of option", False, OPTION_KINDS),
        Column("order_code", "code", "order of share, first loss and maximum", True, ("A", "B", "C")),
        Column("status_code", "code", "ok, or why the figures are trivially zero", False, STATUSES),
        Column("declared_turnover_amount", "float", "turnover the premium is computed on"),
        Column("n_named_limits", "int", "named limits above zero"),
        Column("premium_amount", "float", "premium before tax"),
        Column("fees_amount", "float", "fees before tax"),
        Column("tax_amount", "float", "insurance premium tax"),
        Column("admin_amount", "float", "own yearly cost of running the option; below 0 = own cost it saves"),
        Column("maximum_liability_amount", "float", "most the insurer pays in the year; empty = no maximum", True),
        Column("confidence_ratio", "float", "confidence of value at risk and expected shortfall"),
        Column("capital_charge_ratio", "float", "yearly cost of a unit of economic capital"),
        *_simulated("adjustment_amount", "mean malus less bonus and profit share (+ = cost)"),
        *_simulated("financing_amount", "mean cost of financing the wait for indemnities, or of advances (- = gain)"),
        *_simulated("full_cost_amount", "premium + fees + tax + adjustment + financing + own administration, mean"),
        *_simulated("expected_gross_amount", "mean loss before any indemnity, after all recoveries and their costs"),
        *_simulated("expected_indemnity_amount", "mean indemnity less the insurer's share of later recoveries"),
        *_simulated("expected_insurer_recovery_amount", "mean share of the insurer in later recoveries"),
        *_simulated("expected_retained_amount", "mean loss kept"),
        Column("var_retained_amount", "float", "value at risk of the loss kept: smallest x with F(x) >= confidence"),
        Column("var_retained_low_amount", "float", "lower end of its 95 % interval", True),
        Column("var_retained_high_amount", "float", "upper end of its 95 % interval", True),
        *_simulated("es_retained_amount", "expected shortfall of the loss kept"),
        *_simulated("economic_capital_amount", "expected shortfall minus mean of the loss kept"),
        *_simulated("capital_freed_amount", "economic capital of self-insurance less that of the option"),
        *_simulated("total_cost_of_risk_amount", "full cost + mean loss kept"),
        *_simulated("economic_cost_amount", "total cost of risk + capital charge x economic capital"),
        Column("total_cost_rank", "int", "rank by total cost of risk, 1 = cheapest"),
        Column("economic_cost_rank", "int", "rank by economic cost, 1 = cheapest"),
        *_simulated(
            "break_even_premium_amount",
            "premium before tax at which the option has the economic cost of self-insurance, maximum unchanged",
            nullable=True,
        ),
        Column("break_even_premium_low_amount", "float", "lower end of its 95 % interval", True),
        Column("break_even_premium_high_amount", "float", "upper end of its 95 % interval", True),
        *_simulated("roi_ratio", "(mean indemnity - full cost) / full cost", nullable=True),
        *_simulated(
            "risk_adjusted_roi_ratio",
            "(mean indemnity + capital charge x capital freed - full cost) / full cost",
            nullable=True,
        ),
        *_simulated("p_first_loss_reached_ratio", "share of years that use up the aggregate first loss", nullable=True),
        *_simulated("p_maximum_exhausted_ratio", "share of years that use up the maximum liability", nullable=True),
        *_simulated("loss_ratio", "mean indemnity / premium, with VAT where the policy includes it", nullable=True),
    ),
)
LOSSES = Table(
    "losses",
    "insurance",
    "one row per option, quantity, statistic and confidence",
    ("option_id", "quantity_code", "statistic_code", "confidence_ratio"),
    (
        OPTION,
        Column("quantity_code", "code", "loss before indemnity, indemnity, loss kept", False, QUANTITIES),
        Column("statistic_code", "code", "what of a policy year's amount", False, STATISTICS),
        Column("confidence_ratio", "float", "confidence; 0 for the mean, which is the expected shortfall at 0"),
        Column("value_amount", "float", "simulated value"),
        Column("value_amount_se", "float", "standard error; empty for quantiles, which have an interval", True),
        Column("low_amount", "float", "lower end of the 95 % interval; empty = too few years", True),
        Column("high_amount", "float", "upper end of the 95 % interval; empty = too few years", True),
        Column("exact_amount", "float", "exact value where a formula gives it: the check of the simulation", True),
    ),
)
RETENTION = Table(
    "retention_reasons",
    "insurance",
    "one row per option and reason why the insured keeps a loss",
    ("option_id", "reason_code"),
    (
        OPTION,
        Column("reason_code", "code", "term that leaves the amount with the insured", False, REASONS),
        *_simulated("expected_amount", "mean amount kept for that reason"),
        Column("gross_share_ratio", "float", "its share of the mean gross loss; empty = no loss", True),
    ),
)
INSURANCE_TABLES = (COVER, QUOTES, LOSSES, RETENTION)
