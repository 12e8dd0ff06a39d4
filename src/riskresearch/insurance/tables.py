"""Tables the insurance stage reads and writes. Amounts in run currency, per policy year."""

from riskresearch.base.schema import Column, Table
from riskresearch.insurance.terms import RETENTION_REASONS

OPTION_KINDS = ("self_insurance", "whole_turnover")
QUANTITIES = ("gross", "indemnity", "retained")
STATISTICS = ("mean", "quantile", "expected_shortfall")
COVERS = ("named", "discretionary", "refused", "no_limit", "not_insurable", "no_policy")
STATUSES = ("ok", "no_customer", "no_loss_possible", "no_customer_covered")
INDICATOR_UNITS = ("ratio", "amount", "count")
NOT_COMPUTABLE = ("policy_lacks_term", "denominator_is_zero")

CUSTOMER = Column("customer_id", "text", "customer account")
OPTION = Column("option_id", "text", "policy_id, or self_insurance for the option without policy")


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
        Column("maximum_liability_amount", "float", "most the insurer pays in the year; empty = no maximum", True),
        Column("confidence_ratio", "float", "confidence of value at risk and expected shortfall"),
        Column("capital_charge_ratio", "float", "yearly cost of a unit of economic capital"),
        *_simulated("expected_gross_amount", "mean loss before any indemnity"),
        *_simulated("expected_indemnity_amount", "mean indemnity"),
        *_simulated("expected_retained_amount", "mean loss kept"),
        Column("var_retained_amount", "float", "value at risk of the loss kept: smallest x with F(x) >= confidence"),
        Column("var_retained_low_amount", "float", "lower end of its 95 % interval (order statistic)", True),
        Column("var_retained_high_amount", "float", "upper end of its 95 % interval (order statistic)", True),
        *_simulated("es_retained_amount", "expected shortfall of the loss kept"),
        *_simulated("economic_capital_amount", "expected shortfall minus mean of the loss kept"),
        *_simulated("total_cost_of_risk_amount", "premium + fees + tax + mean loss kept"),
        *_simulated("economic_cost_amount", "total cost of risk + capital charge x economic capital"),
        *_simulated(
            "break_even_premium_amount",
            "premium before tax at which the policy costs what self-insurance costs, maximum unchanged",
            nullable=True,
        ),
        *_simulated("p_first_loss_reached_ratio", "share of years that use up the aggregate first loss", nullable=True),
        *_simulated("p_maximum_exhausted_ratio", "share of years that use up the maximum liability", nullable=True),
        *_simulated("loss_ratio", "mean indemnity / premium", nullable=True),
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
        Column("reason_code", "code", "term that leaves the amount with the insured", False, RETENTION_REASONS),
        *_simulated("expected_amount", "mean amount kept for that reason"),
        Column("gross_share_ratio", "float", "its share of the mean gross loss; empty = no loss", True),
    ),
)
INDICATORS = Table(
    "policy_indicators",
    "insurance",
    "one row per policy and indicator",
    ("option_id", "indicator_code"),
    (
        OPTION,
        Column("indicator_code", "text", "indicator, see docs/dictionary.md"),
        Column("value", "float", "value in its unit; empty = not computable", True),
        Column("unit_code", "code", "unit", False, INDICATOR_UNITS),
        Column("reason_code", "code", "why there is no value", True, NOT_COMPUTABLE),
    ),
)
INSURANCE_TABLES = (COVER, QUOTES, LOSSES, RETENTION, INDICATORS)
